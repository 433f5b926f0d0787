"""Whose key goes where, and which tokens are a subscription's."""

import pytest

from turnout.config import Provider
from turnout.guard.keys import is_plan_token, uses_clients_key
from turnout.trip import Arrival, Headers

HOME = "https://api.anthropic.com/v1"
KEY: Headers = (("x-api-key", "sk-ant-api03-x"),)


def provider(base_url: str = HOME, name: str = "anthropic") -> Provider:
    return Provider(name=name, base_url=base_url, dialect="anthropic", key="env:K")


def arrival(
    headers: Headers = KEY, url: str = f"{HOME}/messages", home: str = "anthropic"
) -> Arrival:
    return Arrival(method="POST", url=url, path="/v1/messages", headers=headers, raw=b"", home=home)


# provider, what arrived -> is it sent with the client's own key?
OWN: dict[str, tuple[Provider, Arrival, bool]] = {
    "c4 at its own host": (provider(), arrival(), True),
    "c4 its provider was moved to another host": (
        provider("https://gateway.example/v1"), arrival(), False),
    "c4 another provider": (provider(name="other"), arrival(), False),
    "c4 another provider at the same host": (provider(name="other"), arrival(home=""), False),
    "c4 a key in the query": (provider(), arrival((), f"{HOME}/messages?key=x"), True),
    "c4 no key": (provider(), arrival(()), False),
}  # fmt: skip


@pytest.mark.parametrize(("there", "came", "own"), OWN.values(), ids=OWN)
def test_the_clients_key(there: Provider, came: Arrival, own: bool) -> None:
    assert uses_clients_key(there, came) is own


# headers -> is it a subscription's?
PLANS: dict[str, tuple[Headers, bool]] = {
    "c81 its token": ((("Authorization", "Bearer sk-ant-oat01-x"),), True),
    "c81 its beta, whatever the token looks like": (
        (("authorization", "Bearer x"), ("anthropic-beta", "a-1,oauth-2025-04-20")), True),
    "an API key": (KEY, False),
    "an API key as a bearer, as the JS SDK sends it": (
        (("authorization", "Bearer sk-ant-api03-x"), ("anthropic-beta", "effort-2025-11-24")),
        False),
}  # fmt: skip


@pytest.mark.parametrize(("headers", "plan"), PLANS.values(), ids=PLANS)
def test_plan_tokens(headers: Headers, plan: bool) -> None:
    assert is_plan_token(arrival(headers)) is plan
