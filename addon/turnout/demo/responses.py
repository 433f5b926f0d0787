"""The Responses dialect, as OpenAI speaks it to agents that keep their own history."""

from collections.abc import Iterator, Sequence
from typing import Any

from turnout.demo import openai
from turnout.demo.cache import PrefixCache, Prompt
from turnout.demo.faults import Shapes
from turnout.demo.speech import Call, Heard, pieces, signature
from turnout.demo.sse import dump, frame
from turnout.demo.wire import Answer, Body, RefusedError, Wire, words

KEYS = words("""
    model input instructions tools tool_choice parallel_tool_calls max_output_tokens stream
    stream_options temperature top_p top_logprobs text reasoning include store user metadata
    client_metadata service_tier prompt_cache_key prompt_cache_retention safety_identifier
    truncation background previous_response_id conversation prompt max_tool_calls
""")
OUTPUTS = {"function_call_output", "custom_tool_call_output"}
CALLS = {"function_call", "custom_tool_call"}
LEAST_TOKENS = 16


# ---- what it refuses


def check(body: Body, by: str = "") -> None:
    if unknown := set(body) - KEYS:
        raise RefusedError(400, f"Unknown parameter: '{min(unknown)}'.")
    if not body.get("input"):
        raise RefusedError(400, "Missing required parameter: 'input'.")
    if (body.get("max_output_tokens") or LEAST_TOKENS) < LEAST_TOKENS:
        raise RefusedError(400, "Invalid 'max_output_tokens': integer below minimum value.")
    _check_items(_items(body), stored=body.get("store") is not False)
    if by:
        _check_bound(_items(body), by)


def _check_items(items: Sequence[Body], *, stored: bool) -> None:
    """Outputs answer calls, and reasoning is what was minted here."""
    called: set[str] = set()
    for number, item in enumerate(items):
        kind = item.get("type", "message")
        if kind in CALLS:
            called.add(item["call_id"])
        elif kind in OUTPUTS and item["call_id"] not in called:
            raise RefusedError(400, f"No tool call found for call_id {item['call_id']}.")
        elif kind == "reasoning":
            _check_reasoning(number, item, stored=stored)
    answered = {item.get("call_id") for item in items if item.get("type") in OUTPUTS}
    if lost := called - answered:
        raise RefusedError(400, f"No tool output found for function call {min(lost)}.")


def _check_bound(items: Sequence[Body], by: str) -> None:
    for number, item in enumerate(items):
        if item.get("type") == "reasoning" and item.get("encrypted_content"):
            text = "".join(part["text"] for part in item.get("summary") or ())
            if item["encrypted_content"] != f"gAAA{signature(text, by)}":
                raise RefusedError(
                    400, f"The encrypted content for item {number} could not be verified."
                )


def _check_reasoning(number: int, item: Body, *, stored: bool) -> None:
    secret = item.get("encrypted_content")
    if not secret and not stored:
        raise RefusedError(404, f"Item with id '{item.get('id')}' not found.")
    if secret and not str(secret).startswith("gAAA"):
        raise RefusedError(400, f"The encrypted content for item {number} could not be verified.")


# ---- what it hears


def _items(body: Body) -> list[dict[str, Any]]:
    said = body["input"]
    return [{"role": "user", "content": said}] if isinstance(said, str) else list(said)


def hear(body: Body) -> Heard:
    items = _items(body)
    human, rounds = _human(items)
    choice = body.get("tool_choice")
    format_ = (body.get("text") or {}).get("format") or {}
    offered = () if choice == "none" else body.get("tools") or ()
    tools = [tool for tool in offered if tool["type"] == "function"]
    return Heard(
        model=body["model"],
        stream=bool(body.get("stream")),
        human=human,
        rounds=rounds,
        tools={tool["name"]: tool.get("parameters") or {} for tool in tools},
        segments=tuple(_segments(body, items)),
        forced_tool=choice["name"] if isinstance(choice, dict) else "",
        schema=format_.get("schema"),
        thinks=(body.get("reasoning") or {}).get("effort") not in {None, "none"},
    )


def _human(items: Sequence[Body]) -> tuple[str, int]:
    """The latest text of a person, and how many answers with tool calls came after it."""
    rounds, calling = 0, False
    for item in reversed(items):
        if item.get("role") == "user":
            return _plain(item["content"]), rounds
        called = item.get("type") in CALLS
        rounds += called and not calling
        calling = called
    return "", rounds


def _plain(content: Any) -> str:
    if isinstance(content, str):
        return content
    return "\n".join(part.get("text", "") for part in content)


def _segments(body: Body, items: Sequence[Body]) -> Iterator[tuple[bytes, str]]:
    for tool in body.get("tools") or ():
        yield dump(tool), ""
    for item in ({"instructions": body.get("instructions")}, *items):
        yield dump(item), ""


