"""Each signal alone: results, calls, words of people, ends of answers."""

# ruff: noqa: E501  the lines of tables

import json
from typing import Any

import pytest

from turnout.session.news.facts import Call, Result
from turnout.session.signals import calls
from turnout.session.signals.answers import ANSWER_SIGNALS, Said
from turnout.session.signals.calls import Edit
from turnout.session.signals.results import RESULT_SIGNALS
from turnout.session.signals.speech import human_corrects, human_moves_on

FAILED = "=== 1 failed, 2 passed in 0.10s ===\n"
PASSED = "=== 3 passed in 0.10s ===\n"


def result(text: str, name: str = "Bash", command: object = "pytest", **facts: Any) -> Result:
    return Result("c1", text, name=name, input=json.dumps({"command": command}).encode(), **facts)


# fmt: off
RESULTS = [
    ("failing tests",               result(FAILED),                                      {"tests_failed"}),
    ("failing tests, marked too",   result(FAILED, is_error=True),                       {"tests_failed"}),
    ("failing tests, cut by tail",  result(FAILED, command="pytest -q 2>&1 | tail -3"),  {"tests_failed"}),
    ("after a change of folder",    result(FAILED, command="cd a && pytest"),            {"tests_failed"}),
    ("codex's list",                result(FAILED, "shell", ["bash", "-lc", "pytest"]),  {"tests_failed"}),
    ("call is not known",           Result("c1", FAILED),                                {"tests_failed"}),
    ("passing tests",               result(PASSED),                                      {"tests_passed"}),
    ("a build",                     result("make: *** [all] Error 2\n", command="make"), {"build_failed"}),
    ("a crash",                     result("Traceback (most recent call last):\n"),      {"crashed"}),
    ("marked as an error",          result("no such file", is_error=True),               {"tool_error"}),
    ("a status",                    result("Exit code: 127\nOutput:\nno"),               {"tool_error"}),
    ("status 0",                    result("Exit code: 0\nOutput:\nok"),                 set()),
    ("an edit that does not fit",   result("<tool_use_error>String to replace not found in file.", "Edit", is_error=True), {"tool_error"}),
    ("c25 no such tool",            result("<tool_use_error>Error: No such tool available: Foo", "Foo", is_error=True), {"call_malformed"}),
    ("arguments that are refused",  result("<tool_use_error>InputValidationError: Edit failed", "Edit", is_error=True), {"call_malformed"}),
    ("codex refuses",               result("unsupported call: foo", "foo"),              {"call_malformed"}),
    # what is shown is not what happened
    ("a log that is read",          result(FAILED, command="cat old.log"),               set()),
    ("a log that is searched",      result(FAILED, command="grep -rn failed . | head"),  set()),
    ("history",                     result(FAILED, command="git log -3 && git diff"),    set()),
    ("grep finds nothing",          result("Exit code: 1\nOutput:\n", command="rg x"),   set()),
    ("a file by its tool",          result(FAILED, "Read", None),                        set()),
    ("gemini's reader",             result(FAILED, "read_file", None),                   set()),
    ("a search tool",               result(FAILED, "Grep", None),                        set()),
    ("reading, then running",       result(FAILED, command="cat a; pytest"),             {"tests_failed"}),
    ("nothing",                     result(""),                                          set()),
]
SPEECH = [
    # words                                                            corrects  moves on
    ("no, the other file",                                              True,    False),
    ("No. Look at line 12",                                             True,    False),
    ("nope",                                                            True,    False),
    ("that's wrong",                                                    True,    False),
    ("It\u2019s still not working",                                     True,    False),
    ("still failing",                                                   True,    False),
    ("Still the same error",                                            True,    False),
    ("revert that",                                                     True,    False),
    ("please undo the last change",                                     True,    False),
    ("you broke the build",                                             True,    False),
    ("this doesn't work on my machine",                                 True,    False),
    ("I get the same error as before",                                  True,    False),
    ("not what I asked for",                                            True,    False),
    ("try again",                                                       True,    False),
    ("why did you delete the tests?",                                   True,    False),
    ("thanks! now add a flag for colour",                               False,   True),
    ("write a README",                                                  False,   True),
    ("no tests are needed, just a script",                              False,   True),
    ("note the second paragraph and summarise it",                      False,   True),
    ("stop the dev server and start it on port 80",                     False,   True),
    ("what does this module do?",                                       False,   True),
    ("continue",                                                        False,   False),
    ("go on",                                                           False,   False),
    ("yes please",                                                      False,   False),
    ("ok",                                                              False,   False),
    ("2",                                                               False,   False),
    ("",                                                                False,   False),
]
ANSWERS = [
    ("well",                Said("end"),                                    set()),
    ("calls",               Said("tools"),                                  set()),
    ("not known",           Said(None, content=False),                      set()),
    ("c27 empty",           Said("end", content=False),                     {"answer_empty"}),
    ("c18 cut",             Said("length"),                                 {"answer_cut"}),
    ("c19 refusal",         Said("refusal", content=False),                 {"refusal"}),
    ("c23 mended",          Said("tools", notes=("Edit: json_repaired",)),  {"call_malformed"}),
    ("c23 garbage",         Said("tools", notes=("Edit: not_json",)),       {"call_malformed"}),
    ("c25 no such tool",    Said("tools", notes=("Foo: unknown_tool",)),    {"call_malformed"}),
    ("c22 no name",         Said("tools", notes=("call_without_name",)),    {"call_malformed"}),
    ("gemini",              Said("end", notes=("finishReason:MALFORMED_FUNCTION_CALL",)), {"call_malformed"}),
    ("a mend without loss", Said("tools", notes=("Edit: removed:replace_all",)), set()),
]
# fmt: on


