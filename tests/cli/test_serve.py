"""What `turnout serve` does to its own process."""

import gc
import subprocess
import sys
from pathlib import Path

import pytest

from turnout.cli import commands
from turnout.cli.serve import spare_what_is_loaded

ADDON = Path(commands.__file__).parents[2]


def test_what_was_loaded_is_not_searched_again() -> None:
    kept = [object() for _ in range(10)]
    before = gc.get_freeze_count()
    try:
        spare_what_is_loaded()
        assert gc.get_freeze_count() > before
        assert not any(one is kept for one in gc.get_objects())
    finally:
        gc.unfreeze()


@pytest.mark.parametrize("line", ["serve --port 0 --base-port 0", "run -- true"])
def test_a_full_disk_is_told_before_it_listens(line: str, tmp_path: Path) -> None:
    """`ulimit -f 0`: no file can be written, as on a full disk."""
    done = subprocess.run(
        ["/bin/sh", "-c", f'ulimit -f 0; exec "$0" -m turnout {line}', sys.executable],
        capture_output=True,
        env={"PYTHONPATH": str(ADDON), "TURNOUT_DATA": str(tmp_path), "PATH": "/usr/bin:/bin"},
        check=False,
        text=True,
    )
    assert done.returncode == 2 and "Traceback" not in done.stderr
    (said,) = [one for one in done.stderr.splitlines() if one.startswith("turnout: ")]
    assert "no file can be written (File too large); free some space" in said
