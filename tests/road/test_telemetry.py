"""A real `turnout serve` and a real OTLP receiver; and /metrics as Prometheus scrapes it."""

import json
import re
import signal
import sqlite3
from contextlib import closing
from hashlib import sha256
from typing import Any

import pytest

from road.world import HOME_KEY, OTHER_KEY, OpenRoad, Road, message
from telemetry.collector import Collector, collecting, facts
from turnout.demo.provider import Fault

TRACE, SPAN = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
PARENT = {"traceparent": f"00-{TRACE}-{SPAN}-01", "tracestate": "acme=secret-of-a-vendor"}
SECRET_WORDS = "Say hello to the canary."


async def told(way: Road, collector: Collector) -> dict[str, list[Any]]:
    """Every span by its kind, and the internal ones by name: all are sent when serve ends."""
    way.served.process.send_signal(signal.SIGTERM)
    await way.served.process.wait()
    spans: dict[str, list[Any]] = {}
    for span in collector.spans:
        kind = {span.SPAN_KIND_SERVER: "action", span.SPAN_KIND_CLIENT: "attempt"}
        spans.setdefault(kind.get(span.kind, span.name), []).append(span)
    return spans


async def test_an_action_with_a_failover_is_a_tree_of_spans(road: OpenRoad) -> None:
    async with collecting() as otlp:
        env = {"OTEL_EXPORTER_OTLP_ENDPOINT": otlp.url, "OTEL_RESOURCE_ATTRIBUTES": "team=blue"}
        async with road(env=env) as way:
            way.other.faults.append(Fault("status", status=529))
            status, _, headers = await way.send(message(SECRET_WORDS, stream=True), PARENT)
            assert status == 200
            await way.served.rows()
            spans = await told(way, otlp)
    (action,), attempts = spans["action"], spans["attempt"]
    (decide,), (embed,) = spans["turnout.decide"], spans["turnout.embed"]
    assert action.name == "chat claude-opus-4-7"
    assert len(attempts) > 1
    assert {one.trace_id.hex() for one in otlp.spans} == {TRACE}
    assert action.parent_span_id.hex() == SPAN
    assert {one.parent_span_id for one in (decide, *attempts)} == {action.span_id}
    assert embed.parent_span_id == decide.span_id
    for one in (decide, *attempts):
        assert action.start_time_unix_nano <= one.start_time_unix_nano
        assert one.end_time_unix_nano <= action.end_time_unix_nano
    assert decide.start_time_unix_nano <= embed.start_time_unix_nano
    assert embed.end_time_unix_nano <= decide.end_time_unix_nano + 1_000_000
    said = facts(action)
    assert said["gen_ai.operation.name"] == "chat"
    assert said["gen_ai.request.model"] == "claude-opus-4-7"
    assert said["gen_ai.provider.name"] in ("openrouter", "anthropic")
    assert said["gen_ai.usage.input_tokens"] > 0
    assert said["gen_ai.response.finish_reasons"] == ["stop"]
    assert said["turnout.decision"] == headers["x-turnout-decision"]
    assert said["turnout.cost.usd"] > 0
    assert facts(attempts[0])["error.type"] == "529"
    assert "error.type" not in facts(attempts[-1])
    assert otlp.resource["service.name"] == "turnout"
    assert otlp.resource["team"] == "blue"
    assert all(re.fullmatch(r"https://opentelemetry.io/schemas/1\.\d+\.0", s) for s in otlp.schemas)
    for secret in (SECRET_WORDS, HOME_KEY, OTHER_KEY, "acme=secret"):
        assert secret.encode() not in otlp.raw
    tokens = otlp.metrics["gen_ai.client.token.usage"].histogram.data_points
    assert {facts(point)["gen_ai.token.type"] for point in tokens} == {"input", "output"}
    assert otlp.metrics["gen_ai.client.operation.duration"].unit == "s"
    assert otlp.metrics["turnout.savings"].sum.data_points


async def test_a_client_that_is_not_sampled_is_not_traced(road: OpenRoad) -> None:
    async with collecting() as otlp:
        async with road(env={"OTEL_EXPORTER_OTLP_ENDPOINT": otlp.url}) as way:
            await way.send(message(), {"traceparent": f"00-{TRACE}-{SPAN}-00"})
            await way.send(message())
            await way.served.rows(2)
            spans = await told(way, otlp)
        (action,) = spans["action"]
        assert action.trace_id.hex() != TRACE
        assert not action.parent_span_id


