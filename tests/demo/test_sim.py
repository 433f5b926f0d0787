"""The simulated providers: what they say, what they remember, how they fail."""

import asyncio
import gzip
import json
import ssl
import zlib
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
import brotli
import pytest
import zstandard
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from demo.asking import A_HEADERS, HEADERS, PATHS, PLAYS, a_body, c_body, frames, post
from turnout.demo.provider import SimProvider, serving


async def stream(sim: SimProvider, body: Any, dialect: str) -> list[Any]:
    async with (
        aiohttp.ClientSession() as http,
        http.post(sim.base_url + PATHS[dialect], json=body, headers=HEADERS[dialect]) as answer,
    ):
        assert answer.headers["content-type"].startswith("text/event-stream")
        return frames(await answer.read())


def a_said(message: Any) -> Any:
    return message["stop_reason"], [
        block.get("text") or block.get("input") or block.get("thinking")
        for block in message["content"]
    ]


def a_results(message: Any) -> list[dict[str, Any]]:
    calls = [block["id"] for block in message["content"] if block["type"] == "tool_use"]
    results = [{"type": "tool_result", "tool_use_id": name, "content": "ok"} for name in calls]
    echo = {"role": "assistant", "content": message["content"]}
    return [echo, {"role": "user", "content": results}]


async def test_anthropic_plays_its_turns_by_the_rounds_of_tools_so_far() -> None:
    async with SimProvider("anthropic", plays=PLAYS) as sim:
        thinking = {"type": "enabled", "budget_tokens": 1024}
        _, first = await post(sim, a_body(thinking=thinking))
        assert a_said(first) == ("tool_use", ["Where is it?", "Looking.", {"path": "a.py"}])
        history = a_results(first)
        _, second = await post(sim, a_body(*history, thinking=thinking))
        assert a_said(second) == ("tool_use", [{"path": "b.py"}, {"path": "c.py"}])
        history += a_results(second)
        _, last = await post(sim, a_body(*history, thinking=thinking))
        assert a_said(last) == ("end_turn", ["Renamed: it is called é now."])
        again = {"role": "user", "content": "rename it back"}
        _, new = await post(sim, a_body(*history, *a_results(last)[:1], again))
        assert a_said(new) == ("tool_use", ["Looking.", {"path": "a.py"}])


async def test_openai_plays_its_turns_by_the_rounds_of_tools_so_far() -> None:
    async with SimProvider("openai_chat", plays=PLAYS) as sim:
        history: list[dict[str, Any]] = []
        said = []
        for _ in range(3):
            _, answer = await post(sim, c_body(*history), "openai_chat")
            message = answer["choices"][0]["message"]
            said.append((answer["choices"][0]["finish_reason"], message["content"]))
            calls = message.get("tool_calls", [])
            results = [{"role": "tool", "tool_call_id": c["id"], "content": "ok"} for c in calls]
            history += [message, *results]
        assert said == [
            ("tool_calls", "Looking."),
            ("tool_calls", None),
            ("stop", "Renamed: it is called é now."),
        ]


async def test_anthropic_streams_what_it_says_whole() -> None:
    async with SimProvider("anthropic", plays=PLAYS) as sim:
        thinking = {"type": "adaptive"}
        _, whole = await post(sim, a_body(thinking=thinking))
        events = await stream(sim, a_body(thinking=thinking, stream=True), "anthropic")
        blocks: list[dict[str, Any]] = []
        for event in events:
            if event["type"] == "content_block_start":
                blocks.append({**event["content_block"], "input": ""})
            elif event["type"] == "content_block_delta":
                for key, value in event["delta"].items():
                    name = {"partial_json": "input"}.get(key, key)
                    if key != "type":
                        blocks[event["index"]][name] += value
        joined = [b.get("text") or b.get("thinking") or json.loads(b["input"]) for b in blocks]
        assert joined == a_said(whole)[1]
        assert blocks[0]["signature"] == whole["content"][0]["signature"]
        assert [e["type"] for e in events[:2]] == ["message_start", "ping"]
        assert [e["type"] for e in events[-2:]] == ["message_delta", "message_stop"]
        assert events[-2]["usage"]["output_tokens"] == whole["usage"]["output_tokens"] > 1


@pytest.mark.parametrize("options", [{}, {"include_usage": True}], ids=["plain", "usage"])
async def test_openai_streams_what_it_says_whole(options: dict[str, bool]) -> None:
    async with SimProvider("openai_chat", plays=PLAYS) as sim:
        asked = c_body(reasoning_effort="low")
        _, whole = await post(sim, asked, "openai_chat")
        events = await stream(
            sim, {**asked, "stream": True, "stream_options": options}, "openai_chat"
        )
        assert events.pop() == "[DONE]"
        usage = events.pop()["usage"] if options else None
        deltas = [event["choices"][0]["delta"] for event in events]
        message = whole["choices"][0]["message"]
        assert "".join(d.get("content") or "" for d in deltas) == message["content"]
        assert "".join(d.get("reasoning") or "" for d in deltas) == message["reasoning"]
        calls = [d["tool_calls"][0] for d in deltas if "tool_calls" in d]
        arguments = "".join(call["function"]["arguments"] for call in calls)
        assert arguments == message["tool_calls"][0]["function"]["arguments"]
        assert events[-1]["choices"][0]["finish_reason"] == "tool_calls"
        assert usage in (None, whole["usage"])


