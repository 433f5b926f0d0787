"""What attempts teach, and that nothing in here can hurt a request."""

import json
from dataclasses import dataclass
from typing import Any

import pytest

from turnout.account import Meter
from turnout.books import Passed
from turnout.health.health import Health, named
from turnout.health.learned import SECONDS, feature
from turnout.paths import artifacts_dir
from turnout.record import Decision, Tried
from turnout.route.catalog import Catalog
from turnout.trip import Arrival, Attempt, Untouched
from turnout.wire.dialects import DIALECTS
from turnout.wire.request import Ask

CATALOG = Catalog.load(artifacts_dir() / "catalog.json")
BINDING = next(
    b for b in CATALOG.bindings if (b.provider, b.model.id) == ("openrouter", "minimax-m3")
)
SIBLING = next(b for b in CATALOG.bindings if b.provider == "openrouter" and b.id != BINDING.id)
ASK = Ask(dialect="anthropic", model="claude-opus-4-7", input_tokens=5000)
ARRIVAL = Arrival(method="POST", url="https://x.example/v1", path="/v1", headers=(), raw=b"")


@dataclass
class World:
    now: float = 1000.0

    def __post_init__(self) -> None:
        self.marked: dict[str, str] = {}
        self.health = Health(clock=lambda: self.now, keys=lambda: self)

    def mark(self, provider: str, why: str, *, sent: float) -> None:
        self.marked[provider] = why

    def clear(self, provider: str) -> None:
        self.marked.pop(provider, None)

    def why_not(self, ask: Ask = ASK, binding: Any = BINDING, key: str = "") -> str:
        arrival = Arrival(**{n: getattr(ARRIVAL, n) for n in ("method", "url", "path", "raw")},
                          headers=_headers(key))  # fmt: skip
        return self.health.why_not(binding, arrival, ask, own=bool(key))


def _headers(key: str) -> tuple[tuple[str, str], ...]:
    return (("x-api-key", key),) if key else ()


def attempt(key: str = "", *, untouched: bool = False) -> Attempt:
    return Attempt(
        provider="openrouter",
        model="minimax-m3",
        url="https://x.example/v1",
        headers=_headers(key),
        body=b"",
        dialect=DIALECTS["openai_chat"],
        untouched=untouched,
        clients_key=bool(key) or untouched,
    )


# status -> this binding is left alone, another one of the provider too, our key is marked
# fmt: off
TOLD = {
    400: (False, False, False),
    401: (True,  True,  True),
    402: (True,  False, False),
    404: (True,  False, False),
    413: (False, False, False),
    429: (True,  False, False),
    503: (True,  False, False),
    529: (True,  False, False),
}
# fmt: on


@pytest.mark.parametrize("status", TOLD)
def test_what_one_refusal_says(status: int) -> None:
    world = World()
    world.health.refused(attempt(), status, (), began=1000.0)
    found = (bool(world.why_not()), bool(world.why_not(binding=SIBLING)), bool(world.marked))
    assert found == TOLD[status]


def test_an_unreachable_door_closes_for_all_behind_it() -> None:
    world = World()
    world.health.failed(attempt(), "unreachable", "refused")
    assert world.why_not() == world.why_not(binding=SIBLING) == "breaker_open"


def test_a_key_that_is_taken_again_is_no_longer_marked() -> None:
    world = World()
    world.health.refused(attempt(), 401, (), began=1000.0)
    assert world.marked == {"openrouter": "openrouter answered 401"}
    world.health.worked(attempt(), (), 1000.0)
    assert world.marked == {}


@pytest.mark.parametrize("status", [402, 403, 404, 429])
def test_a_clients_own_account_says_nothing_about_others(status: int) -> None:
    world = World()
    for _ in range(2):
        world.health.refused(attempt("mine"), status, (), began=1000.0)
    assert world.why_not(key="mine") == "breaker_open"
    assert world.why_not(key="another's") == world.why_not() == ""
    assert world.marked == {}


def test_the_clients_own_request_is_never_judged() -> None:
    """c60: an overload of the requested model on its own upstream is no reason to leave it."""
    world, home = World(), attempt("mine", untouched=True)
    for _ in range(9):
        world.health.refused(home, 529, (("retry-after", "60"),), began=1000.0)
        world.health.failed(home, "unreachable", "refused")
    assert world.health.admits(home)
    assert world.why_not(key="mine") == ""


