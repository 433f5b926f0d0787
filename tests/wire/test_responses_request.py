"""Requests of Responses clients, read; and for Anthropic's and OpenAI's other dialect."""

import json
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given

from turnout.errors import UnsupportedError, WireError
from turnout.wire.anthropic import request as anthropic
from turnout.wire.openai_chat import request as chat
from turnout.wire.openai_responses import request as responses
from turnout.wire.request import (
    Document,
    Format,
    Image,
    Message,
    Request,
    Target,
    Text,
    Thinking,
    Tool,
    ToolChoice,
    ToolResult,
    ToolUse,
)
from turnout.wire.sealed import Sealed, decode, encode
from wire.conversations import anything

EMPTY = {"type": "object", "properties": {}}
ADD = {"type": "function", "name": "add", "description": "Adds.", "parameters": EMPTY}
PATCH = {
    "type": "custom",
    "name": "apply_patch",
    "description": "Edits files.",
    "format": {"type": "grammar", "syntax": "lark", "definition": "start: /.+/"},
}
AGENTS = {
    "type": "namespace",
    "name": "agents",
    "description": "Helpers.",
    "tools": [
        {"type": "function", "name": "spawn", "description": "Starts one.", "parameters": EMPTY},
        {"type": "custom", "name": "exec", "description": "Runs code."},
    ],
}
FREE = {
    "type": "object",
    "properties": {"input": {"type": "string", "description": "The whole input, as plain text."}},
    "required": ["input"],
    "additionalProperties": False,
}
PLAIN = Target(model="t", documents=True)
CLAUDE = Target(model="claude-sonnet-4-5", reasoning="budget", documents=True)


def body(**fields: Any) -> bytes:
    return json.dumps({"model": "gpt-5", "input": "Hello", "store": False} | fields).encode()


def read(**fields: Any) -> Request:
    return responses.read(body(**fields), "/v1/responses")


def said(role: str, *parts: Any, **more: Any) -> dict[str, Any]:
    return {"type": "message", "role": role, "content": list(parts)} | more


def text(words: str, kind: str = "input_text") -> dict[str, Any]:
    return {"type": kind, "text": words}


def call(id: str = "c1", name: str = "add", arguments: str = "{}", **more: Any) -> dict[str, Any]:
    head = {"type": "function_call", "call_id": id, "name": name, "arguments": arguments}
    return head | more


def output(id: str = "c1", result: Any = "3", **more: Any) -> dict[str, Any]:
    return {"type": "function_call_output", "call_id": id, "output": result} | more


HI = said("user", text("Hello"))
USER = Message("user", (Text("Hello"),))
CLIENTS = {
    "id": "x1",
    "status": "completed",
    "internal_chat_message_metadata_passthrough": {"a": 1},
}

