"""README's table of the clients that were run, from the results of scripts/clients.

python scripts/clients_matrix.py RESULTS.tsv            prints it
python scripts/clients_matrix.py RESULTS.tsv README.md  writes it there, between its two markers

A line of RESULTS: ROW/DIALECT, the reason of what had to go home or nothing, and the verdict.
"""

import sys
from collections.abc import Iterable
from pathlib import Path

BEGIN, END = "<!-- clients -->", "<!-- /clients -->"
DIALECTS = {
    "anthropic": "Anthropic Messages",
    "chat": "OpenAI Chat",
    "responses": "OpenAI Responses",
    "gemini": "Gemini",
}
# row of scripts/clients -> the client with its version, what it was asked to do, what it speaks
ROWS: dict[str, tuple[str, str, str]] = {
    "claude": ("Claude Code 2.1.197", "tool", "anthropic"),
    "codex-gpt-5": ("Codex 0.169.0, `-m gpt-5`", "tool", "responses"),
    "codex": ("Codex 0.169.0, its default model", "free-form tool", "responses"),
    "gemini": ("gemini-cli 0.61.0", "tool", "gemini"),
    "opencode-anthropic": ("opencode 1.18.33, `anthropic/`", "tool", "anthropic"),
    "opencode-openai": ("opencode 1.18.33, `openai/`", "tool", "responses"),
    "opencode-google": ("opencode 1.18.33, `google/`", "tool", "gemini"),
    "opencode-openrouter": ("opencode 1.18.33, `openrouter/`", "tool", "chat"),
    "aider-anthropic": ("aider 0.86.2, `anthropic/`", "edit", "anthropic"),
    "aider-openai": ("aider 0.86.2, `gpt-4o`", "edit", "chat"),
    "aider-gemini": ("aider 0.86.2, `gemini/`", "edit", "gemini"),
    "aider-openrouter": ("aider 0.86.2, `openrouter/`", "edit", "chat"),
    "llm-anthropic": ("llm 0.36, `claude-sonnet-4.5`", "tool", "anthropic"),
    "llm-chat": ("llm 0.36, `gpt-4o-mini`", "tool", "chat"),
    "llm-responses": ("llm 0.36, `gpt-5`", "tool", "responses"),
    "llm-gemini": ("llm 0.36, `gemini/`", "tool, array stream", "gemini"),
    "sdk-py": ("SDKs for Python: anthropic, openai, google-genai", "8 calls", ""),
    "sdk-node": ("SDKs for Node: the same three", "7 calls", ""),
    "codex-compaction": ("Codex 0.169.0, `-m gpt-5`", "tool, compaction", "responses"),
    "gemini-search": ("gemini-cli 0.61.0", "Google's own search", "gemini"),
}
LEGEND = """\
Each ran unmodified through `turnout serve`, streaming, every request forced to another model in
the dialect of the column (*itself*: the client's own), against the same simulated provider. ✓: its
tool ran or its edit was made, its last words arrived, each request reached that model with
turnout's key and is in the log. ✓ with a word: so did all but the requests that can only go home;
they went there for that reason. `scripts/clients --write-readme` makes this table."""

type Cell = tuple[str, str]


def read(lines: Iterable[str]) -> dict[str, dict[str, Cell]]:
    """Row -> dialect -> reason, verdict."""
    found: dict[str, dict[str, Cell]] = {}
    for line in lines:
        name, reason, verdict = line.rstrip("\n").split("\t")
        row, _, dialect = name.partition("/")
        found.setdefault(row, {})[dialect] = (reason, verdict)
    return found


def cell(found: Cell, *, own: bool) -> str:
    reason, verdict = found
    if verdict != "ok":
        return verdict.replace("|", "\\|")
    return " ".join(filter(None, ("✓", "*itself*" if own else "", f"`{reason}`" if reason else "")))


def table(found: dict[str, dict[str, Cell]]) -> str:
    lines = [f"| client | task | {' | '.join(DIALECTS.values())} |", "|---" * 6 + "|"]
    for row, (client, task, speaks) in ROWS.items():
        if row in found:
            cells = [cell(found[row].get(to, ("", "-")), own=to == speaks) for to in DIALECTS]
            lines.append(f"| {client} | {task} | {' | '.join(cells)} |")
    return "\n".join(lines)


def written(text: str, made: str) -> str:
    """`text` with `made` between its markers."""
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise SystemExit(f"no {BEGIN} ... {END} there")
    return f"{before}{begin}\n{made}\n{end}{after}"


def main(results: str, readme: str = "") -> None:
    with Path(results).open(encoding="utf-8") as lines:
        made = f"{table(read(lines))}\n\n{LEGEND}"
    if not readme:
        print(made)
        return
    Path(readme).write_text(written(Path(readme).read_text("utf-8"), made), "utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
