"""Questions that mean the same, and those that only look so (c85)."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from answers.plans import ASKED, SAID, passed, plan
from turnout.answers import pairs
from turnout.answers.admission import Admission
from turnout.answers.cache import Answers
from turnout.answers.semantic import Semantic
from turnout.config.settings import Cache
from turnout.errors import StageError
from turnout.trip import Plan

ASKS = "How does a heat pump work?"

# the same to everybody
ALIKE = {
    "polite": ("What does a compiler do?", "Hi! What does a compiler do? Thanks!"),
    "case": ("What does a compiler do?", "what does a compiler do"),
    "white space": ("What does a compiler do?", "What  does a compiler\ndo?"),
    "short form": ("What is a heat pump for?", "What's a heat pump for?"),
    "a name and a number": ("Who ruled Rome in 50 BC?", "who ruled Rome in 50 BC"),
}
# old, new: one word apart, and another answer
DIFFERENT = {
    "a number": ("What is 17 plus 4?", "What is 17 plus 5?"),
    "a number in words": ("Name two rivers in Asia.", "Name three rivers in Asia."),
    "a name": ("Where is the town of Ulm?", "Where is the town of Bonn?"),
    "a product": ("How long does USB last?", "How long does HDMI last?"),
    "a year": ("Who won the cup in 1998?", "Who won the cup in 2002?"),
    "an order of numbers": ("Count from 5 up to 10.", "Count from 10 up to 5."),
    "a decimal": ("Round 3.14 to one digit.", "Round 3.15 to one digit."),
    "a negation": ("Which metals are magnetic?", "Which metals are not magnetic?"),
    "a short negation": ("Why do cats purr at night?", "Why don't cats purr at night?"),
    "an opposite": ("What is the largest desert?", "What is the smallest desert?"),
    "an order": ("Sort these words ascending please", "Sort these words descending please"),
    "a direction": ("Convert miles into kilometres", "Convert miles from kilometres"),
    "a language": ("Write hello in french words", "Write hello in german words"),
    "code": ("What does `a += b` do here?", "What does `a -= b` do here?"),
    "a sign": ("What is the value of x + y?", "What is the value of x * y?"),
    "an identifier": ("What does get_user return then?", "What does set_user return then?"),
    "a quotation": ('Who said "I came" back in Rome?', 'Who said "I saw" back in Rome?'),
}
MOMENTS = (
    "What time is it in Rome?",
    "Who is the president now?",
    "What happened yesterday in Rome?",
    "Summarise the latest news please",
    "How is the weather in Rome?",
    "Tell me another joke please",
    "Is it open this week in Rome?",
    "Give me a random number please",
)


@pytest.mark.parametrize(("old", "new"), ALIKE.values(), ids=ALIKE)
def test_no_rule_speaks_against(old: str, new: str) -> None:
    assert pairs.agree(old, new) and pairs.agree(new, old)


@pytest.mark.parametrize(("old", "new"), DIFFERENT.values(), ids=DIFFERENT)
def test_c85_what_an_embedding_does_not_see(old: str, new: str) -> None:
    assert pairs.fit(old) and pairs.fit(new)
    assert not pairs.agree(old, new)
    assert not pairs.agree(new, old)


@pytest.mark.parametrize("asked", MOMENTS)
def test_c85_what_depends_on_the_moment(asked: str) -> None:
    """Not even the same words mean the same an hour later."""
    assert not pairs.agree(asked, asked)


def test_what_is_too_long_or_too_short() -> None:
    assert not pairs.fit("why?")
    assert not pairs.fit("why is it so " * 60)


def admission(threshold: float, **clusters: float) -> Admission:
    """Its probability is the cosine: a line through the log odds of .5 and .95."""
    slope = (np.log(0.95 / 0.05)) / 0.45
    weights = (float(slope), *[0.0] * (len(pairs.FEATURES) - 1))
    return Admission("e", float(-0.5 * slope), weights, threshold, clusters)


def test_c85_similar_enough() -> None:
    """c85: .95 is a hit and .94 a miss, where .95 is the threshold; a cluster may have its own."""
    model = admission(0.95 - 1e-9, strict=0.99)
    for cosine, cluster, hit in ((0.95, "", True), (0.94, "", False), (0.95, "strict", False)):
        probability = model.probability(ASKS, ASKS, cosine)
        assert model.admits(probability, cluster) is hit
    assert not model.admits(model.probability(*DIFFERENT["a number"], 1.0), "")


class Mind:
    """Vectors of a few texts."""

    encoder = "e"

    def __init__(self, vectors: dict[str, Any]) -> None:
        self.vectors = vectors

    def known(self, text: str) -> Any:
        return self.vectors.get(text)


def asking(text: str, **more: Any) -> Plan:
    body = {**ASKED["anthropic"], "messages": [{"role": "user", "content": text}], **more}
    return plan(body=json.dumps(body).encode())


OLD = "How does a heat pump work?"
NEW = "how does a heat pump work, please?"


@pytest.fixture
def semantic(monkeypatch: pytest.MonkeyPatch) -> Semantic:
    unit = np.array([1.0, 0.0], np.float32)
    mind: Any = Mind({OLD: unit, NEW: unit})
    found = Semantic(Path("nowhere"), lambda: mind)
    monkeypatch.setattr(found, "_loaded", lambda: admission(0.95))
    return found


async def kept(semantic: Semantic, tmp_path: Path) -> Answers:
    """OLD was asked and answered."""
    rules = Cache(exact=True, semantic=True, disk=False)
    answers = Answers(lambda: rules, tmp_path / "cache.db", lambda: 1000.0, semantic)
    of = asking(OLD)
    of.cache_key = answers.key(of)
    assert await answers.similar(of) is None
    answers.learn(of, passed(of))
    return answers


async def similar(answers: Answers, of: Plan) -> bool:
    of.cache_key = answers.key(of)
    return await answers.similar(of) is not None


MISSED: dict[str, dict[str, Any]] = {
    "another system": {"system": "Be rude."},
    "another limit": {"max_tokens": 8},
    "another model": {"model": "claude-haiku-4-5"},
    "a later turn": {
        "messages": [
            {"role": "user", "content": "Hi."},
            {"role": "assistant", "content": "Hello."},
            {"role": "user", "content": NEW},
        ]
    },
    "tools": {"tools": [{"name": "f", "description": "", "input_schema": {"type": "object"}}]},
    "a picture besides": {
        "messages": [
            {
                "role": "user",
                "content": [
                    {"type": "text", "text": NEW},
                    {
                        "type": "image",
                        "source": {"type": "base64", "media_type": "image/png", "data": "aGk="},
                    },
                ],
            }
        ]
    },
}


async def test_c85_only_the_question_may_differ(semantic: Semantic, tmp_path: Path) -> None:
    """c85: and only when everything but the last human text is equal."""
    answers = await kept(semantic, tmp_path)
    entry, match = await answers.similar(asking(NEW)) or (None, None)
    assert entry and entry.events[-1] == SAID[-1]
    assert match and match.probability >= 0.95
    for name, more in MISSED.items():
        assert (name, await similar(answers, asking(NEW, **more))) == (name, False)
    other = asking(NEW)
    stranger = plan(body=other.body, key="sk-2")
    assert not await similar(answers, stranger)
    answers.close()


async def test_off_unless_asked_for(semantic: Semantic, tmp_path: Path) -> None:
    answers = await kept(semantic, tmp_path)
    answers._rules = lambda: Cache(exact=True, disk=False)
    assert not await similar(answers, asking(NEW))
    answers.close()


async def test_an_answer_that_is_gone(semantic: Semantic, tmp_path: Path) -> None:
    answers = await kept(semantic, tmp_path)
    answers._memory.drop(answers.key(asking(OLD)))
    assert not await similar(answers, asking(NEW))
    assert semantic.match(semantic.asked(asking(NEW))) is None  # type: ignore[arg-type]
    answers.close()


def test_what_was_not_embedded_is_not_compared(semantic: Semantic) -> None:
    assert semantic.asked(asking("How does a fridge work?")) is None
    assert semantic.asked(asking(f"<system-reminder>x</system-reminder>{OLD}")) is None


def test_no_brain_no_match() -> None:
    def broken() -> Any:
        raise StageError("plan", ValueError("damaged"))

    assert Semantic(Path("nowhere"), broken).asked(asking(OLD)) is None


def test_a_damaged_artifact_switches_it_off(tmp_path: Path) -> None:
    mind: Any = Mind({OLD: np.array([1.0], np.float32)})
    found = Semantic(tmp_path, lambda: mind)
    asked = found.asked(asking(OLD))
    assert asked and found.match(asked) is None
    assert "no semantic cache" in found.warning


def test_another_encoder_forgets_the_vectors_of_the_last_one(semantic: Semantic) -> None:
    asked = semantic.asked(asking(OLD))
    assert asked and semantic._brain().encoder == "e"
    semantic.keep("a", asked)
    assert semantic.match(asked)
    semantic._brain().encoder = "newer"  # type: ignore[misc]
    later = semantic.asked(asking(OLD))
    assert later and semantic.match(later) is None


def test_so_many_questions_are_kept(semantic: Semantic, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("turnout.answers.semantic.MOST", 2)
    asked = semantic.asked(asking(OLD))
    assert asked
    for key in ("a", "b", "c"):
        semantic.keep(key, asked)
    assert list(semantic._kept) == ["b", "c"]
