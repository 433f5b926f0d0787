"""The brain remembers: vectors of texts, and the scores of those that are asked about again."""

import asyncio
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from road import artifacts
from turnout import brain as module
from turnout.brain import Brain
from turnout.errors import StageError
from turnout.route.bundle import FARTHEST
from turnout.route.score import ANYTHING
from turnout.route.shelves import Shelves
from turnout.stages import Stages, parse

SLOW = 60.0  # seconds; nothing here is about the deadline


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return artifacts.made(tmp_path_factory.mktemp("brain") / "artifacts")


@pytest.fixture
def stages() -> Stages:
    return Stages()


@pytest.fixture
def brain(folder: Path, stages: Stages) -> Iterator[Brain]:
    made = Brain(Shelves(folder), stages, SLOW)
    yield made
    made.close()


async def test_the_same_text_is_scored_once(brain: Brain) -> None:
    first = await brain.scored("mend the parser", tools=True)
    assert await brain.scored("mend the parser", tools=True) is first


async def test_tools_make_another_score(brain: Brain) -> None:
    first = await brain.scored("mend the parser", tools=True)
    assert await brain.scored("mend the parser", tools=False) is not first


async def test_another_text_has_another_score(brain: Brain) -> None:
    first = await brain.scored("mend the parser", tools=True)
    assert await brain.scored("write a poem", tools=True) is not first


FOREIGN = ["Почему падает этот тест?", "Warum schlägt dieser Test fehl, wenn ich ihn ändere?"]


@pytest.mark.parametrize("text", ["", "🚂", *FOREIGN, "a" * 1024], ids=repr)
async def test_what_cannot_be_read_may_be_anything(brain: Brain, stages: Stages, text: str) -> None:
    stages.faults.update(parse("embed:raise"))  # it is not even tried
    found = await brain.scored(text, tools=False)
    assert found.familiarity == 0
    assert found.label == "could not be read"
    known = found.estimate("minimax-m3")
    assert known is not None
    assert (known.se, known.evidence) == (ANYTHING, 0)
    assert found.apart("minimax-m3", "claude-opus-4-7") == FARTHEST
    assert await brain.scored("", tools=False) is found, "one score for all of them"


async def test_a_text_of_which_nothing_is_known_is_of_any_kind(brain: Brain) -> None:
    found = brain.unfamiliar()
    assert found.label == "unfamiliar, nearest to everything"
    known = found.estimate("minimax-m3")
    assert known is not None
    assert known.se < ANYTHING


async def test_what_is_asked_about_stays(brain: Brain, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "IN_PLAY", 2)
    kept = await brain.scored("one", tools=True)
    lost = await brain.scored("two", tools=True)
    assert await brain.scored("one", tools=True) is kept
    await brain.scored("three", tools=True)
    assert await brain.scored("one", tools=True) is kept
    assert await brain.scored("two", tools=True) is not lost


async def test_a_prompt_that_would_come_too_late_is_told_at_once(
    brain: Brain, stages: Stages
) -> None:
    """Three of a second each fit into two seconds' patience; the fourth does not even wait."""
    may_go = threading.Event()
    stages.faults["embed"] = lambda: may_go.wait(SLOW) and None
    brain.deadline, brain._typical = 2.0, 1.0
    waiting = [asyncio.ensure_future(brain.scored(f"text {n}", tools=True)) for n in range(3)]
    await asyncio.sleep(0)
    with pytest.raises(StageError, match="3 prompts wait already"):
        await brain.scored("text 3", tools=True)
    brain.deadline = SLOW  # those that wait took the patience of their time
    again = asyncio.ensure_future(brain.scored("text 0", tools=True))
    may_go.set()
    assert await again is await waiting[0]
    assert len({id(found) for found in await asyncio.gather(*waiting)}) == 3


async def test_a_stage_that_breaks_is_not_hidden(brain: Brain, stages: Stages) -> None:
    await brain.scored("one", tools=True)
    stages.faults.update(parse("score:raise"))
    with pytest.raises(StageError, match="score"):
        await brain.scored("one", tools=True)
