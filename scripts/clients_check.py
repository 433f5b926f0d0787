"""Did the model really change? What the mock saw and what the log says, against what was asked.

    clients_check.py MOCK_URL TURNOUT_DB PROVIDER/MODEL

Every completion that reached the mock names the model and carries turnout's key; every row of the
log says that this model served it. Prints one line, or what is wrong and exits with 1.
"""

import json
import sqlite3
import sys
import urllib.request
from collections.abc import Iterator
from typing import Any

type Json = dict[str, Any]

ROUTED = {"anthropic", "openai_chat", "openai_responses", "gemini"}
# the end of a completion's path, by the dialect that ends so
ENDS = {"anthropic": "/messages", "openai_chat": "/chat/completions"}
DIALECT = {"anthropic": "anthropic", "openrouter": "openai_chat"}
OURS = {"anthropic": "sk-ant-turnouts", "openrouter": "sk-or-turnouts"}


def seen(mock: str) -> list[Json]:
    """The completions that reached the mock."""
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with direct.open(f"{mock}/__seen") as answer:
        every = json.load(answer)
    return [one for one in every if one["path"].split("?")[0].endswith(tuple(ENDS.values()))]


def rows(path: str) -> list[Json]:
    """The log's rows about the dialects that are routed."""
    with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as db:
        db.row_factory = sqlite3.Row
        found = [dict(row) for row in db.execute("SELECT * FROM decisions ORDER BY at")]
    return [row for row in found if row["dialect"] in ROUTED]


def wrong(requests: list[Json], log: list[Json], provider: str, model: str) -> Iterator[str]:
    """What is not as it should be."""
    if not requests:
        yield "no completion reached the mock"
    for request in requests:
        where, said, headers = request["path"], request["body"], request["headers"]
        if not where.split("?")[0].endswith(ENDS[DIALECT[provider]]):
            yield f"{where}: not the dialect of {provider}"
        if not isinstance(said, dict) or said.get("model") != model:
            yield f"{where}: the mock was asked for {said['model']!r}"
        keys = {headers.get("x-api-key"), headers.get("authorization", "").removeprefix("Bearer ")}
        if keys - {None, ""} != {OURS[provider]}:
            yield f"{where}: not turnout's key"
    if len(log) != len(requests):
        yield f"{len(requests)} requests reached the mock, {len(log)} are in the log"
    for row in log:
        if (row["provider"], row["reason"], row["status"]) != (provider, "forced", 200):
            what = (row["id"], row["provider"], row["reason"], row["status"], row["error"])
            yield f"row {' '.join(map(str, what))}"
    if not any(row["requested_model"] != row["model"] for row in log):
        yield "no model was changed"


def main(mock: str, db: str, forced: str) -> int:
    provider, _, model = forced.partition("/")
    requests, log = seen(mock), rows(db)
    faults = list(wrong(requests, log, provider, model))
    for fault in faults:
        print(fault)
    if not faults:
        asked = sorted({row["requested_model"] for row in log})
        print(f"{len(log)} requests, {', '.join(asked)} -> {forced}")
    return bool(faults)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