# items of the input                                -> messages, or the parts of the second one
ITEMS: dict[str, tuple[list[Any], tuple[Message, ...]]] = {
    "messages with and without a type": (
        [{"role": "user", "content": "Hello"}, said("assistant", text("Hi", "output_text"))],
        (USER, Message("assistant", (Text("Hi"),))),
    ),
    "the client's ids and marks": ([HI | CLIENTS], (USER,)),
    "developer in the conversation": (
        [HI, said("developer", text("Be brief."))],
        (USER, Message("system", (Text("Be brief."),))),
    ),
    "images and files": (
        [
            said(
                "user",
                {"type": "input_image", "image_url": "data:image/png;base64,iVBO"},
                {"type": "input_image", "image_url": "https://x.test/a.png", "detail": "high"},
                {
                    "type": "input_file",
                    "filename": "a.pdf",
                    "file_data": "data:application/pdf;base64,JVBE",
                },
            )
        ],
        (
            Message(
                "user",
                (
                    Image("image/png", "iVBO"),
                    Image(url="https://x.test/a.png"),
                    Document("application/pdf", "JVBE", name="a.pdf"),
                ),
            ),
        ),
    ),
    "two calls and their outputs are one turn": (
        [HI, call("c1"), call("c2", arguments='{"a":1}'), output("c1"), output("c2", "4")],
        (
            USER,
            Message("assistant", (ToolUse("c1", "add", "{}"), ToolUse("c2", "add", '{"a":1}'))),
            Message("user", (ToolResult("c1", (Text("3"),)),)),
            Message("user", (ToolResult("c2", (Text("4"),)),)),
        ),
    ),
    "a phase, a text, then a call": (
        [HI, said("assistant", text("hm", "output_text"), phase="commentary"), call(), output()],
        (
            USER,
            Message("assistant", (Text("hm"), ToolUse("c1", "add", "{}"))),
            Message("user", (ToolResult("c1", (Text("3"),)),)),
        ),
    ),
    "an output in parts": (
        [HI, call(), output("c1", [text("a"), {"type": "input_image", "image_url": "http://x"}])],
        (
            USER,
            Message("assistant", (ToolUse("c1", "add", "{}"),)),
            Message("user", (ToolResult("c1", (Text("a"), Image(url="http://x"))),)),
        ),
    ),
    "c75 a custom call and its output": (
        [
            HI,
            {"type": "custom_tool_call", "call_id": "c1", "name": "apply_patch", "input": 'a"b\n'},
            {"type": "custom_tool_call_output", "call_id": "c1", "output": [text("ok")]},
        ],
        (
            USER,
            Message("assistant", (ToolUse("c1", "apply_patch", '{"input": "a\\"b\\n"}'),)),
            Message("user", (ToolResult("c1", (Text("ok"),)),)),
        ),
    ),
    "c75 a call in a namespace": (
        [HI, call(name="spawn", namespace="agents"), output()],
        (
            USER,
            Message("assistant", (ToolUse("c1", "agents__spawn", "{}"),)),
            Message("user", (ToolResult("c1", (Text("3"),)),)),
        ),
    ),
    "a message of another agent": (
        [
            HI,
            {
                "type": "agent_message",
                "author": "main",
                "recipient": "main/a",
                "content": [text("Go.")],
            },
        ],
        (USER, Message("user", (Text("Message from main to main/a:\nGo."),))),
    ),
    "a message of its own as an agent": (
        [HI, {"type": "agent_message", "author": "assistant", "content": [text("Done.")]}],
        (USER, Message("assistant", (Text("Done."),))),
    ),
    "a summary that nobody sealed": (
        [
            HI,
            {"type": "reasoning", "summary": [text("so"), text("then")]},
            said("assistant", text("a", "output_text")),
        ],
        (USER, Message("assistant", (Thinking("so\n\nthen"), Text("a")))),
    ),
    "arguments that are no object": (
        [HI, call(arguments="oops"), output()],
        (
            USER,
            Message("assistant", (ToolUse("c1", "add", "{}"),)),
            Message("user", (ToolResult("c1", (Text("3"),)),)),
        ),
    ),
    "nothing in it": ([HI, said("user")], (USER, Message("user", ()))),
}


@pytest.mark.parametrize(("items", "messages"), ITEMS.values(), ids=ITEMS)
def test_items(items: list[Any], messages: tuple[Message, ...]) -> None:
    assert read(input=items).messages == messages


def test_encrypted_reasoning_is_sealed_for_its_family() -> None:
    secret = {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "gAAA"}
    [_, said_before] = read(
        input=[HI, secret, said("assistant", text("a", "output_text"))]
    ).messages
    thinking = said_before.parts[0]
    assert isinstance(thinking, Thinking)
    assert decode(thinking.signature) == Sealed("encrypted", "gpt-5", "gAAA", "rs_1")


