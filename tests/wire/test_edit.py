"""Anthropic Messages for another model of the dialect: only the named edits."""

import json
from typing import Any

import pytest

from turnout.errors import UnsupportedError, WireError
from turnout.wire.anthropic.edit import splice
from turnout.wire.request import Target

SIGNED = {"type": "thinking", "thinking": "hm", "signature": "sig"}
UNSIGNED = {"type": "thinking", "thinking": "hm", "signature": ""}
BARE = {"type": "thinking", "thinking": "hm"}
REDACTED = {"type": "redacted_thinking", "data": "x"}
OK = {"type": "text", "text": "ok"}
CALL = {"type": "tool_use", "id": "t1", "name": "Bash", "input": {"a": 1}}
RESULT = {"type": "tool_result", "tool_use_id": "t1", "content": "done"}
IMAGE = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "iVBO"}}
LINK = {"type": "image", "source": {"type": "url", "url": "https://example.com/a.png"}}
PDF = {"type": "document", "source": {"type": "base64", "data": "JVBE"}}

OPUS = Target(model="opus", reasoning="adaptive", efforts=("low", "medium", "high", "max"))
ALWAYS = Target(model="always", reasoning="adaptive", efforts=("low",), reasoning_required=True)
HAIKU = Target(model="haiku", reasoning="budget", max_output=32000)
OLD = Target(model="old", max_output=4096)


def said(text: Any, role: str = "user") -> dict[str, Any]:
    return {"role": role, "content": text}


def assistant(*blocks: Any) -> dict[str, Any]:
    return said(list(blocks), "assistant")


def user(*blocks: Any) -> dict[str, Any]:
    return said(list(blocks))


def body(*messages: Any, **more: Any) -> dict[str, Any]:
    there = list(messages) or [said("hi")]
    return {"model": "asked", "max_tokens": 1000, "messages": there, **more}


def edited(there: dict[str, Any], target: Target) -> tuple[dict[str, Any], set[str]]:
    written = splice(json.dumps(there).encode(), target)
    return json.loads(written.body), {change.what for change in written.changes}


def thinks(type: str, **more: Any) -> dict[str, Any]:
    return {"thinking": {"type": type} | more}


def effort(level: str) -> dict[str, Any]:
    return {"output_config": {"effort": level}}


def budget(tokens: int) -> dict[str, Any]:
    return thinks("enabled", budget_tokens=tokens)


ADAPTIVE = thinks("adaptive")
CLEAR = {"context_management": {"edits": [{"type": "clear_thinking_20251015", "keep": "all"}]}}
TRIM = {"type": "clear_tool_uses_20250919"}

