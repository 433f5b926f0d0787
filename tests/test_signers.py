"""c12: who minted what, over a real store; and the client's own request with and without it."""

import json
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from decided import decision
from route.models import binding
from session.test_pins import Clock
from test_attempts import ARRIVAL, CONFIG, KEY, bindings
from turnout.account import Meter
from turnout.attempts import Composer, guarded
from turnout.books import Passed
from turnout.errors import StageError
from turnout.guard.keys import Keys
from turnout.route.model import Binding
from turnout.signers import Signers, digest
from turnout.stages import Stages
from turnout.store import Store
from turnout.trip import Attempt, Plan
from turnout.wire.dialects import DIALECTS
from turnout.wire.envelope import Envelope, with_id
from turnout.wire.events import Event, Redacted, Signature, Text, ToolCall
from turnout.wire.request import Ask, DialectName
from turnout.wire.sealed import Sealed, encode

ASKED, SIBLING, ELSEWHERE = binding("a"), binding("b"), binding("a", "other")
BOTH = (("a", "a"), ("a", "b"))


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(tmp_path / "turnout.db") as log:
        log.flush(10)
        yield log


def plan() -> Plan:
    made = decision(session="s", requested_model="a", provider="a", model="b")
    facts: dict[str, Any] = {
        "decision": made,
        "arrival": replace(ARRIVAL, home="a"),
        "ask": Ask(dialect="anthropic", model="a"),
        "dialect": DIALECTS["anthropic"],
        "body": b"",
        "attempts": iter(()),
        "home": attempt("a", ""),
        "request": lambda: None,
    }
    return Plan(**facts)


def attempt(provider: str, model: str, **rest: Any) -> Attempt:
    dialect = DIALECTS["anthropic"]
    return Attempt(
        provider=provider, model=model, url="", headers=(), body=b"", dialect=dialect, **rest
    )


def passed(by: Attempt, *events: Event, status: int = 200) -> Passed:
    meter = Meter()
    for event in events:
        meter.watch(event)
    return Passed(meter=meter, began=0.0, attempt=by, status=status)


def known(signers: Signers, at: Binding, opaque: str, dialect: DialectName = "anthropic") -> Any:
    return signers.told(ASKED, at, dialect).minted(opaque)


# what an answer carries                                             what is remembered of it
CARRIED: dict[str, tuple[Event, str]] = {
    "a signature": (Signature("sig"), "sig"),
    "redacted thinking": (Redacted("hidden"), "hidden"),
    "encrypted reasoning": (Signature(encode(Sealed("encrypted", "gpt-5", "gAAA"))), "gAAA"),
    "a thought signature of a call": (ToolCall(0, with_id("t", Envelope("gemini", "s+/=")), "f"),
                                      "s+/="),
}  # fmt: skip


@pytest.mark.parametrize(("event", "opaque"), CARRIED.values(), ids=CARRIED)
def test_c12_what_a_sibling_minted(store: Store, event: Event, opaque: str) -> None:
    signers = Signers(store, Clock())
    signers.learn(plan(), passed(attempt("a", "b"), Text("so"), event))
    assert [known(signers, at, opaque) for at in (ASKED, SIBLING, ELSEWHERE)] == [
        False,
        True,
        False,
    ]
    assert known(signers, ASKED, "another's") is None


def test_c12_what_the_asked_model_minted_needs_no_memory(store: Store) -> None:
    """Nor is it anybody else's when the same bytes were."""
    signers = Signers(store, Clock())
    for home in (attempt("a", "a"), attempt("a", "", untouched=True)):
        signers.learn(plan(), passed(attempt("a", "b"), Signature("sig")))
        assert len(signers) == 1
        signers.learn(plan(), passed(home, Signature("sig")))
        assert len(signers) == 0


@pytest.mark.parametrize("status", [400, 500])
def test_an_error_mints_nothing(store: Store, status: int) -> None:
    signers = Signers(store, Clock())
    signers.learn(plan(), passed(attempt("a", "b"), Signature("sig"), status=status))
    assert len(signers) == 0