# fields of the body                                -> fields of the Request
FIELDS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "a string": ({}, {"messages": (USER,), "system": (), "stream": False, "tools": ()}),
    "instructions, then developers": (
        {"instructions": "You are", "input": [said("developer", text("an agent.")), HI]},
        {"system": (Text("You are"), Text("an agent.")), "messages": (USER,)},
    ),
    "limits and samplers": (
        {"max_output_tokens": 9, "temperature": 0.5, "top_p": 0.9, "stream": True, "user": "u"},
        {"max_tokens": 9, "temperature": 0.5, "top_p": 0.9, "stream": True, "user": "u"},
    ),
    "no word of reasoning": ({}, {"effort": None, "thinking": None}),
    "effort": (
        {"reasoning": {"effort": "high", "summary": "auto", "context": "all_turns"}},
        {"effort": "high", "thinking": True},
    ),
    "a summary only": ({"reasoning": {"summary": "auto"}}, {"effort": None, "thinking": True}),
    "no reasoning": ({"reasoning": {"effort": "none"}}, {"effort": "none", "thinking": False}),
    "an update of the effort": (
        {
            "reasoning": {"effort": "low"},
            "input": [HI, {"type": "configuration_update", "reasoning": {"effort": "high"}}],
        },
        {"effort": "high", "messages": (USER,)},
    ),
    "verbosity is a sentence": (
        {"instructions": "x", "text": {"verbosity": "low"}},
        {"system": (Text("x"), Text("Keep your answers short."))},
    ),
    "verbosity at its default": ({"text": {"verbosity": "medium"}}, {"system": ()}),
    "a JSON schema": (
        {
            "text": {
                "format": {
                    "type": "json_schema",
                    "name": "n",
                    "schema": EMPTY,
                    "strict": True,
                    "description": "d",
                }
            }
        },
        {"format": Format(EMPTY | {"description": "d"}, "n", True)},
    ),
    "any JSON object": ({"text": {"format": {"type": "json_object"}}}, {"format": Format()}),
    "plain text": ({"text": {"format": {"type": "text"}}}, {"format": None}),
    "parallel calls": ({"parallel_tool_calls": False}, {"parallel_tools": False}),
    "flat tools": (
        {"tools": [ADD | {"strict": True}], "tool_choice": "required"},
        {"tools": (Tool("add", "Adds.", EMPTY, True),), "tool_choice": ToolChoice("any")},
    ),
    "a named tool": (
        {"tools": [ADD], "tool_choice": {"type": "function", "name": "add"}},
        {"tool_choice": ToolChoice("tool", "add")},
    ),
    "no choice without tools": ({"tool_choice": "auto"}, {"tool_choice": None}),
    "c75 a custom tool is a function of one string": (
        {"tools": [PATCH], "tool_choice": {"type": "custom", "name": "apply_patch"}},
        {
            "tools": (
                Tool(
                    "apply_patch",
                    "Edits files.\n\n`input` must match this lark grammar:\nstart: /.+/",
                    FREE,
                    free_form=True,
                ),
            ),
            "tool_choice": ToolChoice("tool", "apply_patch"),
        },
    ),
    "c75 a namespace": (
        {
            "tools": [AGENTS],
            "tool_choice": {"type": "function", "name": "spawn", "namespace": "agents"},
        },
        {
            "tools": (
                Tool(
                    "agents__spawn",
                    "[agents: Helpers.]\nStarts one.",
                    EMPTY,
                    namespace="agents",
                    own_name="spawn",
                ),
                Tool(
                    "agents__exec",
                    "Runs code.",
                    FREE,
                    namespace="agents",
                    own_name="exec",
                    free_form=True,
                ),
            ),
            "tool_choice": ToolChoice("tool", "agents__spawn"),
        },
    ),
    "tools in the input": (
        {
            "input": [{"type": "additional_tools", "role": "developer", "tools": [ADD]}, HI],
            "tool_choice": "auto",
        },
        {
            "tools": (Tool("add", "Adds.", EMPTY),),
            "tool_choice": ToolChoice("auto"),
            "messages": (USER,),
        },
    ),
    "the latest declaration counts": (
        {
            "tools": [ADD],
            "input": [HI, {"type": "additional_tools", "tools": [ADD | {"description": "b"}]}],
        },
        {"tools": (Tool("add", "b", EMPTY),)},
    ),
    "bookkeeping": (
        {
            "prompt_cache_key": "s",
            "client_metadata": {"a": "b"},
            "include": ["reasoning.encrypted_content"],
            "metadata": {},
            "max_tool_calls": 3,
            "truncation": "disabled",
            "previous_response_id": None,
            "background": False,
        },
        {"changes": ()},
    ),
}


