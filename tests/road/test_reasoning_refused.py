"""c12: a provider that refuses opaque reasoning, and what its client hears of that."""

import json
from collections.abc import Sequence
from typing import Any

import pytest

from road.test_upstream import attempt, pooled
from turnout.demo.provider import Fault, SimProvider
from turnout.relay.answers import Answer
from turnout.relay.upstream import NoAnswerError, Upstream
from turnout.trip import Attempt

THOUGHT = {"type": "thinking", "thinking": "so", "signature": "of-somebody-else"}
TEXT = {"type": "text", "text": "ok"}
HEADERS = (("x-api-key", "k"), ("anthropic-version", "2023-06-01"))
type World = tuple[Upstream, SimProvider]


def sent(url: str, model: str, *content: dict[str, Any], **rest: Any) -> Attempt:
    """`model` says only which try it is."""
    said = [
        {"role": "user", "content": "hi"},
        {"role": "assistant", "content": list(content)},
        {"role": "user", "content": "hi"},
    ]
    body = json.dumps({"model": model, "max_tokens": 9, "messages": said}).encode()
    return attempt(url, model=model, body=body, headers=HEADERS, clients_key=True, **rest)


def tries(url: str, names: Sequence[str]) -> list[Attempt]:
    made = {
        "mended": sent(url, "mended", TEXT),
        "home": sent(url, "home", THOUGHT, TEXT, untouched=True, signed=True),
        "bare": sent(url, "bare", TEXT, gone=("of-somebody-else",)),
    }
    return [made[name] for name in names]


# what is tried              what fails, how     who answers, which status, what was sent
CASES: dict[str, tuple[str, dict[str, int], str, int, list[str]]] = {
    "the reasoning is refused": ("home bare", {}, "bare", 200, ["home", "bare"]),
    "nothing is refused": ("mended home bare", {}, "mended", 200, ["mended"]),
    "it fails in another way": ("home bare", {"home": 529}, "home", 529, ["home"]),
    "it is refused without, too": ("home bare", {"bare": 400}, "home", 400, ["home", "bare"]),
    "who may try again hears that": (
        "home bare", {"bare": 529}, "bare", 529, ["home", "bare"],
    ),
    "and not of somebody else's reasoning": (
        "mended home", {"mended": 529}, "mended", 529, ["mended", "home"],
    ),
    "what was mended is refused": (
        "mended home bare", {"mended": 400}, "bare", 200, ["mended", "home", "bare"],
    ),
}  # fmt: skip


async def first(client: Upstream, ours: Sequence[Attempt]) -> Answer:
    try:
        return await client.first(ours, stream=False)
    except NoAnswerError as e:
        assert e.last
        return e.last


@pytest.mark.parametrize(("names", "faults", "who", "status", "seen"), CASES.values(), ids=CASES)
async def test_c12_a_refusal(
    names: str, faults: dict[str, int], who: str, status: int, seen: list[str]
) -> None:
    async with pooled() as (client, _), SimProvider("anthropic", binds="its own") as sim:
        for model, code in faults.items():
            sim.faults.append(Fault("status", status=code, model=model))
        answer = await first(client, tries(sim.url, names.split()))
        assert (answer.attempt.model, answer.status) == (who, status)
        assert [one.model for one in sim.seen] == seen
        body = b"".join([piece async for piece in answer.body])
        assert json.loads(body), "the refusal that was read first is still there"


async def test_a_refusal_teaches_nothing_about_the_model() -> None:
    async with pooled() as (client, _), SimProvider("anthropic", binds="its own") as sim:
        answer = await first(client, tries(sim.url, ["home", "bare"]))
        refused, _ = answer.tried
        assert refused.status == 400
        assert refused.error == "status 400: its reasoning is not taken back"
        answer.close()
