"""The Chat Completions dialect, as OpenAI and those who offer it (OpenRouter) speak it."""

from collections.abc import Iterator, Sequence
from typing import Any

from turnout.demo.cache import PrefixCache, Prompt
from turnout.demo.faults import Shapes
from turnout.demo.speech import Heard, pieces
from turnout.demo.sse import dump, frame
from turnout.demo.wire import Answer, Body, RefusedError, Wire, words

KEYS = words("""
    model messages tools tool_choice parallel_tool_calls max_tokens max_completion_tokens stream
    stream_options temperature top_p top_k n stop seed presence_penalty frequency_penalty
    logit_bias logprobs top_logprobs response_format reasoning_effort reasoning user metadata
    store service_tier prompt_cache_key safety_identifier verbosity modalities audio prediction
    web_search_options functions function_call usage provider models transforms session_id
""")
ERRORS = {401: "authentication_error", 402: "insufficient_quota", 429: "rate_limit_exceeded"}
CREATED = 1_767_225_600  # a fixed second: the demo's answers are repeatable
HEARTBEAT = b": OPENROUTER PROCESSING\n\n"  # comments come before the first event


def _error(status: int, message: str) -> dict[str, Any]:
    kind = "server_error" if status >= 500 else "invalid_request_error"
    error = {"message": message, "type": kind, "param": None, "code": ERRORS.get(status)}
    return {"error": error}


# ---- what it refuses


def check(body: Body, _: str = "") -> None:
    if unknown := set(body) - KEYS:
        raise RefusedError(400, f"Unrecognized request argument supplied: {min(unknown)}")
    messages = body.get("messages")
    if not isinstance(messages, list) or not messages:
        raise RefusedError(400, "'messages' is a required property")
    if body.get("tool_choice") and not body.get("tools"):
        raise RefusedError(400, "'tool_choice' is only allowed when 'tools' are specified.")
    _check_calls(messages)


def _check_calls(messages: Sequence[Body]) -> None:
    """tool_calls are followed by a tool message each, and by nothing else."""
    open_: set[str] = set()
    for number, message in enumerate(messages):
        if message["role"] == "tool":
            if message["tool_call_id"] not in open_:
                raise RefusedError(400, f"messages.{number}: a tool message answers no tool_call")
            open_.discard(message["tool_call_id"])
        elif open_:
            raise RefusedError(400, f"tool_call_ids without a response: {', '.join(sorted(open_))}")
        open_ |= {call["id"] for call in message.get("tool_calls") or ()}


# ---- what it hears


def hear(body: Body) -> Heard:
    messages = body["messages"]
    human, rounds = _human(messages)
    choice = body.get("tool_choice")
    made = body.get("response_format") or {}
    offered = () if choice == "none" else body.get("tools") or ()
    functions = [tool["function"] for tool in offered]
    options = body.get("stream_options") or body.get("usage") or {}
    return Heard(
        model=body["model"],
        stream=bool(body.get("stream")),
        human=human,
        rounds=rounds,
        tools={function["name"]: function.get("parameters", {}) for function in functions},
        segments=tuple(_segments(body)),
        forced_tool=choice["function"]["name"] if isinstance(choice, dict) else "",
        schema=(made.get("json_schema") or {}).get("schema"),
        thinks=_effort(body) not in {None, "none"},
        wants_usage=bool(options.get("include_usage") or options.get("include")),
    )


def _effort(body: Body) -> str | None:
    return body.get("reasoning_effort") or (body.get("reasoning") or {}).get("effort")


def _human(messages: Sequence[Body]) -> tuple[str, int]:
    """The latest text of a person, and how many answers with tool calls came after it."""
    rounds = 0
    for message in reversed(messages):
        if message["role"] == "user":
            return _plain(message["content"]), rounds
        rounds += bool(message.get("tool_calls"))
    return "", rounds


def _plain(content: Any) -> str:
    if isinstance(content, str):
        return content
    return "\n".join(part.get("text", "") for part in content)


