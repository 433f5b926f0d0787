"""c12 end to end in the other dialects: thought signatures and encrypted reasoning."""

import io
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Literal

from road.world import HOME_KEY, Pki, Serve, Served
from turnout.demo.provider import SimProvider
from turnout.wire.gemini.signature import FOREIGN

PRO, FLASH, GPT = "gemini-3.1-pro-preview", "gemini-3.8-flash", "gpt-5.5"
SCHEMA = {"type": "object", "properties": {"a": {"type": "integer"}}}
KEYS = {"AZURE_KEY": "azures"}


@dataclass
class World:
    """home: where the client goes. other: a second provider, of the same dialect."""

    served: Served
    home: SimProvider
    other: SimProvider

    async def send(self, path: str, body: Any, force: str) -> Any:
        headers = {
            "content-type": "application/json",
            "x-goog-api-key": HOME_KEY,
            "authorization": f"Bearer {HOME_KEY}",
            "x-turnout-model": force,
            "x-turnout-session": "one",
        }
        async with self.served.session.post(
            f"https://localhost:{self.home.port}{path}",
            data=io.BytesIO(json.dumps(body).encode()),
            headers=headers,
            proxy=self.served.proxy,
            ssl=self.served.tls(),
        ) as answer:
            assert answer.status == 200, await answer.text()
            assert answer.headers["x-turnout-model"] == force
            return await answer.json()


@asynccontextmanager
async def world(
    serve: Serve, pki: Pki, dialect: Literal["gemini", "openai_responses"], provider: str
) -> AsyncIterator[World]:
    async with AsyncExitStack() as stack:
        home = SimProvider(dialect, ssl=pki.server, host="localhost", binds="home")
        other = SimProvider(dialect, binds="other")
        for sim in (home, other):
            await stack.enter_async_context(sim)
        toml = f"""
[proxy]
intercept = ["localhost"]
[providers.{provider}]
base_url = "{home.base_url}"
dialect = "{dialect}"
[providers.azure]
base_url = "{other.base_url}"
dialect = "{dialect}"
key = "env:AZURE_KEY"
[[providers.azure.models]]
id = "{GPT}"
"""
        yield World(await stack.enter_async_context(serve(toml, KEYS)), home, other)


@dataclass
class Conversation:
    """Whoever asks for PRO, or for GPT at OpenAI, and gives back whatever came."""

    way: World
    said: list[Any] = field(default_factory=list)

    async def gemini(self, model: str) -> None:
        tools = [{"functionDeclarations": [{"name": "f", "parametersJsonSchema": SCHEMA}]}]
        path = f"/v1beta/models/{PRO}:generateContent"
        body = {"contents": self.said, "tools": tools}
        came = await self.way.send(path, body, f"google/{model}")
        content = came["candidates"][0]["content"]
        self.said.append(content)
        calls = [part["functionCall"] for part in content["parts"] if "functionCall" in part]
        if calls:
            answers = [{"name": call["name"], "response": {"a": 1}} for call in calls]
            self.said.append({"role": "user", "parts": [{"functionResponse": a} for a in answers]})

    async def responses(self, provider: str) -> None:
        body = {
            "model": GPT,
            "input": self.said,
            "store": False,
            "include": ["reasoning.encrypted_content"],
            "reasoning": {"effort": "low"},
            "tools": [{"type": "function", "name": "f", "parameters": SCHEMA}],
        }
        came = await self.way.send("/v1/responses", body, f"{provider}/{GPT}")
        self.said += came["output"]
        ids = [item["call_id"] for item in came["output"] if item["type"] == "function_call"]
        self.said += [
            {"type": "function_call_output", "call_id": one, "output": "ok"} for one in ids
        ]


def signed(body: bytes) -> list[str]:
    parts = [part for content in json.loads(body)["contents"] for part in content["parts"]]
    return [part["thoughtSignature"] for part in parts if "thoughtSignature" in part]


def secrets(body: bytes) -> list[str]:
    items = json.loads(body)["input"]
    return [item["encrypted_content"] for item in items if item["type"] == "reasoning"]


async def test_c12_gemini(serve: Serve, pki: Pki) -> None:
    """Calls of the sibling, in the turn in progress and in one before; back and forth."""
    async with world(serve, pki, "gemini", "google") as way:
        await _gemini(way, Conversation(way))


async def test_c12_responses(serve: Serve, pki: Pki) -> None:
    """The same model at two providers."""
    async with world(serve, pki, "openai_responses", "openai") as way:
        await _responses(way, Conversation(way))


async def _gemini(way: World, one: Conversation) -> None:
    for model in (FLASH, PRO, FLASH, PRO):
        one.said.append({"role": "user", "parts": [{"text": f"Go on, {model}."}]})
        await one.gemini(model)  # it calls
        await one.gemini(PRO if model == FLASH else FLASH)  # another takes over in the loop
    minted = signed(json.dumps({"contents": one.said}).encode())
    assert len(set(minted)) == 2, "one of each"
    of = {FLASH: minted[0], PRO: minted[1]}
    for seen in way.home.completions():
        kept = [one for one in signed(seen.body) if one != FOREIGN]
        assert set(kept) <= {of[seen.path.partition("/models/")[2].partition(":")[0]]}
    last = signed(way.home.completions()[-1].body)
    assert last == [of[FLASH], of[FLASH], FOREIGN], "only the last is in the turn in progress"
    rows = await way.served.rows(8)
    assert any(c["what"] == "thoughtSignature" for c in rows[1]["changes"])


async def _responses(way: World, one: Conversation) -> None:
    for provider in ("openai", "azure", "openai", "azure"):
        one.said.append({"type": "message", "role": "user", "content": f"Go on, {provider}."})
        await one.responses(provider)
        await one.responses("azure" if provider == "openai" else "openai")
    minted = secrets(json.dumps({"input": one.said}).encode())
    by = ["openai", "azure", "azure", "openai"] * 2
    for name, sim in (("openai", way.home), ("azure", way.other)):
        own = [secret for secret, maker in zip(minted, by, strict=True) if maker == name]
        for seen in sim.completions():
            got = secrets(seen.body)
            assert got == own[: len(got)]
        assert len(secrets(sim.completions()[-1].body)) >= 3
