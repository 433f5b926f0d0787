"""Commands as a person calls them, on a machine where turnout knows only what a test says."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from pretend import Pretended, pretended
from turnout import trust
from turnout.cli import main

type Call = Callable[..., int]

PROXIES = ("HTTPS_PROXY", "https_proxy", "NO_PROXY", "no_proxy")
GOLDEN = Path(__file__).parents[1] / "golden" / "cli"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's data directory, which is empty; no configuration anywhere."""
    for name in ("COLUMNS", "NO_COLOR", "FORCE_COLOR", "TURNOUT_CONFIG", "TURNOUT_STORE_PATH"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TURNOUT_DATA", str(tmp_path / "data"))
    monkeypatch.setattr("turnout.paths.user_config", lambda: tmp_path / "no.toml")
    monkeypatch.chdir(tmp_path)
    return tmp_path / "data"


@pytest.fixture
def turnout(home: Path) -> Callable[..., Result]:
    return lambda *args: CliRunner().invoke(main, [str(arg) for arg in args])


@pytest.fixture
def golden(update_golden: bool) -> Callable[[str, str], None]:
    """A screen, without the spaces at the ends of its lines."""

    def check(name: str, screen: str) -> None:
        got = "".join(line.rstrip() + "\n" for line in screen.splitlines())
        path = GOLDEN / f"{name.replace(' ', '_')}.txt"
        if update_golden:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(got, encoding="utf-8")
        assert got == path.read_text(encoding="utf-8")

    return check


@pytest.fixture
def data(home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The data directory, with neither proxies nor trusted roots in the environment."""
    for name in (*PROXIES, *trust.REPLACING, trust.ADDING):
        monkeypatch.delenv(name, raising=False)
    return home


@pytest.fixture
def call(data: Path) -> Call:
    """`call("status", "--json")` -> its exit code. What it starts writes to the real stdout."""

    def run(*arguments: str) -> int:
        with pytest.raises(SystemExit) as end:
            main(list(arguments), prog_name="turnout")
        assert isinstance(end.value.code, int)
        return end.value.code

    return run


@pytest.fixture
def running(data: Path) -> Iterator[Pretended]:
    """A turnout that runs, as far as the commands can tell."""
    with pretended(data / "ca") as server:
        server.announce(data / "run.json")
        yield server
