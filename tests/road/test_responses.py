"""Responses end to end: its clients on other targets; others on it; and at home, the same bytes."""

import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any

import pytest

from road.world import HOME_KEY, OTHER_KEY, Pki, Serve, Served
from turnout.demo.provider import Fault, SimProvider
from turnout.wire.openai_responses import compaction
from wire import grammar, grammar_responses

TO_CHAT = 'force = "openrouter/minimax-m3"'
TO_CLAUDE = 'force = "anthropic/claude-haiku-4-5"'
TO_MINI = 'force = "openai/gpt-5-mini"'
KEYS = {"OPENROUTER_API_KEY": OTHER_KEY, "ANTHROPIC_API_KEY": OTHER_KEY}
SPEAKS_IT = 'dialect = "openai_responses"'


@dataclass
class OpenAI:
    """openai: where its clients go, over TLS. chat, claude: where they may be sent."""

    served: Served
    openai: SimProvider
    chat: SimProvider
    claude: SimProvider

    async def send(self, body: Any) -> tuple[int, bytes, Mapping[str, str]]:
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        async with self.served.session.post(
            f"https://localhost:{self.openai.port}/v1/responses",
            data=data,
            headers={"content-type": "application/json", "authorization": f"Bearer {HOME_KEY}"},
            proxy=self.served.proxy,
            ssl=self.served.tls(),
        ) as answer:
            return answer.status, await answer.read(), answer.headers


type Open = Callable[..., AbstractAsyncContextManager[OpenAI]]


@pytest.fixture
def openai(serve: Serve, pki: Pki) -> Open:
    @asynccontextmanager
    async def opened(
        policy: str = "", env: Mapping[str, str] = KEYS, spoken: str = ""
    ) -> AsyncIterator[OpenAI]:
        async with AsyncExitStack() as stack:
            home = SimProvider("openai_responses", ssl=pki.server, host="localhost")
            sims = [home, SimProvider("openai_chat"), SimProvider("anthropic")]
            for sim in sims:
                await stack.enter_async_context(sim)
            toml = f"""
[proxy]
intercept = ["localhost"]
[policy]
{policy}
[providers.openai]
base_url = "{sims[0].base_url}"
{spoken}
[providers.openrouter]
base_url = "{sims[1].base_url}"
[providers.anthropic]
base_url = "{sims[2].base_url}"
"""
            yield OpenAI(await stack.enter_async_context(serve(toml, env)), *sims)

    return opened


SCHEMA = {"type": "object", "properties": {"path": {"type": "string"}}, "required": ["path"]}
LS = {"type": "function", "name": "ls", "parameters": SCHEMA, "strict": False}
FILES = {"type": "namespace", "name": "files", "description": "Files.", "tools": [LS]}
PATCH = {"type": "custom", "name": "apply_patch", "description": "Edits files."}
HI: dict[str, Any] = {
    "type": "message",
    "role": "user",
    "content": [{"type": "input_text", "text": "What is in the folder?"}],
}
ASKED: dict[str, Any] = {
    "model": "gpt-5",
    "instructions": "You are an agent.",
    "input": [HI],
    "tools": [FILES],
    "tool_choice": "auto",
    "parallel_tool_calls": True,
    "reasoning": {"effort": "high", "summary": "auto"},
    "include": ["reasoning.encrypted_content"],
    "store": False,
}
streamed = pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])


def answered(data: bytes, *, stream: bool) -> dict[str, Any]:
    """The answer, whose stream is in order."""
    if stream:
        grammar_responses.check(data)
        return grammar_responses.final(data)
    return dict(json.loads(data))


@streamed
@pytest.mark.parametrize("policy", [TO_CHAT, TO_CLAUDE], ids=["chat", "anthropic"])
async def test_c75_a_tool_task_of_a_responses_client(
    openai: Open, policy: str, stream: bool
) -> None:
    """A call of a tool in a namespace, its output, and the end: on somebody else's model."""
    async with openai(policy) as way:
        body = ASKED | {"stream": stream}
        status, data, _ = await way.send(body)
        assert status == 200, data
        answer = answered(data, stream=stream)
        assert answer["status"] == "completed"
        (call,) = [item for item in answer["output"] if item["type"] == "function_call"]
        assert (call["namespace"], call["name"]) == ("files", "ls")
        assert json.loads(call["arguments"]) == {"path": "x"}
        output = {"type": "function_call_output", "call_id": call["call_id"], "output": "a.txt"}
        _, data, _ = await way.send(body | {"input": [HI, *answer["output"], output]})
        last = answered(data, stream=stream)["output"][-1]
        assert "42" in last["content"][0]["text"]
        assert way.openai.seen == []
        other = way.chat if policy == TO_CHAT else way.claude
        assert len(other.completions()) == 2
        assert HOME_KEY not in repr([(s.path, s.headers, s.body) for s in other.seen])
        assert "turnout_1" not in other.completions()[1].body.decode()
        first, second = await way.served.rows(2)
        assert first["requested_model"] == "gpt-5"
        assert first["output_tokens"] > 0
        assert second["cost_usd"] > 0