@pytest.mark.parametrize(("sent", "means"), FIELDS.values(), ids=FIELDS)
def test_fields(sent: dict[str, Any], means: dict[str, Any]) -> None:
    got = read(**sent)
    assert {name: getattr(got, name) for name in means} == means


LONG = "n" * 60


def test_c75_names_fit_and_never_join() -> None:
    spaces = [
        AGENTS | {"name": "a", "tools": [ADD | {"name": "b__c"}]},
        AGENTS | {"name": "a__b", "tools": [ADD | {"name": "c"}]},
        AGENTS | {"name": LONG, "tools": [ADD, ADD | {"name": "sub"}]},
        AGENTS | {"name": "odd.name", "tools": [ADD]},
        ADD | {"name": "a__b__c__"},
    ]
    history = [HI, call(name="c", namespace="a__b"), output()]
    got = read(tools=spaces, input=history)
    names = [tool.name for tool in got.tools]
    assert len(set(names)) == 6
    assert all(
        len(name) <= 64 and name.replace("_", "").replace("-", "").isalnum() for name in names
    )
    assert [(tool.namespace, tool.own_name) for tool in got.tools][:2] == [
        ("a", "b__c"),
        ("a__b", "c"),
    ]
    assert names[0] == "a__b__c"
    use = got.messages[1].parts[0]
    assert isinstance(use, ToolUse)
    assert use.name == names[1]


def test_a_search_offered_beside_other_tools_is_left_out_and_recorded() -> None:
    got = read(tools=[ADD, {"type": "web_search"}])
    assert [tool.name for tool in got.tools] == ["add"]
    assert "tools.web_search" in {change.what for change in got.changes}


# what other dialects cannot say                    -> the reason
REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "previous_response_id": ({"previous_response_id": "resp_1"}, "native_only"),
    "conversation": ({"conversation": {"id": "c"}}, "native_only"),
    "background": ({"background": True}, "native_only"),
    "store": ({"store": True}, "native_only"),
    "prompt": ({"prompt": {"id": "p"}}, "native_only"),
    "web_search alone": ({"tools": [{"type": "web_search"}]}, "native_only"),
    "web_search, forced": (
        {"tools": [ADD, {"type": "web_search"}], "tool_choice": {"type": "web_search"}},
        "native_only",
    ),
    "mcp": ({"tools": [{"type": "mcp", "server_label": "a"}]}, "native_only"),
    "local_shell": ({"tools": [{"type": "local_shell"}]}, "native_only"),
    "a tool for code": ({"tools": [ADD | {"allowed_callers": ["programmatic"]}]}, "native_only"),
    "a namespace in a namespace": (
        {"tools": [AGENTS | {"tools": [AGENTS]}]},
        "native_only",
    ),
    "allowed tools": ({"tools": [ADD], "tool_choice": {"type": "mcp"}}, "native_only"),
    "an item reference": ({"input": [{"type": "item_reference", "id": "a"}]}, "native_only"),
    "a bare reference": ({"input": [{"id": "a"}]}, "native_only"),
    "a trigger in between": ({"input": [{"type": "compaction_trigger"}, HI]}, "native_only"),
    "a compacted history": (
        {"input": [{"type": "compaction", "encrypted_content": "x"}, HI]},
        "native_only",
    ),
    "an unknown item": ({"input": [{"type": "hologram"}]}, "native_only"),
    "an unknown phase": ({"input": [HI | {"phase": "dream"}]}, "native_only"),
    "an unknown part": ({"input": [said("user", {"type": "hologram"})]}, "native_only"),
    "an unknown field": ({"hologram": 1}, "unknown_field"),
    "an unknown field of an item": ({"input": [HI | {"hologram": 1}]}, "unknown_field"),
    "logprobs": ({"top_logprobs": 3}, "logprobs"),
    "included logprobs": ({"include": ["message.output_text.logprobs"]}, "logprobs"),
    "sound": ({"input": [said("user", {"type": "input_audio"})]}, "audio"),
    "a file by id": ({"input": [said("user", {"type": "input_file", "file_id": "f"})]}, "files"),
    "an unknown effort": ({"reasoning": {"effort": "huge"}}, "unknown_field"),
    "an unknown format": ({"text": {"format": {"type": "lark"}}}, "structured_output"),
}


