"""How long turnout's own reading of a large request takes. Runs here, without a proxy."""

import json
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from turnout.route.catalog import Catalog, target
from turnout.wire.dialects import DIALECTS

SIZE = 1_200_000  # bytes
PATH = "/v1/messages"


def conversation(size: int = SIZE) -> bytes:
    """An Anthropic request of that size: a long agent session, most of it the output of tools."""
    step = 12_000
    output = "src/parser.py:17: error: expected an indented block\n" * (step // 52)
    messages: list[dict[str, Any]] = [{"role": "user", "content": "Mend the parser."}]
    for number in range(size // step):
        use, came = f"toolu_{number:05}", {"type": "text", "text": "I will look."}
        call = {"type": "tool_use", "id": use, "name": "Bash", "input": {"command": "make"}}
        result = {"type": "tool_result", "tool_use_id": use, "content": output}
        messages += [
            {"role": "assistant", "content": [came, call]},
            {"role": "user", "content": [result]},
        ]
    tool = {"name": "Bash", "input_schema": {"type": "object", "properties": {}}}
    body = {"model": "claude-opus-4-7", "max_tokens": 1024, "tools": [tool], "messages": messages}
    return json.dumps(body).encode()


def costs(artifacts: Path, rounds: int) -> dict[str, float]:
    """Median milliseconds of each step."""
    body, catalog = conversation(), Catalog.load(artifacts / "catalog.json")
    ours, theirs = DIALECTS["anthropic"], DIALECTS["openai_chat"]
    near = catalog.find("anthropic", "claude-haiku-4-5")
    far = next(one for one in catalog.bindings if one.provider == "openrouter" and one.model.tools)
    assert near
    sibling, foreign = target(near, "anthropic"), target(far, "openai_chat")
    return {
        "peek": _median(lambda: ours.peek(body, PATH), rounds),
        "splice": _median(lambda: ours.splice(body, sibling), rounds),
        "translate": _median(
            lambda: theirs.write_request(ours.read_request(body, PATH), foreign), rounds
        ),
    }


def _median(work: Callable[[], object], rounds: int) -> float:
    took = []
    for _ in range(rounds):
        began = time.perf_counter()
        work()
        took.append((time.perf_counter() - began) * 1000)
    return round(statistics.median(took), 3)
