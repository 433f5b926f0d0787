"""`turnout bundle train --from-log`: what it says when it is done."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click
import numpy as np

from turnout.cli import bundle_page

if TYPE_CHECKING:
    from turnout.bundles.adapt import Adapted
    from turnout.route.embed import Embedder
    from turnout.route.shelves import Shelves

MOST = 5  # of what moved, told in words
POINT = 0.01


def train(log: Path, shelves: "Shelves", base: str, version: str, encoder: "Embedder") -> None:
    from turnout.bundles import adapt, release

    folder = release.free(shelves, version, own=True)
    made = adapt.adapt(log, shelves, adapt.base_of(shelves, base), encoder, folder)
    for line in (*bundle_page.excluded([asdict(one) for one in made.found.excluded]), *_told(made)):
        click.echo(line, err=True)
    click.echo(
        f"{version} is written in {folder.parent}; `turnout bundle promote {version}` puts it in"
        f" use for you, `turnout bundle diff {made.base.version} {version}` tells what changes",
        err=True,
    )


def _told(made: "Adapted") -> list[str]:
    from turnout.bundles.adapt import THIN

    found, shift = made.found, made.moved.quality - made.base.quality
    seen = found.count > 0
    thin = seen & (found.count < THIN)
    lines = [
        f"{found.sessions:,} sessions and {found.words:,} words of feedback, on"
        f" {int(seen.sum())} pairs of class and model, on top of {made.base.version}"
    ]
    if found.by_name:
        lines.append(
            f"{found.by_name:,} of them were seen under other bundles, whose task classes are known"
            " by their names"
        )
    if thin.any():
        most = 100 * float(np.abs(shift[thin]).max())
        lines.append(
            f"thin: {int(thin.sum())} of these pairs rest on fewer than {THIN:.0f} sessions;"
            f" they moved by at most {most:.1f} points"
        )
    return lines + _moves(made)


def _moves(made: "Adapted") -> list[str]:
    """The pairs with sessions of their own that moved most."""
    found, shift = made.found, made.moved.quality - made.base.quality
    names = list(made.base.models)
    pairs = [(float(shift[k, m]), int(k), int(m)) for k, m in np.argwhere(found.count > 0)]
    most = sorted(pairs, key=lambda one: (-abs(one[0]), one[1:]))[:MOST]
    return [
        f"{names[m]} in {made.base.labels[k]}: {100 * by:+.1f} points, trouble in"
        f" {found.troubled[k, m]:.0f} of {found.count[k, m]:.0f} sessions"
        for by, k, m in most
        if abs(by) >= POINT
    ]
