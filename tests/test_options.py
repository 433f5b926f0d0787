"""Which bindings may be used, by which rules, and how that is said in one line."""

import pytest

from turnout import config
from turnout.errors import ConfigError
from turnout.guard.keys import Keys
from turnout.options import Options
from turnout.route.bundle import Profile

PROFILES = {"parity": Profile(0.02, 0.5, 0.0), "strict": Profile(0.0, 1.0, 20.0)}


def options(environ: dict[str, str], **policy: str) -> Options:
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


def test_c41_the_bundle_says_what_a_profile_is() -> None:
    rules = options({}).rules("strict", "")
    assert (rules.epsilon, rules.z, rules.min_evidence) == (0.0, 1.0, 20.0)
    with pytest.raises(ConfigError, match="'cheap' is not one of parity, strict"):
        options({}).rules("cheap", "")