def test_c89_a_limit_that_an_answer_used_up_is_waited_for() -> None:
    world = World()
    used = (("x-ratelimit-remaining-requests", "0"), ("x-ratelimit-reset-requests", "8s"))
    world.health.worked(attempt(), used, world.now)
    assert world.why_not() == "breaker_open"
    world.now += 8
    assert world.why_not() == ""


def test_status_tells_binding_state_until_and_error() -> None:
    world = World()
    world.health.refused(attempt("CANARY-KEY"), 429, (("retry-after", "30"),), began=1000.0)
    (told,) = world.health.status()["breakers"]
    assert told == {
        "binding": "openrouter/minimax-m3",
        "state": "open",
        "until": 1030.0,
        "error": "status 429",
    }
    assert "CANARY" not in json.dumps(world.health.status())


# -- learned refusals

TOOLS = Ask(dialect="anthropic", model="m", tools=("Bash", "Edit"), input_tokens=5000)
IMAGE = Ask(dialect="anthropic", model="m", images=True, input_tokens=5000)
THINKS = Ask(dialect="anthropic", model="m", effort="high", input_tokens=5000)
# words of a refusal, the request, what it was about
# fmt: off
REFUSED = {
    "a schema":        ("Invalid schema for function 'Bash': $ref", 400, TOOLS, "tools"),
    "not asked for":   ("Invalid schema for function 'Bash'",       400, ASK,   ""),
    "an image":        ("this model does not support image input",  400, IMAGE, "images"),
    "thinking":        ("`thinking` is not supported",              400, THINKS, "thinking"),
    "too long":        ("maximum context length is 4096 tokens",    400, ASK,   "length"),
    "413 needs no words": ("",                                      413, ASK,   "length"),
    "something else":  ("simulated fault",                          400, TOOLS, ""),
}
# fmt: on


@pytest.mark.parametrize(("words", "status", "ask", "about"), REFUSED.values(), ids=REFUSED)
def test_what_a_refusal_is_about(words: str, status: int, ask: Ask, about: str) -> None:
    assert feature(words, status, ask) == about


def settled(world: World, ask: Ask, about: str, *, status: int = 200, code: int = 400) -> None:
    refusal = Tried(
        provider="openrouter", model="minimax-m3", status=code, error=named(code, about)
    )
    passed = Passed(meter=Meter(), began=0.0, tried=(refusal,), status=status)
    plan = Untouched(decision=Decision(id="i", at=0.0), ask=ask)
    world.health.learn(plan, passed)


def test_a_refusal_that_another_model_accepted_is_remembered_for_a_while() -> None:
    world = World()
    settled(world, IMAGE, "images")
    assert world.why_not(IMAGE) == "refused_before: images"
    assert world.why_not(ASK) == "", "a request without images is none of its business"
    world.now += SECONDS
    assert world.why_not(IMAGE) == ""


def test_a_request_that_nobody_takes_teaches_nothing() -> None:
    world = World()
    settled(world, IMAGE, "images", status=400)
    assert world.why_not(IMAGE) == ""


def test_one_odd_schema_says_nothing_about_other_tools() -> None:
    world = World()
    settled(world, TOOLS, "tools")
    assert world.why_not(TOOLS) == "refused_before: tools"
    assert world.why_not(Ask(dialect="anthropic", model="m", tools=("Read",))) == ""


def test_413_is_a_limit_of_input_that_only_gets_smaller() -> None:
    world = World()
    sizes = [Ask(dialect="anthropic", model="m", input_tokens=n) for n in (4000, 5000, 9000)]
    settled(world, sizes[1], "length", code=413)
    settled(world, sizes[2], "length", code=413)
    assert [world.why_not(ask) for ask in sizes] == ["", *["refused_before: length"] * 2]


# -- do no harm


class Broken:
    """A state whose server is gone."""

    def __getattr__(self, name: str) -> Any:
        raise ConnectionError(name)


def test_a_broken_state_hurts_nobody() -> None:
    world = World()
    world.health.breakers = world.health.learned = world.health.pace = Broken()  # type: ignore[assignment]
    health = world.health
    assert world.why_not() == ""
    assert health.admits(attempt())
    health.worked(attempt(), (), 0.0)
    health.refused(attempt(), 529, (), began=1000.0)
    health.failed(attempt(), "broken", "x")
    health.left(attempt())
    health.took(attempt(), 1.0, streamed=True)
    settled(world, IMAGE, "images")
    assert health.status() == {}
