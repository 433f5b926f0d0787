"""What mitmweb and the console show: with mitmproxy's own list of flows, 10,000 of them."""

import weakref
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from mitmproxy import contentviews
from mitmproxy.addons.view import View
from mitmproxy.contentviews import Metadata
from mitmproxy.test import taddons, tflow

import decided
from turnout.errors import ConfigError
from turnout.exchange import MOST, Exchange, pretty
from turnout.proxy.flows import KEEP, Flows
from turnout.trip import Attempt
from turnout.wire.dialects import DIALECTS


class Books:
    def __init__(self) -> None:
        self.observers: list[Any] = []
        self.learners: list[Any] = []


class Engine:
    """What the list needs of the real one."""

    def __init__(self) -> None:
        self.books, self.exchange, self.mode = Books(), None, "route"

    def pin(self, name: str, session: str) -> Any:
        raise ConfigError(f"{name!r} is no model that can be used here")


@pytest.fixture
def shown() -> Iterator[tuple[Flows, View, Engine, Any]]:
    flows, view, engine = Flows(), View(), Engine()
    with taddons.context(flows, view) as context:
        flows.attach(engine)  # type: ignore[arg-type]
        yield flows, view, engine, context


def planned(flows: Flows, view: View, **facts: Any) -> Any:
    """A routed flow in the list."""
    flow = tflow.tflow(resp=True)
    flow.request.content = b'{"model": "claude-opus-4-5"}'
    view.add([flow])
    plan = decided.plan(**facts)
    flows.planned(flow, plan)
    return flow


def test_ten_thousand_flows_leave_a_thousand(shown: Any) -> None:
    """A flow that nobody can see any more is freed, with its bodies."""
    flows, view, _, _ = shown
    first = None
    for number in range(10_000):
        flow = planned(flows, view, id=f"{number:014}")
        first = first or weakref.ref(flow)
        flows.response(flow)
    del flow
    assert view.store_count() == len(view) == KEEP
    assert len(flows._routed) == KEEP
    assert first is not None and first() is None


def test_the_comment_gets_the_saving_when_it_is_known(shown: Any) -> None:
    flows, view, engine, _ = shown
    flow = planned(flows, view)
    assert flow.comment == (
        "turnout: claude-opus-4-5 -> anthropic/claude-haiku-4-5 (cheapest_at_parity)"
    )
    assert flow.marked
    outcome = decided.outcome(cost_usd=0.0123, requested_same_tokens_usd=0.0615)
    for observe in engine.books.observers:
        observe(decided.decision(), outcome)
    assert flow.comment.endswith("(cheapest_at_parity), $0.0123 instead of $0.0615")


def test_the_view_shows_both_sides_and_no_key(shown: Any) -> None:
    flows, view, _, _ = shown
    flow = planned(flows, view)
    exchange = flows.exchange(decided.decision().id)
    exchange.attempt = Attempt(
        provider="openrouter",
        model="m",
        url="https://openrouter.ai/api/v1/chat/completions?key=in-the-url",
        headers=(("authorization", "Bearer sk-canary"), ("user-agent", "agent/1")),
        body=b'{"model": "theirs"}',
        dialect=DIALECTS["openai_chat"],
    )
    exchange.answered += b'{"choices": []}'
    contents = contentviews.registry["turnout"]
    text = contents.prettify(flow.request.content, Metadata(flow=flow, http_message=flow.request))
    for piece in ('"model": "claude-opus-4-5"', '"model": "theirs"', "agent/1", "candidate "):
        assert piece in text
    assert "canary" not in text
    assert "in-the-url" not in text
    answer = contents.prettify(b"given", Metadata(flow=flow, http_message=flow.response))
    assert answer.index('"choices"') < answer.index("given")
    assert contents.render_priority(b"", Metadata(flow=flow)) == 0
    assert contents.render_priority(b"", Metadata(flow=tflow.tflow())) < 0


def test_commands(shown: Any) -> None:
    flows, view, engine, context = shown
    flow = planned(flows, view)
    view.focus.flow = flow
    call = context.master.commands.execute
    assert "claude-haiku-4-5" in call("turnout.why @focus")
    assert "no model" in call("turnout.pin @focus gpt-9")
    assert (call("turnout.off"), engine.mode) == ("turnout: off", "off")
    assert (call("turnout.on"), engine.mode) == ("turnout: route", "route")


def test_a_flow_in_the_list_can_be_saved_and_copied(shown: Any) -> None:
    flows, view, _, _ = shown
    flow = planned(flows, view)
    assert flow.get_state()["metadata"] == {"turnout": decided.decision().id}
    assert flow.copy().comment == flow.comment


def test_without_a_list_nothing_is_kept() -> None:
    flows, engine = Flows(), Engine()
    with taddons.context(flows):
        flows.attach(engine)  # type: ignore[arg-type]
        flow = tflow.tflow(resp=True)
        flows.planned(flow, decided.plan())
        flows.response(flow)
        assert engine.exchange is None
        assert not flows._routed
        assert flow.comment.startswith("turnout: ")


async def test_what_is_overheard_is_bounded() -> None:
    async def body() -> AsyncIterator[bytes]:
        for _ in range(3):
            yield b"x" * (MOST // 2 + 1)

    exchange = Exchange(decided.decision())
    passed = b"".join([piece async for piece in exchange.overhear(body())])
    assert len(passed) == 3 * (MOST // 2 + 1)
    assert len(exchange.answered) == MOST


def test_long_bodies_are_cut_and_said_to_be() -> None:
    assert pretty(b"y" * (MOST + 5)).endswith("5 bytes more")
    assert pretty(b"\xff\xfe") == "\ufffd\ufffd"
    assert pretty(b'{"a":[1]}') == '{\n  "a": [\n    1\n  ]\n}'
