"""A client's Responses request -> Request.

https://platform.openai.com/docs/api-reference/responses/create
"""

from collections.abc import Iterator
from itertools import takewhile
from typing import Any

import msgspec

from turnout.errors import UnsupportedError, reading
from turnout.wire.changes import Changes
from turnout.wire.effort import LADDER
from turnout.wire.fields import get, limit, need, of, only
from turnout.wire.memo import opened
from turnout.wire.openai_responses import compaction, items, tools
from turnout.wire.openai_responses.names import Names
from turnout.wire.request import Effort, Message, Request, Text, Tool, ToolChoice

FIELDS = ("model", "input", "instructions", "tools", "tool_choice", "parallel_tool_calls", "text",
          "reasoning", "max_output_tokens", "temperature", "top_p", "stream", "store", "include",
          "truncation", "user")  # fmt: skip
# ids, accounts and counts of tools that nobody has here: nothing that the answer depends on
BOOKKEEPING = ("metadata", "client_metadata", "prompt_cache_key", "prompt_cache_retention",
               "prompt_cache_options", "safety_identifier", "stream_options",
               "max_tool_calls")  # fmt: skip
# wishes to the provider that another one need not grant
ADVICE = ("service_tier",)
# what OpenAI keeps or runs for the client
NATIVE = ("previous_response_id", "conversation", "background", "prompt", "context_management",
          "moderation")  # fmt: skip
LOGPROBS = "message.output_text.logprobs"
VERBOSITY = {
    "low": "Keep your answers short.",
    "medium": "",
    "high": "Answer at length and in detail.",
}


class Typed(msgspec.Struct):
    type: str | None = None


_typed = msgspec.json.Decoder(Typed)


def read(body: bytes, _path: str) -> Request:
    """Raises UnsupportedError for what no other dialect can say."""
    with reading("openai_responses"):
        return _request(opened(body, "input"))


def _request(body: dict[str, Any]) -> Request:
    note, names = Changes(), Names()
    _known(body, note)
    model, said = need(body, "model", str), _input(body)
    declared = list(tools.read(get(body, "tools", list, []), names, note))
    compacts = bool(said) and _typed.decode(said[-1]).type == compaction.TRIGGER
    if compacts:
        note("compaction", "asked for in words")
        said = [*said[:-1], _user(compaction.ORDER)]
    odd = names.odd
    conversation, apart = items.read(said, model, odd, note)
    declared += tools.read(_added(apart), names, note)
    if names.odd != odd:
        conversation, apart = items.read(said, model, names.odd, note)
    leading = list(takewhile(lambda message: message.role == "system", conversation))
    text = get(body, "text", dict, {})
    only(text, ("format", "verbosity"), "text")
    return Request(
        model=model,
        system=tuple(_system(body, leading, text, note)),
        messages=tuple(conversation[len(leading) :]),
        tools=_once(declared),
        tool_choice=_choice(body, names, compacts=compacts) if declared else None,
        parallel_tools=get(body, "parallel_tool_calls", bool),
        format=None if compacts else tools.read_format(get(text, "format", dict, {})),
        max_tokens=limit(body, "max_output_tokens"),
        temperature=get(body, "temperature", float),
        top_p=get(body, "top_p", float),
        stream=get(body, "stream", bool, False),
        user=get(body, "user", str, ""),
        compaction=compacts,
        **_reasoning(body, apart, note),
        changes=note.all,
    )


def _known(body: dict[str, Any], note: Changes) -> None:
    for name in NATIVE:
        if body.get(name):
            raise UnsupportedError("native_only", name)
    if get(body, "store", bool):
        raise UnsupportedError("native_only", "store: the client wants to find the answer there")
    if body.get("top_logprobs") or LOGPROBS in get(body, "include", list, []):
        raise UnsupportedError("logprobs")
    only(body, (*FIELDS, *BOOKKEEPING, *ADVICE, *NATIVE, "top_logprobs"))
    for name in ADVICE:
        if body.get(name) is not None:
            note(name, "advice to the first provider")
    if get(body, "truncation", str, "disabled") != "disabled":
        note("truncation", "nothing is cut: the whole input fits")


def _input(body: dict[str, Any]) -> list[msgspec.Raw]:
    said = body.get("input")
    return [_user(said)] if isinstance(said, str) else of(said, list, "input")


def _user(text: str) -> msgspec.Raw:
    return msgspec.Raw(msgspec.json.encode({"role": "user", "content": text}))


def _added(apart: list[dict[str, Any]]) -> Iterator[Any]:
    """Codex puts its tools into the input."""
    for item in apart:
        if item["type"] == "additional_tools":
            only(item, (*items.COMMON, "role", "tools"), "additional_tools")
            yield from need(item, "tools", list)


def _choice(body: dict[str, Any], names: Names, *, compacts: bool) -> ToolChoice | None:
    """A summary is text."""
    return ToolChoice("none") if compacts else tools.read_choice(body.get("tool_choice"), names)


def _once(declared: list[Tool]) -> tuple[Tool, ...]:
    """The latest declaration of a tool counts."""
    return tuple({tool.name: tool for tool in declared}.values())


def _system(
    body: dict[str, Any], leading: list[Message], text: dict[str, Any], note: Changes
) -> Iterator[Text]:
    if first := get(body, "instructions", str):
        yield Text(first)
    for message in leading:
        yield from (part for part in message.parts if isinstance(part, Text))
    said = get(text, "verbosity", str, "medium")
    if said not in VERBOSITY:
        raise UnsupportedError("unknown_field", f"text.verbosity {said}")
    if sentence := VERBOSITY[said]:
        note("text.verbosity", "said as a sentence")
        yield Text(sentence)


def _reasoning(body: dict[str, Any], apart: list[dict[str, Any]], note: Changes) -> dict[str, Any]:
    """`effort` and `thinking` of a Request; an update in the input counts from there on."""
    configs = [get(body, "reasoning", dict, {})]
    for item in apart:
        if item["type"] != "configuration_update":
            continue
        only(item, (*items.COMMON, "role", "reasoning"), "configuration_update")
        configs.append(get(item, "reasoning", dict, {}))
    efforts = [effort for config in configs if (effort := _effort(config))]
    if len(configs) > 1:
        note("configuration_update", "its effort is the request's")
    effort = efforts[-1] if efforts else None
    shown = any(get(config, "summary", str, "none") != "none" for config in configs)
    return {"effort": effort, "thinking": effort != "none" if effort or shown else None}


def _effort(config: dict[str, Any]) -> Effort | None:
    only(config, ("effort", "summary", "generate_summary", "context", "mode"), "reasoning")
    said = get(config, "effort", str)
    effort = next((level for level in LADDER if level == said), None)
    if said and not effort:
        raise UnsupportedError("unknown_field", f"reasoning.effort {said}")
    return effort
