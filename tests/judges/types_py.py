"""The types of the official Python SDKs as judges of requests: run with a Python that has them.

    types_py.py < cases.json > verdicts.json

A case is {"dialect": "anthropic", "body": {...}}; its verdict is "" or what does not fit the types.
A field that the types do not know does not fit either.
"""

import json
import sys
from collections.abc import Callable, Iterator
from typing import Any

import anthropic.types.message_create_params as anthropic_params
import openai.types.chat.completion_create_params as chat_params
import openai.types.responses.response_create_params as responses_params
import pydantic
import typing_extensions
from google.genai import types as google

FORBID = pydantic.ConfigDict(extra="forbid", arbitrary_types_allowed=True)


def strict() -> None:
    """Every TypedDict of the SDKs refuses keys that it does not have."""
    for name, module in list(sys.modules.items()):
        if name.startswith(("anthropic.types", "openai.types")):
            for one in vars(module).values():
                if typing_extensions.is_typeddict(one):
                    one.__pydantic_config__ = FORBID


def fits(kind: Any) -> Callable[[Any], None]:
    adapter = pydantic.TypeAdapter(kind)
    return lambda body: spent(adapter.validate_python(body))


def spent(value: Any) -> None:
    """Lists are checked only when somebody reads them."""
    if isinstance(value, dict):
        for inner in value.values():
            spent(inner)
    elif isinstance(value, list | tuple) or type(value).__name__ == "ValidatorIterator":
        for inner in value:
            spent(inner)


OUTPUT = {"id": "msg_1", "status": "completed"}


def responses(check: Callable[[Any], None]) -> Callable[[Any], None]:
    """The API takes an assistant's words without what its answers have; codex sends them so."""

    def filled(item: Any) -> Any:
        if item.get("role") != "assistant" or isinstance(item["content"], str):
            return item
        return OUTPUT | item | {"content": [{"annotations": []} | part for part in item["content"]]}

    return lambda body: check(body | {"input": [filled(item) for item in body["input"]]})


# the REST body has parts of its own; the SDK puts them together from these
GOOGLE: dict[str, Any] = {
    "contents": list[google.Content],
    "systemInstruction": google.Content,
    "tools": list[google.Tool],
    "toolConfig": google.ToolConfig,
    "generationConfig": google.GenerationConfig,
    "safetySettings": list[google.SafetySetting],
}


def gemini(body: dict[str, Any]) -> None:
    for name, value in body.items():
        pydantic.TypeAdapter(GOOGLE[name]).validate_python(value)


# what the newest models, or the vendor's own server, take no more; others of the dialect do
ELSEWHERE: dict[str, set[str]] = {
    "anthropic": {"temperature", "top_p", "top_k"},
    "openai_chat": {"top_k"},
}


def checks() -> dict[str, Callable[[Any], None]]:
    strict()
    return {
        "anthropic": fits(anthropic_params.MessageCreateParamsNonStreaming),
        "openai_chat": fits(chat_params.CompletionCreateParamsNonStreaming),
        "openai_responses": responses(fits(responses_params.ResponseCreateParamsNonStreaming)),
        "gemini": gemini,
    }


def verdicts(cases: list[Any]) -> Iterator[str]:
    judges = checks()
    for case in cases:
        unseen = {"stream"} | ELSEWHERE.get(case["dialect"], set())
        try:
            judges[case["dialect"]]({k: v for k, v in case["body"].items() if k not in unseen})
        except (pydantic.ValidationError, KeyError) as e:
            yield str(e)[:1500]
        else:
            yield ""


if __name__ == "__main__":
    json.dump(list(verdicts(json.load(sys.stdin))), sys.stdout)