def _prompt(cache: PrefixCache, heard: Heard) -> Prompt:
    return cache.automatic(heard.model, heard.segments)


# ---- what it says


def _response(answer: Answer, status: str, **fields: Any) -> dict[str, Any]:
    return {
        "id": f"resp_sim{answer.number:06}",
        "object": "response",
        "created_at": openai.CREATED,
        "status": status,
        "error": None,
        "incomplete_details": None,
        "model": answer.model,
        "output": [],
        "usage": None,
    } | fields


def _usage(answer: Answer) -> dict[str, Any]:
    prompt = answer.prompt
    return {
        "input_tokens": prompt.total,
        "input_tokens_details": {"cached_tokens": prompt.read},
        "output_tokens": answer.output,
        "output_tokens_details": {"reasoning_tokens": answer.reasoning},
        "total_tokens": prompt.total + answer.output,
    }


def _output(answer: Answer) -> list[dict[str, Any]]:
    turn = answer.turn
    thought = [_reasoning(answer)] if turn.thinking else []
    text = [_message(answer)] if turn.text else []
    return [*thought, *text, *(_call(answer, n, call) for n, call in enumerate(turn.calls))]


def _reasoning(answer: Answer) -> dict[str, Any]:
    text = answer.turn.thinking
    return {
        "id": f"rs_sim{answer.number:06}",
        "type": "reasoning",
        "summary": [{"type": "summary_text", "text": text}],
        "encrypted_content": f"gAAA{signature(text, answer.by)}",
    }


def _message(answer: Answer) -> dict[str, Any]:
    part = {"type": "output_text", "text": answer.turn.text, "annotations": []}
    head = {"id": f"msg_sim{answer.number:06}", "type": "message", "role": "assistant"}
    return head | {"status": "completed", "content": [part]}


def _call(answer: Answer, place: int, call: Call) -> dict[str, Any]:
    return {
        "id": f"fc_sim{answer.number:06}x{place}",
        "type": "function_call",
        "status": "completed",
        "call_id": f"call_sim{answer.number:06}x{place}",
        "name": call.name,
        "arguments": dump(call.input).decode(),
    }


def whole(answer: Answer) -> bytes:
    return dump(_response(answer, "completed", output=_output(answer), usage=_usage(answer)))


def events(answer: Answer) -> list[bytes]:
    told = [
        ("created", {"response": _response(answer, "in_progress")}),
        ("in_progress", {"response": _response(answer, "in_progress")}),
    ]
    output = _output(answer)
    for index, item in enumerate(output):
        told.extend((kind, {"output_index": index} | rest) for kind, rest in _streamed(item))
    last = _response(answer, "completed", output=output, usage=_usage(answer))
    told.append(("completed", {"response": last}))
    return [
        frame({"type": f"response.{kind}", "sequence_number": n} | rest, f"response.{kind}")
        for n, (kind, rest) in enumerate(told)
    ]


# an item's type ->      its empty form        the events of its text    of its part           where
STREAMED: dict[str, tuple[dict[str, Any], str, str, dict[str, int]]] = {
    "reasoning": ({"summary": []}, "reasoning_summary_text", "reasoning_summary_part",
                  {"summary_index": 0}),
    "message": ({"content": []}, "output_text", "content_part", {"content_index": 0}),
    "function_call": ({"arguments": ""}, "function_call_arguments", "", {}),
}  # fmt: skip


def _streamed(item: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    empty, name, part, place = STREAMED[item["type"]]
    at = {"item_id": item["id"]} | place
    text = _text(item)
    yield "output_item.added", {"item": item | empty | {"status": "in_progress"}}
    if part:
        yield f"{part}.added", at | {"part": _part(item) | {"text": ""}}
    for piece in pieces(text):
        yield f"{name}.delta", at | {"delta": piece}
    yield f"{name}.done", at | {"text" if part else "arguments": text}
    if part:
        yield f"{part}.done", at | {"part": _part(item)}
    yield "output_item.done", {"item": item}


def _part(item: dict[str, Any]) -> dict[str, Any]:
    return dict(item["summary" if item["type"] == "reasoning" else "content"][0])


def _text(item: dict[str, Any]) -> str:
    return str(item["arguments"] if item["type"] == "function_call" else _part(item)["text"])


def _failed(status: int, message: str) -> bytes:
    error = {"code": openai.ERRORS.get(status, "server_error"), "message": message}
    return frame({"type": "error", "sequence_number": 0} | error, "error")


WIRE = Wire(
    completion="/responses",
    check=check,
    key=lambda headers: headers.get("authorization", ""),
    hear=hear,
    prompt=_prompt,
    whole=whole,
    events=events,
    shapes=Shapes(body=openai.WIRE.shapes.body, event=_failed),
    models=openai.WIRE.models,
    unknown_model=openai.WIRE.unknown_model,
    headers=openai.WIRE.headers,
)
