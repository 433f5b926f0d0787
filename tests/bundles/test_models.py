"""`turnout models` and `turnout prices`, and the report of who can win."""

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest
from click.testing import Result

from route import folders
from turnout.bundles.contradictions import contradictions
from turnout.bundles.standing import line, standings
from turnout.cli import models_report
from turnout.route.bundle import Bundle
from turnout.route.catalog import Binding, Model, Price
from turnout.route.rules import Rules

ARTIFACTS = Path(__file__).parents[2] / "artifacts"

type Turnout = Callable[..., Result]


def binding(
    id: str, dollars: float | None, provider: str = "here", *, routable: bool = True
) -> Binding:
    price = None if dollars is None else Price(input=Decimal(dollars), output=Decimal(dollars))
    return Binding(provider, id, Model(id=id), price, routable=routable)


def bundle(**quality: list[float]) -> Bundle:
    clusters = len(next(iter(quality.values())))
    table = np.array(list(quality.values()), float).T
    return Bundle(
        version="v",
        encoder="e",
        dim=clusters,
        temperature=0.01,
        top=1,
        profiles={},
        labels=tuple(str(k) for k in range(clusters)),
        models={name: i for i, name in enumerate(quality)},
        tools=np.zeros(clusters),
        centroids=np.eye(clusters),
        quality=table,
        se=np.full(table.shape, 0.01),
        apart=folders.independent(np.full(table.shape, 0.01)),
        evidence=np.where(table == 0.5, 0.0, 50.0),
    )


LEARNED = bundle(big=[0.9, 0.9], mid=[0.9, 0.6], small=[0.9, 0.1], weak=[0.2, 0.2], raw=[0.5, 0.5])
RULES = Rules(epsilon=0.02, z=0.0)
# who is there -> (wins, why) of the one asked about
STANDS = {
    "wins where it is as good": ([binding("big", 9), binding("mid", 3)], "mid", (0.5, "")),
    "dominated by a cheaper one": (
        [binding("big", 9), binding("mid", 3), binding("small", 1)],
        "mid",
        (0.0, "dominated"),
    ),
    "no key": ([binding("big", 9), binding("mid", 3, "elsewhere")], "mid", (0.0, "no_key")),
    "no price": ([binding("big", 9), binding("mid", None)], "mid", (0.0, "price_unknown")),
    "priced only": (
        [binding("big", 9), binding("mid", 3, routable=False)],
        "mid",
        (0.0, "not_routable"),
    ),
    "unknown to the bundle": ([binding("big", 9), binding("new", 1)], "new", (0.0, "no_estimate")),
    "bad everywhere": ([binding("big", 9), binding("weak", 1)], "weak", (0.0, "dominated")),
}


@pytest.mark.parametrize(("bindings", "name", "expected"), STANDS.values(), ids=STANDS)
def test_standing(bindings: list[Binding], name: str, expected: tuple[float, str]) -> None:
    found = {one.model: one for one in standings(bindings, ["here"], LEARNED, RULES)}
    assert (found[name].wins, found[name].why) == expected


def test_little_evidence_and_rules_are_reasons() -> None:
    there = [binding("big", 9), binding("raw", 1), binding("mid", 3)]
    strict = Rules(epsilon=0.5, z=0.0, min_evidence=20, deny=("here/mid",))
    found = {one.model: one.why for one in standings(there, ["here"], LEARNED, strict)}
    assert (found["raw"], found["mid"]) == ("little_evidence", "denied")


def test_the_line_at_start() -> None:
    there = [binding("big", 9), binding("mid", 3)]
    found = standings(there, ["here"], LEARNED, RULES)
    assert line(found) == "1 of 2 models can win some class of task: mid (50%)"
    nothing = standings(there, [], LEARNED, RULES)
    assert line(nothing) == "with these keys and rules no model can win: every request goes home"


@pytest.fixture
def shipped(
    turnout: Turnout, artifacts: Path, keyless: None, monkeypatch: pytest.MonkeyPatch
) -> Turnout:
    """The bundle that is in use, and no key but one."""
    shutil.copytree(ARTIFACTS / "bundles", artifacts / "bundles", dirs_exist_ok=True)
    shutil.copy(ARTIFACTS / "latest", artifacts)
    shutil.copy(ARTIFACTS / "encoder" / "manifest.json", artifacts / "encoder")
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-nothing")
    return turnout


def test_models_with_and_without_a_key(shipped: Turnout) -> None:
    found = json.loads(shipped("models", "--json").stdout)
    assert found["providers_with_key"] == ["anthropic"]
    by_key = {line["key"] for line in found["models"] if line["provider"] == "anthropic"}
    others = [line for line in found["models"] if line["provider"] != "anthropic"]
    assert by_key == {"present"}
    assert {line["key"] for line in others} == {"missing"}
    assert {line["why"] for line in others} == {"no_key"}
    openai = next(line for line in others if line["provider"] == "openai")
    assert openai["variable"] == "OPENAI_API_KEY"
    assert all(line["wins"] or line["why"] for line in found["models"])


