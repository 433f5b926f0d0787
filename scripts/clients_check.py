"""Did the model really change? What the mock saw and what the log says, against what was asked.

    clients_check.py MOCK_URL TURNOUT_DB PROVIDER/MODEL [REASON]

Every completion that reached the mock names the model and carries turnout's key; every row of the
log says that this model served it. With REASON, some went home for just that reason, as they came.
Prints one line, or what is wrong and exits with 1.
"""

import json
import sqlite3
import sys
import urllib.request
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

type Json = dict[str, Any]

ROUTED = {"anthropic", "openai_chat", "openai_responses", "gemini"}
# the end of a completion's path, by the dialect that ends so
ENDS: dict[str, tuple[str, ...]] = {
    "anthropic": ("/messages",),
    "openai_chat": ("/chat/completions",),
    "openai_responses": ("/responses",),
    "gemini": (":generateContent", ":streamGenerateContent"),
}
# what scripts/clients lets turnout speak to a provider, and turnout's own key there
DIALECT = {
    "anthropic": "anthropic",
    "openrouter": "openai_chat",
    "openai": "openai_responses",
    "google": "gemini",
}
OURS = {
    "anthropic": "sk-ant-turnouts",
    "openrouter": "sk-or-turnouts",
    "openai": "sk-turnouts",
    "google": "AIza-turnouts",
}


def seen(mock: str) -> list[Json]:
    """The completions that reached the mock."""
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with direct.open(f"{mock}/__seen") as answer:
        every = json.load(answer)
    ends = tuple(end for ends in ENDS.values() for end in ends)
    return [one for one in every if one["method"] == "POST" and place(one).endswith(ends)]


def place(request: Json) -> str:
    return str(request["path"]).split("?")[0]


def model_of(request: Json) -> str:
    """What was asked for; Gemini has it in the path."""
    said = request["body"]
    named = said.get("model") if isinstance(said, dict) else None
    return named or place(request).rpartition("/")[2].partition(":")[0]


def keys_of(request: Json) -> set[str]:
    headers = request["headers"]
    query = parse_qs(urlsplit(request["path"]).query)
    keys = {headers.get("x-api-key", ""), headers.get("x-goog-api-key", "")}
    return (keys | {headers.get("authorization", "")[7:], *query.get("key", ())}) - {""}


def word(row: Json) -> str:
    """Why it went where it went: what a forced model could not carry is told in the error."""
    if row["reason"] == "no_target":
        return str(row["error"]).partition(": ")[2].partition(": ")[0] or "no_target"
    return str(row["reason"])


def rows(path: str) -> list[Json]:
    """The log's rows about the dialects that are routed."""
    with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as db:
        db.row_factory = sqlite3.Row
        found = [dict(row) for row in db.execute("SELECT * FROM decisions ORDER BY at")]
    return [row for row in found if row["dialect"] in ROUTED]


def wrong(
    requests: list[Json], log: list[Json], provider: str, model: str, reason: str = ""
) -> Iterator[str]:
    """What is not as it should be."""
    home = [row for row in log if reason and word(row) == reason]
    theirs = [one for one in requests if home and OURS[provider] not in keys_of(one)]
    if reason and not home:
        yield f"nothing went home for {reason}"
    if len(home) != len(theirs):
        yield f"{len(home)} went home for {reason}, {len(theirs)} arrived with the client's key"
    requests = [one for one in requests if one not in theirs]
    if not requests:
        yield "no completion reached the mock"
    for request in requests:
        yield from misdirected(request, provider, model)
    if len(log) - len(home) != len(requests):
        yield f"{len(requests)} requests reached the mock, {len(log) - len(home)} are in the log"
    for row in log:
        if row not in home and said(row) != (provider, "forced", 200, ""):
            yield f"{row['kind']} {' '.join(map(str, said(row)))}"
    if not any(row["requested_model"] != row["model"] for row in log):
        yield "no model was changed"


def misdirected(request: Json, provider: str, model: str) -> Iterator[str]:
    where = request["path"]
    if not place(request).endswith(ENDS[DIALECT[provider]]):
        yield f"{where}: not the dialect of {provider}"
    if model_of(request) != model:
        yield f"{where}: the mock was asked for {model_of(request)!r}"
    if keys_of(request) != {OURS[provider]}:
        yield f"{where}: not turnout's key"


def said(row: Json) -> tuple[Any, ...]:
    return row["provider"], word(row), row["status"], row["error"] or ""


def main(mock: str, db: str, forced: str, reason: str = "") -> int:
    provider, _, model = forced.partition("/")
    requests, log = seen(mock), rows(db)
    faults = list(wrong(requests, log, provider, model, reason))
    for fault in faults:
        print(fault)
    if not faults:
        asked = sorted({row["requested_model"] for row in log})
        print(f"{len(log)} requests, {', '.join(asked)} -> {forced}")
    return bool(faults)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
