"""The Messages dialect as its provider speaks it."""

from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Any

from turnout.demo.cache import PrefixCache, Prompt
from turnout.demo.faults import Shapes
from turnout.demo.speech import Heard, pieces, signature
from turnout.demo.sse import dump, frame
from turnout.demo.wire import Answer, Body, RefusedError, Wire, words

KEYS = words("""
    model messages system tools tool_choice metadata max_tokens thinking context_management
    output_config output_format stream temperature top_p top_k stop_sequences service_tier
    container mcp_servers
""")
ERRORS = {
    400: "invalid_request_error",
    401: "authentication_error",
    402: "billing_error",
    403: "permission_error",
    404: "not_found_error",
    413: "request_too_large",
    429: "rate_limit_error",
    503: "overloaded_error",
    529: "overloaded_error",
}
BILLING = (
    "x-anthropic-billing-header"  # changes with every body; the provider's cache looks past it
)


def _error(status: int, message: str) -> dict[str, Any]:
    error = {"type": ERRORS.get(status, "api_error"), "message": message}
    return {"type": "error", "error": error}


def _blocks(content: Any) -> list[dict[str, Any]]:
    return [{"type": "text", "text": content}] if isinstance(content, str) else content or []


# ---- what it refuses


def check(body: Body, by: str = "") -> None:
    if unknown := set(body) - KEYS:
        raise RefusedError(400, f"{min(unknown)}: Extra inputs are not permitted")
    if not isinstance(body.get("max_tokens"), int):
        raise RefusedError(400, "max_tokens: Field required")
    messages = body.get("messages")
    if not isinstance(messages, list) or not messages:
        raise RefusedError(400, "messages: at least one message is required")
    if sum(1 for _ in _marks(body)) > 4:
        raise RefusedError(400, "A maximum of 4 blocks with cache_control may be provided.")
    _check_calls(messages)
    _check_thinking(messages, by)
    if by and (body.get("thinking") or {}).get("type") == "enabled":
        _check_loop(messages)


def _marks(body: Body) -> Iterator[dict[str, Any]]:
    messages = (_blocks(message["content"]) for message in body["messages"])
    for block in chain(body.get("tools") or (), _blocks(body.get("system")), *messages):
        if mark := block.get("cache_control"):
            yield mark


def _check_calls(messages: Sequence[Body]) -> None:
    """Every tool_use is answered in the next message, and nothing else is."""
    asked: set[str] = set()
    for number, message in enumerate(messages):
        blocks = _blocks(message["content"])
        answered = {block["tool_use_id"] for block in blocks if block["type"] == "tool_result"}
        if message["role"] != "system" and asked != answered:
            word = "tool_use" if asked - answered else "tool_result"
            raise RefusedError(400, f"messages.{number}: `{word}` without its counterpart")
        if message["role"] != "system":
            asked = {block["id"] for block in blocks if block["type"] == "tool_use"}


def _check_thinking(messages: Sequence[Body], by: str) -> None:
    for number, message in enumerate(messages):
        for block in _blocks(message["content"]):
            if block["type"] == "thinking" and block.get("signature") != signature(
                block["thinking"], by
            ):
                raise RefusedError(400, f"messages.{number}: Invalid `signature` in `thinking`")


def _check_loop(messages: Sequence[Body]) -> None:
    """With manual thinking the last turn of a tool loop begins with it."""
    for number in range(len(messages) - 1, -1, -1):
        blocks = _blocks(messages[number]["content"])
        if messages[number]["role"] == "assistant":
            if blocks and blocks[0]["type"] != "thinking":
                raise RefusedError(
                    400,
                    f"messages.{number}.content.0.type: Expected `thinking` or `redacted_thinking`,"
                    f" but found `{blocks[0]['type']}`",
                )
            return
        if not any(block["type"] == "tool_result" for block in blocks):
            return


# ---- what it hears


def hear(body: Body) -> Heard:
    human, rounds = _human(body["messages"])
    choice = body.get("tool_choice") or {}
    made = (body.get("output_config") or {}).get("format") or body.get("output_format") or {}
    thinking = (body.get("thinking") or {}).get("type")
    tools = () if choice.get("type") == "none" else body.get("tools") or ()
    return Heard(
        model=body["model"],
        stream=bool(body.get("stream")),
        human=human,
        rounds=rounds,
        tools={tool["name"]: tool.get("input_schema", {}) for tool in tools},
        segments=tuple(_segments(body)),
        forced_tool=choice.get("name", "") if choice.get("type") == "tool" else "",
        schema=made.get("schema"),
        thinks=thinking in {"enabled", "adaptive"},
    )


def _human(messages: Sequence[Body]) -> tuple[str, int]:
    """The latest text of a person, and how many answers with tool calls came after it."""
    rounds = 0
    for message in reversed(messages):
        blocks = _blocks(message["content"])
        kinds = {block["type"] for block in blocks}
        if message["role"] == "user" and "text" in kinds and "tool_result" not in kinds:
            return "\n".join(block.get("text", "") for block in blocks), rounds
        rounds += "tool_use" in kinds
    return "", rounds


