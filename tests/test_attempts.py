"""From a choice to attempts: how many, in which order, and what is the client's own."""

import gzip
import json
from collections.abc import Iterator
from dataclasses import replace

import pytest

from turnout.attempts import MAX_ATTEMPTS, Composer, guarded
from turnout.config import load
from turnout.errors import StageError, UnsupportedError
from turnout.guard.keys import Keys
from turnout.options import imagined
from turnout.paths import artifacts_dir
from turnout.route.catalog import Binding, Catalog
from turnout.stages import Stages
from turnout.trip import Arrival, Attempt
from turnout.wire.dialects import DIALECTS

BODY = json.dumps(
    {
        "model": "claude-opus-4-7",
        "max_tokens": 9,
        "messages": [{"role": "user", "content": "hi"}],
    }
).encode()
KEY = {"OPENROUTER_API_KEY": "ours"}
CONFIG = load([], environ=KEY)
CATALOG = Catalog.load(artifacts_dir() / "catalog.json")
ARRIVAL = imagined(CONFIG, BODY, "anthropic", {}, "/messages")


def bindings(provider: str, *models: str) -> tuple[Binding, ...]:
    found = {b.model.id: b for b in CATALOG.bindings if b.provider == provider}
    return tuple(found[name] for name in models or found)


def composer(arrival: Arrival = ARRIVAL) -> Composer:
    return Composer(
        arrival,
        BODY,
        DIALECTS["anthropic"],
        False,
        CONFIG.providers,
        Keys(CONFIG.providers.values(), KEY),
        Stages(),
    )


def test_at_most_three_of_ours() -> None:
    made = list(composer().attempts(bindings("openrouter")))
    assert len(made) == MAX_ATTEMPTS == 3


def test_what_cannot_be_said_is_passed_over_with_its_reason(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    first, second = bindings("openrouter", "minimax-m3", "deepseek-v4-flash")
    made = composer()
    attempt = Composer._attempt

    def refusing(self: Composer, binding: Binding) -> Attempt:
        if binding is first:
            raise UnsupportedError("images")
        return attempt(self, binding)

    monkeypatch.setattr(Composer, "_attempt", refusing)
    assert [one.model for one in made.attempts((first, second))] == [second.model.id]
    assert made.lost == [(first, "images")]


def test_the_requested_model_at_home_is_the_clients_own_request_packed_as_it_came() -> None:
    packed = gzip.compress(BODY)
    headers = (*ARRIVAL.headers, ("content-encoding", "gzip"))
    made = composer(replace(ARRIVAL, raw=packed, headers=headers))
    (attempt,) = made.attempts(bindings("anthropic", "claude-opus-4-7"))
    assert attempt.untouched
    assert attempt.body == packed
    assert dict(attempt.headers)["content-encoding"] == "gzip"


def test_c2_a_name_that_its_own_host_knows_stays() -> None:
    """An alias of the requested model is no other model: not a byte moves."""
    body = BODY.replace(b"claude-opus-4-7", b"claude-opus-4-1")
    (dated,) = bindings("anthropic", "claude-opus-4-1")
    assert dated.id != "claude-opus-4-1"
    assert "claude-opus-4-1" in dated.names
    made = composer(replace(ARRIVAL, raw=body))
    made.body, made.ask = body, DIALECTS["anthropic"].peek(body, "/v1/messages")
    (attempt,) = made.attempts((dated,))
    assert attempt.untouched
    assert (attempt.body, attempt.changes) == (body, ())


def test_another_model_of_a_packed_request_is_sent_plain() -> None:
    headers = (*ARRIVAL.headers, ("content-encoding", "gzip"))
    made = composer(replace(ARRIVAL, raw=gzip.compress(BODY), headers=headers))
    (attempt,) = made.attempts(bindings("anthropic", "claude-haiku-4-5"))
    assert not attempt.untouched
    assert json.loads(attempt.body)["model"] == "claude-haiku-4-5"
    assert "content-encoding" not in dict(attempt.headers)


def test_the_last_resort_is_what_came() -> None:
    home = composer().home()
    assert (home.url, home.body, home.untouched) == (ARRIVAL.url, ARRIVAL.raw, True)
    assert home.headers == ARRIVAL.headers


OURS = composer().home()
CHANGED = replace(OURS, untouched=False, provider="ours")
HOME = replace(OURS, provider="home")


def broken() -> Iterator[Attempt]:
    yield CHANGED
    raise StageError("translate", ValueError("x"))


# attempts, whether the model is forced, who is asked
# fmt: off
ORDERS = {
    "ours, then the client's own":       (lambda: iter([CHANGED]),        False, ["ours", "home"]),
    "a forced model is never replaced":  (lambda: iter([CHANGED]),        True,  ["ours"]),
    "the same is not sent twice":     (lambda: iter([OURS, CHANGED]), False, ["anthropic", "ours"]),
    "composing the next one breaks":     (broken,                         False, ["ours", "home"]),
}
# fmt: on


@pytest.mark.parametrize(("ours", "forced", "asked"), ORDERS.values(), ids=ORDERS)
def test_who_is_asked(ours, forced: bool, asked: list[str]) -> None:  # type: ignore[no-untyped-def]
    found = guarded(ours(), lambda: HOME, forced=forced)
    assert [one.provider for one in found] == asked
