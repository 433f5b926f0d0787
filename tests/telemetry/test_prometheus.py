"""What is scraped, and the example dashboard that reads it."""

import json
import re
from pathlib import Path

import decided
from turnout.record import Tried
from turnout.telemetry.prometheus import Prometheus

DASHBOARD = Path(__file__).parents[2] / "artifacts" / "grafana.json"
MODELS = {"claude-opus-4-5", "claude-haiku-4-5"}
STATUS = {
    "dropped_rows": 3,
    "warnings": ["one"],
    "breakers": [{"binding": "openrouter/m", "state": "open"}],
}


def scraped(prometheus: Prometheus) -> dict[str, float]:
    lines = prometheus.scrape().decode().splitlines()
    pairs = (line.rsplit(" ", 1) for line in lines if not line.startswith("#"))
    return {name: float(value) for name, value in pairs}


def test_an_action_in_numbers() -> None:
    prometheus = Prometheus(MODELS, lambda: STATUS)
    failed = Tried(provider="openrouter", model="m", status=529, error="status 529")
    prometheus.observe(decided.decision(), decided.outcome(attempts=(failed,)))
    prometheus.observe(decided.decision(), decided.outcome(cost_usd=None, usage=None))
    found = scraped(prometheus)
    pair = 'model="claude-haiku-4-5",provider="anthropic",'
    asked = 'requested_model="claude-opus-4-5"'
    assert found[f"turnout_cost_usd_total{{{pair}{asked}}}"] == 0.006155
    assert found[f"turnout_requested_usd_total{{{pair}{asked}}}"] == 0.030775
    assert found[f"turnout_unpriced_actions_total{{{pair}{asked}}}"] == 1
    assert found['turnout_failed_attempts_total{provider="openrouter"}'] == 1
    kinds = {
        name: value for name, value in found.items() if name.startswith("turnout_tokens_total")
    }
    assert sorted(kinds.values()) == [40, 100, 300, 500, 1200, 20_000]
    assert found['turnout_breaker_state{binding="openrouter/m"}'] == 2
    assert (found["turnout_dropped_rows"], found["turnout_warnings"]) == (3, 1)


def test_what_a_hedge_called_off_is_no_failure() -> None:
    prometheus = Prometheus(MODELS, dict)
    errors = ("lost: another was faster", "given up", "status 500")
    tried = tuple(Tried(provider="openrouter", model="m", error=e, hedge=True) for e in errors)
    prometheus.observe(decided.decision(), decided.outcome(attempts=tried))
    assert scraped(prometheus)['turnout_failed_attempts_total{provider="openrouter"}'] == 1


def test_invented_models_are_one_label() -> None:
    prometheus = Prometheus(MODELS, dict)
    for number in range(100):
        prometheus.observe(decided.decision(requested_model=f"x{number}"), decided.outcome())
    assert sum(name.startswith("turnout_actions_total") for name in scraped(prometheus)) == 1


def test_the_dashboard_asks_for_what_there_is() -> None:
    prometheus = Prometheus(MODELS, lambda: STATUS)
    prometheus.observe(decided.decision(), decided.outcome())
    prometheus.observe(decided.decision(), decided.outcome(cost_usd=None))
    failed = Tried(provider="openrouter", model="m", error="status 529")
    prometheus.observe(decided.decision(), decided.outcome(attempts=(failed,)))
    known = {name.partition("{")[0] for name in scraped(prometheus)}
    labels = set(re.findall(r'(\w+)="', prometheus.scrape().decode()))
    panels = json.loads(DASHBOARD.read_text())["panels"]
    queries = [target["expr"] for panel in panels for target in panel["targets"]]
    for query in queries:
        assert set(re.findall(r"turnout_\w+", query)) <= known, query
        for names in re.findall(r"by \(([\w, ]+)\)", query):
            assert set(names.split(", ")) <= labels, query