# what the client asks for                       target   what the target is told
ASKED: dict[str, tuple[dict[str, Any], Target, dict[str, Any]]] = {
    "the model only": ({}, OPUS, {}),
    "c67 a budget of 4096": (budget(4096), OPUS, ADAPTIVE | effort("low")),
    "c67 a budget of 16384": (budget(16384), OPUS, ADAPTIVE | effort("medium")),
    "c67 a budget of 32000": (budget(32000), OPUS, ADAPTIVE | effort("high")),
    "c67 thinking without a budget": (thinks("enabled"), OPUS, ADAPTIVE | effort("medium")),
    "c67 an explicit effort wins": (budget(32000) | effort("low"), OPUS, ADAPTIVE | effort("low")),
    "c67 adaptive for a small model": (ADAPTIVE | effort("high"), HAIKU, {}),
    "c67 other keys of thinking stay": (
        thinks("enabled", budget_tokens=9999, display="summarized"),
        OPUS,
        thinks("adaptive", display="summarized") | effort("medium"),
    ),
    "adaptive stays": (ADAPTIVE | effort("high"), OPUS, ADAPTIVE | effort("high")),
    "adaptive without effort: none is made up": (ADAPTIVE, OPUS, ADAPTIVE),
    "a budget stays": (budget(500), HAIKU, budget(500)),
    "thinking off is left out": (thinks("disabled"), OPUS, {}),
    "thinking off stays": (thinks("disabled"), HAIKU, thinks("disabled")),
    "thinking cannot be off": (thinks("disabled"), ALWAYS, effort("low")),
    "no thinking for a model without": (budget(2000) | effort("high"), OLD, {}),
    "xhigh is max": (ADAPTIVE | effort("xhigh"), OPUS, ADAPTIVE | effort("max")),
    "an effort of old": (ADAPTIVE | {"effort": "xhigh"}, OPUS, ADAPTIVE | effort("max")),
    "an effort of old that is known": (
        ADAPTIVE | {"effort": "high"},
        OPUS,
        ADAPTIVE | {"effort": "high"},
    ),
    "an effort goes, the format stays": (
        {"output_config": {"effort": "high", "format": {"type": "json_schema", "schema": {}}}},
        HAIKU,
        {"output_config": {"format": {"type": "json_schema", "schema": {}}}},
    ),
    "c68 context_management": (
        ADAPTIVE | CLEAR,
        Target(model="x", reasoning="adaptive", context_management=False),
        ADAPTIVE,
    ),
    "context_management stays": (ADAPTIVE | CLEAR, OPUS, ADAPTIVE | CLEAR),
    "without thinking there is none to clear": (ADAPTIVE | CLEAR, HAIKU, {}),
    "only the clearing of thinking goes": (
        {"context_management": {"edits": [*CLEAR["context_management"]["edits"], TRIM]}},
        OLD,
        {"context_management": {"edits": [TRIM]}},
    ),
    "a sampler at its default": (
        {"temperature": 1.0, "top_p": 1},
        Target(model="x", samplers=False),
        {},
    ),
    "samplers stay": (
        {"temperature": 0, "top_k": 5},
        Target(model="x"),
        {"temperature": 0, "top_k": 5},
    ),
    "max_tokens within the cap": ({"max_tokens": 9999}, HAIKU, {"max_tokens": 9999}),
    "max_tokens above the cap": ({"max_tokens": 64000}, HAIKU, {"max_tokens": 32000}),
    "a budget stays below max_tokens": (
        {"max_tokens": 64000} | budget(40000),
        HAIKU,
        {"max_tokens": 32000} | budget(31999),
    ),
    "no room for thinking": (
        {"max_tokens": 64000} | budget(40000),
        Target(model="x", reasoning="budget", max_output=1024),
        {"max_tokens": 1024},
    ),
    "unknown fields stay": ({"new": {"a": [1]}}, OPUS, {"new": {"a": [1]}}),
}


@pytest.mark.parametrize(("asked", "target", "told"), ASKED.values(), ids=ASKED)
def test_asked(asked: dict[str, Any], target: Target, told: dict[str, Any]) -> None:
    got, changes = edited(body(**asked), target)
    assert got == body(**({"max_tokens": 1000} | told)) | {"model": target.model}
    keys = asked.keys() | told.keys()
    moved = {name for name in keys if asked.get(name) != told.get(name)}
    assert {change.partition(".")[0] for change in changes} == moved | {"model"}


@pytest.mark.parametrize(("asked", "target", "told"), ASKED.values(), ids=ASKED)
def test_the_asked_model_gets_the_same_bytes(
    asked: dict[str, Any], target: Target, told: dict[str, Any]
) -> None:
    there = json.dumps(body(**asked), indent=1).encode()
    written = splice(there, Target(model="asked", samplers=False, max_output=1, prefill=False))
    assert written.body is there
    assert written.changes == ()


def test_c2_no_other_byte_moves() -> None:
    there = (
        b'{ "x":1,\n"model" : "asked" , "max_tokens":1000,'
        b'"messages":[ {"role":"user",\t"content":"\\u0041"} ] }\n'
    )
    assert splice(there, OPUS).body == there.replace(b'"asked"', b'"opus"')


def test_max_tokens_is_inserted_without_moving_other_bytes() -> None:
    there = b'{"model":"asked", "messages":[{"role":"user","content":"a"}]\n}'
    wanted = there.replace(b"asked", b"x").replace(b"]\n", b'],"max_tokens":%d\n')
    assert splice(there, Target(model="x")).body == wanted % 8192
    assert splice(there, Target(model="x", max_output=500)).body == wanted % 500


