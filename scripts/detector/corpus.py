"""The corpus: labelled sessions, read from corpus.txt and written in each dialect.

    == NAME | fails                    or: succeeds
    human: WORDS                       a person
    say: WORDS                         the model, without a call
    > TOOL ARGUMENTS                   a call; its output follows, line by line
    >! TOOL ARGUMENTS                  the same, and the tool failed

It was made up: runners' words are their own, the sessions are nobody's.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

TEXT = Path(__file__).with_name("corpus.txt")

type Arguments = dict[str, str]


@dataclass(slots=True)
class Turn:
    """`kind`: who speaks. Of a call `words` is its output."""

    kind: Literal["human", "say", "call"]
    words: str = ""
    tool: str = ""
    arguments: Arguments = field(default_factory=dict)
    failed: bool = False


@dataclass(slots=True)
class Trajectory:
    name: str
    fails: bool
    turns: list[Turn] = field(default_factory=list)


def corpus(text: str = "") -> list[Trajectory]:
    found: list[Trajectory] = []
    for line in (text or TEXT.read_text(encoding="utf-8")).splitlines():
        if line.startswith("== "):
            name, _, ends = line[3:].rpartition(" | ")
            assert ends in ("fails", "succeeds"), line
            found.append(Trajectory(name, ends == "fails"))
        elif found and not line.startswith("# "):
            _add(found[-1].turns, line)
    return found


def _add(turns: list[Turn], line: str) -> None:
    head, _, rest = line.partition(" ")
    if head in (">", ">!"):
        tool, _, said = rest.partition(" ")
        arguments = ARGUMENTS[tool](said)
        turns.append(Turn("call", tool=tool, arguments=arguments, failed=head == ">!"))
    elif head == "human:":
        turns.append(Turn("human", rest))
    elif head == "say:":
        turns.append(Turn("say", rest))
    elif turns and turns[-1].kind == "call":
        last = turns[-1]
        last.words += f"\n{line}" if last.words else line


def _edit(said: str) -> Arguments:
    path, _, change = said.partition(": ")
    before, _, after = change.partition(" => ")
    return {"file_path": path, "old_string": before, "new_string": after}


def _write(said: str) -> Arguments:
    path, _, content = said.partition(": ")
    return {"file_path": path, "content": content}


ARGUMENTS = {
    "Bash": lambda said: {"command": said},
    "Read": lambda said: {"file_path": said},
    "Grep": lambda said: {"pattern": said},
    "Edit": _edit,
    "Write": _write,
}


def bodies(one: Trajectory, dialect: str) -> Iterator[bytes]:
    """The requests of a session, each with the whole history so far."""
    history: list[dict[str, Any]] = []
    for number, turn in enumerate(one.turns):
        history += WRITERS[dialect](turn, f"call_{number}")
        if turn.kind != "say":
            yield json.dumps({FIELDS.get(dialect, "messages"): history, "model": "m"}).encode()


FIELDS = {"gemini": "contents", "openai_responses": "input"}


def _anthropic(turn: Turn, id: str) -> list[dict[str, Any]]:
    if turn.kind != "call":
        return [{"role": "user" if turn.kind == "human" else "assistant", "content": turn.words}]
    call = {"type": "tool_use", "id": id, "name": turn.tool, "input": turn.arguments}
    result = {"type": "tool_result", "tool_use_id": id, "content": turn.words}
    if turn.failed:
        result["is_error"] = True
    return [{"role": "assistant", "content": [call]}, {"role": "user", "content": [result]}]


def _told(turn: Turn) -> str:
    """Where a dialect has no mark for it, clients tell a command's status in words."""
    if turn.tool != "Bash":
        return turn.words
    return f"{turn.words}\n\nCommand exited with code {1 if turn.failed else 0}"


def _chat(turn: Turn, id: str) -> list[dict[str, Any]]:
    if turn.kind != "call":
        return [{"role": "user" if turn.kind == "human" else "assistant", "content": turn.words}]
    function = {"name": turn.tool.lower(), "arguments": json.dumps(turn.arguments)}
    call = {"id": id, "type": "function", "function": function}
    answer = {"role": "tool", "tool_call_id": id, "content": _told(turn)}
    return [{"role": "assistant", "content": None, "tool_calls": [call]}, answer]


def _responses(turn: Turn, id: str) -> list[dict[str, Any]]:
    """As codex: a shell for all, and patches."""
    if turn.kind != "call":
        kind = "input_text" if turn.kind == "human" else "output_text"
        role = "user" if turn.kind == "human" else "assistant"
        return [{"type": "message", "role": role, "content": [{"type": kind, "text": turn.words}]}]
    code = f"Exit code: {int(turn.failed)}\nWall time: 0.1 seconds\nOutput:\n"
    made = {"type": "function_call", "call_id": id}
    call = made | {"name": "exec_command", "arguments": json.dumps({"cmd": _shell(turn)})}
    if turn.tool in ("Edit", "Write"):
        call = {"type": "custom_tool_call", "call_id": id, "name": "apply_patch"}
        call["input"] = _patch(turn.arguments)
    kind = call["type"].removesuffix("_call") + "_call_output"
    return [call, {"type": kind, "call_id": id, "output": code + turn.words}]


def _shell(turn: Turn) -> str:
    words = turn.arguments
    reads = {"Read": "cat {file_path}", "Grep": "rg {pattern}", "Bash": "{command}"}
    return reads.get(turn.tool, "").format(**words)


def _patch(words: Arguments) -> str:
    if "content" in words:
        body = f"*** Add File: {words['file_path']}\n+{words['content']}"
    else:
        body = f"*** Update File: {words['file_path']}\n@@\n-{words['old_string']}\n"
        body += f"+{words['new_string']}"
    return f"*** Begin Patch\n{body}\n*** End Patch"


GEMINI = {
    "Bash": "run_shell_command",
    "Read": "read_file",
    "Grep": "search_file_content",
    "Edit": "replace",
    "Write": "write_file",
}


def _gemini(turn: Turn, id: str) -> list[dict[str, Any]]:
    if turn.kind != "call":
        role = "user" if turn.kind == "human" else "model"
        return [{"role": role, "parts": [{"text": turn.words}]}]
    name = GEMINI[turn.tool]
    said = f"Command: {turn.arguments.get('command')}\nOutput: {turn.words}\n"
    told = said + f"Exit Code: {int(turn.failed)}" if turn.tool == "Bash" else turn.words
    answer = {"error": told} if turn.failed and turn.tool != "Bash" else {"output": told}
    call = {"functionCall": {"id": id, "name": name, "args": turn.arguments}}
    back = {"functionResponse": {"id": id, "name": name, "response": answer}}
    return [{"role": "model", "parts": [call]}, {"role": "user", "parts": [back]}]


WRITERS = {
    "anthropic": _anthropic,
    "openai_chat": _chat,
    "openai_responses": _responses,
    "gemini": _gemini,
}
