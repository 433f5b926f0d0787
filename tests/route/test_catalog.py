"""The catalogue: what is in it, what is found under which name, and what it tells the writers."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from route.models import CATALOG
from turnout.config.settings import LocalModel
from turnout.errors import ArtifactError, ConfigError
from turnout.route.catalog import Catalog, target
from turnout.wire.request import Target


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    return Catalog.load(CATALOG)


# provider, what a client calls it          -> (id there, model)
FOUND = {
    "itself": ("anthropic", "claude-haiku-4-5", "claude-haiku-4-5", "claude-haiku-4-5"),
    "a snapshot": (
        "anthropic",
        "claude-haiku-4-5-20251001",
        "claude-haiku-4-5",
        "claude-haiku-4-5",
    ),
    "a snapshot with dashes": ("openai", "gpt-5-2025-08-07", "gpt-5", "gpt-5"),
    "a snapshot of another price": ("openai", "gpt-4o-2024-05-13", "gpt-4o-2024-05-13", "gpt-4o"),
    "a model whose name is a date": (
        "anthropic",
        "claude-sonnet-4-20250514",
        "claude-sonnet-4-20250514",
        "claude-sonnet-4-20250514",
    ),
    "the long window": ("anthropic", "claude-opus-4-8[1m]", "claude-opus-4-8", "claude-opus-4-8"),
    "both": ("anthropic", "claude-opus-4-8-20260528[1m]", "claude-opus-4-8", "claude-opus-4-8"),
    "an alias": (
        "anthropic",
        "claude-opus-4-0",
        "claude-opus-4-20250514",
        "claude-opus-4-20250514",
    ),
    "a host's own name": (
        "openrouter",
        "anthropic/claude-haiku-4.5",
        "anthropic/claude-haiku-4.5",
        "claude-haiku-4-5",
    ),
    "an id that its vendor redirects": (
        "deepseek",
        "deepseek-v4-pro",
        "deepseek-flash",
        "deepseek-v4.1-flash",
    ),
    "capitals, where the provider takes them": ("zai", "GLM-4.6", "glm-4.6", "glm-4.6"),
}


@pytest.mark.parametrize(("provider", "asked", "id", "model"), FOUND.values(), ids=FOUND)
def test_find(catalog: Catalog, provider: str, asked: str, id: str, model: str) -> None:
    found = catalog.find(provider, asked)
    assert found
    assert (found.provider, found.id, found.model.id) == (provider, id, model)


NOT_FOUND = {
    "a prefix": ("anthropic", "claude-haiku"),
    "longer": ("anthropic", "claude-haiku-4-5-turbo"),
    "another provider's": ("openai", "claude-haiku-4-5"),
    "another case": ("anthropic", "Claude-Haiku-4-5"),
    "a date that is none": ("anthropic", "claude-haiku-4-5-2025100"),
    "a date of no base": ("anthropic", "claude-haiku-9-20251001"),
    "nothing": ("anthropic", ""),
    "weights the vendor's own API does not serve": ("openai", "gpt-oss-120b"),
    "Google's key opens no Claude": ("google", "claude-opus-4-8"),
    "no such provider": ("nobody", "claude-haiku-4-5"),
}


@pytest.mark.parametrize(("provider", "asked"), NOT_FOUND.values(), ids=NOT_FOUND)
def test_nothing_is_guessed(catalog: Catalog, provider: str, asked: str) -> None:
    assert catalog.find(provider, asked) is None


def test_suggest(catalog: Catalog) -> None:
    assert catalog.suggest("claude-haiku-45")[0] == "claude-haiku-4-5"
    assert catalog.suggest("xyzzy") == ()


def test_every_name_leads_back(catalog: Catalog) -> None:
    for binding in catalog.bindings:
        for name in binding.names:
            assert catalog.find(binding.provider, name) == binding


def test_it_is_whole(catalog: Catalog) -> None:
    """The rules of the file that other parts rely on."""
    assert len(catalog.models) == 131
    assert {binding.provider for binding in catalog.bindings} <= catalog.hosts.keys()
    assert all(host.dialects for host in catalog.hosts.values())
    assert all(b.model is catalog.models[b.model.id] for b in catalog.bindings)
    sold = [b for b in catalog.bindings if b.routable and b.price]
    assert len(sold) > 200
    assert all(b.price.input is not None and b.price.output is not None for b in sold if b.price)
    chosen = [(b.provider, b.model.id) for b in catalog.bindings if b.routable]
    assert len(chosen) == len(set(chosen)), "one id of a model at a provider can be chosen"
    assert CATALOG.stat().st_size < 1_000_000


GONE = ["claude-3-5-haiku-20241022", "gemini-2.0-flash", "grok-4", "gpt-5.2-codex"]


@pytest.mark.parametrize("model", GONE)
def test_what_was_withdrawn_can_be_priced_but_not_chosen(catalog: Catalog, model: str) -> None:
    theirs = [b for b in catalog.bindings if b.model.id == model]
    assert theirs
    assert any(b.price for b in theirs)
    assert not any(b.routable for b in theirs)


def test_open_weights_outlive_their_vendor(catalog: Catalog) -> None:
    routable = {b.provider: b.routable for b in catalog.bindings if b.model.id == "kimi-k2.5"}
    assert routable["moonshot"] is False
    assert routable["fireworks"] is True


# -- what can be told

TOLD: dict[str, tuple[str, str, dict[str, Any]]] = {
    "budgets": ("anthropic", "claude-haiku-4-5", {"reasoning": "budget", "efforts": (), "stop": 4}),
    "adaptive": (
        "anthropic",
        "claude-opus-4-8",
        {
            "reasoning": "adaptive",
            "efforts": ("low", "medium", "high", "xhigh", "max"),
            "samplers": False,
            "prefill": False,
            "mid_system": True,
            "documents": True,
            "image_urls": True,
            "max_tools": None,
            "max_output": 128_000,
        },
    ),
    "always thinking": ("anthropic", "claude-fable-5", {"reasoning_required": True}),
    "c34 a reasoning model takes no stop": (
        "openai",
        "gpt-5.4",
        {
            "stop": 0,
            "samplers": False,
            "reasoning": "effort",
            "efforts": ("none", "low", "medium", "high", "xhigh"),
            "max_tokens_name": "max_completion_tokens",
            "cache_key": True,
        },
    ),
    "c32 128 tools": ("openai", "gpt-4.1", {"max_tools": 128, "stop": 4, "samplers": True}),
    "a model that does not reason": (
        "openai",
        "gpt-4o",
        {"reasoning": "none", "efforts": (), "max_tokens_name": "max_tokens"},
    ),
    "the same model elsewhere": (
        "openrouter",
        "openai/gpt-5.4",
        {"model": "openai/gpt-5.4", "max_tokens_name": "max_tokens", "stop": 0, "cache_key": False},
    ),
    "a switch that no dialect has": ("zai", "glm-4.7", {"reasoning": "none", "efforts": ()}),
    "reasoning that must come back": (
        "deepseek",
        "deepseek-flash",
        {"replays_reasoning": True, "reasoning": "effort", "efforts": ("low", "high", "max")},
    ),
    "text only": ("zai", "glm-5.2", {"images": False, "image_urls": False, "documents": False}),
    "no cap in the row, no clamp": ("deepseek", "deepseek-v3.2", {"max_output": None}),
    "open weights take samplers": ("groq", "openai/gpt-oss-120b", {"samplers": True, "stop": 4}),
}


@pytest.mark.parametrize(("provider", "id", "facts"), TOLD.values(), ids=TOLD)
def test_target(catalog: Catalog, provider: str, id: str, facts: dict[str, Any]) -> None:
    found = catalog.find(provider, id)
    assert found
    told = target(found)
    assert {name: getattr(told, name) for name in facts} == facts
    assert told.model == found.id


def test_a_dialect_may_have_no_word_for_documents(catalog: Catalog) -> None:
    gemini = catalog.find("google", "gemini-2.5-pro")
    assert gemini
    assert target(gemini).documents
    assert not target(gemini, "openai_chat").documents


# -- the user's own models


def test_a_catalogue_id_brings_its_facts_but_no_price(catalog: Catalog) -> None:
    found = catalog.with_local("local", [{"id": "qwen3-coder-next"}]).find(
        "local", "qwen3-coder-next"
    )
    assert found
    assert found.model == catalog.models["qwen3-coder-next"]
    assert found.price is None


def test_what_the_user_says_holds(catalog: Catalog) -> None:
    said = LocalModel(
        id="gpt-oss-20b", input=Decimal("0.5"), output=Decimal(1), context_window=9, images=True
    )
    ours = catalog.with_local("local", [said])
    found = ours.find("local", "gpt-oss-20b")
    assert found and found.price
    assert (found.model.context_window, found.model.images) == (9, True)
    assert (found.price.input, found.price.cache_read) == (Decimal("0.5"), None)
    assert ours.models["gpt-oss-20b"].context_window == 131_072, "elsewhere it is what it was"


def test_free_is_a_price(catalog: Catalog) -> None:
    ours = catalog.with_local("local", [{"id": "mine", "input": 0.0, "output": 0.0}])
    found = ours.find("local", "mine")
    assert found and found.price
    assert (found.price.input, found.price.cache_read) == (0, 0)
    assert (found.model.vendor, found.model.images, found.model.tools) == ("local", False, True)
    assert target(found) == Target(
        model="mine",
        image_urls=False,
        images=False,
        schema_refs=False,
        prefill=False,
        context_management=False,
    )


def test_documents_of_ones_own(catalog: Catalog) -> None:
    ours = catalog.with_local("local", [{"id": "mine", "documents": True}, {"id": "other"}])
    mine, other = ours.find("local", "mine"), ours.find("local", "other")
    assert mine and other
    assert target(mine, "openai_chat").documents
    assert not target(other, "openai_chat").documents


def test_it_takes_the_place_of_the_known_one(catalog: Catalog) -> None:
    ours = catalog.with_local("groq", [{"id": "openai/gpt-oss-120b", "input": 7, "output": 8}])
    found = ours.find("groq", "openai/gpt-oss-120b")
    assert found and found.price
    assert found.price.input == 7
    assert len(ours.bindings) == len(catalog.bindings)
    assert found.host == catalog.hosts["groq"]


def test_half_a_price(catalog: Catalog) -> None:
    with pytest.raises(ConfigError, match=r"providers\.local: mine has half a price"):
        catalog.with_local("local", [{"id": "mine", "input": 1}])


# -- c46: what cannot be trusted is refused, with the path and the reason

DAMAGE = {
    "c46 missing": (None, "No such file"),
    "c46 cut off": (lambda raw: raw[:-100], "wrong checksum"),
    "c46 edited": (lambda raw: raw.replace(b'"input": 5.0', b'"input": 0.5', 1), "wrong checksum"),
    "c46 empty": (lambda _: b"", "wrong checksum"),
}


@pytest.mark.parametrize(("damage", "why"), DAMAGE.values(), ids=DAMAGE)
def test_damage(tmp_path: Path, damage: Any, why: str) -> None:
    path = tmp_path / "catalog.json"
    if damage:
        path.write_bytes(damage(CATALOG.read_bytes()))
    with pytest.raises(ArtifactError, match=why) as caught:
        Catalog.load(path)
    assert str(path) in str(caught.value)


def test_provenance_is_in_the_file() -> None:
    file = json.loads(CATALOG.read_bytes())
    assert file["generated"]
    assert all(source["licence"] for source in file["sources"])
