"""Which conversation a request belongs to, which program sent it, and for which of its agents.

A client that names its conversation is believed; the others are told apart by how the conversation
began. Header names are in lower case.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import blake2b
from typing import Literal

from turnout.wire.request import Ask

Client = Literal[
    "claude-code",
    "codex",
    "opencode",
    "gemini-cli",
    "aider",
    "llm",
    "anthropic-sdk",
    "openai-sdk",
    "google-sdk",
    "unknown",
]

# what a program sends besides, where its User-Agent is a library's      client
HEADERS: tuple[tuple[str, re.Pattern[str], Client], ...] = (
    ("x-claude-code-session-id", re.compile(r".+"), "claude-code"),
    ("originator", re.compile(r"codex"), "codex"),
    ("x-title", re.compile(r"aider\Z", re.IGNORECASE), "aider"),
    ("http-referer", re.compile(r"https?://aider\.chat"), "aider"),
)
USER_AGENTS: tuple[tuple[re.Pattern[str], Client], ...] = (
    (re.compile(r"\bclaude-(cli|code)/", re.IGNORECASE), "claude-code"),
    (re.compile(r"\bcodex", re.IGNORECASE), "codex"),
    (re.compile(r"\bopencode/", re.IGNORECASE), "opencode"),
    (re.compile(r"\bgemini-?cli", re.IGNORECASE), "gemini-cli"),
    (re.compile(r"\baider/", re.IGNORECASE), "aider"),
    (re.compile(r"(?<![\w-])llm/", re.IGNORECASE), "llm"),
    (re.compile(r"\b(async)?anthropic/", re.IGNORECASE), "anthropic-sdk"),
    (re.compile(r"\b(async)?(azure)?openai/", re.IGNORECASE), "openai-sdk"),
    (re.compile(r"\bgoogle-genai-sdk/", re.IGNORECASE), "google-sdk"),
)
SYSTEMS: tuple[tuple[re.Pattern[str], Client], ...] = (
    (re.compile(r"Act as an expert (software developer|code analyst|architect)"), "aider"),
)

# the user's own word first, then the clients'
SESSION_HEADERS = (
    "x-turnout-session",
    "x-claude-code-session-id",
    "session-id",  # codex
    "session_id",  # codex, of old
    "x-session-id",  # opencode
    "x-session-affinity",
)
AGENT_HEADER = "x-claude-code-agent-id"
THREAD_HEADER = "thread-id"  # codex: of the root session's own thread too

PLAIN_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:@-]{0,79}")


@dataclass(frozen=True, slots=True)
class Who:
    """`session`: one per conversation, printable, at most 80 characters. `agent`: "" is main."""

    session: str
    client: Client
    agent: str


def identify(ask: Ask, headers: Mapping[str, str], tenant: str = "") -> Who:
    """Two tenants never share a conversation, however alike theirs began or were named."""
    named = next(filter(None, (headers.get(name, "") for name in SESSION_HEADERS)), "")
    session = plain(named or ask.session_hint) or began(ask, headers.get("user-agent", ""))
    session = plain(f"{tenant}:{session}") if tenant else session
    return Who(session, client(ask, headers), _agent(headers))


def client(ask: Ask, headers: Mapping[str, str]) -> Client:
    """A program's own words come before the name of the library it uses."""
    agent = headers.get("user-agent", "")
    found = (
        *(who for name, mark, who in HEADERS if mark.match(headers.get(name, ""))),
        *(who for mark, who in SYSTEMS if mark.match(ask.system)),
        *(who for mark, who in USER_AGENTS if mark.search(agent)),
    )
    return found[0] if found else "unknown"


def plain(id: str) -> str:
    """The id as it is when it is short and printable, else a digest of it; "" stays ""."""
    if not id or PLAIN_ID.fullmatch(id):
        return id
    return f"id-{_digest(id)}"


def began(ask: Ask, user_agent: str) -> str:
    """A name for a conversation that has none, from how it began and which program began it."""
    return f"began-{_digest(ask.first_human, ask.system, user_agent)}"


def _agent(headers: Mapping[str, str]) -> str:
    """Claude Code names sub-agents only; codex names all threads, the root's like the session."""
    if agent := headers.get(AGENT_HEADER, ""):
        return plain(agent)
    thread = headers.get(THREAD_HEADER, "")
    return "" if thread == headers.get("session-id", thread) else plain(thread)


def _digest(*parts: str) -> str:
    digest = blake2b(digest_size=16)
    for part in parts:
        data = part.encode("utf-8", "surrogatepass")
        digest.update(b"%d:%b" % (len(data), data))
    return digest.hexdigest()
