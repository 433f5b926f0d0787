"""Labelled pairs out of single questions: edits that keep the meaning, and edits that change it.

The labels are right by construction. What people really ask twice is more varied than this; the
natural negatives (nearest neighbours of another group) are real questions.
"""

import random
import re
from collections.abc import Callable, Sequence

type Edit = Callable[[str, random.Random], str]

SYNONYMS = {
    "calculate": "compute",
    "find": "determine",
    "big": "large",
    "write": "create",
    "explain": "describe",
    "error": "mistake",
    "correct": "right",
    "begin": "start",
    "many": "numerous",
    "help": "assist",
    "make": "produce",
    "show": "display",
    "quickly": "fast",
    "important": "significant",
    "problem": "task",
    "answer": "response",
    "children": "kids",
    "buys": "purchases",
    "total": "overall",
    "people": "persons",
    "needs": "requires",
    "gets": "receives",
    "method": "approach",
    "choose": "select",
    "following": "below",
}
SHORT = {"what is": "what's", "do not": "don't", "it is": "it's", "that is": "that's"}
BEFORE = ("Please: ", "Hi! ", "Hello, ", "Could you tell me: ", "I want to know: ")
AFTER = (" Thanks!", " Thank you.", " Please.")
FLIPS = {
    "more": "less",
    "maximum": "minimum",
    "largest": "smallest",
    "greatest": "least",
    "first": "last",
    "before": "after",
    "increase": "decrease",
    "above": "below",
    "always": "never",
    "true": "false",
    "correct": "incorrect",
    "left": "right",
    "all": "some",
    "with": "without",
    "most": "least",
    "higher": "lower",
    "even": "odd",
    "sum": "product",
    "buy": "sell",
    "longest": "shortest",
    "ascending": "descending",
}
CLAUSES = (
    " Answer in French.",
    " Only give the first step.",
    " Use a table.",
    " Do it without a calculator.",
    " And explain why the opposite is wrong.",
)


def _swapped(table: dict[str, str]) -> Edit:
    def edit(text: str, chance: random.Random) -> str:
        words = [w for w in table if re.search(rf"\b{w}\b", text, re.IGNORECASE)]
        if not words:
            return text
        word = chance.choice(words)
        new = re.sub(rf"\b{word}\b", table[word], text, count=1, flags=re.IGNORECASE)
        return new[0].upper() + new[1:] if text[0].isupper() else new

    return edit


def _cased(text: str, chance: random.Random) -> str:
    return text[0].lower() + text[1:] if chance.random() < 0.5 else text.rstrip("?.! ")


def _spaced(text: str, chance: random.Random) -> str:
    return re.sub(r" ", "  ", text, count=chance.randint(1, 3))


def _typo(text: str, chance: random.Random) -> str:
    words = list(re.finditer(r"\b[a-z]{6,}\b", text))
    if not words:
        return text
    word = chance.choice(words)
    at = word.start() + chance.randint(1, len(word[0]) - 3)
    return text[:at] + text[at + 1] + text[at] + text[at + 2 :]


def _number(text: str, chance: random.Random) -> str:
    found = list(re.finditer(r"\d+", text))
    if not found:
        return text
    one = chance.choice(found)
    return text[: one.start()] + str(int(one[0][:9]) + chance.randint(1, 9)) + text[one.end() :]


def _negated(text: str, _chance: random.Random) -> str:
    return re.sub(r"\b(is|are|was|were|does|do|can|will|has|have)\b", r"\1 not", text, count=1)


def worded(vocabulary: Sequence[str]) -> Edit:
    """Another noun, verb or name in the place of one: `vocabulary` are words of other questions."""

    def edit(text: str, chance: random.Random) -> str:
        words = list(re.finditer(r"\b[A-Za-z]{4,}\b", text))
        if not words:
            return text
        one, other = chance.choice(words), chance.choice(vocabulary)
        other = other.capitalize() if one[0][0].isupper() else other.lower()
        return text[: one.start()] + other + text[one.end() :]

    return edit


def _clause(text: str, chance: random.Random) -> str:
    return text + chance.choice(CLAUSES)


KEEPING: dict[str, Edit] = {
    "synonym": _swapped(SYNONYMS),
    "short form": _swapped(SHORT),
    "polite before": lambda text, chance: chance.choice(BEFORE) + text,
    "polite after": lambda text, chance: text + chance.choice(AFTER),
    "case and end": _cased,
    "spaces": _spaced,
    "typo": _typo,
}
CHANGING: dict[str, Edit] = {
    "number": _number,
    "negation": _negated,
    "opposite": _swapped(FLIPS),
    "clause": _clause,
}


def kept(text: str, chance: random.Random) -> tuple[str, str]:
    """One to three edits that keep the meaning: (names, the new text)."""
    names = chance.sample(sorted(KEEPING), chance.randint(1, 3))
    new = text
    for name in names:
        new = KEEPING[name](new, chance)
    return " + ".join(names), new
