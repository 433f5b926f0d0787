"""What is shown to nobody."""

import io
import json
import logging
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import keyring
import pytest
from keyring.backends import fail

from turnout import config, exchange
from turnout.attempts import Composer
from turnout.control import Running
from turnout.guard import logs, passwords
from turnout.guard.hidden import hidden_path, is_hidden, redacted
from turnout.guard.keys import Keys
from turnout.guard.tenants import Tenants
from turnout.guard.vault import Vault
from turnout.options import imagined
from turnout.paths import artifacts_dir
from turnout.route.catalog import Catalog
from turnout.stages import Stages
from turnout.wire.dialects import DIALECTS

CANARY = "caNAry-in-a-key"

SHOWN = {
    "content-type": False,
    "user-agent": False,
    "host": False,
    "anthropic-version": False,
    "anthropic-ratelimit-tokens-remaining": False,
    "proxy-authenticate": False,
    "x-api-key": True,
    "Authorization": True,
    "x-goog-api-key": True,
    "Cookie": True,
    "Set-Cookie": True,
    "Proxy-Authorization": True,
    "x-turnout-token": True,
    "X-Amz-Security-Token": True,
}


@pytest.mark.parametrize(("name", "hidden"), SHOWN.items(), ids=SHOWN)
def test_headers(name: str, hidden: bool) -> None:
    assert is_hidden(name) is hidden


# a client's header -> whether another host of the same dialect gets it
LEAVES = {
    "anthropic-version": True,
    "user-agent": True,
    "OpenAI-Organization": False,
    "openai-project": False,
    "chatgpt-account-id": False,
    "X-Session-Ingress": False,
    **{name: not hidden for name, hidden in SHOWN.items() if hidden},
}


@pytest.mark.parametrize(("name", "leaves"), LEAVES.items(), ids=LEAVES)
def test_what_is_personal_reaches_no_other_host_and_no_screen(name: str, leaves: bool) -> None:
    found = config.load([], {"OPENROUTER_API_KEY": "ours"})
    body = json.dumps({"model": "gpt-5.5", "messages": []}).encode()
    asked = imagined(found, body, "openai_chat", {name: CANARY}, "/chat/completions")
    asked = replace(asked, url=f"{asked.url}?{name}={CANARY}")
    keys = Keys(found.providers.values(), {"OPENROUTER_API_KEY": "ours"})
    dialect = DIALECTS["openai_chat"]
    composer = Composer(asked, body, dialect, False, found.providers, keys, Stages())
    catalog = Catalog.load(artifacts_dir({}) / "catalog.json")
    (attempt,) = composer.attempts(
        tuple(b for b in catalog.bindings if b.provider == "openrouter")[:1]
    )
    assert [CANARY in str(attempt.headers), CANARY in attempt.url] == [leaves, leaves]
    assert (CANARY in str(exchange.shown(asked.headers))) is leaves


PATHS = {
    "/v1beta/models/x:generate?key=SECRET&alt=sse": "/v1beta/models/x:generate?key=***&alt=sse",
    "/v1?beta=true": "/v1?beta=true",
    "/v1?a=1&api_key=SECRET": "/v1?a=1&api_key=***",
    "/v1?access_token=SECRET#x": "/v1?access_token=***#x",
    "/callback?code=SECRET&state=1": "/callback?code=***&state=1",
    "/key=7/design?design=8": "/key=7/design?design=8",
}


@pytest.mark.parametrize(("path", "shown"), PATHS.items(), ids=PATHS)
def test_paths(path: str, shown: str) -> None:
    assert hidden_path(path) == shown


TEXTS = {
    "Incorrect API key provided: sk-proj-abcdefghijkl.": "Incorrect API key provided: ***.",
    "bad header Bearer abcdefghijk, sorry": "bad header Bearer ***, sorry",
    'key "AIzaSyA1234567890"': 'key "***"',
    "a token eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc": "a token ***",
    "no risk-averse desk-bound word is hidden": "no risk-averse desk-bound word is hidden",
    "status 529 from openrouter/gpt-6.1": "status 529 from openrouter/gpt-6.1",
    "mine is hunter2!": "mine is ***!",
}


@pytest.mark.parametrize(("text", "shown"), TEXTS.items(), ids=TEXTS)
def test_texts(text: str, shown: str) -> None:
    assert redacted(text, ["hunter2", "", "is"]) == shown


@pytest.fixture
def factory() -> Iterator[None]:
    before = logging.getLogRecordFactory()
    yield
    logging.setLogRecordFactory(before)


def test_log_records_and_their_tracebacks(factory: None) -> None:
    logs.scrub(lambda text: redacted(text, ["hunter2"]))
    out = io.StringIO()
    log = logging.getLogger("test of hidden")
    log.addHandler(logging.StreamHandler(out))
    log.warning("a %s and %d", "hunter2", 5)
    try:
        raise ValueError("no hunter2")
    except ValueError:
        log.exception("it broke")
    said = out.getvalue()
    assert "a *** and 5" in said and "ValueError: no ***" in said and "hunter2" not in said


def test_what_cannot_be_cleared_is_not_logged_and_harms_nobody(factory: None) -> None:
    def fails(text: str) -> str:
        raise ZeroDivisionError(text)

    logs.scrub(fails)
    out = io.StringIO()
    log = logging.getLogger("test of hidden")
    log.addHandler(logging.StreamHandler(out))
    log.warning("a %s", "hunter2")
    assert out.getvalue() == "not shown, it may hold a key: ZeroDivisionError\n"


def test_no_object_shows_a_secret_when_it_is_printed(tmp_path: Path) -> None:
    """A traceback, a debugger or a careless log line prints a repr."""
    keyring.set_keyring(fail.Keyring())
    vault = Vault(tmp_path)
    vault.add("groq", CANARY)
    file = tmp_path / "turnout.toml"
    file.write_text(f'[tenants.a]\nsecret = "{(known := passwords.hashed(CANARY))}"')
    found = config.load([file], {})
    keys = Keys(found.providers.values(), {"OPENROUTER_API_KEY": CANARY}, vault)
    body = json.dumps({"model": "claude-opus-4-7", "max_tokens": 1, "messages": []}).encode()
    asked = imagined(found, body, "anthropic", {"x-api-key": CANARY}, "/messages")
    composer = Composer(asked, body, DIALECTS["anthropic"], False, found.providers, keys, Stages())
    running = Running(pid=1, proxy="", base="", token=CANARY, ca=file, started=0.0, db=file, api="")
    catalog = Catalog.load(artifacts_dir({}) / "catalog.json")
    (binding, *_) = [one for one in catalog.bindings if one.provider == "groq"]
    attempts = [*composer.attempts((binding,)), composer.home()]
    assert any(CANARY in value for one in attempts for _, value in one.headers)
    tenants = Tenants(found)
    assert tenants.prove("a", CANARY)
    things = (vault, vault.entries(), found, keys, keys.report(), keys.warnings(), asked, composer)
    for thing in (*things, attempts, tenants, running):
        assert CANARY not in repr(thing) and known not in repr(thing), type(thing)