async def test_claudes_thinking_comes_back_to_it(openai: Open) -> None:
    """The simulated Anthropic refuses thinking that it did not sign."""
    async with openai(TO_CLAUDE) as way:
        _, data, _ = await way.send(ASKED)
        answer = answered(data, stream=False)
        kinds = [item["type"] for item in answer["output"]]
        assert kinds == ["reasoning", "message", "function_call"]
        output = {
            "type": "function_call_output",
            "call_id": answer["output"][2]["call_id"],
            "output": "a.txt",
        }
        status, data, _ = await way.send(ASKED | {"input": [HI, *answer["output"], output]})
        assert status == 200, data
        (_, seen) = way.claude.completions()
        first = seen.json["messages"][1]["content"][0]
        assert first["type"] == "thinking"
        assert first["signature"]


@streamed
async def test_c75_a_custom_tool(openai: Open, stream: bool) -> None:
    async with openai(TO_CHAT) as way:
        body = ASKED | {"tools": [PATCH], "stream": stream}
        _, data, _ = await way.send(body)
        answer = answered(data, stream=stream)
        (call,) = [item for item in answer["output"] if item["type"] == "custom_tool_call"]
        assert (call["name"], call["input"]) == ("apply_patch", "x")
        output = {"type": "custom_tool_call_output", "call_id": call["call_id"]}
        said = output | {"output": [{"type": "input_text", "text": "done"}]}
        _, data, _ = await way.send(body | {"input": [HI, *answer["output"], said]})
        assert answered(data, stream=stream)["status"] == "completed"
        (_, seen) = way.chat.completions()
        assert seen.json["messages"][-1]["content"] == "done"


@streamed
async def test_c2_same_dialect_same_bytes(openai: Open, stream: bool) -> None:
    """At home the client's own dialect is spoken, whatever else the provider has."""
    sent = json.dumps(ASKED | {"stream": stream, "tools": [LS]}, indent=1).encode()
    async with openai(TO_MINI) as way:
        status, data, headers = await way.send(sent)
        assert status == 200, data
        assert answered(data, stream=stream)["output"]
        (seen,) = way.openai.completions()
        assert seen.body == sent.replace(b'"gpt-5"', b'"gpt-5-mini"')
        assert seen.path == "/v1/responses"
        assert seen.header("authorization") == f"Bearer {HOME_KEY}"
        assert headers["x-turnout-model"] == "openai/gpt-5-mini"
        (row,) = await way.served.rows()
        assert row["output_tokens"] > 0
        assert row["cost_usd"] > 0


NATIVE: dict[str, dict[str, Any]] = {
    "a response that it keeps": {"previous_response_id": "resp_1"},
    "its own tool": {"tools": [{"type": "web_search"}]},
    "compaction": {"input": [HI, {"type": "compaction_trigger"}]},
}


async def test_c88_a_mark_in_its_own_dialect(openai: Open) -> None:
    """Wherever Responses says the text again, it says the same; and the model never reads it."""
    mark = "[turnout: openai/gpt-5-mini]\n\n"
    async with openai(f"{TO_MINI}\nmark = true", spoken=SPEAKS_IT) as way:
        for stream in (True, False):
            asked = {"model": "gpt-5", "input": f"Say hello {stream}.", "stream": stream}
            _, data, _ = await way.send(asked)
            if stream:
                grammar_responses.check(data)
            output = answered(data, stream=stream)["output"]
            said = next(item for item in output if item["type"] == "message")
            assert said["content"][0]["text"].startswith(mark)
            turn = [{"role": "user", "content": asked["input"]}, said]
            again = asked | {"input": [*turn, {"role": "user", "content": "Go on."}]}
            _, data, _ = await way.send(again)
            assert b"turnout:" not in data
            assert b"turnout:" not in way.openai.completions()[-1].body


@pytest.mark.parametrize("native", NATIVE.values(), ids=NATIVE)
async def test_c75_native_only_goes_home(openai: Open, native: dict[str, Any]) -> None:
    sent = json.dumps(ASKED | native, indent=1).encode()
    async with openai() as way:
        status, data, _ = await way.send(sent)
        assert status == 200, data
        (seen,) = way.openai.completions()
        told = json.loads(sent) | {"model": seen.json["model"]}
        assert seen.json == told
        assert way.chat.seen == way.claude.seen == []


