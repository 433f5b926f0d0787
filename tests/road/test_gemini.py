"""Gemini end to end: its clients on other targets, in all their framings; others on Gemini."""

import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any

import pytest
import yarl

from road.world import HOME_KEY, OTHER_KEY, Pki, Serve, Served
from turnout.demo.provider import Fault, SimProvider
from wire.grammar import sum_anthropic

TO_CHAT = 'force = "openrouter/minimax-m3"'
TO_CLAUDE = 'force = "anthropic/claude-haiku-4-5"'
TO_GEMINI = 'force = "google/gemini-3.5-flash"'
KEYS = {"OPENROUTER_API_KEY": OTHER_KEY, "ANTHROPIC_API_KEY": OTHER_KEY}
GENERATE = "/v1beta/models/gemini-3.8-flash:generateContent"
STREAM = "/v1beta/models/gemini-3.8-flash:streamGenerateContent"
PATHS = {"whole": GENERATE, "array": STREAM, "sse": f"{STREAM}?alt=sse"}


@dataclass
class Google:
    """google: where Gemini's clients go, over TLS. chat, claude: where they may be sent."""

    served: Served
    google: SimProvider
    chat: SimProvider
    claude: SimProvider

    async def send(
        self, body: Any, path: str, headers: Mapping[str, str] = {}
    ) -> tuple[int, bytes, Mapping[str, str]]:
        url = f"https://localhost:{self.google.port}{path}"
        sent = {"content-type": "application/json", **headers}
        if "key=" not in path:
            sent["x-goog-api-key"] = HOME_KEY
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        async with self.served.session.post(
            yarl.URL(url, encoded=True),
            data=data,
            headers=sent,
            proxy=self.served.proxy,
            ssl=self.served.tls(),
        ) as answer:
            return answer.status, await answer.read(), answer.headers


type Open = Callable[..., AbstractAsyncContextManager[Google]]


@pytest.fixture
def google(serve: Serve, pki: Pki) -> Open:
    @asynccontextmanager
    async def opened(policy: str, env: Mapping[str, str] = KEYS) -> AsyncIterator[Google]:
        async with AsyncExitStack() as stack:
            home = SimProvider("gemini", ssl=pki.server, host="localhost")
            sims = [home, SimProvider("openai_chat"), SimProvider("anthropic")]
            for sim in sims:
                await stack.enter_async_context(sim)
            toml = f"""
[proxy]
intercept = ["localhost"]
[policy]
{policy}
[providers.google]
base_url = "{sims[0].base_url}"
[providers.openrouter]
base_url = "{sims[1].base_url}"
[providers.anthropic]
base_url = "{sims[2].base_url}"
"""
            yield Google(await stack.enter_async_context(serve(toml, env)), *sims)

    return opened


LS = {
    "name": "ls",
    "parametersJsonSchema": {
        "type": "object",
        "properties": {"path": {"type": "string"}},
        "required": ["path"],
    },
}
ASKED: dict[str, Any] = {
    "contents": [{"role": "user", "parts": [{"text": "What is in the folder?"}]}],
    "systemInstruction": {"role": "user", "parts": [{"text": "You are an agent."}]},
    "tools": [{"functionDeclarations": [LS]}],
    "generationConfig": {"temperature": 1, "topP": 0.95, "topK": 64},
}


def chunks(answer: bytes, framing: str) -> list[dict[str, Any]]:
    if framing == "sse":
        return [json.loads(line[6:]) for line in answer.splitlines() if line.startswith(b"data: ")]
    said = json.loads(answer)
    return list(said) if framing == "array" else [said]


def parts(answer: bytes, framing: str) -> list[dict[str, Any]]:
    said = chunks(answer, framing)
    assert said[-1]["candidates"][0]["finishReason"] == "STOP"
    assert said[-1]["usageMetadata"]["totalTokenCount"] > 0
    return [part for one in said for part in one["candidates"][0]["content"]["parts"]]


TYPES = {"sse": "text/event-stream", "array": "application/json", "whole": "application/json"}
framings = pytest.mark.parametrize("framing", PATHS)


