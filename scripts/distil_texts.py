"""The texts of scripts/distil_encoder.py: prompts that no utility is judged on, and open text.

    .venv/bin/python scripts/distil_texts.py --data DIR --open PATH... --out texts.npz
        [--prompts outside|all] [--most 4000] [--tokens 64] [--seed 0]

DIR holds labels.parquet and prompts.parquet. `outside`: prompts of sources outside the sets of
encoders/sets.py. `all`: the judged ones too, without their labels; it tells what having seen them
is worth. Whatever shares half of its five-word shingles with judged prompts is left out of
`outside`, open text included. PATH: a file, or a folder whose files are read; `--most` pieces of
each PATH. Written are token ids, cut as turnout cuts them, and the vectors of the shipped encoder:
what trains needs an older Python than turnout. Some texts may not be redistributed: the file stays
outside the repository.
"""

import argparse
import json
import re
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import numpy as np

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT / "addon"), str(ROOT / "scripts")]

from encoders.sets import SETS  # noqa: E402 - found by the line above
from turnout.bundles import runs  # noqa: E402
from turnout.bundles.contamination import normal  # noqa: E402
from turnout.bundles.data import Data  # noqa: E402
from turnout.route.embed import Embedder  # noqa: E402
from turnout.route.text import tail  # noqa: E402

SHARED = 0.5  # of a text's shingles that judged prompts have: it counts as one of them
SHINGLE = 5  # words
LONG = (40, 1000)  # characters of a piece of open text
FEWEST = 1_000_000_000  # bytes: a larger file is no text
# how a file falls into paragraphs: WordNet's glosses stand behind a bar, fortunes between per cents
GLOSS = re.compile(r"(?m)\| (.*)$")
BREAK = re.compile(r"\n\s*\n|\n%\n")
READ = {".py", ".pod", ".rst", ".txt", ".md", ".html", ".js", ".h", ""}


def judged(data: Data) -> set[int]:
    """The prompts that have a label of any of the sets."""
    names = {source for sources, _ in SETS.values() for source in sources}
    wanted = [s for s, source in enumerate(data.sources) if source in names]
    return set(data.labels.prompt[np.isin(data.labels.source, wanted)].tolist())


def shingles(text: str) -> set[str]:
    words = normal(text).split()
    return {" ".join(words[i : i + SHINGLE]) for i in range(max(len(words) - SHINGLE + 1, 1))}


def prompts(data: Data, kind: str) -> Iterator[str]:
    """Each text once; none of a group with a judged prompt in it, unless all are wanted."""
    taken = judged(data) if kind == "outside" else set()
    groups = {data.prompts.group[row] for row in taken} - {""}
    for row, text in enumerate(data.prompts.text):
        if text and row not in taken and data.prompts.group[row] not in groups:
            yield text


def pieces(path: Path, most: int, rng: np.random.Generator) -> list[str]:
    """Neighbouring paragraphs, joined to random lengths; `most` of them, drawn at random."""
    files = sorted(path.rglob("*")) if path.is_dir() else [path]
    found = [piece for file in files if _text(file) for piece in _joined(_paragraphs(file), rng)]
    drawn = rng.permutation(len(found))[:most]
    return [found[at] for at in sorted(drawn.tolist())]


def _text(file: Path) -> bool:
    glosses = file.name.startswith("data.")
    return file.is_file() and (glosses or file.suffix in READ) and file.stat().st_size < FEWEST


def _paragraphs(file: Path) -> list[str]:
    text = file.read_bytes().decode("utf-8", "ignore")
    if file.name.startswith("data."):
        return GLOSS.findall(text)
    if file.suffix == ".html":
        text = Page.words(text)
    return [part.strip() for part in BREAK.split(text) if part.strip()]


class Page(HTMLParser):
    """What a page says; a paragraph ends where one of its elements does."""

    ENDS = frozenset(("p", "pre", "li", "dd", "dt", "h1", "h2", "h3", "h4", "td", "div"))
    HIDDEN = frozenset(("script", "style", "head", "nav"))

    def __init__(self) -> None:
        super().__init__()
        self.said: list[str] = []
        self.hidden = 0

    @classmethod
    def words(cls, text: str) -> str:
        page = cls()
        page.feed(text)
        return "".join(page.said)

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.hidden += tag in self.HIDDEN

    def handle_endtag(self, tag: str) -> None:
        self.hidden -= tag in self.HIDDEN
        if tag in self.ENDS:
            self.said.append("\n\n")

    def handle_data(self, data: str) -> None:
        if self.hidden <= 0:
            self.said.append(data)


def _joined(paragraphs: list[str], rng: np.random.Generator) -> Iterator[str]:
    piece, wanted = "", rng.integers(*LONG)
    for paragraph in paragraphs:
        piece = f"{piece}\n\n{paragraph}" if piece else paragraph
        if len(piece) >= wanted:
            yield piece
            piece, wanted = "", rng.integers(*LONG)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--open", type=Path, nargs="*", default=[])
    parser.add_argument("--prompts", choices=("outside", "all"), default="outside")
    parser.add_argument("--most", type=int, default=4000)
    parser.add_argument("--tokens", type=int, default=64)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    data = runs.read(args.data, ROOT / "artifacts").data
    rng = np.random.default_rng(args.seed)
    found = {"prompts": list(prompts(data, args.prompts))}
    found |= {path.name: pieces(path, args.most, rng) for path in args.open}
    known = {one for row in judged(data) for one in shingles(data.prompts.text[row])}
    texts: dict[str, None] = {}
    for name, those in found.items():
        cut = [tail(text) for text in those]
        kept = [text for text in cut if args.prompts == "all" or not near(text, known)]
        before = len(texts)
        texts |= dict.fromkeys(kept)
        print(f"{name}: {len(those)} found, {len(texts) - before} kept")
    write(args.out, list(texts), args.prompts, args.tokens)


def write(out: Path, texts: list[str], kind: str, tokens: int) -> None:
    """Token ids of all texts in one row, how many each has, and the teacher's vectors."""
    encoder = Embedder(ROOT / "artifacts" / "encoder")
    encoder.max_tokens = tokens
    rows = [encoder.tokens(text) for text in texts]
    vectors = np.zeros((len(texts), encoder.dim), np.float32)
    for place, text in enumerate(texts):
        vectors[place] = encoder([text])[0]
        if place % 1000 == 999:
            print(f"teacher {place + 1}/{len(texts)}", flush=True)
    about = json.dumps({"prompts": kind, "tokens": tokens, "teacher": encoder.id})
    np.savez(
        out,
        ids=np.concatenate([np.array(row, np.int32) for row in rows]),
        lengths=np.array([len(row) for row in rows], np.int32),
        vectors=vectors,
        about=about,
    )


def near(text: str, known: set[str]) -> bool:
    own = shingles(text)
    return len(own & known) >= SHARED * len(own)


if __name__ == "__main__":
    main()
