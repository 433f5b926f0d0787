"""How often turnout takes a text for English, by what it is: route/language.py.

    .venv/bin/python scripts/languages.py [--locale /usr/share/locale] [--data DIR]

Texts of other languages: the translated messages of this machine's programs, of six words at least;
they are short and full of English terms, so harder than prompts. English: the same messages as they
were, and the prompts of DIR, some of which are not English.
"""

import argparse
import gettext
import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "addon"))

from turnout.route.language import english  # noqa: E402 - found by the line above
from turnout.route.text import tail  # noqa: E402

LANGUAGES = "ca cs da de es fi fr hu id it nb nl pl pt_BR ro sv tr vi"
FILLED_IN = re.compile(r"%\S*\w|\\\w|<[^>]*>|\{[^}]*\}")
WORDS, MOST = 6, 1500


def messages(folder: Path) -> Iterator[tuple[str, str]]:
    """English, translated."""
    for path in sorted(folder.glob("LC_MESSAGES/*.mo")):
        try:
            with path.open("rb") as file:
                table = gettext.GNUTranslations(file)._catalog  # type: ignore[attr-defined]
        except (OSError, UnicodeDecodeError, ValueError):
            continue
        for key, said in table.items():
            if isinstance(key, str) and key and isinstance(said, str) and said != key:
                yield FILLED_IN.sub(" ", key), FILLED_IN.sub(" ", said)


def share(texts: Sequence[str]) -> str:
    """Of at most MOST of them, drawn at random."""
    kept = sorted({text for text in texts if len(text.split()) >= WORDS})
    drawn = np.random.default_rng(0).permutation(len(kept))[:MOST]
    own = [english(kept[at]) for at in drawn]
    return f"{100 * float(np.mean(own)):5.1f} % of {len(own)} taken for English" if own else "none"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--locale", type=Path, default=Path("/usr/share/locale"))
    parser.add_argument("--data", type=Path)
    args = parser.parse_args()
    originals: list[str] = []
    for name in LANGUAGES.split():
        pairs = list(messages(args.locale / name))
        originals += [pair[0] for pair in pairs]
        print(f"{name:6} {share([pair[1] for pair in pairs])}")
    print(f"{'en':6} {share(originals)}")
    if args.data:
        import pyarrow.parquet as parquet

        column = parquet.read_table(args.data / "prompts.parquet", columns=["prompt"])
        texts = [tail(text) for text in column["prompt"].to_pylist() if text]
        other = sum(not english(text) for text in texts)
        print(f"prompts: {other} of {len(texts)} not taken for English")


if __name__ == "__main__":
    main()
