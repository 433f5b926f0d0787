"""Who can serve what."""

from dataclasses import replace

import pytest

from route.models import CATALOG, CHAT, binding
from turnout.route.catalog import Catalog
from turnout.route.eligible import why_not
from turnout.route.model import Binding, Host, Model
from turnout.wire.request import Ask, DialectName

ASK = Ask(dialect="anthropic", model="m", input_tokens=1000)
PLAIN = Model(id="p", context_window=10_000, max_output=4_000)


def ask(**facts: object) -> Ask:
    return replace(ASK, **facts)  # type: ignore[arg-type]


def tools(count: int) -> Ask:
    return ask(tools=tuple(f"t{i}" for i in range(count)))


def at_chat(chat_tools: str = "always", **facts: object) -> Binding:
    model = replace(PLAIN, **facts)  # type: ignore[arg-type]
    return binding(model, "b", host=CHAT, chat_tools=chat_tools)


BOUNDLESS = at_chat(context_window=None, max_output=None)
PDF_MODEL = replace(PLAIN, documents=True)
FORCED = ask(tools=("t",), forced_tool=True)

# fmt: off
TABLE: dict[str, tuple[Ask, Binding, str | None]] = {
    "nothing special": (ask(), at_chat(), None),
    "c11 input and reserve just fit": (ask(input_tokens=5454, max_tokens=4000), at_chat(), None),
    "c11 one token more": (ask(input_tokens=5455, max_tokens=4000), at_chat(), "window"),
    "c11 reserve is what it can write": (ask(input_tokens=5454, max_tokens=9999), at_chat(), None),
    "c11 the default reserve": (ask(input_tokens=1700), at_chat(max_output=None), "window"),
    "c11 a small default reserve fits": (ask(input_tokens=1600), at_chat(max_output=None), None),
    "c11 input has a limit of its own": (ask(input_tokens=1000), at_chat(max_input=1099), "window"),
    "c11 the margin is in it": (ask(input_tokens=1000), at_chat(max_input=1101), None),
    "c11 a window that nobody knows": (ask(input_tokens=10**9), BOUNDLESS, None),
    "c11 its tokeniser needs more": (ask(input_tokens=5000), at_chat(token_ratio=1.3), "window"),
    "c10 images for a model without": (ask(images=True), at_chat(), "images"),
    "c10 images for a model with": (ask(images=True), at_chat(images=True), None),
    "c35 documents for a model without": (ask(documents=True), at_chat(), "files"),
    "c35 documents for a model with": (ask(documents=True), at_chat(documents=True), None),
    "c35 documents no host carries": (ask(documents=True), binding(PDF_MODEL), "files"),
    "tools for a model without": (tools(1), at_chat(tools=False), "tools"),
    "no tools for a model without": (ask(), at_chat(tools=False), None),
    "a forced tool": (FORCED, at_chat(forced_tools=False), "forced_tool"),
    "c32 128 tools": (tools(128), at_chat(), None),
    "c32 140 tools": (tools(140), at_chat(), "too_many_tools"),
    "c32 140 tools where no limit is known": (tools(140), binding(PLAIN), None),
    "structured output": (ask(structured=True), at_chat(structured=False), "structured_output"),
    "c12 signed thinking is no reason, it can go": (ask(signed_thinking=True), at_chat(), None),
    "c37 effort is no reason, it can go": (ask(effort="high"), at_chat(), None),
    "tools only in Responses": (tools(1), at_chat("never"), "responses_only"),
    "no tools, so in Chat as well": (ask(), at_chat("never"), None),
    "tools without reasoning": (replace(tools(1), effort="none"), at_chat("effort_none"), None),
    "tools with reasoning": (tools(1), at_chat("effort_none"), "responses_only"),
}
# fmt: on


@pytest.mark.parametrize(("ask", "binding", "why"), TABLE.values(), ids=TABLE)
def test_why_not(ask: Ask, binding: Binding, why: str | None) -> None:
    assert why_not(ask, binding, same_dialect=False) == why


CLAUDE = binding(replace(PLAIN, vendor="anthropic"), "anthropic", host=Host(name="anthropic"))
ELSEWHERE = binding(replace(PLAIN, vendor="anthropic"), "b", host=CHAT)
GLM = binding(replace(PLAIN, vendor="zai"), "zai", host=Host(name="zai"))
SERVER_TOOLS = {
    "c36 Anthropic's own": (CLAUDE, True, None),
    "c36 in another dialect": (CLAUDE, False, "server_tools"),
    "c36 the same model elsewhere": (ELSEWHERE, True, "server_tools"),
    "c36 another vendor in the dialect": (GLM, True, "server_tools"),
}


@pytest.mark.parametrize(("binding", "same", "why"), SERVER_TOOLS.values(), ids=SERVER_TOOLS)
def test_server_tools(binding: Binding, same: bool, why: str | None) -> None:
    assert why_not(ask(server_tools=True), binding, same_dialect=same) == why


# what holds of the real ones
REAL: dict[str, tuple[Ask, str, str, DialectName, str | None]] = {
    "c32 at OpenAI": (tools(140), "openai", "gpt-5.4", "openai_chat", "too_many_tools"),
    "c10 text only": (ask(images=True), "zai", "glm-5.2", "openai_chat", "images"),
    "c35 PDF": (ask(documents=True), "deepseek", "deepseek-flash", "openai_chat", "files"),
    "PDF at home": (ask(documents=True), "anthropic", "claude-haiku-4-5", "anthropic", None),
    "gpt-6 in Chat": (tools(3), "openai", "gpt-6-astra", "openai_chat", "responses_only"),
    "gpt-6 in Responses": (tools(3), "openai", "gpt-6-astra", "openai_responses", None),
    "gpt-6 at another host": (
        tools(3),
        "openrouter",
        "openai/gpt-6-astra",
        "openai_chat",
        None,
    ),
    "no forced tool": (
        ask(tools=("t",), forced_tool=True),
        "anthropic",
        "claude-opus-5-5",
        "anthropic",
        "forced_tool",
    ),
    "c11 200k": (ask(input_tokens=190_000), "anthropic", "claude-haiku-4-5", "anthropic", "window"),
}


@pytest.mark.parametrize(("ask", "provider", "id", "dialect", "why"), REAL.values(), ids=REAL)
def test_real(ask: Ask, provider: str, id: str, dialect: DialectName, why: str | None) -> None:
    found = Catalog.load(CATALOG).find(provider, id)
    assert found
    same = dialect == ask.dialect
    assert why_not(ask, found, same_dialect=same, dialect=dialect) == why
