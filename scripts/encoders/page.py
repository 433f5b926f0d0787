"""The report: made from the figures down to a line, kept as people wrote it below that line."""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from encoders import cost

HAND = "<!-- below this line written by hand, and kept; no figures: they stand above -->"
MARGIN = 0.25  # points. What may be lost at most, with 95 % confidence, to count as nothing lost
ABOUT = {
    "prompt": "five folds by question",
    "source": "each task of a set is judged by what the others told",
}

type Interval = Sequence[float]  # value, low, high
type Row = dict[str, Any]


def written(path: Path, document: Row) -> None:
    """Everything above the line anew."""
    before = path.read_text() if path.is_file() else ""
    _, _, hand = before.partition(HAND)
    path.write_text(f"{page(document)}\n{HAND}\n{hand.strip()}\n".rstrip("\n") + "\n")


def page(document: Row) -> str:
    lines = [*_head(document), *_costs(document["costs"]), *_students(document["students"])]
    if "utility" in document:
        lines += _sets(document["sets"])
        for split in ABOUT:
            lines += _split(document, split)
        lines += _verdicts(document)
    return "\n".join(lines) + "\n"


def _head(document: Row) -> Iterator[str]:
    yield from ("# Encoders and ways of grouping, compared", "", "Made with", "")
    yield f"    {document['command']}"
    yield ""
    read = [f"{name}: {digest}" for name, digest in document.get("read", {}).items()]
    if read:
        yield from (f"on {document['date']}. Read (SHA-256): {'; '.join(read)}.", "")


def _costs(rows: Sequence[Row]) -> Iterator[str]:
    first = rows[0]["name"]
    heads = [f"{n} tokens" for n in cost.LENGTHS]
    yield "| encoder | " + " | ".join(heads) + f" | of {first}'s | memory |"
    yield _rule(3 + len(heads))
    for row in rows:
        times = [f"{row['ms'][str(n)]:.2f} ms" for n in cost.LENGTHS]
        ratios = " / ".join(f"{row['ratio'][str(n)]:.2f}" for n in cost.LENGTHS)
        yield f"| {row['name']} | {' | '.join(times)} | {ratios} | {row['mb']:.0f} MB |"
    yield ""
    yield (
        "Milliseconds of one thread's own time for a fresh prompt of so many tokens, medians, the "
        "encoders taking turns; a busy machine makes all of them larger and leaves the ratios."
    )


def _students(rows: Sequence[Row]) -> Iterator[str]:
    if not rows:
        return
    yield from ("", "| student | id | texts | prompts among them | epochs | cosine to teacher |")
    yield _rule(6)
    for row in rows:
        learned = row["learned"]
        cells = [learned.get("texts"), learned.get("prompts"), learned.get("epochs"), row["cosine"]]
        yield f"| {row['name']} | {row['id']} | {' | '.join(map(str, cells))} |"
    yield from (
        "",
        "Trained by scripts/distil_encoder.py on the vectors of the shipped encoder. *outside*: no "
        "prompt of these sets, and nothing like one, was among the texts; *all*: they were, "
        "without labels, so its rows below are not held out. The cosine is of texts held out.",
    )


def _sets(sets: Sequence[Row]) -> Iterator[str]:
    yield from ("", "| set | prompts | models | tasks |", _rule(4))
    for one in sets:
        yield f"| {one['name']} | {one['prompts']:,} | {one['models']} | {one['tasks']} |"
    yield from (
        "",
        "Points of mean score above the best prompt-blind mix at the same bill, mean over 14 "
        "prices of quality; 95 % bootstrap intervals over prompts (scripts/encoders/utility.py). "
        "They leave out the luck of the clusters: *another seed* shows how far it goes.",
    )


def _split(document: Row, split: str) -> Iterator[str]:
    names, base = [one["name"] for one in document["sets"]], document["base"]
    yield from ("", f"## Held out by {split}: {ABOUT[split]}", "")
    yield f"| variant | mean of sets | against {base} | " + " | ".join(names) + " |"
    yield _rule(3 + len(names))
    for name, told in document["utility"].items():
        row = told[split]
        cells = ["-" if row["sets"][n] is None else f"{row['sets'][n]:+.2f}" for n in names]
        mean, against = map(_cell, (row["mean"], row["against_base"]))
        yield f"| {name} | {mean} | {against} | " + " | ".join(cells) + " |"


def _verdicts(document: Row) -> Iterator[str]:
    yield from ("", f"## Instead of {document['base']}?", "")
    yield (
        "By the intervals: *better* and *worse* when they leave out 0, *no loss* when they begin "
        f"above -{MARGIN:.2f} points, else *open*. Worth shipping: better or no loss on both."
    )
    yield from ("", "| variant | by prompt | by source | worth shipping |", _rule(4))
    for name, told in document["utility"].items():
        if name == document["base"]:
            continue
        found = [verdict(told[split]["against_base"]) for split in ABOUT]
        fit = "yes" if {"better", "no loss"}.issuperset(found) else "no"
        yield f"| {name} | {' | '.join(found)} | {fit} |"


def verdict(against: Interval) -> str:
    _, low, high = against
    if low > 0 or high < 0:
        return "better" if low > 0 else "worse"
    return "no loss" if low > -MARGIN else "open"


def _cell(found: Interval) -> str:
    value, low, high = found
    return f"{value:+.2f} [{low:+.2f}, {high:+.2f}]"


def _rule(columns: int) -> str:
    return "|---" * columns + "|"


def command(arguments: Sequence[str]) -> str:
    """As it was called, but for folders' names, which are another machine's business."""
    words = [re.sub(r"^.*/(?=[^/]+/?$)", "", word) for word in arguments]
    return " ".join(["scripts/compare_encoders", *words])