@framings
@pytest.mark.parametrize("policy", [TO_CHAT, TO_CLAUDE], ids=["chat", "anthropic"])
async def test_c78_a_tool_task_of_a_gemini_client(google: Open, policy: str, framing: str) -> None:
    """A call, its answer, and the end: what gemini-cli does, on somebody else's model."""
    async with google(policy) as way:
        status, answer, headers = await way.send(ASKED, PATHS[framing])
        assert (status, headers["content-type"].partition(";")[0]) == (200, TYPES[framing])
        said = parts(answer, framing)
        calls = [part for part in said if "functionCall" in part]
        assert [call["functionCall"]["args"] for call in calls] == [{"path": "x"}]
        assert calls[0]["thoughtSignature"] == "skip_thought_signature_validator"
        call = calls[0]["functionCall"]
        made = {"id": call["id"], "name": "ls", "response": {"output": "a.txt"}}
        history = [
            *ASKED["contents"],
            {"role": "model", "parts": [part for part in said if part.get("text") != ""]},
            {"role": "user", "parts": [{"functionResponse": made}]},
        ]
        _, answer, _ = await way.send(ASKED | {"contents": history}, PATHS[framing])
        assert "42" in "".join(part.get("text", "") for part in parts(answer, framing))
        assert way.google.seen == []
        other = way.chat if policy == TO_CHAT else way.claude
        assert len(other.completions()) == 2
        assert HOME_KEY not in repr([(s.path, s.headers, s.body) for s in other.seen])
        first, second = await way.served.rows(2)
        assert first["requested_model"] == "gemini-3.8-flash"
        assert first["output_tokens"] > 0
        assert second["cost_usd"] > 0


async def test_c78_snake_case_and_a_key_in_the_query(google: Open) -> None:
    """As aider and llm write it."""
    body = {
        "contents": ASKED["contents"],
        "system_instruction": {"parts": [{"text": "You are brief."}]},
        "generation_config": {"max_output_tokens": 99, "temperature": 0},
    }
    async with google(TO_CHAT) as way:
        _, answer, _ = await way.send(body, f"{STREAM}?key={HOME_KEY}&alt=sse")
        assert parts(answer, "sse")[0]["text"]
        (seen,) = way.chat.completions()
        assert seen.json["messages"][0] == {"role": "system", "content": "You are brief."}
        assert (seen.json["max_tokens"], seen.json["temperature"]) == (99, 0.0)
        assert HOME_KEY not in repr((seen.path, seen.headers, seen.body))
        await way.served.rows()
        log = (way.served.data / "turnout.db").read_bytes() + way.served.log.read_bytes()
        assert HOME_KEY.encode() not in log


@framings
async def test_c2_same_dialect_same_bytes(google: Open, framing: str) -> None:
    """Another model stands in the path; the body and the query are the client's own."""
    sent = json.dumps(ASKED, indent=1).encode()
    async with google(TO_GEMINI) as way:
        status, answer, headers = await way.send(sent, PATHS[framing])
        assert status == 200
        assert [part for part in parts(answer, framing) if "functionCall" in part]
        (seen,) = way.google.completions()
        assert seen.body == sent
        assert seen.path == PATHS[framing].replace("gemini-3.8-flash", "gemini-3.5-flash")
        assert seen.header("x-goog-api-key") == HOME_KEY
        assert headers["x-turnout-model"] == "google/gemini-3.5-flash"
        (row,) = await way.served.rows()
        assert row["output_tokens"] > 0
        assert row["cost_usd"] > 0


async def test_c88_a_mark_in_every_framing(google: Open) -> None:
    """Gemini's growing array is written anew for it; no framing shows the model its own mark."""
    asked = {key: value for key, value in ASKED.items() if key != "tools"}
    for policy in (TO_GEMINI, TO_CHAT):
        async with google(f"{policy}\nmark = true", {**KEYS, "GEMINI_API_KEY": OTHER_KEY}) as way:
            for framing, path in PATHS.items():
                named = {"x-turnout-session": framing}
                _, answer, _ = await way.send(asked, path, named)
                said = "".join(part.get("text", "") for part in parts(answer, framing))
                mark = f"[turnout: {policy.split('"')[1]}]\n\n"
                assert (framing, said.startswith(mark)) == (framing, True)
                history = [*asked["contents"], {"role": "model", "parts": [{"text": said}]}]
                body = asked | {"contents": [*history, *asked["contents"]]}
                _, answer, _ = await way.send(body, path, named)
                assert b"turnout:" not in answer
                upstream = way.google if policy == TO_GEMINI else way.chat
                assert b"turnout:" not in upstream.completions()[-1].body