@streamed
async def test_c65_a_compaction_where_openai_may_not_be_asked(openai: Open, stream: bool) -> None:
    """Another model is asked in words; its summary comes back in an item, which is opened again."""
    async with openai(TO_CHAT) as way:
        body = ASKED | {"tools": [LS], "stream": stream}
        status, data, _ = await way.send(body | {"input": [HI, {"type": "compaction_trigger"}]})
        assert status == 200, data
        (item,) = answered(data, stream=stream)["output"]
        assert item["type"] == "compaction"
        status, data, _ = await way.send(body | {"input": [item, HI]})
        assert status == 200, data
        asked, seen = [one.json["messages"] for one in way.chat.completions()]
        assert compaction.ORDER in asked[-1]["content"]
        assert compaction.opened(item["encrypted_content"]) in seen[-1]["content"]
        assert way.openai.seen == []
        first, _ = await way.served.rows(2)
        assert (first["kind"], first["model"]) == ("compaction", "minimax-m3")


async def test_c75_a_summary_of_ours_at_openais(openai: Open) -> None:
    async with openai(TO_MINI) as way:
        item = {"type": "compaction", "encrypted_content": compaction.sealed("They want a list.")}
        status, data, _ = await way.send(ASKED | {"input": [item, HI], "tools": [LS]})
        assert status == 200, data
        (seen,) = way.openai.completions()
        assert seen.json["input"][0]["content"][0]["text"].endswith("They want a list.")
        assert seen.json["input"][1:] == [HI]


async def test_c8_a_cut_answer_is_a_failed_response(openai: Open) -> None:
    async with openai(TO_CHAT) as way:
        way.chat.faults.append(Fault("eof", events=4))
        _, data, _ = await way.send(ASKED | {"stream": True})
        grammar_responses.check(data)
        assert grammar_responses.final(data)["status"] == "failed"


async def test_c8_a_cut_answer_at_home_ends_with_a_failure(openai: Open) -> None:
    async with openai(TO_MINI) as way:
        way.openai.faults.append(Fault("eof", events=5))
        _, data, _ = await way.send(ASKED | {"stream": True, "tools": [LS]})
        assert grammar.frames(data)[-1].event == "response.failed"


async def test_c26_an_error_in_openais_words(openai: Open) -> None:
    async with openai(TO_CHAT) as way:
        way.chat.faults.append(Fault("status", status=429, message="slow down", count=9))
        status, data, headers = await way.send(ASKED)
        assert status == 429
        assert json.loads(data)["error"]["message"] == "slow down"
        assert headers["retry-after"] == "2"


# -- clients of other dialects on Responses

ANTHROPIC: dict[str, Any] = {
    "model": "claude-opus-4-7",
    "max_tokens": 64,
    "system": "You are an agent.",
    "thinking": {"type": "enabled", "budget_tokens": 32000},
    "messages": [{"role": "user", "content": "What is in the folder?"}],
    "tools": [{"name": "ls", "input_schema": SCHEMA}],
}


@streamed
async def test_c73_an_anthropic_client(openai: Open, stream: bool) -> None:
    """The simulated OpenAI refuses reasoning that it did not encrypt: its own comes back to it."""
    env = {"OPENAI_API_KEY": OTHER_KEY}
    async with openai(TO_MINI, env, SPEAKS_IT) as way:
        body = ANTHROPIC | {"stream": stream}
        answer = await ask_claude(way, body)
        assert [block["type"] for block in answer] == ["thinking", "text", "tool_use"]
        assert answer[0]["signature"].startswith("turnout_1_openai_")
        assert answer[2]["input"] == {"path": "x"}
        result = {"type": "tool_result", "tool_use_id": answer[2]["id"], "content": "a.txt"}
        history = [
            *ANTHROPIC["messages"],
            {"role": "assistant", "content": answer},
            {"role": "user", "content": [result]},
        ]
        last = await ask_claude(way, body | {"messages": history})
        assert "42" in last[-1]["text"]
        first, second = way.openai.completions()
        assert first.path == "/v1/responses"
        assert first.header("authorization") == f"Bearer {OTHER_KEY}"
        assert (first.json["store"], first.json["stream"]) == (False, True)
        assert first.json["include"] == ["reasoning.encrypted_content"]
        assert [item["type"] for item in second.json["input"]] == [
            "message",
            "reasoning",
            "message",
            "function_call",
            "function_call_output",
        ]
        assert second.json["input"][1]["encrypted_content"].startswith("gAAA")
        assert "turnout_1" not in second.body.decode()


async def ask_claude(way: OpenAI, body: dict[str, Any]) -> list[dict[str, Any]]:
    """Through the base URL, as a client without proxy does; the content of the answer."""
    url = f"{way.served.base}/v1/messages"
    headers = {"x-api-key": HOME_KEY, "anthropic-version": "2023-06-01"}
    async with way.served.session.post(url, json=body, headers=headers) as answer:
        data = await answer.read()
        assert answer.status == 200, data
    if not body["stream"]:
        return list(json.loads(data)["content"])
    return list(grammar.sum_anthropic(data)["content"])