async def test_without_a_play_it_calls_the_first_tool_once() -> None:
    async with SimProvider("anthropic") as sim:
        _, first = await post(sim, a_body())
        assert a_said(first) == ("tool_use", ["I will look.", {"path": "x"}])
        _, last = await post(sim, a_body(*a_results(first)))
        assert a_said(last)[0] == "end_turn"


async def test_a_forced_tool_is_called_and_a_schema_is_kept() -> None:
    schema = {"type": "object", "properties": {"title": {"type": "string"}}, "required": ["title"]}
    async with SimProvider("anthropic", plays=PLAYS) as sim:
        _, forced = await post(sim, a_body(tool_choice={"type": "tool", "name": "Read"}))
        assert a_said(forced) == ("tool_use", [{"path": "x"}])
        made = {"format": {"type": "json_schema", "schema": schema}}
        other = [{"role": "user", "content": "title?"}]
        _, titled = await post(sim, a_body(tools=[], output_config=made, messages=other))
        assert a_said(titled) == ("end_turn", ['{"title": "x"}'])


# ---- memory of requests


async def test_seen_is_what_was_sent_byte_for_byte() -> None:
    body = b'{ "model":"claude-x",\t"zz": 1.0, "messages": [] }\n'
    head = (
        b"POST /v1/messages?beta=true&x=%%2F HTTP/1.1\r\nHoSt: x\r\nX-Api-KEY: k\r\n"
        b"x-Twice: 1\r\nX-TWICE: 2\r\nContent-Length: %d\r\n\r\n" % len(body)
    )
    async with SimProvider("anthropic") as sim:
        reader, writer = await asyncio.open_connection("127.0.0.1", sim.port)
        writer.write(head + body)
        assert (await reader.readline()).startswith(b"HTTP/1.1 400")
        writer.close()
        (seen,) = sim.completions()
        assert (seen.method, seen.path, seen.body) == ("POST", "/v1/messages?beta=true&x=%2F", body)
        assert seen.headers == (
            (b"HoSt", b"x"),
            (b"X-Api-KEY", b"k"),
            (b"x-Twice", b"1"),
            (b"X-TWICE", b"2"),
            (b"Content-Length", str(len(body)).encode()),
        )
        assert (seen.header("x-api-key"), seen.header("nope"), seen.model) == (
            "k",
            None,
            "claude-x",
        )
        assert not seen.tls


PACK = {
    "gzip": gzip.compress,
    "deflate": zlib.compress,
    "br": brotli.compress,
    "zstd": lambda data: zstandard.ZstdCompressor().compress(data),
}


@pytest.mark.parametrize("coding", PACK)
async def test_packed_bodies_are_answered_and_kept_packed(coding: str) -> None:
    packed = PACK[coding](json.dumps(a_body()).encode())
    headers = {**A_HEADERS, "content-encoding": coding}
    async with SimProvider("anthropic") as sim, aiohttp.ClientSession() as http:
        async with http.post(sim.base_url + "/messages", data=packed, headers=headers) as answer:
            assert answer.status == 200
        assert sim.seen[0].body == packed


async def test_connections_are_counted() -> None:
    async with SimProvider("anthropic") as sim:
        async with aiohttp.ClientSession() as http:
            for _ in range(3):
                async with http.get(sim.base_url + "/models", headers=A_HEADERS) as answer:
                    await answer.read()
        async with aiohttp.ClientSession() as http:
            await (await http.get(sim.base_url + "/models", headers=A_HEADERS)).read()
        assert [seen.connection for seen in sim.seen] == [1, 1, 1, 2]
        assert (sim.connections, sim.handshakes) == (2, 0)


@pytest.fixture
def server_tls(tmp_path: Path) -> tuple[ssl.SSLContext, Path]:
    """A TLS context for 127.0.0.1 and the certificate to trust."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    built = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    )
    pem = serialization.Encoding.PEM
    cert, secret = tmp_path / "cert.pem", tmp_path / "key.pem"
    cert.write_bytes(built.sign(key, hashes.SHA256()).public_bytes(pem))
    shape = serialization.PrivateFormat.PKCS8
    secret.write_bytes(key.private_bytes(pem, shape, serialization.NoEncryption()))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, secret)
    return context, cert


async def test_tls_is_served_and_handshakes_counted(
    server_tls: tuple[ssl.SSLContext, Path],
) -> None:
    context, cert = server_tls
    trust = ssl.create_default_context(cafile=cert)
    async with SimProvider("anthropic", ssl=context) as sim, aiohttp.ClientSession() as http:
        url = f"https://localhost:{sim.port}/v1/models"
        async with http.get(url, headers=A_HEADERS, ssl=trust) as answer:
            assert answer.status == 200
        with pytest.raises(aiohttp.ClientConnectorError):
            await http.get(url, ssl=ssl.create_default_context())
        assert (sim.seen[0].tls, sim.handshakes) == (True, 1)


def test_in_a_thread() -> None:
    sim = SimProvider("anthropic")
    with serving(sim):
        status, _ = asyncio.run(post(sim, a_body()))
    assert (status, len(sim.seen)) == (200, 1)