START = said("hi")
# the conversation                                          the same model sees, another sees
HISTORY: dict[str, tuple[list[Any], list[Any], list[Any]]] = {
    "c12 unsigned": (
        [START, assistant(UNSIGNED, OK), assistant(BARE, OK), START],
        [START, assistant(OK), assistant(OK), START],
        [START, assistant(OK), assistant(OK), START],
    ),
    "c12 signed": (
        [START, assistant(SIGNED, OK), START],
        [START, assistant(SIGNED, OK), START],
        [START, assistant(OK), START],
    ),
    "c12 redacted": (
        [START, assistant(REDACTED, OK), START],
        [START, assistant(REDACTED, OK), START],
        [START, assistant(OK), START],
    ),
    "c12 both": (
        [START, assistant(SIGNED, UNSIGNED, OK), START],
        [START, assistant(SIGNED, OK), START],
        [START, assistant(OK), START],
    ),
    "c12 a message that becomes empty": (
        [START, assistant(UNSIGNED), START, assistant(SIGNED), START],
        [START, START, assistant(SIGNED), START],
        [START, START, START],
    ),
    "foreign ids, the same for call and result": (
        [START, assistant(CALL | {"id": "f.Bash:0"}), user(RESULT | {"tool_use_id": "f.Bash:0"})],
        [START, assistant(CALL | {"id": "ID"}), user(RESULT | {"tool_use_id": "ID"})],
        [START, assistant(CALL | {"id": "ID"}), user(RESULT | {"tool_use_id": "ID"})],
    ),
    "foreign signatures on blocks": (
        [
            START,
            assistant(CALL | {"thought_signature": "x"}, OK | {"signature": "y"}),
            user(RESULT),
        ],
        [START, assistant(CALL, OK), user(RESULT)],
        [START, assistant(CALL, OK), user(RESULT)],
    ),
    "a message on system": (
        [START, said("be brief", "system"), assistant(OK), START],
        [START, said("be brief", "system"), assistant(OK), START],
        [START, assistant(OK), START],
    ),
}


def conversation(there: dict[str, Any], target: Target) -> list[Any]:
    got, changes = edited(there, target)
    assert changes or got == there
    ids = [
        b["id"] for m in got["messages"] for b in m["content"] if isinstance(b, dict) and "id" in b
    ]
    text = json.dumps(got["messages"])
    return json.loads(text.replace(ids[0], "ID") if ids and ids[0] != "t1" else text)


@pytest.mark.parametrize(("there", "same", "other"), HISTORY.values(), ids=HISTORY)
def test_history(there: list[Any], same: list[Any], other: list[Any]) -> None:
    assert conversation(body(*there), Target(model="asked")) == same
    assert conversation(body(*there), Target(model="x")) == other


def test_messages_without_a_fault_keep_their_bytes() -> None:
    fine = b'{"role" : "user","content":"\\u0041"}'
    text = b'{"text" : "ok","type":"text"}'
    unsigned = b'{"type":"thinking","thinking":"","signature":""}, '
    body = b'{"model":"asked", "messages":[%b%b{"role":"assistant","content":[%b%b]}]}'
    there, mended = body % (fine, b" , ", unsigned, text), body % (fine, b",", b"", text)
    assert splice(there, Target(model="asked")).body == mended


# system before, the message's content                      -> system after
HOISTED: dict[str, tuple[Any, Any, Any]] = {
    "to a string": (
        "Be kind.",
        "b",
        [{"type": "text", "text": "Be kind."}, {"type": "text", "text": "b"}],
    ),
    "to blocks": ([OK], [OK | {"text": "b"}], [OK, OK | {"text": "b"}]),
    "to nothing": (None, "b", [{"type": "text", "text": "b"}]),
    "without its cache mark": ([OK], [OK | {"cache_control": {"type": "ephemeral"}}], [OK, OK]),
    "an empty one": ([OK], "", [OK]),
}


@pytest.mark.parametrize(("system", "content", "after"), HOISTED.values(), ids=HOISTED)
def test_hoisted(system: Any, content: Any, after: Any) -> None:
    there = body(START, said(content, "system"), system=system)
    got, changes = edited(there, Target(model="x"))
    assert got["system"] == after
    assert got["messages"] == [START]
    assert "messages" in changes
    stays, _ = edited(there, Target(model="x", mid_system=True))
    assert stays == there | {"model": "x"}


def test_hoisted_without_any_system() -> None:
    got, _ = edited(body(START, said("b", "system")), Target(model="x"))
    assert got["system"] == [{"type": "text", "text": "b"}]


LOOP = [START, assistant(SIGNED, CALL), user(RESULT)]


def test_a_budget_model_cannot_think_in_a_loop_without_thinking() -> None:
    assert "thinking" not in edited(body(*LOOP, **budget(500)), HAIKU)[0]
    assert "thinking" in edited(body(*LOOP, START, **budget(500)), HAIKU)[0]
    assert "thinking" in edited(body(*LOOP, **budget(500)), OPUS)[0]


