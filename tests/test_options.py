"""Which bindings may be used, by which rules, and how that is said in one line."""

from pathlib import Path
from typing import Any

import pytest

from turnout import config
from turnout.errors import ConfigError
from turnout.guard.keys import Keys
from turnout.options import Options, facts
from turnout.providers import BUILTIN
from turnout.route.bundle import Profile
from turnout.route.residency import RESIDENCY

PROFILES = {"parity": Profile(0.02, 0.5, 0.0), "strict": Profile(0.0, 1.0, 20.0)}


def options(environ: dict[str, str], **policy: Any) -> Options:
    values = {f"policy.{name}": value for name, value in policy.items()}
    found = config.load(environ={}, values=values)
    keys = Keys(found.providers.values(), environ)
    return Options(found, keys, config.artifacts_dir({}) / "catalog.json", PROFILES)


def test_destinations_in_one_line() -> None:
    assert options({}).destinations().endswith("with the client's own key only")
    keyed = options({"GROQ_API_KEY": "sk-secret"}).destinations()
    assert "groq (api.groq.com)" in keyed
    assert "sk-secret" not in keyed
    forced = options({}, force="anthropic/claude-haiku-4-5").destinations()
    assert "forced to anthropic/claude-haiku-4-5" in forced
    assert "turnout has none" in forced


PROVIDERS = ("ANTHROPIC", "OPENAI", "OPENROUTER", "DEEPSEEK", "MISTRAL", "GROQ", "FIREWORKS", "XAI")
EVERY = {f"{name}_API_KEY": "k" for name in PROVIDERS}
# rule -> the providers that are left
BY_FACT = {
    ("deny", "region:cn"): {"anthropic", "openai", "mistral", "groq", "fireworks", "xai"},
    ("deny", "region:us"): {"deepseek", "mistral"},
    ("allow", "region:eu"): {"mistral"},
    ("deny", "retention:train"): {"anthropic", "openai", "groq", "fireworks", "xai"},
    ("allow", "retention:none"): {"groq", "fireworks"},
    ("deny", "vendor:deepseek"): {name.lower() for name in PROVIDERS} - {"deepseek"},
}


@pytest.mark.parametrize(("rule", "left"), BY_FACT.items(), ids=map(":".join, BY_FACT))
def test_where_data_may_go_by_facts(rule: tuple[str, str], left: set[str]) -> None:
    """What is not known (openrouter passes on) is forbidden when something is denied."""
    key, pattern = rule
    found = options(EVERY, **{key: (pattern,)})
    rules = found.rules("", "")
    may = {
        b.provider
        for b in found.catalog.bindings
        if b.provider in found.names and not rules.forbids(b)
    }
    assert may == left
    said, _, never = found.destinations().partition("; never to ")
    assert all(name in said for name in left)
    assert all(name in never for name in {name.lower() for name in PROVIDERS} - left)


def test_a_machine_of_ones_own_is_local_and_a_stranger_unknown(tmp_path: Path) -> None:
    file = tmp_path / "turnout.toml"
    file.write_text(
        """
[providers.mine]
base_url = "http://127.0.0.1:9/v1"
dialect = "openai_chat"
key = "none"
[providers.gateway]
base_url = "https://gateway.example/v1"
dialect = "openai_chat"
key = "none"
[providers.openai]
base_url = "https://elsewhere.example/v1"
[providers.mistral]
retention = "kept"
"""
    )
    said = facts(config.load([file], {}))
    assert said["mine"] == ("local", "none")
    assert said["gateway"] == said["openai"] == ("", "")
    assert said["mistral"] == ("eu", "kept")
    assert all(name in RESIDENCY for name in BUILTIN)


def test_c41_the_bundle_says_what_a_profile_is() -> None:
    rules = options({}).rules("strict", "")
    assert (rules.epsilon, rules.z, rules.min_evidence) == (0.0, 1.0, 20.0)
    with pytest.raises(ConfigError, match="'cheap' is not one of parity, strict"):
        options({}).rules("cheap", "")