async def test_the_trace_goes_on_at_a_server_of_ones_own_only(road: OpenRoad) -> None:
    """The simulated provider is on loopback; tracestate is another vendor's and stays."""
    async with collecting() as otlp:
        async with road(env={"OTEL_EXPORTER_OTLP_ENDPOINT": otlp.url}) as way:
            await way.send(message(), PARENT)
            (seen,) = way.other.completions()
            spans = await told(way, otlp)
        (action,) = spans["action"]
        assert seen.header("traceparent") == f"00-{TRACE}-{action.span_id.hex()}-01"
        assert seen.header("tracestate") is None


async def test_a_collector_that_is_gone_is_not_felt(road: OpenRoad) -> None:
    """Nobody listens at port 9; status says it, the log of the process does not fill with it."""
    env = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9", "OTEL_BSP_SCHEDULE_DELAY": "50"}
    env |= {"OTEL_EXPORTER_OTLP_TIMEOUT": "1"}
    async with road(env=env) as way:
        for _ in range(3):
            assert (await way.send(message()))[0] == 200
        await way.served.rows(3)
        while not (warnings := (await way.served.api("GET", "/v1/status"))["warnings"]):
            pass
        assert "OTLP" in warnings[0]
        assert "Traceback" not in way.served.log.read_text()


async def test_prometheus_scrapes_it(road: OpenRoad) -> None:
    async with road() as way:
        await way.send(message())
        invented = json.dumps({"model": "x" * 50, "max_tokens": 5, "messages": []}).encode()
        await way.send(invented)
        await way.served.rows(2)
        token = {"x-turnout-token": way.served.facts["token"]}
        async with way.served.session.get(way.served.base + "/metrics", headers=token) as answer:
            text = await answer.text()
            assert answer.content_type == "text/plain"
        async with way.served.session.get(way.served.base + "/metrics") as answer:
            assert answer.status == 401
    assert re.search(r'turnout_actions_total\{model="minimax-m3"[^}]*\} 1\.0', text)
    assert 'requested_model="other"' in text
    assert "x" * 50 not in text
    assert re.search(r"turnout_cost_usd_total\{[^}]*\} 0\.0*[1-9]|\} \d+\.?\d*e-", text)
    assert "turnout_route_seconds_bucket" in text


@pytest.mark.parametrize("form", ["none", "hashed", "full"])
@pytest.mark.parametrize("mode", ["route", "shadow"])
async def test_bodies_are_kept_as_the_user_says(road: OpenRoad, form: str, mode: str) -> None:
    """In the log and in the spans alike; by default nowhere."""
    sent = message(SECRET_WORDS, stream=True)
    async with collecting() as otlp:
        env = {"OTEL_EXPORTER_OTLP_ENDPOINT": otlp.url, "TURNOUT_STORE_BODIES": form}
        async with road(env={**env, "TURNOUT_MODE": mode}) as way:
            _, answer, _ = await way.send(sent)
            (row,) = await way.served.rows()
            (action,) = (await told(way, otlp))["action"]
            with closing(sqlite3.connect(way.served.data / "turnout.db")) as db:
                kept = db.execute("SELECT id, form, request, answer FROM bodies").fetchall()
    said, whole = facts(action), b"".join((way.served.data / "turnout.db").read_bytes().split())
    if form == "full":
        ((decision, _, request, parts),) = kept
        assert (decision, request) == (row["id"], sent.decode())
        words = "".join(one["content"] for one in json.loads(parts)).split()
        assert words
        assert all(word in answer.decode() for word in words)
        (asked,) = json.loads(said["gen_ai.input.messages"])
        assert asked == {"role": "user", "parts": [{"type": "text", "content": SECRET_WORDS}]}
        (given,) = json.loads(said["gen_ai.output.messages"])
        assert (given["parts"], given["finish_reason"]) == (json.loads(parts), "stop")
        return
    assert SECRET_WORDS.replace(" ", "").encode() not in whole
    assert SECRET_WORDS.encode() not in otlp.raw
    assert [one[2] for one in kept] == [sha256(sent).hexdigest()] * (form == "hashed")
    assert said.get("turnout.input.sha256") == (kept[0][2] if kept else None)
