"""Do two questions mean the same? Rules that say no, and what a model may look at when they do not.

A rule looks for what an embedding does not see: another number, another name, a negation, an
opposite. What depends on the moment it is asked in is never the same as anything.
"""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import log1p

LONGEST = 600  # characters; the encoder reads no more than the ends of a longer text
SHORTEST = 3  # words

WORD = re.compile(r"[^\W_]+(?:['\u2019][a-z]+)?|[^\w\s]", re.UNICODE)
NUMBER = re.compile(r"\d+(?:[.,:/-]\d+)*%?")
QUOTED = re.compile(r"`[^`]*`|\"[^\"]*\"|“[^”]*”|(?<!\w)'[^'\n]{1,80}'(?!\w)")
NAME = re.compile(r"(?<![.!?:]\s)(?<!^)(?<![\w])[A-Z][\w-]*|\b\w*[A-Z]\w*[A-Z]\w*|\b\w*[_\d]\w*")
CODE = re.compile(r"[=<>{}\[\]()/\\^*+%$#|&@]")


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


MOMENT = re.compile(
    r"\b(now|today|tonight|yesterday|tomorrow|current(ly)?|latest|newest|recent(ly)?|nowadays|"
    r"at the moment|right now|so far|yet|ago|(this|next|last) (week|month|year|quarter|weekend|"
    r"morning|evening|time|monday|tuesday|wednesday|thursday|friday|saturday|sunday)|"
    r"what time|what date|what day|how old|weather|random(ly)?|another|again|else)\b",
    re.IGNORECASE,
)
NEGATIONS = _words(
    """
    not no never none nothing nobody nor neither without cannot except unless fail fails
    """
)
NUMBERS = _words(
    """
    zero one two three four five six seven eight nine ten eleven twelve twenty thirty forty
    fifty hundred thousand million half third quarter twice double triple once first second
    """
)
# words that turn the answer round; each side of a pair must have the same ones
POLAR = _words(
    """
    more less most least fewer greater smaller larger bigger higher lower highest lowest
    maximum minimum max min largest smallest longest shortest increase decrease add subtract
    before after above below over under first last up down left right ascending descending
    true false correct incorrect best worst buy sell hot cold open close start stop begin
    end encode decode encrypt decrypt push pull import export enable disable include exclude
    inside outside even odd all any some each only both either sum product mean median union
    intersection front back old new positive negative north south east west male female man
    woman he she him her singular plural always sometimes rarely if and or than from to into
    in out on off with for against english french german spanish italian python java
    javascript rust go sql
    """
)
EMPTY = _words(
    """
    a an the please could can you would tell me hi hello hey thanks thank i want need like
    to know is are was were what's it's do does did of this that my your just so give show
    us be it
    """
)


@dataclass(frozen=True, slots=True)
class Question:
    """What is compared. `words`: in order, lower case; `content`: those that carry meaning."""

    words: tuple[str, ...]
    content: frozenset[str]
    fixed: tuple[tuple[str, ...], ...]
    timeless: bool
    characters: int


@lru_cache(maxsize=4096)
def question(text: str) -> Question:
    words = tuple(_plain(word) for word in WORD.findall(text))
    content = frozenset(w for w in words if w not in EMPTY and (w[0].isalnum()))
    return Question(words, content, tuple(_fixed(text, words)), _timeless(text), len(text))


def fit(text: str) -> bool:
    """Whether a question can be compared at all."""
    asked = question(text)
    return asked.timeless and len(text) <= LONGEST and len(asked.words) >= SHORTEST


def _fixed(text: str, words: Sequence[str]) -> list[tuple[str, ...]]:
    """Everything that has to be equal: numbers, names, quotations, negations, opposites, signs."""
    return [
        tuple(NUMBER.findall(text)),
        tuple(sorted(w for w in words if w in NUMBERS)),
        tuple(sorted(name.lower() for name in NAME.findall(text) if name not in ("I", "Hi"))),
        tuple(QUOTED.findall(text)),
        tuple(sorted(w for w in words if w in NEGATIONS or w.endswith("n't"))),
        tuple(sorted(w for w in words if w in POLAR and w not in EMPTY)),
        tuple(CODE.findall(text)),
    ]


def _plain(word: str) -> str:
    return word.lower().replace("\u2019", "'")


def _timeless(text: str) -> bool:
    return not MOMENT.search(text)


def agree(old: str, new: str) -> bool:
    """No rule speaks against it."""
    one, two = question(old), question(new)
    if not (fit(old) and fit(new)):
        return False
    return one.fixed == two.fixed


# what is looked at, and whether more of it speaks for (1) or against (-1) the same meaning
FEATURES = {
    "cosine": 1,
    "words shared": 1,
    "content shared": 1,
    "content not shared": -1,
    "order shared": 1,
    "letters shared": 1,
    "length": 1,
}


def features(old: str, new: str, cosine: float) -> tuple[float, ...]:
    """In the order of FEATURES. Shares are of the union, 0 to 1."""
    one, two = question(old), question(new)
    pairs = [list(zip(q.words, q.words[1:], strict=False)) for q in (one, two)]
    shorter, longer = sorted((one.characters, two.characters))
    return (
        cosine,
        _shared(one.words, two.words),
        _shared(one.content, two.content),
        log1p(len(one.content ^ two.content)),
        _shared(*pairs),
        _shared(_trigrams(old), _trigrams(new)),
        shorter / max(longer, 1),
    )


def _shared(one: object, two: object) -> float:
    a, b = Counter(one), Counter(two)  # type: ignore[call-overload]
    whole = (a | b).total()
    return (a & b).total() / whole if whole else 1.0


def _trigrams(text: str) -> list[str]:
    plain = " ".join(text.lower().split())
    return [plain[i : i + 3] for i in range(len(plain) - 2)]