@pytest.mark.parametrize(("sent", "reason"), REFUSED.values(), ids=REFUSED)
def test_c75_refused(sent: dict[str, Any], reason: str) -> None:
    with pytest.raises(UnsupportedError) as error:
        read(**sent)
    assert error.value.reason == reason


WRONG: dict[str, Any] = {
    "no model": b'{"input":"a"}',
    "no input": b'{"model":"m"}',
    "a list": b"[]",
    "items of numbers": b'{"model":"m","input":[1]}',
    "stream is a string": b'{"model":"m","input":"a","stream":"yes"}',
    "an assistant's picture": json.dumps(
        {"model": "m", "input": [said("assistant", {"type": "input_image", "image_url": "x"})]}
    ).encode(),
}


@pytest.mark.parametrize("sent", WRONG.values(), ids=WRONG)
def test_wrong(sent: bytes) -> None:
    with pytest.raises(WireError):
        responses.read(sent, "/v1/responses")


def to_chat(**fields: Any) -> dict[str, Any]:
    sent: dict[str, Any] = json.loads(chat.write(read(**fields), PLAIN).body)
    return sent


def to_claude(target: Target = CLAUDE, **fields: Any) -> dict[str, Any]:
    sent: dict[str, Any] = json.loads(anthropic.write(read(**fields), target).body)
    return sent


CODEX: dict[str, Any] = {
    "stream": True,
    "instructions": "You are codex.",
    "tools": [ADD, PATCH, AGENTS],
    "tool_choice": "auto",
    "parallel_tool_calls": True,
    "reasoning": {"effort": "medium", "summary": "auto"},
    "include": ["reasoning.encrypted_content"],
    "prompt_cache_key": "s",
    "input": [
        said("developer", text("Obey.")),
        HI,
        {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "gAAA"},
        {"type": "custom_tool_call", "call_id": "c1", "name": "apply_patch", "input": "+a"},
        call("c2", "spawn", namespace="agents"),
        {"type": "custom_tool_call_output", "call_id": "c1", "output": [text("ok")]},
        output("c2", "started"),
    ],
}


def test_c75_an_agents_request_in_chat() -> None:
    sent = to_chat(**CODEX)
    assert [message["role"] for message in sent["messages"]] == [
        "system",
        "user",
        "assistant",
        "tool",
        "tool",
    ]
    assert sent["messages"][0]["content"] == "You are codex.\nObey."
    assert sent["parallel_tool_calls"] is True
    calls = sent["messages"][2]["tool_calls"]
    assert [one["function"]["name"] for one in calls] == ["apply_patch", "agents__spawn"]
    assert json.loads(calls[0]["function"]["arguments"]) == {"input": "+a"}
    assert [tool["function"]["name"] for tool in sent["tools"]] == [
        "add",
        "apply_patch",
        "agents__spawn",
        "agents__exec",
    ]
    assert "gAAA" not in json.dumps(sent)


