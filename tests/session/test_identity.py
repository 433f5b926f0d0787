import pytest

from turnout.session.identity import PLAIN_ID, client, identify
from turnout.wire.request import Ask

CLAUDE = {"user-agent": "claude-cli/2.1.197 (external, sdk-cli)"}


def ask(human: str = "fix it", system: str = "Be kind.", hint: str = "") -> Ask:
    return Ask(dialect="anthropic", model="m", first_human=human, system=system, session_hint=hint)


# fmt: off
NAMED = {
    # headers, hint                                                            session, agent
    "claude by header":   ({"x-claude-code-session-id": "s1"}, "",             "s1", ""),
    "claude by body":     (CLAUDE, "s1",                                       "s1", ""),
    "claude's sub-agent": ({"x-claude-code-session-id": "s1",
                            "x-claude-code-agent-id": "a1"}, "s1",             "s1", "a1"),
    "codex":              ({"session-id": "s1", "thread-id": "s1"}, "",        "s1", ""),
    "codex's sub-agent":  ({"session-id": "s1", "thread-id": "t2"}, "s1",      "s1", "t2"),
    "opencode":           ({"x-session-id": "ses_1",
                            "x-session-affinity": "ses_1"}, "",                "ses_1", ""),
    "prompt_cache_key":   ({}, "key",                                          "key", ""),
    "the user's own":     ({"x-turnout-session": "mine",
                            "x-claude-code-session-id": "s1"}, "s2",           "mine", ""),
    "a header over a body": ({"x-session-id": "s1"}, "s2",                     "s1", ""),
    "an empty header":    ({"x-session-id": ""}, "s2",                         "s2", ""),
}
CLIENTS = [
    ({"user-agent": "claude-cli/2.1.197 (external, sdk-cli)"},                 "claude-code"),
    ({"user-agent": "axios/1", "x-claude-code-session-id": "s"},               "claude-code"),
    ({"user-agent": "codex_exec/0.169.0 (Linux)"},                             "codex"),
    ({"user-agent": "x", "originator": "codex_cli_rs"},                        "codex"),
    ({"user-agent": "opencode/1.18.33 ai-sdk/anthropic/3.0"},                  "opencode"),
    ({"user-agent": "ai-sdk/openai/2.0 opencode/1.18.33"},                     "opencode"),
    ({"user-agent": "GeminiCLI-tui/0.61.0/gemini-2.5-pro (linux)"},            "gemini-cli"),
    ({"user-agent": "OpenAI/Python 2.20.0", "x-title": "Aider"},               "aider"),
    ({"user-agent": "litellm/1.81", "http-referer": "https://aider.chat"},     "aider"),
    ({"user-agent": "llm/0.36"},                                               "llm"),
    ({"user-agent": "litellm/1.81"},                                           "unknown"),
    ({"user-agent": "Anthropic/Python 1.17.0"},                                "anthropic-sdk"),
    ({"user-agent": "AsyncAnthropic/Python 1.17.0"},                           "anthropic-sdk"),
    ({"user-agent": "OpenAI/JS 6.49.0"},                                       "openai-sdk"),
    ({"user-agent": "AsyncOpenAI/Python 3.54.0"},                              "openai-sdk"),
    ({"user-agent": "google-genai-sdk/3.4.0 gl-python/3.13"},                  "google-sdk"),
    ({"user-agent": "curl/8"},                                                 "unknown"),
    ({},                                                                       "unknown"),
]
# fmt: on


@pytest.mark.parametrize(("headers", "hint", "session", "agent"), NAMED.values(), ids=NAMED)
def test_named(headers: dict[str, str], hint: str, session: str, agent: str) -> None:
    who = identify(ask(hint=hint), headers)
    assert (who.session, who.agent) == (session, agent)


@pytest.mark.parametrize(("headers", "name"), CLIENTS)
def test_client(headers: dict[str, str], name: str) -> None:
    assert client(ask(), headers) == name


def test_aider_by_its_system_text() -> None:
    system = "Act as an expert software developer.\nAlways use best practices"
    assert client(ask(system=system), {"user-agent": "litellm/1.81"}) == "aider"


# what else differs                                          -> another session
BEGAN = {
    "another first text": ask(human="write a poem"),
    "another system text": ask(system="Be terse."),
    "the parts are told apart": ask(human="fix itBe", system=" kind."),
    "nothing at all": ask(human="", system=""),
}


@pytest.mark.parametrize("other", BEGAN.values(), ids=BEGAN)
def test_unnamed_conversations_are_told_apart(other: Ask) -> None:
    assert identify(ask(), {}).session != identify(other, {}).session


def test_an_unnamed_conversation_stays_the_same() -> None:
    assert identify(ask(), {"a": "1"}) == identify(ask(), {"a": "2"})


def test_two_programs_are_two_sessions() -> None:
    one, other = {"user-agent": "curl/8"}, {"user-agent": "wget/1"}
    assert identify(ask(), one).session != identify(ask(), other).session


HOSTILE = {
    "long": "a" * 5000,
    "a line break": "a\nb",
    "NUL": "a\0b",
    "not ASCII": "sitzung-ä",
    "terminal codes": "\x1b[31mred",
    "half a surrogate pair": "a\ud800",
    "SQL": "'; drop table decisions; --",
    "a path": "../../etc/passwd",
}


@pytest.mark.parametrize("id", HOSTILE.values(), ids=HOSTILE)
def test_hostile_ids_become_plain(id: str) -> None:
    who = identify(ask(), {"x-session-id": id, "x-claude-code-agent-id": id})
    assert PLAIN_ID.fullmatch(who.session)
    assert PLAIN_ID.fullmatch(who.agent)
    assert who == identify(ask(), {"x-session-id": id, "x-claude-code-agent-id": id})
    assert who.session != identify(ask(), {"x-session-id": id + "x"}).session


def test_tenants_share_no_conversation() -> None:
    for headers in ({}, {"x-session-id": "s1"}):
        ann, bob = (identify(ask(), headers, name).session for name in ("ann", "bob"))
        assert len({ann, bob, identify(ask(), headers).session}) == 3
        assert identify(ask(), headers, "ann").session == ann
        assert len(identify(ask(), headers, "a" * 79).session) <= 80
