"""Fuzzes the doors of tests/wire/hostile.py with atheris: run by scripts/fuzz.

fuzz_wire.py [SECONDS [DOOR...]]    every door in a process of its own, one after another
fuzz_wire.py --door DOOR FLAGS...   one of them, FLAGS for libFuzzer
"""

import contextlib
import hashlib
import os
import subprocess
import sys
import time
from pathlib import Path

import atheris

FOUND = Path(".cache/fuzz")
SECONDS = 20
LONGEST = 20_000  # bytes of an input
SLOW = 5  # seconds for one input: then it counts as found

# only a process that fuzzes pays for counting branches
counting = atheris.instrument_imports(include=["turnout"]) if "--door" in sys.argv else None
with counting or contextlib.nullcontext():
    from wire.hostile import DOORS, seeded


def one(door: str, flags: list[str]) -> None:
    def knock(data: bytes) -> None:
        DOORS[door](data)

    atheris.Setup([sys.argv[0], *flags], knock)
    atheris.Fuzz()


def prepared(door: str, seeds: list[bytes]) -> Path:
    """A folder with good bytes to start from."""
    folder = FOUND / door.replace(" ", "-")
    (folder / "corpus").mkdir(parents=True, exist_ok=True)
    for seed in seeds:
        (folder / "corpus" / hashlib.sha256(seed).hexdigest()[:16]).write_bytes(seed)
    return folder


def run(door: str, seconds: int, folder: Path) -> bool:
    """Is it still standing?"""
    known = sorted(map(str, folder.glob("crash-*")))
    flags = [
        *(known if not seconds else [str(folder / "corpus"), f"-max_total_time={seconds}"]),
        f"-artifact_prefix={folder}/",
        f"-max_len={LONGEST}",
        f"-timeout={SLOW}",
        "-rss_limit_mb=4096",
    ]
    if not seconds and not known:
        return True
    log = folder / "log"
    with log.open("w") as out:
        done = subprocess.run(
            [sys.executable, __file__, "--door", door, *flags],
            stdout=out,
            stderr=out,
            env=os.environ,
        )
    if done.returncode:
        print("\n".join(log.read_text(errors="replace").splitlines()[-25:]))
    return done.returncode == 0


def main(arguments: list[str]) -> int:
    seconds, wanted = int(arguments[0]) if arguments else SECONDS, arguments[1:]
    chosen = [door for door in DOORS if not wanted or door.startswith(tuple(wanted))]
    if not chosen:
        print(f"no door begins with {' or '.join(wanted)}: {', '.join(DOORS)}")
        return 2
    seeds, broken = seeded(), []
    for door in chosen:
        began = time.monotonic()
        standing = run(door, seconds, prepared(door, seeds[door]))
        print(f"{door:28} {'ok' if standing else 'BROKEN'}  {time.monotonic() - began:.0f} s")
        if not standing:
            broken.append(door)
    print(f"{len(chosen) - len(broken)} passed, {len(broken)} failed")
    return bool(broken)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--door"]:
        one(sys.argv[2], sys.argv[3:])
    else:
        sys.exit(main(sys.argv[1:]))
