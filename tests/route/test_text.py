import time

import pytest

from turnout.route.text import LIMIT, plain, readable, tail, words
from turnout.wire.request import Ask


def ask(*humans: str, system: str = "") -> Ask:
    return Ask(dialect="anthropic", model="m", humans=humans, system=system)


# what a client sent                                       -> what a human said
PLAIN: dict[str, tuple[str, str]] = {
    "c45 nothing to strip": ("fix the test", "fix the test"),
    "c45 reminder": ("<system-reminder>\nbe nice\n</system-reminder>\nfix it", "fix it"),
    "c45 reminder behind": ("fix it<system-reminder>no</system-reminder>", "fix it"),
    "c45 command output": (
        "<local-command-stdout>500 lines</local-command-stdout> why did it fail?",
        "why did it fail?",
    ),
    "c45 slash command": (
        "<command-name>/init</command-name>\n<command-message>init</command-message>\nhere",
        "here",
    ),
    "c45 editor selection": ("<ide_selection>a = 1</ide_selection>rename a", "rename a"),
    "c45 editor file": ("<ide_opened_file>x.py</ide_opened_file>rename a", "rename a"),
    "c45 codex environment": (
        "<environment_context>\n  <cwd>/w</cwd>\n</environment_context>\nlist files",
        "list files",
    ),
    "c45 codex instructions": ("<user_instructions>tabs</user_instructions>go", "go"),
    "c45 attributes": ('<system-reminder kind="x">n</system-reminder>go', "go"),
    "c45 two blocks": (
        "a<system-reminder>1</system-reminder>b<ide_x>2</ide_x>c",
        "abc",
    ),
    "c45 another block inside": (
        "<environment_context><system-reminder>1</system-reminder>2</environment_context>go",
        "go",
    ),
    "never closed": ("<system-reminder> was in my log", "was in my log"),
    "never opened": ("what is </system-reminder> for?", "what is   for?"),
    "closed by another": ("<ide_a>keep</ide_b>", "keep"),
    "a human's own tags": ("<task>fix <b>it</b></task>", "<task>fix <b>it</b></task>"),
    "longer name": (
        "<system-reminders>x</system-reminders>",
        "<system-reminders>x</system-reminders>",
    ),
    "only a block": ("<system-reminder>x</system-reminder>", ""),
    "empty": ("", ""),
}


@pytest.mark.parametrize(("sent", "said"), PLAIN.values(), ids=PLAIN)
def test_plain(sent: str, said: str) -> None:
    assert plain(sent) == said


@pytest.mark.parametrize(("sent", "said"), PLAIN.values(), ids=PLAIN)
def test_stripping_twice_changes_nothing(sent: str, said: str) -> None:
    assert plain(plain(sent)) == said


WORDS: dict[str, tuple[Ask, str]] = {
    "c45 latest first": (ask("new", "old", system="s"), "new"),
    "c45 next older when nothing is left": (
        ask("<system-reminder>x</system-reminder>", "  ", "old", system="s"),
        "old",
    ),
    "c45 system text when no human spoke": (ask(system="You are a bot"), "You are a bot"),
    "c45 nothing at all": (ask(), ""),
    "c45 last 1024 bytes": (ask("a" * 5000 + "b" * 1000), "a" * 24 + "b" * 1000),
    "c45 stripped before it is cut": (
        ask("fix it" + "<system-reminder>" + "x" * 3000 + "</system-reminder>"),
        "fix it",
    ),
}


@pytest.mark.parametrize(("asked", "embedded"), WORDS.values(), ids=WORDS)
def test_words(asked: Ask, embedded: str) -> None:
    assert words(asked) == embedded


@pytest.mark.parametrize("pad", range(8))
@pytest.mark.parametrize("letter", ["a", "é", "字", "🚂"])
def test_c45_tail_ends_on_a_character(letter: str, pad: int) -> None:
    text = letter * 2000 + "." * pad
    cut = tail(text)
    assert text.endswith(cut)
    assert LIMIT - 4 < len(cut.encode()) <= LIMIT


def test_a_lone_surrogate_is_no_error() -> None:
    assert words(ask("go \ud83d now")) == "go ? now"


HOSTILE = {
    "openings": "<system-reminder>" * 30_000,
    "closings": "</system-reminder>" * 30_000,
    "open tags without an end": "<system-reminder " * 30_000,
    "wildcard names": "<ide_" * 100_000,
    "one endless name": "<ide_" + "a" * 500_000,
    "one endless attribute": "<system-reminder " + "a" * 500_000,
    "angle brackets": "<" * 500_000,
    "hooks": "<a-hook" * 70_000,
    "many kinds": "".join(f"<ide_{n}>" for n in range(50_000)),
}


def work(text: str) -> float:
    """CPU seconds, the least of three runs."""

    def once() -> float:
        start = time.process_time()
        words(ask(text))
        return time.process_time() - start

    return min(once() for _ in range(3))


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_16_times_the_text_is_not_256_times_the_work(text: str) -> None:
    assert work(text) < 80 * max(work(text[: len(text) // 16]), 0.0005)


READABLE = {
    "": False,
    "🚂": False,
    "42 + 17": False,
    "\x00\x01\x02": False,
    "a" * 1024: False,
    "a b c": False,
    "Почему падает этот тест?": False,
    "请修复解析器中失败的测试": False,
    "почини parser.py, пожалуйста": False,
    "fix 🚂": True,
    "Почему: why does parser.py fail at line three?": True,
    "hi": True,
    "Bitte repariere den Test": False,
}


@pytest.mark.parametrize(("text", "expected"), READABLE.items(), ids=repr)
def test_what_an_encoder_of_english_can_read(text: str, expected: bool) -> None:
    assert readable(text) is expected