def test_c12_who_left_in_the_middle_has_what_was_said(store: Store) -> None:
    signers = Signers(store, Clock())
    signers.learn(plan(), passed(attempt("a", "b"), Signature("sig"), status=499))
    assert known(signers, ASKED, "sig") is False


def test_an_envelope_nobody_has_written(store: Store) -> None:
    signers = Signers(store, Clock())
    odd = (ToolCall(0, "t__turnout_9_gemini_QQ", "f"), Signature("turnout_9_x_QQ"), Redacted(""))
    signers.learn(plan(), passed(attempt("a", "b"), *odd, Signature("sig")))
    assert len(signers) == 1


def test_c12_a_restart_keeps_it(store: Store, tmp_path: Path) -> None:
    signers = Signers(store, Clock())
    signers.learn(plan(), passed(attempt("a", "b"), Signature("sig")))
    store.flush(10)
    again = Signers(store, Clock())
    assert (known(again, ASKED, "sig"), known(again, SIBLING, "sig")) == (False, True)
    (row,) = again._makers.items()
    assert row[0] == digest("sig")
    assert (row[1].provider, row[1].model, row[1].session) == ("a", "b", "s")
    assert b"sig" not in row[0].encode()


def test_it_is_bounded(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was met of late stays; a log holds no more than memory does."""
    monkeypatch.setattr("turnout.signers.MOST", 3)
    signers = Signers(store, Clock())
    for number in range(3):
        signers.learn(plan(), passed(attempt("a", "b"), Signature(f"sig{number}")))
    assert known(signers, ASKED, "sig0") is False
    signers.learn(plan(), passed(attempt("a", "b"), Signature("sig3")))
    assert [known(signers, ASKED, f"sig{n}") for n in range(4)] == [False, None, False, False]
    store.flush(10)
    assert len(Signers(store, Clock())) == 3


GPT, MINI = binding("gpt-5"), binding("gpt-5-mini")
# asked for   goes to    in              is what nobody remembers its own?
PRESUMED: dict[str, tuple[Binding | None, Binding, DialectName, bool | None]] = {
    "the asked model": (ASKED, ASKED, "anthropic", True),
    "its sibling": (ASKED, SIBLING, "anthropic", False),
    "the same model at another provider": (ASKED, ELSEWHERE, "anthropic", False),
    "a family reads encrypted reasoning": (GPT, MINI, "openai_responses", True),
    "not at another provider": (GPT, binding("gpt-5", "azure"), "openai_responses", False),
    "nobody's family": (ASKED, SIBLING, "openai_responses", False),
    "a family does not share thought signatures": (GPT, MINI, "gemini", False),
    "nobody knows what is asked for": (None, ASKED, "anthropic", None),
}


@pytest.mark.parametrize(("asked", "to", "dialect", "own"), PRESUMED.values(), ids=PRESUMED)
def test_c12_what_nobody_remembers(
    store: Store, asked: Binding | None, to: Binding, dialect: DialectName, own: bool | None
) -> None:
    assert Signers(store, Clock()).told(asked, to, dialect).asked is own


def test_c12_what_a_host_refused_is_nobodys(store: Store) -> None:
    signers = Signers(store, Clock())
    signers.learn(plan(), passed(attempt("a", "b"), Signature("known")))
    bare = attempt("a", "a", gone=("known", "unknown"))
    signers.learn(plan(), passed(bare, Signature("new"), status=400))
    assert known(signers, ASKED, "unknown") is None, "it was refused again: that was not the reason"
    signers.learn(plan(), passed(bare, Signature("new")))
    assert [known(signers, at, "unknown") for at in (ASKED, SIBLING)] == [False, False]
    assert known(signers, SIBLING, "known") is True
    assert known(signers, ASKED, "new") is None


# -- the client's own request

(OPUS,) = bindings("anthropic", "claude-opus-4-7")
THOUGHT = {"type": "thinking", "thinking": "so", "signature": "sig"}
SAID = [{"role": "user", "content": "hi"},
        {"role": "assistant", "content": [THOUGHT, {"type": "text", "text": "ok"}]},
        {"role": "user", "content": "hi"}]  # fmt: skip
BODY = json.dumps({"model": "claude-opus-4-7", "max_tokens": 9, "messages": SAID}).encode()


def composer(store: Store, *, minted: bool) -> Composer:
    signers = Signers(store, Clock())
    if minted:
        signers.learn(plan(), passed(attempt("a", "b"), Signature("sig")))
    arrival = replace(ARRIVAL, raw=BODY)
    dialect = DIALECTS["anthropic"]
    return Composer(
        arrival, BODY, dialect, False, CONFIG.providers, Keys(CONFIG.providers.values(), KEY),
        Stages(), dialect.peek(BODY, arrival.path), requested=OPUS,
        target=lambda binding, dialect: signers.told(OPUS, binding, dialect),
    )  # fmt: skip


def what(one: Attempt) -> str:
    thought = b"thinking" in one.body
    return f"{'own' if one.untouched else 'bare' if one.gone else 'mended'} {thought}"


# what of it is known, who was asked before, the client's own request then
LAST: dict[str, tuple[bool, tuple[Binding, ...], list[str]]] = {
    "c12 another minted some": (True, (), ["mended False", "own True", "bare False"]),
    "c12 the mended one failed": (True, (OPUS,), ["mended False", "own True", "bare False"]),
    "c12 nobody knows": (False, (), ["own True", "bare False"]),
    "c12 it is the client's own already": (False, (OPUS,), ["own True", "bare False"]),
}


@pytest.mark.parametrize(("minted", "order", "wanted"), LAST.values(), ids=LAST)
def test_c12_the_last_resorts(
    store: Store, minted: bool, order: tuple[Binding, ...], wanted: list[str]
) -> None:
    made = composer(store, minted=minted)
    found = list(
        guarded(made.attempts(order), made.home, forced=False, mended=made.mended, bare=made.bare)
    )
    assert [what(one) for one in found] == wanted
    assert all(one.clients_key and one.url == ARRIVAL.url for one in found)
    assert [one.signed for one in found] == [one.untouched for one in found]
    assert found[-1].gone == ("sig",)
    assert {change.what for change in found[-1].changes} == {"thinking"}


def test_c12_a_large_body_that_was_written_in_a_thread(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was prepared is mended, too; and never taken for the request without reasoning."""
    monkeypatch.setattr("turnout.aside.LARGE", 1)
    for minted, wanted in ((False, "own True"), (True, "mended False")):
        made = composer(store, minted=minted)
        with ThreadPoolExecutor(1) as pool:
            pool.submit(made.prepare, (OPUS,)).result()
        bare = made.bare()
        assert bare
        assert what(bare) == "bare False"
        (attempt,) = made.attempts((OPUS,))
        assert what(attempt) == wanted


def test_c12_what_cannot_be_mended_goes_as_it_came(store: Store) -> None:
    made = composer(store, minted=True)

    def broken() -> Attempt | None:
        raise StageError("translate", ValueError("x"))

    found = list(guarded(iter(()), made.home, forced=False, mended=broken, bare=broken))
    assert [what(one) for one in found] == ["own True"]


def test_threads_ask_while_others_learn(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """A large body is translated in one, while the loop learns what was minted."""
    monkeypatch.setattr("turnout.signers.MOST", 2)
    signers = Signers(store, Clock())
    often = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(2) as pool:
            asked = [pool.submit(ask_all, signers) for _ in range(2)]
            for number in range(4_000):
                by = attempt("a", "b")
                signers.learn(plan(), passed(by, Signature(f"s{number % 4}")))
            for one in asked:
                one.result()
    finally:
        sys.setswitchinterval(often)


def ask_all(signers: Signers) -> None:
    for number in range(20_000):
        known(signers, SIBLING, f"s{number % 4}")
