"""What a binding turned out not to take, remembered for a while per binding and feature.

A refusal teaches only when another model then took the same request: else it was the request's
own fault. The refusal's words are read and forgotten; only the name of the feature is kept.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from hashlib import blake2b

from turnout.state.memory import Memory
from turnout.state.protocol import State
from turnout.wire.request import Ask

MOST = 4000
SECONDS = 6 * 3600.0  # start value: providers mend what they refuse
REFUSALS = frozenset({400, 413, 415, 422})

# feature, what a refusal says of it, whether this request asks for it; the first that fits is meant
type Wants = Callable[[Ask], object]
FEATURES: tuple[tuple[str, re.Pattern[str], Wants], ...] = tuple(
    (name, re.compile(words, re.IGNORECASE), wants)
    for name, words, wants in (
        (
            "length",
            r"context.{0,20}(length|window|size)|(prompt|input|request).{0,20}too (long|large)"
            r"|maximum.{0,30}tokens|too many (input )?tokens|token limit",
            lambda ask: ask.input_tokens > 1000,
        ),
        ("images", r"image|vision|multimodal|modalit", lambda ask: ask.images),
        ("documents", r"document|\bpdf\b|\bfiles?\b", lambda ask: ask.documents),
        ("forced_tool", r"tool_choice|tool choice", lambda ask: ask.forced_tool),
        (
            "structured",
            r"response_format|json_schema|output_config|structured|response_?schema",
            lambda ask: ask.structured,
        ),
        ("tools", r"schema|function|\btools?\b|parameters|pattern|\$ref", lambda ask: ask.tools),
        (
            "thinking",
            r"thinking|reasoning|signature|effort",
            lambda ask: ask.effort not in (None, "none") or ask.signed_thinking,
        ),
    )
)


def feature(message: str, status: int, ask: Ask) -> str:
    """What the words of a refusal are about, "" when that is nothing this request asks for."""
    if status == 413 and ask.input_tokens:
        return "length"
    asked = (name for name, words, wants in FEATURES if wants(ask) and words.search(message))
    return next(asked, "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Lesson:
    """`tokens`: estimated input that was too much, for "length". `until`: epoch seconds."""

    until: float
    tokens: int = 0


class Learned:
    """Keys are provider/model|feature; a set of tools has a feature of its own."""

    def __init__(self, clock: Callable[[], float], state: State[Lesson] | None = None) -> None:
        self._clock = clock
        self._state: State[Lesson] = Memory(most=MOST) if state is None else state

    def learn(self, binding: str, feature: str, ask: Ask) -> None:
        key, before = _key(binding, feature, ask), 0
        if feature == "length":
            known = self._alive(key)
            before = known.tokens if known else 0
        tokens = min(filter(None, (before, ask.input_tokens)), default=0)
        self._state.put(key, Lesson(until=self._clock() + SECONDS, tokens=tokens))

    def why_not(self, binding: str, ask: Ask) -> str:
        """The feature of this request that the binding refused of late, "" when there is none."""
        if not len(self._state):
            return ""
        wanted = (name for name, _, wants in FEATURES if wants(ask))
        return next((name for name in wanted if self._refused(binding, name, ask)), "")

    def _refused(self, binding: str, feature: str, ask: Ask) -> bool:
        lesson = self._alive(_key(binding, feature, ask))
        return lesson is not None and (feature != "length" or ask.input_tokens >= lesson.tokens)

    def _alive(self, key: str) -> Lesson | None:
        lesson = self._state.get(key)
        if lesson and self._clock() >= lesson.until:
            self._state.drop(key)
            return None
        return lesson

    def items(self) -> Iterator[tuple[str, Lesson]]:
        now = self._clock()
        yield from ((key, one) for key, one in self._state.items() if now < one.until)


def _key(binding: str, feature: str, ask: Ask) -> str:
    """One odd schema says nothing about other tools."""
    if feature == "tools":
        names = "\n".join(sorted(ask.tools)).encode("utf-8", "replace")
        feature = f"tools:{blake2b(names, digest_size=4).hexdigest()}"
    return f"{binding}|{feature}"
