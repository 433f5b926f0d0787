"""The simulated prefix cache, against sums done by hand. A segment of n tokens is 4n bytes."""

import pytest

from demo.asking import a_body, c_body, post
from turnout.demo.cache import PrefixCache, Prompt
from turnout.demo.provider import SimProvider


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def part(name: str, tokens: int, mark: str = "") -> tuple[bytes, str]:
    return name.encode().ljust(4 * tokens, b"."), mark


SYSTEM, A, B = part("system", 2000), part("a", 100), part("b", 50)
MARKED, A5, B5 = part("system", 2000, "5m"), part("a", 100, "5m"), part("b", 50, "5m")
HOUR = part("system", 2000, "1h")

# id -> [(seconds later, model, segments, what it costs), ...]
MARKS = {
    "no mark, no cache": [(0, "m", [SYSTEM, A], Prompt(2100)), (1, "m", [SYSTEM, A], Prompt(2100))],
    "written, then read": [
        (0, "m", [MARKED, A], Prompt(100, 0, 2000)),
        (1, "m", [MARKED, A, B], Prompt(150, 2000)),
    ],
    "the mark moves on": [
        (0, "m", [SYSTEM, A5], Prompt(0, 0, 2100)),
        (1, "m", [SYSTEM, A, B5], Prompt(0, 2100, 50)),
        (1, "m", [SYSTEM, A, B5], Prompt(0, 2150, 0)),
    ],
    "another model is cold": [
        (0, "m", [MARKED], Prompt(0, 0, 2000)),
        (1, "n", [MARKED], Prompt(0, 0, 2000)),
    ],
    "forgotten after five minutes": [
        (0, "m", [MARKED], Prompt(0, 0, 2000)),
        (299, "m", [MARKED], Prompt(0, 2000)),
        (299, "m", [MARKED], Prompt(0, 2000)),
        (301, "m", [MARKED], Prompt(0, 0, 2000)),
    ],
    "an hour when asked for": [
        (0, "m", [HOUR, A5], Prompt(0, 0, 100, 2000)),
        (3000, "m", [HOUR, A5], Prompt(0, 2000, 100)),
    ],
    "another prefix is cold": [
        (0, "m", [MARKED, A], Prompt(100, 0, 2000)),
        (1, "m", [part("other", 2000, "5m"), A], Prompt(100, 0, 2000)),
    ],
    "too short to keep": [
        (0, "m", [part("s", 1000, "5m")], Prompt(1000)),
        (1, "m", [part("s", 1000, "5m")], Prompt(1000)),
    ],
    "nothing asked": [(0, "m", [], Prompt())],
}
AUTOMATIC = {
    "read in whole blocks": [
        (0, "m", [SYSTEM, A], Prompt(2100)),
        (1, "m", [SYSTEM, A, B], Prompt(2150 - 2048, 2048)),
    ],
    "another model is cold": [(0, "m", [SYSTEM], Prompt(2000)), (1, "n", [SYSTEM], Prompt(2000))],
    "too short to keep": [(0, "m", [A], Prompt(100)), (1, "m", [A], Prompt(100))],
    "forgotten": [(0, "m", [SYSTEM], Prompt(2000)), (301, "m", [SYSTEM], Prompt(2000))],
    "nothing asked": [(0, "m", [], Prompt())],
}


@pytest.mark.parametrize("steps", MARKS.values(), ids=MARKS)
def test_marked(steps: list[tuple[float, str, list[tuple[bytes, str]], Prompt]]) -> None:
    clock = Clock()
    cache = PrefixCache(clock)
    for later, model, segments, expected in steps:
        clock.now += later
        assert cache.marked(model, segments) == expected


@pytest.mark.parametrize("steps", AUTOMATIC.values(), ids=AUTOMATIC)
def test_automatic(steps: list[tuple[float, str, list[tuple[bytes, str]], Prompt]]) -> None:
    clock = Clock()
    cache = PrefixCache(clock)
    for later, model, segments, expected in steps:
        clock.now += later
        assert cache.automatic(model, segments) == expected


async def test_anthropic_reports_it() -> None:
    system = [{"type": "text", "text": "s" * 8000, "cache_control": {"type": "ephemeral"}}]
    async with SimProvider("anthropic") as sim:
        _, cold = await post(sim, a_body(system=system))
        _, warm = await post(sim, a_body(system=system))
    cold, warm = cold["usage"], warm["usage"]
    assert cold["cache_creation_input_tokens"] == warm["cache_read_input_tokens"] > 2000
    assert cold["cache_creation"]["ephemeral_5m_input_tokens"] == warm["cache_read_input_tokens"]
    assert warm["cache_creation_input_tokens"] == 0 == cold["cache_read_input_tokens"]
    assert cold["input_tokens"] == warm["input_tokens"] > 0


async def test_the_billing_line_does_not_spoil_it() -> None:
    mark = {"type": "text", "text": "s" * 8000, "cache_control": {"type": "ephemeral"}}
    reads = []
    async with SimProvider("anthropic") as sim:
        for cch in ("0a1b2", "3c4d5"):
            line = {"type": "text", "text": f"x-anthropic-billing-header: cch={cch};"}
            _, answer = await post(sim, a_body(system=[line, mark]))
            reads.append(answer["usage"]["cache_read_input_tokens"])
    assert reads[0] == 0 and reads[1] > 2000


async def test_openai_reports_it_as_part_of_the_prompt() -> None:
    system = {"role": "system", "content": "s" * 8000}
    body = c_body(messages=[system, {"role": "user", "content": "hi"}])
    async with SimProvider("openai_chat") as sim:
        usages = [(await post(sim, body, "openai_chat"))[1]["usage"] for _ in range(2)]
    assert usages[0]["prompt_tokens"] == usages[1]["prompt_tokens"]
    cached = [usage["prompt_tokens_details"]["cached_tokens"] for usage in usages]
    assert cached == [0, usages[1]["prompt_tokens"] // 128 * 128]
