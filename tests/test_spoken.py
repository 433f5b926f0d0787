"""Which dialect is spoken to whom."""

import pytest

from turnout.config import Provider
from turnout.providers import BUILTIN
from turnout.spoken import by_provider, spoken
from turnout.trip import Arrival
from turnout.wire.request import DialectName

OPENAI = Provider(
    name="openai", base_url=BUILTIN["openai"].base_url, dialect="openai_chat", key="env:K"
)
MOVED = Provider(
    name="openai", base_url="http://localhost:1/v1", dialect="openai_chat", key="env:K"
)
CLAUDE = Provider(
    name="anthropic", base_url=BUILTIN["anthropic"].base_url, dialect="anthropic", key="env:K"
)


def arrival(home: str, url: str, credential: bool = True) -> Arrival:
    headers = (("authorization", "Bearer x"),) if credential else ()
    return Arrival(method="POST", url=url, path="/", headers=headers, raw=b"", home=home)


ABROAD = arrival("openrouter", BUILTIN["openrouter"].base_url)
AT_HOME = arrival("openai", "http://localhost:1/v1/responses")

# provider, what arrived, the client's dialect      -> what is spoken
SPOKEN: dict[str, tuple[Provider, Arrival, DialectName, DialectName]] = {
    "its own": (OPENAI, ABROAD, "openai_chat", "openai_chat"),
    "the client's, which it has too": (OPENAI, ABROAD, "openai_responses", "openai_responses"),
    "its first, where it lacks the client's": (OPENAI, ABROAD, "anthropic", "openai_chat"),
    "elsewhere nobody knows what it has": (MOVED, ABROAD, "openai_responses", "openai_chat"),
    "at home the client's": (MOVED, AT_HOME, "openai_responses", "openai_responses"),
    "with a key of ours its first": (
        MOVED,
        arrival("openai", "http://localhost:1/v1", credential=False),
        "openai_responses",
        "openai_chat",
    ),
    "a provider of one dialect": (CLAUDE, AT_HOME, "openai_responses", "anthropic"),
}


@pytest.mark.parametrize(("provider", "came", "client", "means"), SPOKEN.values(), ids=SPOKEN)
def test_spoken(provider: Provider, came: Arrival, client: DialectName, means: DialectName) -> None:
    assert spoken(provider, came, client) == means


def test_by_provider() -> None:
    providers = {"openai": OPENAI, "anthropic": CLAUDE}
    assert by_provider(providers, ABROAD, "openai_responses") == {
        "openai": "openai_responses",
        "anthropic": "anthropic",
    }