def test_models_on_a_page(shipped: Turnout) -> None:
    result = shipped("models")
    assert "anthropic/claude-opus-4-7" in result.stdout
    assert "openai/gpt-5.4" not in result.stdout
    assert "OPENAI_API_KEY" in result.stderr
    assert "no key: set OPENAI_API_KEY" in shipped("models", "--all").stdout
    assert "sk-nothing" not in shipped("models", "--all", "--json").output


def test_the_report_says_who_can_win_who_cannot_and_why(shipped: Turnout) -> None:
    found = json.loads(shipped("models", "--report", "--json").stdout)
    rest = [name for names in found["cannot_win"].values() for name in names]
    able = [row["model"] for row in found["can_win"]]
    assert sorted([*able, *rest]) == sorted({line["model"] for line in found["models"]})
    assert set(found["cannot_win"]) <= set(models_report.WHY)
    shares = [row["share"] for row in found["can_win"]]
    assert shares == sorted(shares, reverse=True)
    assert shares[-1] > 0
    page = shipped("models", "--report").stdout
    for words in ("can win", "no key here for any provider of it (", "contradictions between"):
        assert words in page


DOLLARS = {"big": 9.0, "mid": 3.0, "raw": 8.0, "small": 1.0, "weak": 2.0}
CATALOGUE = {name: binding(name, 1).model for name in (*DOLLARS, "new")}
ODD = {
    "all fits": ({}, {}, []),
    "not in the catalogue": ({}, {"mid": None}, ["judges mid, which the catalogue does not know"]),
    "served by nobody": ({"mid": None}, {}, ["judges mid, which nobody serves"]),
    "unknown to the bundle": ({"new": 1.0}, {}, ["knows nothing of new"]),
    "no tools": ({}, {"mid": {"tools": False}}, ["mid cannot call tools, says the catalogue"]),
}


@pytest.mark.parametrize(("priced", "changed", "said"), ODD.values(), ids=ODD)
def test_contradictions(
    priced: dict[str, float | None], changed: dict[str, dict | None], said: list[str]
) -> None:
    prices = DOLLARS | priced
    there = [binding(name, price) for name, price in prices.items() if price]
    models = {
        name: replace(model, **(changed.get(name) or {}))
        for name, model in CATALOGUE.items()
        if changed.get(name, {}) is not None
    }
    tooled = replace(LEARNED, tools=np.ones(len(LEARNED.labels)))
    known = [one for one in there if one.model.id in models]
    found = standings(known, ["here"], tooled, RULES)
    sentences = list(contradictions(models, there, tooled, found))
    assert len(sentences) == len(said)
    assert all(words in sentence for words, sentence in zip(said, sentences, strict=True))


def test_where_nothing_tells_models_apart() -> None:
    flat = replace(
        LEARNED,
        quality=np.full_like(LEARNED.quality, 0.5),
        evidence=np.zeros_like(LEARNED.evidence),
    )
    there = [binding(name, 1.0) for name in flat.models]
    models = {one.model.id: one.model for one in there}
    (said,) = contradictions(models, there, flat, standings(there, ["here"], flat, RULES))
    assert "tells models apart" in said


def test_models_of_no_profile(shipped: Turnout) -> None:
    result = shipped("models", "--profile", "cheap")
    assert result.exit_code == 2
    assert "'cheap' is not one of parity, strict, thrift" in result.stderr


def test_a_price_with_every_rate_and_tier(shipped: Turnout) -> None:
    found = json.loads(shipped("prices", "claude-opus-4-7", "--json").stdout)
    own = next(row for row in found["prices"] if row["provider"] == "anthropic")
    assert own["price"]["input"] == 5
    assert own["price"]["cache_write_1h"] == 10
    assert found["as_of"] == "2026-11-22"
    assert any(name.startswith("genai-prices ") for name in own["sources"])
    assert "price stated by 4" in shipped("prices", "claude-opus-4-7").stderr
    tiered = shipped("prices", "google/gemini-3.1-pro-preview").stdout
    assert "input above 200k tokens, the whole request" in tiered
    assert (
        "off-peak: Mon Tue Wed Thu Fri"
        in shipped("prices", "deepseek-v4-flash").stdout + shipped("prices").stdout
    )


NEAR = {
    "opus-4-7": "claude-opus-4-7",
    "gpt-5.44": "gpt-5.4",
    "anthropic/claude-opus-47": "claude-opus-4-7",
}


@pytest.mark.parametrize(("wrong", "right"), NEAR.items(), ids=NEAR)
def test_a_near_miss_is_no_hit(shipped: Turnout, wrong: str, right: str) -> None:
    result = shipped("prices", wrong)
    assert result.exit_code == 2
    assert right in result.stderr
    assert result.stdout == ""


def test_a_name_like_nothing(shipped: Turnout) -> None:
    result = shipped("prices", "🙂")
    assert result.exit_code == 2
    assert "knows no model" in result.stderr
