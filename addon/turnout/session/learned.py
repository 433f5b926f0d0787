"""What the answers of all sessions say of models: how much they say, how fast, what caches keep.

    verbosity   output of a model against others' on the same class of task; drawn to 1
    seconds     to the first token and per token, of a binding; None before it was seen
    faith       share of what its cache should have given that it gave; drawn to 1

With L(k, m) the logarithms of output of model m in class k, and B(k) their mean over all models:

    verbosity(m) = exp( sum over k, L of (L - B(k)) / (n(m) + PRIOR) )
"""

from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass
from math import exp, log

# All start values.
PRIOR = 20.0  # answers that "as wordy as the others" counts for
MOST_RATIO = 4.0  # no model is taken for more than so many times as wordy or slow, or as little
EWMA = 0.2  # weight of the latest answer in the times of a binding
TIMED = 5.0  # answers that "as fast as the others" counts for
FAITH = 20_000.0  # tokens that "its cache keeps its word" counts for
CLASSES = 1024  # pairs of class and model that are remembered, bindings too

type Class = tuple[str, str]  # what the task class is called, kind


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """`label`: of the task class; numbers of classes change with the bundle, names seldom do.

    `output`: tokens of ratio 1. Times in seconds, None when unknown.

    `expected`, `read`: tokens that its cache should have given, and gave.
    """

    provider: str
    model: str
    label: str
    kind: str
    output: float
    first_s: float | None = None
    total_s: float | None = None
    expected: float = 0.0
    read: float = 0.0


@dataclass(slots=True)
class _Pace:
    first_s: float
    token_s: float
    answers: float = 1.0


class Learned:
    """Bounded, in memory, for one thread; a new process learns it from the log."""

    def __init__(self) -> None:
        self._words: OrderedDict[tuple[Class, str], tuple[float, float]] = OrderedDict()
        self._paces: OrderedDict[tuple[str, str], _Pace] = OrderedDict()
        self._caches: OrderedDict[tuple[str, str], tuple[float, float]] = OrderedDict()
        self._verbosity: dict[str, float] = {}

    def tell(self, one: Answer) -> None:
        self._count(one)
        self._verbosity = _verbosity(self._words)

    def recall(self, answers: Iterable[Answer]) -> None:
        """What the log says, the oldest first."""
        for one in answers:
            self._count(one)
        self._verbosity = _verbosity(self._words)

    def _count(self, one: Answer) -> None:
        if one.output > 0:
            key = ((one.label, one.kind), one.model)
            n, total = self._words.pop(key, (0.0, 0.0))
            _put(self._words, key, (n + 1, total + log(one.output)))
        binding = (one.provider, one.model)
        if one.first_s is not None and one.total_s is not None and one.total_s >= one.first_s >= 0:
            token_s = (one.total_s - one.first_s) / max(one.output, 1.0)
            _put(self._paces, binding, _after(self._paces.pop(binding, None), one.first_s, token_s))
        if one.expected > 0:
            expected, read = self._caches.pop(binding, (0.0, 0.0))
            _put(self._caches, binding, (expected + one.expected, read + one.read))

    def verbosity(self, model: str) -> float:
        return self._verbosity.get(model, 1.0)

    @property
    def knows(self) -> bool:
        """Anything at all."""
        return bool(self._words or self._paces or self._caches)

    def slower(self, one: tuple[str, str], other: tuple[str, str], output: float) -> float:
        """Seconds of `one` against those of `other` for such an answer, drawn to 1."""
        mine, theirs = self._paces.get(one), self._paces.get(other)
        if one == other or mine is None or theirs is None:
            return 1.0
        ratio = _seconds(mine, output) / max(_seconds(theirs, output), 1e-6)
        n = min(mine.answers, theirs.answers)
        return _within(max(ratio, 1e-6) ** (n / (n + TIMED)))

    def faith(self, binding: tuple[str, str]) -> float:
        expected, read = self._caches.get(binding, (0.0, 0.0))
        return believed(expected, read, 1.0)


def believed(expected: float, read: float, prior: float) -> float:
    """Share of what should have been read that will be, as far as so much of it can tell."""
    return (min(read, expected) + prior * FAITH) / (expected + FAITH)


def _after(before: _Pace | None, first_s: float, token_s: float) -> _Pace:
    if before is None:
        return _Pace(first_s, token_s)
    return _Pace(
        before.first_s + EWMA * (first_s - before.first_s),
        before.token_s + EWMA * (token_s - before.token_s),
        before.answers + 1,
    )


def _seconds(pace: _Pace, output: float) -> float:
    return pace.first_s + output * pace.token_s


def _verbosity(words: "OrderedDict[tuple[Class, str], tuple[float, float]]") -> dict[str, float]:
    """Only where several models answered the same class is there anything to compare."""
    classes: dict[Class, tuple[float, float]] = {}
    for (name, _), (n, total) in words.items():
        all_n, all_total = classes.get(name, (0.0, 0.0))
        classes[name] = (all_n + n, all_total + total)
    sums: dict[str, tuple[float, float]] = {}
    for (name, model), (n, total) in words.items():
        all_n, all_total = classes[name]
        if n < all_n:
            count, off = sums.get(model, (0.0, 0.0))
            sums[model] = (count + n, off + total - n * all_total / all_n)
    return {model: _within(exp(off / (n + PRIOR))) for model, (n, off) in sums.items()}


def _within(ratio: float) -> float:
    return min(max(ratio, 1 / MOST_RATIO), MOST_RATIO)


def _put[K, V](into: "OrderedDict[K, V]", key: K, value: V) -> None:
    into[key] = value
    if len(into) > CLASSES:
        into.popitem(last=False)