def _segments(body: Body) -> Iterator[tuple[bytes, str]]:
    for tool in body.get("tools") or ():
        yield _segment("tool", tool)
    for block in _blocks(body.get("system")):
        if not block.get("text", "").startswith(BILLING):
            yield _segment("system", block)
    for message in body["messages"]:
        for block in _blocks(message["content"]):
            yield _segment(message["role"], block)


def _segment(role: str, block: Body) -> tuple[bytes, str]:
    mark = block.get("cache_control")
    plain = {key: value for key, value in block.items() if key != "cache_control"}
    return role.encode() + dump(plain), mark.get("ttl", "5m") if mark else ""


def _prompt(cache: PrefixCache, heard: Heard) -> Prompt:
    return cache.marked(heard.model, heard.segments)


# ---- what it says


def _usage(answer: Answer, output: int) -> dict[str, Any]:
    prompt = answer.prompt
    return {
        "input_tokens": prompt.fresh,
        "cache_creation_input_tokens": prompt.write_5m + prompt.write_1h,
        "cache_read_input_tokens": prompt.read,
        "cache_creation": {
            "ephemeral_5m_input_tokens": prompt.write_5m,
            "ephemeral_1h_input_tokens": prompt.write_1h,
        },
        "output_tokens": output,
        "service_tier": "standard",
    }


def _message(answer: Answer, content: list[Any], stop: str | None, output: int) -> dict[str, Any]:
    return {
        "id": f"msg_sim{answer.number:06}",
        "type": "message",
        "role": "assistant",
        "model": answer.model,
        "content": content,
        "stop_reason": stop,
        "stop_sequence": None,
        "usage": _usage(answer, output),
    }


def _content(answer: Answer) -> list[dict[str, Any]]:
    turn = answer.turn
    content: list[dict[str, Any]] = []
    if turn.thinking:
        minted = signature(turn.thinking, answer.by)
        content.append({"type": "thinking", "thinking": turn.thinking, "signature": minted})
    if turn.text:
        content.append({"type": "text", "text": turn.text})
    for place, call in enumerate(turn.calls):
        name = f"toolu_sim{answer.number:06}x{place}"
        content.append({"type": "tool_use", "id": name, "name": call.name, "input": call.input})
    return content


def _stop(answer: Answer) -> str:
    return "tool_use" if answer.turn.calls else "end_turn"


def whole(answer: Answer) -> bytes:
    return dump(_message(answer, _content(answer), _stop(answer), answer.output))


def events(answer: Answer) -> list[bytes]:
    payloads: list[dict[str, Any]] = [
        {"type": "message_start", "message": _message(answer, [], None, 1)},
        {"type": "ping"},
        *chain.from_iterable(map(_block, range(99), _content(answer))),
        {
            "type": "message_delta",
            "delta": {"stop_reason": _stop(answer), "stop_sequence": None},
            "usage": _usage(answer, answer.output),
        },
        {"type": "message_stop"},
    ]
    return [frame(payload, payload["type"]) for payload in payloads]


def _block(index: int, block: dict[str, Any]) -> Iterator[dict[str, Any]]:
    empty, deltas = STREAMED[block["type"]](block)
    yield {"type": "content_block_start", "index": index, "content_block": {**block, **empty}}
    for delta in deltas:
        yield {"type": "content_block_delta", "index": index, "delta": delta}
    yield {"type": "content_block_stop", "index": index}


type Deltas = tuple[dict[str, Any], list[dict[str, Any]]]


def _text(block: Body) -> Deltas:
    return {"text": ""}, [{"type": "text_delta", "text": part} for part in pieces(block["text"])]


def _thinking(block: Body) -> Deltas:
    parts = pieces(block["thinking"])
    deltas = [{"type": "thinking_delta", "thinking": part} for part in parts]
    deltas.append({"type": "signature_delta", "signature": block["signature"]})
    return {"thinking": "", "signature": ""}, deltas


def _tool_use(block: Body) -> Deltas:
    parts = ["", *pieces(dump(block["input"]).decode())]
    return {"input": {}}, [{"type": "input_json_delta", "partial_json": part} for part in parts]


# block type -> (what is empty at its start, its deltas)
STREAMED = {"text": _text, "thinking": _thinking, "tool_use": _tool_use}


def _models(names: Sequence[str]) -> bytes:
    data = [
        {"type": "model", "id": name, "display_name": name, "created_at": "2026-01-01T00:00:00Z"}
        for name in names
    ]
    return dump({"data": data, "has_more": False, "first_id": None, "last_id": None})


WIRE = Wire(
    completion="/messages",
    check=check,
    needs="anthropic-version",
    key=lambda headers: headers.get("x-api-key") or headers.get("authorization", ""),
    hear=hear,
    prompt=_prompt,
    whole=whole,
    events=events,
    shapes=Shapes(
        body=lambda status, message: dump(_error(status, message)),
        event=lambda status, message: frame(_error(status, message), "error"),
    ),
    models=_models,
    unknown_model=lambda model: RefusedError(404, f"model: {model}"),
    headers=lambda number: {"request-id": f"req_sim{number:06}"},
)
