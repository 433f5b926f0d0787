"""The maker of the catalogue: the same facts, the same bytes; contradictions stop it."""

import copy
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from turnout.route.catalog import Catalog

SCRIPTS = Path(__file__).parents[2] / "scripts"
sys.path.insert(0, str(SCRIPTS))
import update_catalog  # noqa: E402
from catalog_facts import ContradictionError  # noqa: E402

sys.path.remove(str(SCRIPTS))

type Facts = dict[str, Any]


def served(provider: str, id: str, input: float = 1.0, **more: Any) -> Facts:
    plain = {"output": 2.0, "cache_read": None, "cache_write_5m": None}
    return {"provider": provider, "model_id": id, "input": input, **plain, **more}


def model(id: str, vendor: str = "zai", **more: Any) -> Facts:
    reasoning = {"supported": False, "param": None, "levels": None, "can_disable": None}
    unknown = ("tools", "parallel_tools", "tool_choice", "forced_tool_choice", "structured_output")
    unknown += ("sampling_params", "assistant_prefill", "mid_conversation_system")
    return {
        "id": id,
        "vendor": vendor,
        "name": id,
        "tier": "core",
        "release_date": "2026-10-13 (seen)",
        "status": "listed",
        "open_weights": None,
        "api_model_ids": {"pi_ai": f"{vendor}:{id}", "models_dev": None}
        | {"genai_prices": f"{vendor}:{id.upper()}", "litellm": None},
        "price_usd_per_mtok": {"input": 1.0, "output": 2.0, "cache_read": 0.1}
        | {"cache_write_5m": 0, "cache_write_1h": None, "long_context_tiers": []},
        "context_window": 1000,
        "max_input_tokens": None,
        "max_output": 100,
        "modalities_in": ["text"],
        "capabilities": dict.fromkeys(unknown)
        | {"reasoning": reasoning | {"always_on": None}, "prompt_cache": {"kind": "automatic"}},
        "wire_formats": ["openai-chat-completions", "anthropic-messages (elsewhere)"],
        "served_by": [served("openrouter", f"z-ai/{id}"), served("together", f"zai-org/{id}")],
        "quirks": None,
        "price_confirmed_by_n_sources": 2,
        **more,
    }


def facts(*models: Facts) -> Facts:
    names = ("genai-prices 0.2.3", "pi-ai 1.5.2", "litellm 1.109.1 price map")
    sources = [{"name": name, "licence": "MIT", "used_for": "prices"} for name in names]
    return {"generated": "2026-11-22", "count": len(models), "sources": sources} | {
        "models": list(models)
    }


A, B = model("glm-a"), model("glm-b")


def loaded(tmp_path: Path, given: Facts) -> Catalog:
    path = tmp_path / "catalog.json"
    path.write_bytes(update_catalog.catalog(given))
    return Catalog.load(path)


def test_the_same_facts_the_same_bytes() -> None:
    made = update_catalog.catalog(facts(A, B))
    assert made == update_catalog.catalog(facts(copy.deepcopy(B), copy.deepcopy(A)))
    assert made != update_catalog.catalog(facts(A))
    assert json.loads(made)["generated"] == "2026-11-22"


def test_every_model_says_who_knows_it(tmp_path: Path) -> None:
    found = loaded(tmp_path, facts(A)).models["glm-a"]
    assert found.sources == ("genai-prices 0.2.3", "pi-ai 1.5.2")
    assert found.price_sources == 2


def test_bindings(tmp_path: Path) -> None:
    made = loaded(tmp_path, facts(A))
    assert [(b.provider, b.id, b.aliases) for b in made.bindings] == [
        ("openrouter", "z-ai/glm-a", ()),
        ("together", "zai-org/glm-a", ()),
        ("zai", "glm-a", ("GLM-A",)),
    ]
    home = made.find("zai", "glm-a")
    assert home and home.price
    assert home.price.cache_write_5m == 1, "no fee for writing: billed as input"
    assert made.models["glm-a"].released == "2026-10-13"


def test_a_host_without_tiers_is_unknown_above_them(tmp_path: Path) -> None:
    tier = {"above_input_tokens": 500, "input": 2.0, "output": 4.0, "cache_read": 0.2}
    price = A["price_usd_per_mtok"] | {"long_context_tiers": [tier]}
    made = loaded(tmp_path, facts(A | {"price_usd_per_mtok": price}))
    home, away = made.find("zai", "glm-a"), made.find("together", "zai-org/glm-a")
    assert home and home.price and away and away.price
    assert [(t.above, t.input) for t in home.price.tiers] == [(500, 2)]
    assert [(t.above, t.input) for t in away.price.tiers] == [(500, None)]


def test_a_list_price_of_another_host_is_not_the_vendors(tmp_path: Path) -> None:
    ids = A["api_model_ids"] | {"genai_prices": "novita:glm-a"}
    made = loaded(tmp_path, facts(A | {"api_model_ids": ids}))
    home = made.find("zai", "glm-a")
    assert home and home.price is None


def test_a_redirected_id_is_an_alias(tmp_path: Path) -> None:
    note = {"note": "here requests for this id are now served by that (glm-b)"}
    made = loaded(tmp_path, facts(A | {"quirks": [note]}, B))
    found = made.find("zai", "glm-a")
    assert found and found.model.id == "glm-b"
    elsewhere = made.find("together", "zai-org/glm-a")
    assert elsewhere and elsewhere.model.id == "glm-a"


def with_price(**rates: Any) -> Facts:
    return A | {"price_usd_per_mtok": A["price_usd_per_mtok"] | rates}


