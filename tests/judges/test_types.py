"""Requests that turnout writes, judged by the types that the vendors' own SDKs ship."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "scripts"))

from fidelity import target
from fidelity_probes import ASKED
from judges.installed import PYTHON, environ
from turnout.errors import UnsupportedError
from turnout.wire.dialects import DIALECTS
from wire.vendors import NAMES, translations

pytestmark = pytest.mark.skipif(
    not PYTHON.exists(), reason=f"no SDKs at {PYTHON}: scripts/judges --install"
)


def written() -> Iterator[tuple[str, str, bytes]]:
    """What golden clients send, translated, and every feature that a dialect has a word for."""
    yield from translations()
    for probe in ASKED:
        for name in NAMES:
            try:
                yield (
                    probe.name,
                    name,
                    DIALECTS[name].write_request(probe.request, target(name)).body,
                )
            except UnsupportedError:
                continue


CASES = {f"{dialect}: {name}": (dialect, json.loads(body)) for name, dialect, body in written()}
HELLO = {"role": "user", "content": "Hello"}
ASSISTANT: Any = [HELLO, {"role": "nobody", "content": "Hi"}]
PART = [{"role": "user", "parts": [{"text": 7}]}]
# what no judge may let pass
WRONG: dict[str, tuple[str, Any]] = {
    "anthropic: an unknown field": (
        "anthropic",
        {"model": "m", "max_tokens": 9, "messages": [HELLO], "novel": 1},
    ),
    "anthropic: nothing required": ("anthropic", {"model": "m", "messages": [HELLO]}),
    "anthropic: a role": ("anthropic", {"model": "m", "max_tokens": 9, "messages": ASSISTANT}),
    "openai_chat: an unknown field": ("openai_chat", {"model": "m", "messages": [], "novel": 1}),
    "openai_chat: a role": ("openai_chat", {"model": "m", "messages": ASSISTANT}),
    "openai_responses: an unknown field": ("openai_responses", {"input": [], "novel": 1}),
    "openai_responses: a role": ("openai_responses", {"input": ASSISTANT}),
    "gemini: an unknown field": ("gemini", {"contents": [], "novel": 1}),
    "gemini: a text that is none": ("gemini", {"contents": PART}),
}


@pytest.fixture(scope="module")
def verdicts() -> dict[str, Any]:
    every = CASES | WRONG
    asked = [{"dialect": dialect, "body": body} for dialect, body in every.values()]
    done = subprocess.run(
        [PYTHON, Path(__file__).parent / "types_py.py"],
        input=json.dumps(asked),
        capture_output=True,
        text=True,
        env=environ(),
    )
    assert done.returncode == 0, done.stderr
    return dict(zip(every, json.loads(done.stdout), strict=True))


@pytest.mark.parametrize("name", CASES)
def test_it_fits_the_vendors_types(name: str, verdicts: dict[str, str]) -> None:
    assert verdicts[name] == ""


@pytest.mark.parametrize("name", WRONG)
def test_the_judges_can_say_no(name: str, verdicts: dict[str, str]) -> None:
    assert verdicts[name] != ""
