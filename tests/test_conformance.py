"""Cases of conformance carry their number in a test's id or docstring ("c21 cached tokens ...").

`PROMISED` are the cases of finished work: each must be carried by a test that is really collected.
"""

import ast
import re
import subprocess
import sys
from collections.abc import Iterable
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FILES = sorted((ROOT / "tests").rglob("test_*.py"))
LAST = 95

PROMISED = {
    *range(1, 42),
    *range(43, 48),
    *(55, 57, 58),
    *range(63, 71),
    *range(71, 79),
    *range(79, 84),
    *(42, 84, 85, 86, 87, 91, 92, 93, 94, 95),
    *range(48, 63),
    *(88, 89, 90),
}

# in a function's name, in an id that a parameter has, in a docstring
IN_NAME = re.compile(r"_c(\d{1,2})(?=_)")
IN_ID = re.compile(r"(?:^|[\[\-:, (])c(\d{1,2})(?=[ :,\]])")
IN_DOC = re.compile(r"\bc(\d{1,2})\b")


def numbers(collected: Iterable[str]) -> dict[int, str]:
    """Case -> a test that carries it. Test ids are PATH::NAME[PARAMETERS]."""
    found: dict[int, str] = {}
    for test in collected:
        path, _, name = test.partition("::")
        plain, _, parameters = name.partition("[")
        said = {*IN_NAME.findall(plain + "_"), *IN_ID.findall("[" + parameters)}
        said |= {*IN_DOC.findall(docs(path).get(plain, ""))}
        found |= dict.fromkeys(map(int, said), test)
    return found


@cache
def docs(path: str) -> dict[str, str]:
    """Docstrings of the tests in a file."""
    tree = ast.parse((ROOT / path).read_text())
    functions = [n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)]
    return {function.name: ast.get_docstring(function) or "" for function in functions}


def collected(session: pytest.Session) -> list[str]:
    """Every test there is: of this run, or of a collection when this run has a part of them."""
    here = [item.nodeid for item in session.items]
    if {ROOT / test.partition("::")[0] for test in here} >= {*FILES}:
        return here
    command = [sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-2000:]
    return [line for line in done.stdout.splitlines() if "::" in line]


def test_every_promised_case_has_a_test(request: pytest.FixtureRequest) -> None:
    ours = Path(__file__).relative_to(ROOT).as_posix()
    carried = numbers(t for t in collected(request.session) if not t.startswith(ours))
    assert sorted(PROMISED - carried.keys()) == []
    assert [number for number in carried if not 1 <= number <= LAST] == []


# test id -> the cases it carries
READ: dict[str, set[int]] = {
    "tests/test_conformance.py::test_x[c21 cached tokens]": {21},
    "tests/test_conformance.py::test_x[python-a to b: c16 two calls, streamed]": {16},
    "tests/test_conformance.py::test_c29_c71_golden[x]": {29, 71},
    "tests/test_conformance.py::test_c8_cut": {8},
    "tests/test_conformance.py::test_every_promised_case_has_a_test[abc1 x]": set(),
    "tests/test_conformance.py::test_x[claude_c1-mc2 y]": set(),
    "tests/test_conformance.py::test_docstrings_count": {94},
}


@pytest.mark.parametrize(("test", "means"), READ.items(), ids=[*map(str, range(len(READ)))])
def test_numbers(test: str, means: set[int]) -> None:
    assert numbers([test]).keys() == means


def test_docstrings_count() -> None:
    """c94 is said here so that it is found; a number inside a word, like abc1, is none."""
    assert "c94" in docs("tests/test_conformance.py")["test_docstrings_count"]
