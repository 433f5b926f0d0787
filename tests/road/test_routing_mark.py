"""The routing mark on the real road (c88): told once, and no model ever reads it."""

import asyncio
import re
from collections.abc import Mapping
from typing import Any

from road.test_road import text_of
from road.world import OpenRoad, Road, message
from wire.grammar import check_anthropic

TO_CHAT = 'force = "openrouter/minimax-m3"'
TO_CLAUDE = 'force = "anthropic/claude-haiku-4-5"'
CHAT, CLAUDE = "[turnout: openrouter/minimax-m3]\n\n", "[turnout: anthropic/claude-haiku-4-5]\n\n"
FRAMES = re.compile(rb"(?<=\n\n)")
NAMED = {"x-turnout-session": "s1"}


def turns(*texts: Any) -> list[dict[str, Any]]:
    roles = ("user", "assistant") * len(texts)
    return [{"role": role, "content": text} for role, text in zip(roles, texts, strict=False)]


async def said(way: Road, *texts: Any, headers: dict[str, str] = NAMED, **rest: Any) -> str:
    return (await told(way, *texts, headers=headers, **rest))[0]


async def told(
    way: Road, *texts: Any, headers: Mapping[str, str] = NAMED, **rest: Any
) -> tuple[str, Mapping[str, str]]:
    """The text of the answer, and its headers."""
    body = message(**{"messages": turns(*texts), **rest})
    status, answer, came = await way.send(body, headers)
    assert status == 200
    streamed = bool(rest.get("stream"))
    if streamed:
        check_anthropic(b"".join(f for f in FRAMES.split(answer) if b"event: ping" not in f))
    return text_of(answer, stream=streamed), came


async def row(way: Road, came: Mapping[str, str]) -> dict[str, Any]:
    """Of the log, once it is written."""
    while True:
        (newest,) = await way.served.rows(1)
        if newest["id"] == came["x-turnout-decision"]:
            return newest
        await asyncio.sleep(0.02)


async def test_c88_off_by_default(road: OpenRoad) -> None:
    """Not a byte of a history with a mark is looked at; a header switches it on."""
    async with road(TO_CLAUDE) as way:
        plain = await said(way, "Say hello.")
        assert "turnout" not in plain
        assert "turnout" not in await said(way, "Hi", CLAUDE + "Yes.", "Go on")
        assert CLAUDE.strip() in way.home.completions()[-1].body.decode()
        on = {"x-turnout-session": "s2", "x-turnout-mark": "on"}
        assert await said(way, "Say hello.", headers=on) == CLAUDE + plain
        assert not any(
            name.lower().startswith(b"x-turnout") for name, _ in way.home.completions()[-1].headers
        )


async def test_c88_once_in_a_session(road: OpenRoad) -> None:
    """Translated and in its own dialect, streamed and whole; then it is taken out again.

    A program that reads an answer gets no mark; what cannot be cleaned goes home as it came.
    """
    for policy, tells in ((TO_CHAT, CHAT), (TO_CLAUDE, CLAUDE)):
        async with road(f"{policy}\nmark = true", env={"TURNOUT_CACHE_EXACT": "true"}) as way:
            for streamed in (True, False):
                await once(way, tells, stream=streamed)
            await cached(way, tells)
            if policy == TO_CLAUDE:
                await where_a_program_reads(way)
                await what_cannot_be_cleaned_goes_home(way)


async def once(way: Road, tells: str, *, stream: bool) -> None:
    named = {"x-turnout-session": f"once-{stream}"}
    upstream = way.other if tells == CHAT else way.home
    first = await said(way, "Say hello.", headers=named, stream=stream)
    assert first.startswith(tells)
    assert first.count("[turnout:") == 1
    again, came = await told(way, "Say hello.", first, "Go on.", headers=named, stream=stream)
    assert "[turnout:" not in again
    assert b"turnout:" not in upstream.completions()[-1].body
    changes = (await row(way, came))["changes"]
    assert "messages" in [change["what"] for change in changes]
    changed = await said(
        way, "Hi.", "[turnout: a/b]\n\nYes.", "Go on.", headers=named, stream=stream
    )
    assert changed.startswith(tells)
    off = {**named, "x-turnout-mark": "off"}
    plain = await said(way, "Hi.", "[turnout: a/b]\n\nYes.", "Go on.", headers=off, stream=stream)
    assert changed == tells + plain
    assert b"turnout:" not in upstream.completions()[-1].body


async def cached(way: Road, tells: str) -> None:
    """The exact cache keeps what the model said, by what the client meant."""
    asked: dict[str, Any] = {"temperature": 0}
    headers = {"x-turnout-session": "kept"}
    first = await said(way, "Say cheese.", headers=headers, **asked)
    assert first.startswith(tells)
    again, came = await told(way, "Say cheese.", headers=headers, **asked)
    assert (again, came.get("x-turnout-cache")) == (first.removeprefix(tells), "hit")
    await said(way, "Hi.", "Yes.", "Say it.", headers=headers, **asked)
    marked = ("Hi.", tells + "Yes.", "Say it.")
    assert (await told(way, *marked, headers=headers, **asked))[1].get("x-turnout-cache") == "hit"


SCHEMA = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"],
          "additionalProperties": False}  # fmt: skip
# what is asked, and what it is
BARE: dict[str, tuple[dict[str, Any], dict[str, str]]] = {
    "a format": ({"output_config": {"format": {"type": "json_schema", "schema": SCHEMA}}}, {}),
    "a probe": ({"max_tokens": 1}, {}),
    "a sub-agent": ({}, {"x-claude-code-agent-id": "a1"}),
    "Claude Code's own question": ({}, {"user-agent": "claude-cli/2.1.0 (external, cli)"}),
    "a prefill": ({"messages": turns("Hi", "It is")}, {}),
}


async def where_a_program_reads(way: Road) -> None:
    for name, (rest, headers) in BARE.items():
        named = {"x-turnout-session": name.replace(" ", "-"), **headers}
        answer = await said(way, "Say hello.", headers=named, **rest)
        assert (name, "turnout" in answer) == (name, False)


async def what_cannot_be_cleaned_goes_home(way: Road) -> None:
    """As it came, with the reason; and so does a header that says neither on nor off."""
    thought = {"type": "thinking", "thinking": CLAUDE, "signature": "x"}
    body = message(messages=turns("Hi", [thought, {"type": "text", "text": "Yes."}], "Go on"))
    await way.send(body, NAMED)
    assert way.home.completions()[-1].body == body
    await way.send(message(), {"x-turnout-mark": "sometimes"})
    await logged(way, ["marked_history", "refused_header"])


async def logged(way: Road, reasons: list[str]) -> None:
    """The newest rows say so, once they are written."""
    while True:
        if [row["reason"] for row in await way.served.rows(len(reasons))] == reasons:
            return
        await asyncio.sleep(0.02)