def marked(*ttls: str | None) -> list[dict[str, Any]]:
    kinds = [{"type": "ephemeral"} | ({"ttl": ttl} if ttl else {}) for ttl in ttls]
    return [OK | {"cache_control": kind} for kind in kinds]


TOOL = {"name": "Bash", "input_schema": {"properties": {"a": {"pattern": "^x"}}}}
REFUSED: dict[str, tuple[str, dict[str, Any], Target]] = {
    "c13 five marks": ("cache_control", body(user(*marked(*[None] * 5))), OPUS),
    "c13 1h after 5m": ("cache_control", body(user(*marked("5m", "1h"))), OPUS),
    "c13 1h in messages after 5m in system": (
        "cache_control",
        body(user(*marked("1h")), system=marked(None)),
        OPUS,
    ),
    "c13 1h in system after 5m on a tool": (
        "cache_control",
        body(START, system=marked("1h"), tools=[TOOL | {"cache_control": {"type": "ephemeral"}}]),
        OPUS,
    ),
    "c13 another ttl": ("cache_control", body(user(*marked("2h"))), OPUS),
    "c13 for the asked model too": (
        "cache_control",
        body(user(*marked(*[None] * 5))),
        Target(model="asked"),
    ),
    "c10 an image": ("images", body(user(IMAGE)), Target(model="x", images=False)),
    "c10 an image in a tool result": (
        "images",
        body(user(RESULT | {"content": [IMAGE]})),
        Target(model="x", images=False),
    ),
    "an image by URL": ("image_url", body(user(LINK)), Target(model="x", image_urls=False)),
    "c35 a document": ("files", body(user(PDF)), Target(model="x", documents=False)),
    "tools": ("tools", body(tools=[TOOL]), Target(model="x", tools=False)),
    "c32 too many tools": (
        "too_many_tools",
        body(tools=[TOOL] * 3),
        Target(model="x", max_tools=2),
    ),
    "a format": (
        "structured_output",
        body(output_config={"format": {"type": "json_schema"}}),
        Target(model="x", structured=False),
    ),
    "a sampler": ("sampling", body(temperature=0), Target(model="x", samplers=False)),
    "top_k": ("sampling", body(top_k=5), Target(model="x", samplers=False)),
    "c34 stops": ("stop", body(stop_sequences=["a"]), Target(model="x", stop=0)),
    "a prefill": ("prefill", body(START, assistant(OK)), Target(model="x", prefill=False)),
    "a new kind of thinking": ("unknown_field", body(**thinks("dreaming")), OPUS),
    "a new effort": ("unknown_field", body(**effort("huge")), OPUS),
}


@pytest.mark.parametrize(("reason", "there", "target"), REFUSED.values(), ids=REFUSED)
def test_refused(reason: str, there: dict[str, Any], target: Target) -> None:
    with pytest.raises(UnsupportedError) as e:
        edited(there, target)
    assert e.value.reason == reason


def test_what_is_not_asked_for_is_not_needed() -> None:
    least = Target(
        model="x",
        images=False,
        image_urls=False,
        documents=False,
        tools=False,
        max_tools=0,
        structured=False,
        samplers=False,
        stop=0,
        prefill=False,
    )
    assert edited(body(), least)[0] == body() | {"model": "x"}


def test_c13_four_marks_are_fine() -> None:
    there = body(user(*marked("1h", "1h", "5m", None)))
    assert edited(there, OPUS)[0] == there | {"model": "opus"}


def test_c33_a_pattern_goes_into_the_description() -> None:
    got, changes = edited(body(tools=[TOOL]), Target(model="x", pattern_in_schema=False))
    described = {"description": "(pattern: ^x)"}
    assert got["tools"] == [{"name": "Bash", "input_schema": {"properties": {"a": described}}}]
    assert "tools" in changes


BROKEN = {
    "not JSON": b"hello",
    "two models": b'{"model":"a","messages":[],"model":"b"}',
    "nothing is left": json.dumps(body(assistant(SIGNED))).encode(),
    "a block without a type": json.dumps(body(user({"text": "a"}))).encode(),
    "context_management of another form": json.dumps(body(context_management=[1])).encode(),
}


@pytest.mark.parametrize("there", BROKEN.values(), ids=BROKEN)
def test_broken(there: bytes) -> None:
    with pytest.raises(WireError):
        splice(there, Target(model="x", context_management=True))
