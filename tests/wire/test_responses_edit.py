"""OpenAI Responses for another model of the dialect: only the named edits."""

import contextlib
import json
import random
from typing import Any

import pytest

from turnout.errors import UnsupportedError, WireError
from turnout.wire.openai_responses import DIALECT
from turnout.wire.openai_responses.edit import splice
from turnout.wire.openai_responses.peek import peek
from turnout.wire.request import Target
from turnout.wire.sealed import Sealed, encode

USER = {"role": "user", "content": "hi"}
PLAIN = Target(model="gpt-4.1", max_output=4096)
THINKER = Target(
    model="gpt-5-mini", samplers=False, reasoning="effort", efforts=("low", "medium", "high")
)
GROK = Target(model="grok-4", reasoning="effort")
ENCRYPTED = ["reasoning.encrypted_content"]


def body(*items: Any, **more: Any) -> dict[str, Any]:
    return {"model": "gpt-5", "input": list(items) or [USER], **more}


def edited(there: dict[str, Any], target: Target) -> tuple[dict[str, Any], set[str]]:
    written = splice(json.dumps(there).encode(), target)
    return json.loads(written.body), {change.what for change in written.changes}


def test_c2_the_same_model_is_the_same_bytes() -> None:
    sent = json.dumps(
        body(
            USER,
            {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "gAAA"},
            {"type": "compaction_trigger"},
            previous_response_id="resp_1",
            hologram={"b": 1, "a": 2},
            tools=[{"type": "web_search"}],
        ),
        indent=3,
    ).encode()
    written = splice(sent, Target(model="gpt-5", reasoning="effort"))
    assert (written.body, written.changes) == (sent, ())


def test_only_the_model_differs() -> None:
    sent = json.dumps(body(USER, hologram=1, store=False), indent=2).encode()
    got = splice(sent, THINKER).body
    assert got == sent.replace(b'"gpt-5"', b'"gpt-5-mini"')


# what the client asks for                       target   what the target is told
ASKED: dict[str, tuple[dict[str, Any], Target, dict[str, Any]]] = {
    "a limit above the cap": ({"max_output_tokens": 9999}, PLAIN, {"max_output_tokens": 4096}),
    "a limit below it": ({"max_output_tokens": 99}, PLAIN, {"max_output_tokens": 99}),
    "samplers": ({"temperature": 0.2, "top_p": 0.5}, PLAIN, {"temperature": 0.2, "top_p": 0.5}),
    "samplers at their default": (
        {"temperature": 1, "top_p": 1.0, "top_logprobs": 0},
        THINKER,
        {"temperature": None, "top_p": None, "top_logprobs": None},
    ),
    "an effort it has": (
        {"reasoning": {"effort": "low", "summary": "auto"}},
        THINKER,
        {"reasoning": {"effort": "low", "summary": "auto"}},
    ),
    "an effort it lacks": (
        {"reasoning": {"effort": "xhigh", "context": "all_turns"}},
        THINKER,
        {"reasoning": {"effort": "high", "context": "all_turns"}},
    ),
    "no reasoning at all": (
        {
            "reasoning": {"effort": "low"},
            "include": [*ENCRYPTED, "file_search_call.results"],
            "text": {"verbosity": "low", "format": {"type": "text"}},
        },
        PLAIN,
        {
            "reasoning": None,
            "include": ["file_search_call.results"],
            "text": {"format": {"type": "text"}},
        },
    ),
    "nothing else is included": ({"include": ENCRYPTED}, PLAIN, {"include": None}),
    "a pattern that it refuses": (
        {"tools": [{"type": "function", "name": "f", "parameters": {"pattern": "^a"}}]},
        Target(model="gpt-4.1", pattern_in_schema=False),
        {
            "tools": [
                {
                    "type": "function",
                    "name": "f",
                    "parameters": {"description": "(pattern: ^a)"},
                }
            ]
        },
    ),
}


@pytest.mark.parametrize(("sent", "target", "means"), ASKED.values(), ids=ASKED)
def test_asked(sent: dict[str, Any], target: Target, means: dict[str, Any]) -> None:
    got, _ = edited(body(**sent), target)
    assert {key: got.get(key) for key in means} == means


def reasoning(secret: str | None, id: str = "rs_1") -> dict[str, Any]:
    return {"type": "reasoning", "id": id, "summary": [], "encrypted_content": secret}


SEALED = encode(Sealed("signature", "claude-a", "sig"))
SAME = Target(model="gpt-5", reasoning="effort")
# reasoning in the history                          target   is it still there?
KEPT: dict[str, tuple[dict[str, Any], Target, bool]] = {
    "its own": (reasoning("gAAA"), SAME, True),
    "its own, kept by OpenAI": (reasoning(None), SAME, True),
    "of the family": (reasoning("gAAA"), THINKER, True),
    "for another family": (reasoning("gAAA"), GROK, False),
    "for a model that does not reason": (reasoning("gAAA"), PLAIN, False),
    "sealed by another, same model": (reasoning(SEALED), SAME, False),
    "sealed by another": (reasoning(SEALED), THINKER, False),
    "made here and sealed by nobody": (reasoning(None, "rs_turnout_x_0"), SAME, False),
}


