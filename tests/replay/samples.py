"""Recordings of one agent session in every form, with the same tokens in all of them."""

import base64
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from mitmproxy import http
from mitmproxy.io import FlowWriter
from mitmproxy.test import tflow

import decided
from turnout.store import Store

MODEL = "claude-opus-4-7"
START = "2026-07-05T12:00:0"
AT = decided.AT
STEPS = 3
USAGE = {
    "input_tokens": 10,
    "cache_creation_input_tokens": 4000,
    "cache_read_input_tokens": 0,
    "cache_creation": {"ephemeral_5m_input_tokens": 4000, "ephemeral_1h_input_tokens": 0},
    "output_tokens": 200,
}


def usage(step: int) -> dict[str, Any]:
    """The first writes 4,000 tokens; each later one reads what was, and writes 500."""
    if step == 0:
        return USAGE
    wrote = {"ephemeral_5m_input_tokens": 500, "ephemeral_1h_input_tokens": 0}
    read = 4000 + 500 * (step - 1)
    return USAGE | {
        "cache_read_input_tokens": read,
        "cache_creation_input_tokens": 500,
        "cache_creation": wrote,
    }


def claude(
    steps: int = STEPS, session: str = "s-1", first: str = "msg"
) -> Iterator[dict[str, Any]]:
    """Every answer is two lines with one id: the first tells a smaller output."""

    def line(kind: str, second: float, **rest: Any) -> dict[str, Any]:
        at = f"2026-07-05T12:{int(second // 60):02}:{second % 60:06.3f}Z"
        return {"type": kind, "sessionId": session, "timestamp": at, "cwd": "/home/u/shop"} | rest

    yield {"type": "summary", "summary": "Fix the test", "leafUuid": "x"}
    yield line("user", 0, message={"role": "user", "content": "Fix the failing test in cart.py"})
    for n in range(steps):
        said = usage(n)
        message = {"id": f"{first}_{n}", "model": MODEL, "role": "assistant"}
        early = said | {"output_tokens": 1}
        text = {"type": "text", "text": "I look."}
        call = {"type": "tool_use", "id": f"t{n}", "name": "Bash", "input": {}}
        yield line("assistant", 10 * n + 4, message=message | {"content": [text], "usage": early})
        yield line("assistant", 10 * n + 5, message=message | {"content": [call], "usage": said})
        result = {"type": "tool_result", "tool_use_id": f"t{n}", "content": "1 failed"}
        yield line("user", 10 * n + 9, message={"role": "user", "content": [result]})


def codex(steps: int = STEPS) -> Iterator[dict[str, Any]]:
    def line(kind: str, n: int, payload: dict[str, Any]) -> dict[str, Any]:
        return {"timestamp": f"2026-07-05T12:00:{n:02}.000Z", "type": kind, "payload": payload}

    yield line("session_meta", 0, {"id": "c-1", "cwd": "/home/u/shop"})
    yield line("turn_context", 0, {"model": "gpt-5.4", "cwd": "/home/u/shop"})
    words = [{"type": "input_text", "text": "Fix the failing test in cart.py"}]
    yield line("response_item", 1, {"type": "message", "role": "user", "content": words})
    whole = 0
    for n in range(steps):
        last = {
            "input_tokens": 4010 + 500 * n,
            "cached_input_tokens": 4000 if n else 0,
            "output_tokens": 200,
            "reasoning_output_tokens": 50,
            "total_tokens": 4210 + 500 * n,
        }
        whole += last["total_tokens"]
        info = {"total_token_usage": {"total_tokens": whole}, "last_token_usage": last}
        yield line("response_item", 5 * n + 2, {"type": "function_call", "name": "shell"})
        for _ in range(2):  # the same count is told again
            yield line("event_msg", 5 * n + 3, {"type": "token_count", "info": info})
        yield line("response_item", 5 * n + 4, {"type": "function_call_output", "output": "no"})