def with_reasoning(**more: Any) -> Facts:
    reasoning = A["capabilities"]["reasoning"] | more
    return A | {"capabilities": A["capabilities"] | {"reasoning": reasoning}}


WRONG: dict[str, tuple[Facts, str]] = {
    "two of one id": (facts(A, A), "two models have the same id"),
    "a count that is wrong": (facts(A) | {"count": 2}, "count says 2, there are 1"),
    "an unknown vendor": (facts(A | {"vendor": "acme"}), "unknown vendor 'acme'"),
    "an unknown status": (facts(A | {"status": "?"}), "unknown status"),
    "an unknown reasoning": (facts(with_reasoning(param="telepathy")), "unknown reasoning"),
    "levels of nothing": (facts(with_reasoning(levels=["low"])), "levels of reasoning it does not"),
    "more output than window": (facts(A | {"max_output": 1001}), "max_output 1001 is above"),
    "a window of nothing": (facts(A | {"context_window": 0}), "a window of 0"),
    "a day in words": (facts(A | {"release_date": "soon"}), "no day: 'soon'"),
    "a day that is none": (facts(A | {"release_date": "2026-13-45"}), "no day: '2026-13-45'"),
    "a negative price": (facts(with_price(output=-1)), "a negative price"),
    "half a price": (facts(with_price(output=None)), "half a price"),
    "a dear cache": (facts(with_price(cache_read=1.1)), "a cached token costs more"),
    "another dialect": (facts(A | {"wire_formats": ["openai-responses"]}), "the source says"),
    "two prices at home": (
        facts(A | {"served_by": [served("zai", "glm-a", 3.0)]}),
        "two prices for zai/glm-a",
    ),
    "one id of two models": (
        facts(A, B | {"served_by": [served("together", "zai-org/glm-a")]}),
        "together/zai-org/glm-a is both",
    ),
    "a provider nobody knows": (
        facts(A | {"served_by": [served("acme", "glm-a")]}),
        "unknown provider 'acme'",
    ),
    "known by a source that is not named": (
        facts(A | {"api_model_ids": {"models_dev": "zai/glm-a"}}),
        "known by \\['models.dev'\\], no such source",
    ),
    "redirected to nowhere": (
        facts(A | {"quirks": [{"note": "requests for this id are now served by X (glm-z)"}]}),
        "which is not known",
    ),
}


@pytest.mark.parametrize(("given", "why"), WRONG.values(), ids=WRONG)
def test_contradictions_stop_it(given: Facts, why: str) -> None:
    with pytest.raises(ContradictionError, match=why):
        update_catalog.catalog(given)


CELLS = (
    "model,benchmark,median,open_licence_row,best_trust",
    "glm-a,bfcl_v4_overall,39.9,1,normal",
    "just-so,bfcl_v4_overall,40.0,1,normal",
    "not-open,bfcl_v4_overall,10,0,normal",
    "hearsay,bfcl_v4_overall,10,1,low",
    "other-things,hle,3,1,normal",
    "no-figure,bfcl_v4_overall,,1,normal",
)


def test_c43_who_is_weak_at_tools() -> None:
    assert update_catalog.weak_at_tools(CELLS) == {"glm-a"}


def run(monkeypatch: pytest.MonkeyPatch, *args: object) -> int:
    monkeypatch.setattr(sys, "argv", ["update_catalog.py", *map(str, args)])
    return update_catalog.main()


@pytest.fixture
def data(tmp_path: Path) -> Callable[[Facts], Path]:
    def write(given: Facts) -> Path:
        (tmp_path / "catalog").mkdir()
        (tmp_path / "catalog" / "models.json").write_text(json.dumps(given))
        (tmp_path / "catalog" / "benchmark_cells.csv").write_text("\n".join(CELLS))
        return tmp_path

    return write


def test_the_command(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, data: Callable[[Facts], Path]
) -> None:
    out = tmp_path / "out.json"
    assert run(monkeypatch, "--data", data(facts(A)), "--out", out) == 0
    models = Catalog.load(out).models
    assert {name: model.weak_tools for name, model in models.items()} == {"glm-a": True}


def test_a_contradiction_leaves_the_old_file(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    data: Callable[[Facts], Path],
    capsys: pytest.CaptureFixture[str],
) -> None:
    out = tmp_path / "out.json"
    assert run(monkeypatch, "--data", data(facts(A, A)), "--out", out) == 1
    assert not out.exists()
    assert "settle it in catalog_facts.py" in capsys.readouterr().err


ALIEN = {
    "no JSON": ("{", "Expecting property name"),
    "a list": ("[]", "list indices"),
    "a fact that is missing": (json.dumps(facts({"id": "glm-a"})), "glm-a: KeyError"),
    "no price": (json.dumps(facts(A | {"price_usd_per_mtok": None})), "glm-a: AttributeError"),
    "a price in words": (json.dumps(facts(with_price(input="free"))), "glm-a: TypeError"),
}


@pytest.mark.parametrize(("text", "why"), ALIEN.values(), ids=ALIEN)
def test_a_file_of_another_kind(
    monkeypatch: pytest.MonkeyPatch,
    data: Callable[[Facts], Path],
    capsys: pytest.CaptureFixture[str],
    text: str,
    why: str,
) -> None:
    """One sentence, with the file and the model."""
    folder = data(facts(A))
    (folder / "catalog" / "models.json").write_text(text)
    assert run(monkeypatch, "--data", folder, "--out", folder / "out.json") == 1
    assert not (folder / "out.json").exists()
    (said,) = capsys.readouterr().err.splitlines()
    assert "models.json: cannot be read as facts about models: " in said and why in said


def test_no_data(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, "--data", tmp_path) == 2
    assert "--data DIR" in capsys.readouterr().err
