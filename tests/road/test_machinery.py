"""Do no harm: whatever part of the machinery raises, the client has its answer, once."""

import os
from pathlib import Path

from road import breakable
from road.world import HOME_KEY, OpenRoad, Road, message

# what is called for a request on its way there
BEFORE = [
    "turnout.guard.keys:Keys.refresh",
    "turnout.guard.keys:Keys.get",
    "turnout.guard.tenants:Tenants.line",
    "turnout.guard.tenants:Tenants.tighter",
    "turnout.guard.limits:Limits.ask",
    "turnout.guard.limits:Limits._beyond",
    "turnout.guard.limits:Limits._count",
    "turnout.subscriptions:Subscriptions.account",
    "turnout.session.pins:Pins.by_hand",
    "turnout.sessions:Sessions.place",
    "turnout.sessions:Sessions.refreshed",
    "turnout.sessions:Sessions.outlook",
    "turnout.sessions:Sessions.keep",
    "turnout.watch:Watch.look",
    "turnout.watch:Watch.judge",
    "turnout.watch:Watch.keep",
    "turnout.shadow:Shadow.keep",
    "turnout.quality:Quality.alarmed",
    "turnout.switches:Switches.open",
    "turnout.answers.canonical:key",
    "turnout.guard.tenants:Tenants.answers",
    "turnout.answers.cache:Answers.get",
    "turnout.answers.cache:Answers.similar",
    "turnout.answers.cache:Answers.waited",
    "turnout.engine:Engine.traceparent",
    "turnout.telemetry.export:Telemetry.traceparent",
    "turnout.exchange:Exchange.overhear",
    "turnout.health.breaker:Breakers.blocks",
    "turnout.health.breaker:Breakers.begin",
    "turnout.health.breaker:Breakers.worked",
    "turnout.health.learned:Learned.why_not",
    "turnout.health.pace:Pace.saw",
    "turnout.health.hedging:Hedging.after",
]
# what is called when the answer is there: the client does not notice
AFTER = [
    "turnout.sessions:Sessions.learn",
    "turnout.watch:Watch.learn",
    "turnout.shadow:Shadow.learn",
    "turnout.subscriptions:Subscriptions.learn",
    "turnout.health.health:Health.learn",
    "turnout.answers.cache:Answers.learn",
    "turnout.guard.limits:Limits.settled",
    "turnout.guard.keys:Keys.hide",
    "turnout.telemetry.export:Telemetry.observe",
    "turnout.telemetry.prometheus:Prometheus.observe",
    "turnout.content:Heard.hear",
    "turnout.content:Heard.parts",
    "turnout.books:Books._would_have",
    "turnout.counterfactual:Counterfactual.alone",
]
EVERYTHING = """
[hedge]
enabled = true
[cache]
exact = "always"
[store]
bodies = "full"
[[limits]]
requests_per_minute = 1000
"""


def hooked(folder: Path, told: Path) -> dict[str, str]:
    """The environment of a serve whose parts break when `told` says so."""
    told.write_text("")
    told.with_suffix(".names").write_text("\n".join([*BEFORE, *AFTER]))
    (folder / "sitecustomize.py").write_text(Path(breakable.__file__).read_text())
    addon = Path(__file__).parents[2] / "addon"
    return {
        "PYTHONPATH": os.pathsep.join([str(folder), str(addon)]),
        "BREAK_FILE": str(told),
        "OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9",
    }


async def sent(way: Road, body: bytes, *, direct: bool) -> tuple[int, bytes]:
    """Through the proxy, or as a client of the base URL."""
    if not direct:
        status, answer, _ = await way.send(body)
        return status, answer
    headers = {"content-type": "application/json", "x-api-key": HOME_KEY}
    url = f"{way.served.base}/v1/messages"
    async with way.served.session.post(url, data=body, headers=headers) as answer:
        return answer.status, await answer.read()


async def test_every_part_may_break(road: OpenRoad, tmp_path: Path) -> None:
    """c1, c2: one answer, whole; one upstream was asked; at home, with the client's own bytes."""
    told, harmed = tmp_path / "break", []
    async with road(env=hooked(tmp_path, told), more=EVERYTHING) as way:
        for number, name in enumerate([*BEFORE, *AFTER]):
            stream, direct = number % 2 == 0, number % 4 < 2
            body = message(f"Say {number}.", stream=stream)
            way.home.seen.clear()
            way.other.seen.clear()
            told.write_text(name)
            status, answer = await sent(way, body, direct=direct)
            told.write_text("")
            whole = answer.endswith(b'"message_stop"}\n\n' if stream else b"}")
            at_home = [seen.body for seen in way.home.completions()]
            asked = len(at_home) + len(way.other.completions())
            if (status, whole, asked) != (200, True, 1) or at_home not in ([], [body]):
                harmed.append((name, stream, status, asked, answer[-100:]))
    assert not harmed, "\n".join(map(str, harmed))