async def test_c2_the_requested_model_is_untouched(google: Open) -> None:
    sent = json.dumps(ASKED, indent=1).encode()
    async with google('force = "google/gemini-3.8-flash"') as way:
        await way.send(sent, f"{STREAM}?key={HOME_KEY}&alt=sse&x=%2F")
        (seen,) = way.google.completions()
        assert (seen.body, seen.path) == (sent, f"{STREAM}?key={HOME_KEY}&alt=sse&x=%2F")


@pytest.mark.parametrize("framing", ["sse", "array"])
async def test_c8_a_cut_answer_never_looks_finished(google: Open, framing: str) -> None:
    async with google(TO_CHAT) as way:
        way.chat.faults.append(Fault("eof", events=4))
        _, answer, _ = await way.send(ASKED, PATHS[framing])
        assert b"finishReason" not in answer
        assert "error" in chunks(answer, framing)[-1]


async def test_c9_an_error_in_googles_words(google: Open) -> None:
    async with google(TO_CHAT) as way:
        way.chat.faults.append(Fault("status", status=429, message="slow down", count=9))
        status, answer, headers = await way.send(ASKED, PATHS["sse"])
        assert status == 429
        assert json.loads(answer)["error"]["status"] == "RESOURCE_EXHAUSTED"
        assert headers["retry-after"] == "2"


# -- clients of other dialects on Gemini

ANTHROPIC: dict[str, Any] = {
    "model": "claude-opus-4-7",
    "max_tokens": 64,
    "system": "You are an agent.",
    "messages": [{"role": "user", "content": "What is in the folder?"}],
    "tools": [{"name": "ls", "input_schema": LS["parametersJsonSchema"]}],
}


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
async def test_an_anthropic_client_on_gemini(google: Open, stream: bool) -> None:
    """The simulated Google refuses a step without the signature that it minted: it comes back."""
    env = {"GEMINI_API_KEY": OTHER_KEY}
    async with google(TO_GEMINI, env) as way:
        body = ANTHROPIC | {"stream": stream}
        answer = await ask_claude(way, body)
        call = next(block for block in answer if block["type"] == "tool_use")
        assert call["input"] == {"path": "x"}
        assert "turnout_1_gemini_" in call["id"]
        result = {"type": "tool_result", "tool_use_id": call["id"], "content": "a.txt"}
        history = [
            *ANTHROPIC["messages"],
            {"role": "assistant", "content": answer},
            {"role": "user", "content": [result]},
        ]
        answer = await ask_claude(way, body | {"messages": history})
        assert "42" in answer[0]["text"]
        first, second = way.google.completions()
        path = "/v1beta/models/gemini-3.5-flash:"
        verb = "streamGenerateContent?alt=sse" if stream else "generateContent"
        assert first.path == path + verb
        assert first.header("x-goog-api-key") == OTHER_KEY
        (signed,) = [p for c in second.json["contents"] for p in c["parts"] if "functionCall" in p]
        assert signed["thoughtSignature"] != "skip_thought_signature_validator"
        assert "turnout_1" not in second.body.decode()


async def ask_claude(way: Google, body: dict[str, Any]) -> list[dict[str, Any]]:
    """Through the base URL, as a client without proxy does; the content of the answer."""
    url = f"{way.served.base}/v1/messages"
    headers = {"x-api-key": HOME_KEY, "anthropic-version": "2023-06-01"}
    async with way.served.session.post(url, json=body, headers=headers) as answer:
        data = await answer.read()
        assert answer.status == 200, data
    if not body["stream"]:
        return list(json.loads(data)["content"])
    return list(sum_anthropic(data)["content"])