def body(step: int) -> bytes:
    messages: list[dict[str, Any]] = [
        {"role": "user", "content": "Fix the failing test in cart.py"}
    ]
    for n in range(step):
        call = {"type": "tool_use", "id": f"t{n}", "name": "Bash", "input": {}}
        result = {"type": "tool_result", "tool_use_id": f"t{n}", "content": "1 failed " * 60}
        messages += [
            {"role": "assistant", "content": [call]},
            {"role": "user", "content": [result]},
        ]
    system = [{"type": "text", "text": "x " * 8000, "cache_control": {"type": "ephemeral"}}]
    tool = {"name": "Bash", "description": "Runs.", "input_schema": {"type": "object"}}
    made = {"model": MODEL, "max_tokens": 500, "system": system, "tools": [tool]}
    return json.dumps(made | {"messages": messages}).encode()


def answer(step: int) -> bytes:
    content = [{"type": "text", "text": "I look."}]
    made = {"id": f"msg_{step}", "type": "message", "role": "assistant", "model": MODEL}
    return json.dumps(
        made | {"content": content, "stop_reason": "end_turn", "usage": usage(step)}
    ).encode()


URL = "https://api.anthropic.com/v1/messages"


def entry(step: int, url: str = URL) -> dict[str, Any]:
    return {
        "startedDateTime": f"2026-07-05T12:00:{10 * step:02}.000Z",
        "time": 4000.0,
        "request": {
            "method": "POST",
            "url": url,
            "headers": [{"name": "x-api-key", "value": "k"}],
            "postData": {"mimeType": "application/json", "text": body(step).decode()},
        },
        "response": {
            "status": 200,
            # a browser has it unpacked, and keeps the header that says it was packed
            "headers": [
                {"name": "content-type", "value": "application/json"},
                {"name": "content-encoding", "value": "br"},
            ],
            "content": {
                "mimeType": "application/json",
                "text": base64.b64encode(answer(step)).decode(),
                "encoding": "base64",
            },
        },
    }


def har(steps: int = STEPS) -> dict[str, Any]:
    page = entry(0, "https://example.org/index.html") | {"response": {"status": 0}}
    entries = [page, *map(entry, range(steps)), {"request": "of another tool"}]
    return {"log": {"version": "1.2", "creator": {"name": "a tool"}, "entries": entries}}


def flow(step: int, **headers: str) -> http.HTTPFlow:
    made = tflow.tflow(resp=True)
    assert made.response
    made.request = http.Request.make("POST", URL, body(step), {"x-api-key": "k", **headers})
    made.request.timestamp_start = AT + 10 * step
    made.response = http.Response.make(200, answer(step), {"content-type": "application/json"})
    made.response.timestamp_end = AT + 10 * step + 4
    return made


def write_flows(path: Path, steps: int = STEPS) -> None:
    with path.open("wb") as file:
        writer = FlowWriter(file)
        writer.add(tflow.ttcpflow())
        for step in range(steps):
            writer.add(flow(step))


def write_log(path: Path, steps: int = STEPS) -> None:
    with Store.open(path) as log:
        for n in range(steps):
            evidence = {"session": {"step": n + 1}}
            log.add(decided.numbered(n, at=AT + 10 * n, requested_model=MODEL, evidence=evidence))


def write_lines(path: Path, some: Iterator[dict[str, Any]]) -> None:
    path.write_text("".join(json.dumps(line) + "\n" for line in some))


WRITERS: dict[str, Callable[[Path], None]] = {
    "claude.jsonl": lambda path: write_lines(path, claude()),
    "codex.jsonl": lambda path: write_lines(path, codex()),
    "traffic.har": lambda path: path.write_text(json.dumps(har())) and None,
    "traffic.flow": write_flows,
    "turnout.db": write_log,
}


def written(folder: Path, name: str) -> Path:
    path = folder / name
    WRITERS[name](path)
    return path
