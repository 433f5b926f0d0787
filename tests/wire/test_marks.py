"""Cache marks on bodies that we compose."""

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from turnout.wire.anthropic import marks
from turnout.wire.anthropic.write import write
from turnout.wire.changes import Changes
from turnout.wire.request import Message, Request, Target, Text, Tool

MARK = {"cache_control": {"type": "ephemeral"}}
TTLS = st.sampled_from([None, "5m", "1h"])


@given(
    st.lists(TTLS, max_size=3), st.lists(TTLS, max_size=3), st.lists(TTLS, min_size=1, max_size=4)
)
def test_c13_marks_are_few_and_in_order(tools: Any, system: Any, messages: Any) -> None:
    """Whatever the client marked: at most 4, no hour after five minutes, none lost if valid."""
    asked = Request(
        model="s",
        messages=(Message("user", tuple(Text("a", ttl) for ttl in messages)),),
        tools=tuple(Tool("add", "", {}, cache=ttl) for ttl in tools),
        system=tuple(Text("a", ttl) for ttl in system),
    )
    theirs = [ttl for ttl in (*tools, *system, *messages) if ttl]
    sent = marks.ttls(json.loads(write(asked, Target(model="t")).body))
    assert marks.valid(sent)
    assert len(sent) >= (len(theirs) if marks.valid(theirs) else 1)


def test_c13_at_four_none_is_added() -> None:
    block = {"type": "text", "text": "a"}
    full: dict[str, Any] = {
        "system": [block | MARK, dict(block)],
        "messages": [{"role": "user", "content": [block | MARK] * 3 + [dict(block)]}],
    }
    marks.add(full, Changes())
    assert marks.ttls(full) == ["5m"] * 4
    assert "cache_control" not in full["system"][-1]