@pytest.mark.parametrize(("one", "names"), [r[1:] for r in RESULTS], ids=[r[0] for r in RESULTS])
def test_results(one: Result, names: set[str]) -> None:
    assert {name for name, holds in RESULT_SIGNALS.items() if holds(one)} == names


@pytest.mark.parametrize(("text", "corrects", "moves_on"), SPEECH)
def test_what_people_write(text: str, corrects: bool, moves_on: bool) -> None:
    assert (human_corrects(text), human_moves_on(text)) == (corrects, moves_on)


@pytest.mark.parametrize(("said", "names"), [r[1:] for r in ANSWERS], ids=[r[0] for r in ANSWERS])
def test_ends_of_answers(said: Said, names: set[str]) -> None:
    assert {name for name, holds in ANSWER_SIGNALS.items() if holds(said)} == names


def call(name: str = "Bash", **arguments: object) -> Call:
    return Call("c1", name, json.dumps(arguments).encode())


def test_a_call_is_the_same_however_it_is_written() -> None:
    plain = Call("a", "Bash", b'{"a": 1, "b": "\\u00e9"}')
    other = Call("b", "Bash", '{"b":"é","a":1}'.encode())
    assert calls.same(plain) == calls.same(other) != ""
    assert calls.same(Call("a", "Read", plain.input)) != calls.same(plain)


@pytest.mark.parametrize("input", [b"", b"{}", b"null", b" {} "])
def test_c82_empty_arguments_are_ignored(input: bytes) -> None:
    assert calls.same(Call("a", "Status", input)) == ""
    assert not calls.loop(["x"] * 9, "")
    assert not calls.call_repeated([""] * 9, "")


@pytest.mark.parametrize(
    "input", [b"{", b"[" * 100_000, b"\xff", b"*** Begin Patch\n*** End Patch"]
)
def test_arguments_of_any_kind(input: bytes) -> None:
    assert calls.same(Call("a", "x", input))
    assert list(calls.edits(Call("a", "x", input))) == []


# fmt: off
REPEATS = [
    # latest calls, this one            repeated  loop
    ("first",          "",          "a", False, False),
    ("second",         "a",         "a", False, False),
    ("third",          "a a",       "a", True,  False),
    ("third, others",  "a b a c",   "a", True,  False),
    ("edit between",   "a edit a",  "a", False, False),
    ("edit before",    "edit a a",  "a", True,  False),
    ("tests, edits",   "a edit a edit a", "a", False, False),
    ("c82 five in ten", "a b a c edit a d a edit", "a", False, True),
    ("c83 in a circle", "a b a b a b a", "b", True, True),
    ("a wider circle", "a b c d a b c",  "d", False, False),
    ("many things",    "a b c d e f g h", "i", False, False),
]
# fmt: on


@pytest.mark.parametrize(
    ("recent", "name", "repeated", "loop"), [r[1:] for r in REPEATS], ids=[r[0] for r in REPEATS]
)
def test_repeats(recent: str, name: str, repeated: bool, loop: bool) -> None:
    assert calls.call_repeated(recent.split(), name) == repeated
    assert calls.loop(recent.split(), name) == loop


PATCH = """*** Begin Patch
*** Update File: a.py
@@ def f():
-    return 1
+    return 2
*** Add File: b.py
+x = 1
*** End Patch"""
# fmt: off
EDITS = {
    "claude-code":       call("Edit", file_path="a", old_string="1", new_string="2"),
    "opencode":          call("edit", filePath="a", oldString="1", newString="2"),
    "text editor":       call("str_replace_based_edit_tool", command="str_replace", path="a", old_str="1", new_str="2"),
    "gemini-cli":        call("replace", file_path="a", old_string="1", new_string="2"),
    "several at once":   call("MultiEdit", file_path="a", edits=[{"old_string": "1", "new_string": "2"}]),
}
# fmt: on


@pytest.mark.parametrize("made", EDITS.values(), ids=EDITS)
def test_edits(made: Call) -> None:
    (edit,) = calls.edits(made)
    assert edit == Edit(calls.digest(b"a"), calls.digest(b"1"), calls.digest(b"2"))


def test_edits_of_a_patch() -> None:
    function = call("apply_patch", input=PATCH)
    custom = Call("c1", "apply_patch", PATCH.encode())
    shell = call("exec_command", cmd=f"apply_patch <<'EOF'\n{PATCH}\nEOF")
    first, second = calls.edits(custom)
    assert list(calls.edits(function)) == [first, second]
    assert [edit.path for edit in calls.edits(shell)] == [first.path, second.path]
    assert first == Edit(
        calls.digest(b"a.py"), calls.digest(b"    return 1"), calls.digest(b"    return 2")
    )
    assert second.before == ""


@pytest.mark.parametrize("made", [call("Bash", command="ls"), call("Read", file_path="a")])
def test_no_edit(made: Call) -> None:
    assert list(calls.edits(made)) == []


def test_back_and_forth() -> None:
    there, back = Edit("a", "1", "2"), Edit("a", "2", "1")
    assert calls.edit_undone([there], back)
    assert calls.edit_undone([there, Edit("b", "x", "y")], back)
    assert not calls.edit_undone([there], Edit("b", "2", "1"))  # another file
    assert not calls.edit_undone([there], Edit("a", "2", "3"))
    assert not calls.edit_undone([there], there)


def test_whole_files_back_and_forth() -> None:
    assert calls.edit_undone([Edit("a", "", "1"), Edit("a", "", "2")], Edit("a", "", "1"))
    assert not calls.edit_undone([Edit("a", "", "1")], Edit("a", "", "1"))
    assert not calls.edit_undone([Edit("a", "", "1"), Edit("a", "", "2")], Edit("a", "", "3"))