@pytest.mark.parametrize(("item", "target", "there"), KEPT.values(), ids=KEPT)
def test_c12_reasoning_in_the_history(item: Any, target: Target, there: bool) -> None:
    answer = {"type": "message", "role": "assistant", "content": [], "id": "msg_1"}
    got, changes = edited(body(USER, item, answer, USER), target)
    assert got["input"] == [USER, *([item] if there else []), answer, USER]
    assert ("reasoning" in changes) == (not there)


def test_ids_of_ours_stay_here() -> None:
    call = {"type": "function_call", "call_id": "c", "name": "f", "arguments": "{}"}
    got, changes = edited(body(USER, call | {"id": "fc_turnout_x_1"}), SAME)
    assert got["input"] == [USER, call]
    assert changes == {"ids"}


def test_call_ids_that_are_too_long_are_mapped_alike() -> None:
    long = "functions.Bash:0/" + "1" * 60
    got, _ = edited(
        body(
            {"type": "function_call", "call_id": long},
            {"type": "function_call_output", "call_id": long},
        ),
        SAME,
    )
    ids = {item["call_id"] for item in got["input"]}
    assert len(ids) == 1
    assert all(len(one) <= 64 for one in ids)


IMAGE = {"role": "user", "content": [{"type": "input_image", "image_url": "https://x.test/a.png"}]}
REFUSED: dict[str, tuple[dict[str, Any], Target, str]] = {
    "a sampler": (body(temperature=0.2), THINKER, "sampling"),
    "logprobs": (body(top_logprobs=3), THINKER, "logprobs"),
    "included logprobs": (
        body(include=["message.output_text.logprobs"]),
        THINKER,
        "logprobs",
    ),
    "c10 images": (body(IMAGE), Target(model="x", images=False), "images"),
    "an image by URL": (body(IMAGE), Target(model="x", image_urls=False), "image_url"),
    "a prefill": (
        body(USER, {"role": "assistant", "content": "a"}),
        Target(model="x", prefill=False),
        "prefill",
    ),
}


@pytest.mark.parametrize(("sent", "target", "reason"), REFUSED.values(), ids=REFUSED)
def test_refused(sent: dict[str, Any], target: Target, reason: str) -> None:
    with pytest.raises(UnsupportedError) as error:
        splice(json.dumps(sent).encode(), target)
    assert error.value.reason == reason


WHOLE: dict[str, Any] = body(
    {"type": "additional_tools", "tools": [{"type": "function", "name": "f"}]},
    {"role": "developer", "content": "s"},
    {"role": "user", "content": [{"type": "input_image", "image_url": "data:image/png;base64,x"}]},
    reasoning(SEALED),
    {"type": "function_call", "call_id": "c" * 70, "name": "f", "arguments": "{}", "id": "fc_1"},
    {
        "type": "function_call_output",
        "call_id": "c" * 70,
        "output": [{"type": "input_text", "text": ""}],
    },
    {"type": "configuration_update", "reasoning": {"effort": "low"}},
    tools=[{"type": "namespace", "name": "n", "tools": [{"type": "function", "name": "f"}]}],
    text={
        "format": {"type": "json_schema", "schema": {"properties": {"a": {}}}},
        "verbosity": "low",
    },
    reasoning={"effort": "xhigh"},
    include=ENCRYPTED,
    stream=True,
    temperature=1,
)
TARGETS = [SAME, THINKER, GROK, PLAIN, Target(model="x", pattern_in_schema=False)]
ODD: list[Any] = [None, True, 7, -1, 1.5, "", "x", [], [1], [None], {}, {"type": 3}]


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    if not isinstance(value, dict | list):
        return [path]
    keys = value.items() if isinstance(value, dict) else enumerate(value)
    return [path, *(place for key, inner in keys for place in places(inner, (*path, key)))]


def put(value: Any, path: tuple[Any, ...], odd: Any) -> Any:
    if not path:
        return odd
    copy = value.copy()
    copy[path[0]] = put(value[path[0]], path[1:], odd)
    return copy


def tried(sent: bytes) -> None:
    with contextlib.suppress(WireError):
        peek(sent, "/")
    with contextlib.suppress(WireError):
        DIALECT.read_request(sent, "/")
    for target in TARGETS:
        with contextlib.suppress(WireError):
            assert isinstance(json.loads(splice(sent, target).body), dict)


def test_another_type_in_any_place() -> None:
    for place in places(WHOLE):
        for odd in ODD:
            tried(json.dumps(put(WHOLE, place, odd)).encode())


def test_other_bytes() -> None:
    rng, whole = random.Random(7), json.dumps(WHOLE).encode()
    for _ in range(1000):
        data = bytearray(whole)
        for _ in range(rng.randint(1, 4)):
            data[rng.randrange(len(data))] = rng.choice(b'{}[]",:0n\n\\\xff')
        tried(bytes(data))


def test_the_whole_body_is_fine() -> None:
    sent = json.dumps(WHOLE).encode()
    assert peek(sent, "/").tools == ("n__f", "f")
    assert splice(sent, THINKER).changes
    assert DIALECT.read_request(sent, "/").tools
