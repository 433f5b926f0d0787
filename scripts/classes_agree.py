"""How often the bundle in use puts a text into the class of the name that an earlier one chose.

    mkdir before && git archive REVISION artifacts | tar x -C before
    .venv/bin/python scripts/classes_agree.py before/artifacts VERSION --data DIR [--most 2500]

DIR holds prompts.parquet of the published schema. Sessions in a user's log are known by these names
after an upgrade (bundles/namesakes.py): what is printed is how much that can be trusted.
"""

import argparse
import json
import sys
from pathlib import Path

import numpy as np
import pyarrow.parquet as parquet

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "addon"))

from turnout.route.embed import Embedder  # noqa: E402
from turnout.route.shelves import latest  # noqa: E402
from turnout.route.text import plain, readable, tail  # noqa: E402


def classes(encoder: Path, bundle: Path, texts: list[str]) -> list[str]:
    """The name of each text's class. Read without `Bundle`, which refuses what older releases
    made."""
    vectors = Embedder(encoder)(texts)
    labels = [row["label"] for row in json.loads((bundle / "clusters.json").read_bytes())]
    if (bundle / "head.npy").exists():
        head = np.load(bundle / "head.npy")
        near = vectors @ head[:-1] + head[-1]
    else:
        near = vectors @ np.load(bundle / "centroids.npy").T
    return [labels[k] for k in near.argmax(axis=1)]


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("before", type=Path, help="artifacts of the earlier release")
    parser.add_argument("version", help="a bundle there")
    parser.add_argument("--data", type=Path, required=True, metavar="DIR")
    parser.add_argument("--most", type=int, default=2500, metavar="TEXTS")
    given = parser.parse_args()
    column = parquet.read_table(given.data / "prompts.parquet", columns=["prompt"])["prompt"]
    texts = [t for text in column.to_pylist() if text and readable(t := tail(plain(text)))]
    order = np.random.default_rng(0).permutation(len(texts))[: given.most]
    texts = [texts[place] for place in order]
    now = ROOT / "artifacts"
    old = classes(given.before / "encoder", given.before / "bundles" / given.version, texts)
    new = classes(now / "encoder", latest(now), texts)
    shared = {*old} & {
        row["label"] for row in json.loads((latest(now) / "clusters.json").read_bytes())
    }
    pairs = [(a, b) for a, b in zip(old, new, strict=True) if a in shared]
    print(
        f"{len(pairs):,} of {len(texts):,} texts were of a class that {latest(now).name} has, too"
    )
    if pairs:
        same = np.mean([a == b for a, b in pairs])
        kind = np.mean([a.split(":")[0] == b.split(":")[0] for a, b in pairs])
        print(f"{same:.1%} are of that class now, {kind:.1%} of that kind of work")
    return 0


if __name__ == "__main__":
    sys.exit(main())