def test_c75_an_agents_request_for_claude() -> None:
    sent = to_claude(**CODEX)
    assert [block["text"] for block in sent["system"]] == ["You are codex.", "Obey."]
    roles = [message["role"] for message in sent["messages"]]
    assert roles == ["user", "assistant", "user"]
    uses, results = sent["messages"][1]["content"], sent["messages"][2]["content"]
    assert [use["input"] for use in uses] == [{"input": "+a"}, {}]
    assert [result["tool_use_id"] for result in results] == ["c1", "c2"]
    assert "gAAA" not in json.dumps(sent)


def thought(data: str, model: str = "claude-sonnet-4-5-20250929", kind: Any = "signature") -> Any:
    secret = encode(Sealed(kind, model, data))
    summary = [{"type": "summary_text", "text": "so"}]
    return {"type": "reasoning", "summary": summary, "encrypted_content": secret}


# reasoning that a Responses client gives back      -> the first block for claude-sonnet-4-5
BACK: dict[str, tuple[Any, dict[str, Any]]] = {
    "to the model that signed it": (
        thought("sig:=="),
        {"type": "thinking", "thinking": "so", "signature": "sig:=="},
    ),
    "redacted": (thought("xyz", kind="redacted"), {"type": "redacted_thinking", "data": "xyz"}),
    "another model's": (thought("sig", "claude-opus-4-7"), {"type": "tool_use"}),
    "another family's": (thought("gAAA", "gpt-5", "encrypted"), {"type": "tool_use"}),
    "of a version to come": (
        {"type": "reasoning", "summary": [], "encrypted_content": "turnout_9_anthropic_c2ln"},
        {"type": "tool_use"},
    ),
    "its own client's": (
        {"type": "reasoning", "summary": [], "encrypted_content": "gAAA"},
        {"type": "tool_use"},
    ),
}


@pytest.mark.parametrize(("item", "first"), BACK.values(), ids=BACK)
def test_thinking_goes_back_to_its_maker_only(item: Any, first: dict[str, Any]) -> None:
    sent = to_claude(input=[HI, item, call(), output()], tools=[ADD], reasoning={"effort": "high"})
    block = sent["messages"][1]["content"][0]
    assert {key: block[key] for key in first} == first
    thinks = first["type"] != "tool_use"
    assert ("thinking" in sent) == thinks, "a loop without thinking goes on without"


def test_a_reasoning_replay_that_is_not_possible() -> None:
    wants = Target(model="t", reasoning="effort", replays_reasoning=True)
    secret = {"type": "reasoning", "summary": [], "encrypted_content": "gAAA"}
    with pytest.raises(UnsupportedError, match="reasoning_replay"):
        chat.write(read(input=[HI, secret, call(), output()], tools=[ADD]), wants)


GOLDEN = Path(__file__).parents[1] / "golden" / "requests"
# of a client's whole body, for            the target
GOLDENS: dict[str, tuple[Any, Target]] = {
    "openai_chat": (chat, Target(model="chat-t", reasoning="effort")),
    "anthropic": (anthropic, Target(model="claude-t", reasoning="adaptive", mid_system=True)),
}


@pytest.mark.parametrize("name", GOLDENS)
def test_c75_golden(name: str, update_golden: bool) -> None:
    """What Codex sends, in the words of the others."""
    writer, target = GOLDENS[name]
    request = responses.read((GOLDEN / "codex.openai_responses.json").read_bytes(), "/v1/responses")
    got = json.dumps(json.loads(writer.write(request, target).body), indent=1) + "\n"
    golden = GOLDEN / f"codex.{name}.json"
    if update_golden:
        golden.write_text(got)
    assert got == golden.read_text()


def test_every_alteration_is_recorded() -> None:
    sent = (GOLDEN / "codex.openai_responses.json").read_bytes()
    changes = chat.write(responses.read(sent, "/v1/responses"), Target(model="t")).changes
    assert [change.what for change in changes] == [
        "text.verbosity",
        "configuration_update",
        "thinking",
        "reasoning_effort",
    ]


@given(anything())
def test_whatever_can_be_read_is_a_request(sent: bytes) -> None:
    with suppress(WireError):
        assert isinstance(responses.read(sent, "/v1/responses"), Request)
