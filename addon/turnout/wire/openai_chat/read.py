"""A client's Chat Completions request -> Request.

https://platform.openai.com/docs/api-reference/chat/create
"""

from itertools import takewhile
from typing import Any

from turnout.errors import UnsupportedError, reading
from turnout.wire.changes import Changes
from turnout.wire.fields import get, limit, need, of, only
from turnout.wire.memo import opened
from turnout.wire.openai_chat import messages, reasoning, tools
from turnout.wire.request import Message, Request, Text

FIELDS = ("model", "messages", "tools", "tool_choice", "parallel_tool_calls", "response_format",
          "max_tokens", "max_completion_tokens", "temperature", "top_p", "top_k", "seed", "stop",
          "stream", "stream_options", "reasoning_effort", "reasoning", "thinking", "user",
          "modalities")  # fmt: skip
# ids, accounts and storage: nothing that the answer depends on
BOOKKEEPING = ("metadata", "store", "safety_identifier", "prompt_cache_key", "prompt_cache_options",
               "prompt_cache_retention", "usage", "include_reasoning")  # fmt: skip
# wishes to the provider that another one need not grant
ADVICE = ("service_tier", "verbosity", "prediction")
# what has no word elsewhere: the value that is no wish, and the reason to give otherwise
REFUSED: dict[str, tuple[Any, str]] = {
    "n": (1, "n"),
    "logprobs": (False, "logprobs"),
    "top_logprobs": (0, "logprobs"),
    "frequency_penalty": (0, "sampling"),
    "presence_penalty": (0, "sampling"),
    "logit_bias": ({}, "sampling"),
    "audio": (None, "audio"),
    "web_search_options": (None, "server_tools"),
}


def read(body: bytes, _path: str) -> Request:
    """Raises UnsupportedError for what no other dialect can say."""
    with reading("openai_chat"):
        return _request(opened(body, "messages"))


def _request(body: dict[str, Any]) -> Request:
    note = Changes()
    _known(body, note)
    said = messages.read(need(body, "messages", list), note)
    leading = list(takewhile(lambda message: message.role == "system", said))
    stream = get(body, "stream", bool, False)
    return Request(
        model=need(body, "model", str),
        system=tuple(text for message in leading for text in _texts(message)),
        messages=tuple(said[len(leading) :]),
        max_tokens=_max_tokens(body),
        temperature=get(body, "temperature", float),
        top_p=get(body, "top_p", float),
        top_k=get(body, "top_k", int),
        seed=get(body, "seed", int),
        stop=_stop(body.get("stop")),
        stream=stream,
        user=get(body, "user", str, ""),
        wants_usage=_wants_usage(body) or not stream,
        **tools.read(body),
        **reasoning.read(body),
        changes=note.all,
    )


def _texts(message: Message) -> tuple[Text, ...]:
    return tuple(part for part in message.parts if isinstance(part, Text))


def _known(body: dict[str, Any], note: Changes) -> None:
    for name, (default, reason) in REFUSED.items():
        if (value := body.get(name)) is not None and value != default:
            raise UnsupportedError(reason, name)
    only(body, (*FIELDS, *BOOKKEEPING, *ADVICE, *REFUSED))
    if get(body, "modalities", list, ["text"]) != ["text"]:
        raise UnsupportedError("audio", "modalities")
    for name in ADVICE:
        if body.get(name) is not None:
            note(name, "advice to the first provider")


def _max_tokens(body: dict[str, Any]) -> int | None:
    newer = limit(body, "max_completion_tokens")
    return limit(body, "max_tokens") if newer is None else newer


def _stop(stop: Any) -> tuple[str, ...]:
    """A string, a list of strings, or null; an empty string stops nothing."""
    stops = [stop] if isinstance(stop, str) else of([] if stop is None else stop, list, "stop")
    return tuple(text for text in (of(stop, str, "stop") for stop in stops) if text)


def _wants_usage(body: dict[str, Any]) -> bool:
    options = get(body, "stream_options", dict, {})
    only(options, ("include_usage", "include_obfuscation"), "stream_options")
    return get(options, "include_usage", bool, False)