def _segments(body: Body) -> Iterator[tuple[bytes, str]]:
    for tool in body.get("tools") or ():
        yield dump(tool), ""
    for message in body["messages"]:
        yield dump(message), ""


def _prompt(cache: PrefixCache, heard: Heard) -> Prompt:
    return cache.automatic(heard.model, heard.segments)


# ---- what it says


def _usage(answer: Answer) -> dict[str, Any]:
    prompt = answer.prompt
    return {
        "prompt_tokens": prompt.total,
        "completion_tokens": answer.output,
        "total_tokens": prompt.total + answer.output,
        "prompt_tokens_details": {"cached_tokens": prompt.read, "audio_tokens": 0},
        "completion_tokens_details": {"reasoning_tokens": answer.reasoning},
    }


def _calls(answer: Answer) -> list[dict[str, Any]]:
    return [
        {
            "id": f"call_sim{answer.number:06}x{place}",
            "type": "function",
            "function": {"name": call.name, "arguments": dump(call.input).decode()},
        }
        for place, call in enumerate(answer.turn.calls)
    ]


def _stop(answer: Answer) -> str:
    return "tool_calls" if answer.turn.calls else "stop"


def _head(answer: Answer, kind: str) -> dict[str, Any]:
    return {
        "id": f"gen-sim{answer.number:06}",
        "object": kind,
        "created": CREATED,
        "model": answer.model,
    }


def whole(answer: Answer) -> bytes:
    turn = answer.turn
    message: dict[str, Any] = {"role": "assistant", "content": turn.text or None, "refusal": None}
    if turn.thinking:
        message["reasoning"] = turn.thinking
    if turn.calls:
        message["tool_calls"] = _calls(answer)
    choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": _stop(answer)}
    head = _head(answer, "chat.completion")
    return dump({**head, "choices": [choice], "usage": _usage(answer)})


def events(answer: Answer) -> list[bytes]:
    head = _head(answer, "chat.completion.chunk")
    deltas = [({"role": "assistant", "content": ""}, None), *((d, None) for d in _deltas(answer))]
    chunks = [
        frame({**head, "choices": [{"index": 0, "delta": delta, "finish_reason": reason}]})
        for delta, reason in [*deltas, ({}, _stop(answer))]
    ]
    chunks[0] = HEARTBEAT + chunks[0]
    if answer.wants_usage:
        chunks.append(frame({**head, "choices": [], "usage": _usage(answer)}))
    return [*chunks, b"data: [DONE]\n\n"]


def _deltas(answer: Answer) -> Iterator[dict[str, Any]]:
    for part in pieces(answer.turn.thinking):
        yield {"reasoning": part}
    for part in pieces(answer.turn.text):
        yield {"content": part}
    for index, call in enumerate(_calls(answer)):
        function = call["function"]
        named = {"name": function["name"], "arguments": ""}
        yield {"tool_calls": [{**call, "index": index, "function": named}]}
        for part in pieces(function["arguments"]):
            yield {"tool_calls": [{"index": index, "function": {"arguments": part}}]}


def _models(names: Sequence[str]) -> bytes:
    data = [
        {"id": name, "object": "model", "created": CREATED, "owned_by": "simulated"}
        for name in names
    ]
    return dump({"object": "list", "data": data})


def _unknown(model: str) -> RefusedError:
    return RefusedError(404, f"The model `{model}` does not exist or you do not have access to it.")


WIRE = Wire(
    completion="/chat/completions",
    check=check,
    key=lambda headers: headers.get("authorization", ""),
    hear=hear,
    prompt=_prompt,
    whole=whole,
    events=events,
    shapes=Shapes(
        body=lambda status, message: dump(_error(status, message)),
        event=lambda status, message: frame(_error(status, message)),
    ),
    models=_models,
    unknown_model=_unknown,
    headers=lambda number: {"x-request-id": f"req_sim{number:06}"},
)
