"""A client's Anthropic Messages request -> Request.

https://platform.claude.com/docs/en/api/messages/create
"""

from typing import Any

from turnout.errors import UnsupportedError, WireError, reading
from turnout.wire.anthropic import blocks, thinking, tools
from turnout.wire.changes import Changes
from turnout.wire.fields import get, limit, need, of, only
from turnout.wire.memo import Reading, opened
from turnout.wire.request import Message, Request, Role, Text

FIELDS = ("model", "messages", "system", "tools", "tool_choice", "max_tokens", "temperature",
          "top_p", "top_k", "stop_sequences", "stream", "thinking", "effort", "output_config",
          "output_format", "metadata", "context_management")  # fmt: skip
# ids, marks and accounts: nothing that the answer depends on
BOOKKEEPING = ("cache_control", "betas", "anthropic_beta", "anthropic_version", "diagnostics",
               "user_profile_id", "workspace_id")  # fmt: skip
# wishes to the provider that another one need not grant
ADVICE = ("service_tier", "speed")
# what only Anthropic has, and the reason to give
NATIVE = {"container": "server_tools", "mcp_servers": "mcp"}

BILLING = "x-anthropic-billing-header:"
MESSAGE = frozenset({"role", "content"})
ROLES: dict[Role, frozenset[str]] = {
    "system": frozenset({"text"}),
    "user": frozenset({"text", "image", "document", "tool_result", "tool_reference"}),
    "assistant": frozenset({"text", "thinking", "redacted_thinking", "tool_use"}),
}
NAMED: dict[str, Role] = {role: role for role in ROLES}


def read(body: bytes, _path: str) -> Request:
    """Raises UnsupportedError for what no other dialect can say."""
    with reading("anthropic"):
        return _request(opened(body, "messages"))


def _request(body: dict[str, Any]) -> Request:
    note = Changes()
    _known(body, note)
    return Request(
        model=need(body, "model", str),
        system=_system(body, note),
        messages=tuple(_messages(need(body, "messages", list), note)),
        max_tokens=limit(body, "max_tokens"),
        temperature=get(body, "temperature", float),
        top_p=get(body, "top_p", float),
        top_k=get(body, "top_k", int),
        stop=tuple(of(stop, str, "stop") for stop in get(body, "stop_sequences", list, [])),
        stream=get(body, "stream", bool, False),
        user=get(get(body, "metadata", dict, {}), "user_id", str, ""),
        **tools.read(body, note),
        **thinking.read(body),
        changes=note.all,
    )


def _known(body: dict[str, Any], note: Changes) -> None:
    for name, reason in NATIVE.items():
        if body.get(name):
            raise UnsupportedError(reason, name)
    only(body, (*FIELDS, *BOOKKEEPING, *ADVICE, *NATIVE))
    for name in ADVICE:
        if body.get(name) is not None:
            note(name, "advice to the first provider")
    _context_management(get(body, "context_management", dict, {}), note)


def _context_management(config: dict[str, Any], note: Changes) -> None:
    only(config, ("edits",), "context_management")
    for edit in get(config, "edits", list, []):
        kind = need(of(edit, dict, "edit"), "type", str)
        if not kind.startswith("clear_thinking_"):
            raise UnsupportedError("unknown_field", f"context_management {kind}")
        note("context_management", "met: thinking of the history is left out")


def _system(body: dict[str, Any], note: Changes) -> tuple[Text, ...]:
    """Without Claude Code's billing line: it differs in every body and would spoil every cache."""
    parts = blocks.read(body.get("system"), ROLES["system"], note)
    texts = tuple(part for part in parts if isinstance(part, Text))
    if texts and texts[0].text.startswith(BILLING):
        note("system", "the client's billing line is left out")
        return _after_billing(texts)
    return texts


def _after_billing(texts: tuple[Text, ...]) -> tuple[Text, ...]:
    """A system text that is one string may go on after the line."""
    _, _, rest = texts[0].text.partition("\n")
    return (Text(rest, texts[0].cache), *texts[1:]) if rest.strip() else texts[1:]


@Reading
def _messages(message: Any, note: Changes) -> Message:
    only(of(message, dict, "message"), MESSAGE, "messages")
    said = need(message, "role", str)
    role = NAMED.get(said)
    if role is None or message.get("content") is None:
        raise WireError(f"a message of {said}")
    return Message(role, blocks.read(message["content"], ROLES[role], note))
