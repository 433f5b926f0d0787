"""Which of a client's headers go where. Nothing of an account leaves for another host."""

from dataclasses import replace

import pytest

from road.tunnel import connected
from road.world import HOME_KEY, OpenRoad, message
from turnout import attempts
from turnout.attempts import Composer
from turnout.config import load
from turnout.guard.keys import Keys
from turnout.options import imagined
from turnout.paths import artifacts_dir
from turnout.route.catalog import Catalog
from turnout.stages import Stages
from turnout.trip import Attempt, Headers
from turnout.wire.dialects import DIALECTS

SECRETS: Headers = (
    ("Authorization", "Bearer CANARY"),
    ("X-Api-Key", "CANARY"),
    ("api-key", "CANARY"),
    ("Cookie", "session=CANARY"),
    ("X-Auth-Token", "CANARY"),
    ("Helicone-Auth", "Bearer CANARY"),
    ("X-Amz-Security-Token", "CANARY"),
    ("CF-Access-Client-Secret", "CANARY"),
    ("Proxy-Authorization", "Basic CANARY"),
    ("OpenAI-Organization", "CANARY"),
    ("OpenAI-Project", "CANARY"),
    ("ChatGPT-Account-Id", "CANARY"),
)
OPEN: Headers = (
    ("User-Agent", "sdk/1"),
    ("anthropic-version", "2023-06-01"),
    ("anthropic-beta", "oauth-2025-04-20,interleaved-thinking-2025-05-14"),
    ("X-Stainless-Retry-Count", "0"),
)
ELSEWHERE = """
[providers.elsewhere]
base_url = "https://elsewhere.example/v1"
dialect = "anthropic"
key = "none"
"""


def composed(tmp_path_factory: pytest.TempPathFactory, provider: str, model: str) -> Attempt:
    """The attempt at `provider` for a client of Anthropic that sends all of the above."""
    file = tmp_path_factory.mktemp("config") / "turnout.toml"
    known = f'[[providers.elsewhere.models]]\nid = "{model}"\n'
    file.write_text(ELSEWHERE + known)
    config = load([file], environ={"OPENROUTER_API_KEY": "ours"})
    there = config.providers[provider]
    catalog = Catalog.load(artifacts_dir() / "catalog.json")
    catalog = catalog.with_local("elsewhere", config.providers["elsewhere"].models)
    (binding,) = [b for b in catalog.bindings if (b.provider, b.model.id) == (provider, model)]
    path = "/messages?beta=true&key=CANARY&api_key=CANARY&access_token=CANARY"
    arrival = imagined(config, message(), "anthropic", {}, path)
    composer = Composer(
        replace(arrival, headers=(*SECRETS, *OPEN)),
        message(),
        DIALECTS["anthropic"],
        False,
        config.providers,
        Keys(config.providers.values(), {"OPENROUTER_API_KEY": "ours"}),
        Stages(),
    )
    (attempt,) = composer.attempts((binding,))
    assert attempt.url.startswith(there.base_url)
    return attempt


@pytest.mark.parametrize(
    ("provider", "model"),
    [("elsewhere", "claude-haiku-4-5"), ("openrouter", "minimax-m3")],
    ids=["the same dialect", "another dialect"],
)
def test_nothing_of_an_account_leaves_for_another_host(
    tmp_path_factory: pytest.TempPathFactory, provider: str, model: str
) -> None:
    attempt = composed(tmp_path_factory, provider, model)
    assert "CANARY" not in repr((attempt.url, attempt.headers, attempt.body))
    names = {name.lower() for name, _ in attempt.headers}
    assert not names & {name.lower() for name, _ in SECRETS} - {"authorization"}


def test_what_is_open_goes_along_in_the_same_dialect(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    attempt = composed(tmp_path_factory, "elsewhere", "claude-haiku-4-5")
    sent = dict(attempt.headers)
    assert sent["anthropic-version"] == "2023-06-01"
    assert sent["anthropic-beta"] == "interleaved-thinking-2025-05-14"
    assert sent["X-Stainless-Retry-Count"] == "0"
    assert attempt.url.endswith("/v1/messages?beta=true")


def test_at_home_the_clients_own_key_is_used(tmp_path_factory: pytest.TempPathFactory) -> None:
    attempt = composed(tmp_path_factory, "anthropic", "claude-haiku-4-5")
    assert attempt.clients_key
    sent = dict(attempt.headers)
    assert sent["X-Api-Key"] == "CANARY"
    assert sent["anthropic-beta"].startswith("oauth-")
    assert "key=CANARY" in attempt.url


def test_turnouts_own_headers_and_the_connections_stay_here() -> None:
    kept = attempts.clean((("X-Turnout-Model", "a/b"), ("Connection", "close"), ("A", "b")))
    assert kept == (("A", "b"),)


@pytest.mark.parametrize("odd", [b"caf\xe9", b"a\x01b"], ids=["Latin-1", "a control character"])
async def test_a_header_that_cannot_be_written_again_goes_home(road: OpenRoad, odd: bytes) -> None:
    """Written by us it would be cut, or refuse the request."""
    async with road() as way:
        reader, writer = await connected(
            way.served.proxy, "localhost", way.home.port, way.served.tls()
        )
        writer.write(
            b"POST /v1/messages HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n"
            b"x-api-key: %b\r\nx-odd: %b\r\ncontent-length: %d\r\n\r\n%b"
            % (HOME_KEY.encode(), odd, len(message()), message())
        )
        await reader.read()
        writer.close()
        assert way.other.seen == []
        for seen in way.home.seen:  # a provider may refuse it, too
            assert (b"x-odd", odd) in seen.headers
        (row,) = await way.served.rows()
        assert row["reason"] == "unreadable"
