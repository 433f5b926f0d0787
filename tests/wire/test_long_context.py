"""A model named with its long context, `[1m]`, is that model."""

import json
from typing import Any

import pytest

from turnout.wire.anthropic import DIALECT
from turnout.wire.request import Target

THOUGHT = {"type": "thinking", "thinking": "hm", "signature": "c2ln"}
BODY: dict[str, Any] = {
    "model": "claude-x[1m]",
    "max_tokens": 9,
    "messages": [
        {"role": "user", "content": "Hello"},
        {"role": "assistant", "content": [THOUGHT, {"type": "text", "text": "Hi"}]},
        {"role": "user", "content": "Well?"},
    ],
}


# model of the target -> model that is written, kinds of block that are left in the history
TARGETS = {
    "c69 the base model; its own thinking stays": ("claude-x", ["thinking", "text"]),
    "c69 another model; thinking of the first goes": ("claude-y", ["text"]),
    "c69 a name that has the mark itself": ("claude-x[1m]", ["thinking", "text"]),
}


@pytest.mark.parametrize(("model", "kinds"), TARGETS.values(), ids=TARGETS)
def test_the_mark(model: str, kinds: list[str]) -> None:
    written = DIALECT.splice(json.dumps(BODY, indent=1).encode(), Target(model=model))
    body = json.loads(written.body)
    assert body["model"] == model
    assert [block["type"] for block in body["messages"][1]["content"]] == kinds
    assert [change.what for change in written.changes][:1] == (
        [] if model == BODY["model"] else ["model"] if model == "claude-x" else ["thinking"]
    )


def test_c69_nothing_but_the_name_changes() -> None:
    sent = json.dumps(BODY, indent=1).encode()
    written = DIALECT.splice(sent, Target(model="claude-x", samplers=False, images=False))
    assert written.body == sent.replace(b"claude-x[1m]", b"claude-x")
