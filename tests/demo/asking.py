"""Requests for the simulated providers, and how to send them."""

import asyncio
import json
from typing import Any

import aiohttp

from turnout.demo.provider import SimProvider
from turnout.demo.speech import Call, Turn

A_HEADERS = {"x-api-key": "sk-ant-x", "anthropic-version": "2023-06-01"}
C_HEADERS = {"authorization": "Bearer sk-x"}
TOOL = {"type": "object", "properties": {"path": {"type": "string"}}, "required": ["path"]}
PLAYS = {
    "rename": [
        Turn(thinking="Where is it?", text="Looking.", calls=(Call("Read", {"path": "a.py"}),)),
        Turn(calls=(Call("Read", {"path": "b.py"}), Call("Read", {"path": "c.py"}))),
        Turn(text="Renamed: it is called é now."),
    ]
}


def a_body(*messages: dict[str, Any], **more: Any) -> dict[str, Any]:
    tools = [{"name": "Read", "input_schema": TOOL}]
    first = {"role": "user", "content": "rename it"}
    body = {"model": "claude-x", "max_tokens": 9, "tools": tools, "messages": [first, *messages]}
    return {**body, **more}


def c_body(*messages: dict[str, Any], **more: Any) -> dict[str, Any]:
    tools = [{"type": "function", "function": {"name": "Read", "parameters": TOOL}}]
    first = {"role": "user", "content": "rename it"}
    return {"model": "gpt-x", "tools": tools, "messages": [first, *messages], **more}


BODIES = {"anthropic": a_body, "openai_chat": c_body}
PATHS = {"anthropic": "/messages", "openai_chat": "/chat/completions"}
HEADERS = {"anthropic": A_HEADERS, "openai_chat": C_HEADERS}
DIALECTS = list(PATHS)


async def post(sim: SimProvider, body: Any, dialect: str = "anthropic") -> tuple[int, Any]:
    async with (
        aiohttp.ClientSession() as http,
        http.post(sim.base_url + PATHS[dialect], json=body, headers=HEADERS[dialect]) as answer,
    ):
        return answer.status, await answer.json()


async def raw(sim: SimProvider, dialect: str = "anthropic", **more: Any) -> bytes:
    """Everything that comes back on one connection, or what the system says of it."""
    body = json.dumps(BODIES[dialect](**more)).encode()
    reader, writer = await asyncio.open_connection("127.0.0.1", sim.port)
    lines = "".join(f"{key}: {value}\r\n" for key, value in HEADERS[dialect].items())
    head = f"POST /v1{PATHS[dialect]} HTTP/1.1\r\nHost: x\r\n{lines}Connection: close\r\n"
    writer.write(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
    try:
        return await reader.read()
    finally:
        writer.close()


def frames(stream: bytes) -> list[Any]:
    """The events of a raw stream; "[DONE]" stays a text."""
    lines = [line[6:] for line in stream.split(b"\n") if line.startswith(b"data: ")]
    return [json.loads(line) if line != b"[DONE]" else "[DONE]" for line in lines]
