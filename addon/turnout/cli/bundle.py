"""`turnout bundle`: routing artifacts as releases."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from turnout.cli import bundle_own, bundle_page, page
from turnout.cli import log as logs
from turnout.cli.log import db_option
from turnout.config import artifacts_dir
from turnout.paths import own_dir

if TYPE_CHECKING:
    from turnout.bundles.train import Tell
    from turnout.route.embed import Embedder
    from turnout.route.shelves import Shelves

as_json_option = click.option("--json", "as_json", is_flag=True, help="One JSON document.")
FOLDER = click.Path(path_type=Path, file_okay=False)
data_option = click.option(
    "--data",
    type=FOLDER,
    required=True,
    help="A folder with labels.parquet and prompts.parquet.",
)


@click.group()
def bundle() -> None:
    """Routing artifacts as releases: what there is, what is in use, and whether it is any good."""


@bundle.command("list")
@as_json_option
def list_(as_json: bool) -> None:
    """The versions that are here; the one in use has a star."""
    from turnout.bundles import release

    found = release.releases(_shelves())
    if as_json:
        click.echo(json.dumps([bundle_page.release(one) for one in found], indent=2))
    elif found:
        page.console().print(bundle_page.listed(found))
    else:
        click.echo(f"no bundle in {artifacts_dir() / 'bundles'}", err=True)


@bundle.command()
@click.argument("version", required=False, default="")
@click.option("--requested", multiple=True, help="What a client asks for.  [default: two frontier]")
@as_json_option
def show(version: str, requested: tuple[str, ...], as_json: bool) -> None:
    """Clusters, who wins each at each profile, and the dial with its projected mix and bill.

    VERSION is the one in use unless it is said. All models of the catalogue take part, at their
    list prices: `turnout models` tells what your keys allow.
    """
    from turnout.bundles import shown

    found = shown.show(_shelves(), version, _encoder(), requested)
    if as_json:
        click.echo(json.dumps(found, indent=2, ensure_ascii=False))
    else:
        bundle_page.show(found, page.console())


@bundle.command()
@click.argument("old")
@click.argument("new")
@as_json_option
def diff(old: str, new: str, as_json: bool) -> None:
    """What changes from OLD to NEW: models, quality, and who is chosen."""
    from turnout.bundles import shown

    found = shown.diff(_shelves(), old, new, _encoder())
    if as_json:
        click.echo(json.dumps(found, indent=2, ensure_ascii=False))
    else:
        bundle_page.diff(found, page.console())


@bundle.command()
@click.argument("version")
def promote(version: str) -> None:
    """Put VERSION in use, once it has been checked. A running turnout takes it when it is told
    `turnout reload`.

    One made from your log is chosen for you alone; a shipped one takes your own out of use.
    """
    from turnout.bundles import release

    former = release.promote(_shelves(), version, _encoder())
    click.echo(
        f"latest is {version}, was {former or 'nothing'}; `turnout reload` tells a running turnout",
        err=True,
    )


@bundle.command()
@click.option("--from-log", is_flag=True, help="From your own sessions and feedback instead.")
@click.option("--base", default="", help="With --from-log: on top of this version.")
@db_option
@click.option("--data", type=FOLDER, help="A folder with labels.parquet and prompts.parquet.")
@click.option("--version", help="Name of the new version.  [default: today's date and a letter]")
@click.option(
    "--clusters",
    type=click.IntRange(1, 512),
    help="So many groups by K-means.  [default: the tasks that the sources name]",
)
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True)
@click.option("--cache", type=click.Path(path_type=Path), help="Keeps vectors between runs.")
def train(
    from_log: bool,
    base: str,
    db: Path | None,
    data: Path | None,
    version: str | None,
    clusters: int | None,
    seed: int,
    cache: Path | None,
) -> None:
    """Learn a bundle from labelled prompts, or from your log. It is written once, not promoted.

    With --from-log it is yours: it stands beside the log, and nothing of what came along changes.
    """
    if from_log == (data is not None):
        raise click.UsageError("give it either --data DIR or --from-log")
    if (base or db) and not from_log:
        raise click.UsageError("--base and --db belong to --from-log")
    _one_thread()
    shelves = _shelves()
    if data is None:
        bundle_own.train(
            logs.find(db), shelves, base, version or _next(shelves, "-own"), _encoder()
        )
        return
    from turnout.bundles import release, runs
    from turnout.bundles.train import COSINE, Recipe

    name = version or _next(shelves)
    folder = release.free(shelves, name)
    encoder = _encoder()
    with progress() as tell:
        book = runs.read(data, shelves.shipped, strict=True)
        vectors = runs.vectors(book.data, encoder, cache, tell)
        recipe = Recipe(seed=seed)
        if clusters is not None:
            recipe = Recipe(clusters=clusters, temperature=COSINE, seed=seed)
        made = runs.train(book, vectors, encoder, recipe, folder, tell)
    for one in bundle_page.excluded([asdict(one) for one in book.data.excluded]):
        click.echo(one, err=True)
    click.echo(bundle_page.labelled(made), err=True)
    click.echo(
        f"{name} is written and loads; `turnout bundle promote {name}` puts it in use", err=True
    )


@bundle.command("eval")
@click.argument("version", required=False, default="")
@data_option
@click.option(
    "--split", "wanted", multiple=True, help="shipped, prompt, source, model.  [default: all]"
)
@click.option("--outliers", is_flag=True, help="With models whose scores are suspect.")
@click.option("--cache", type=click.Path(path_type=Path), help="Keeps vectors between runs.")
@click.option("--no-report", is_flag=True, help="Write no report.")
@as_json_option
def eval_(
    version: str,
    data: Path,
    wanted: tuple[str, ...],
    outliers: bool,
    cache: Path | None,
    no_report: bool,
    as_json: bool,
) -> None:
    """Quality and bill on labelled prompts, against simple rivals, with intervals.

    Splits: the bundle as it is; learned anew without a fifth of the questions, without a source,
    without a model. A report with plots goes to reports/VERSION, beside the bundles.
    """
    _one_thread()
    from turnout.bundles import release, report, runs
    from turnout.bundles.evaluate import SPLITS

    if strange := set(wanted) - set(SPLITS):
        raise click.BadParameter(f"{', '.join(strange)}: there are {', '.join(SPLITS)}")
    shelves = _shelves()
    with progress() as tell:
        document = runs.evaluate(
            data, shelves, version, _encoder(), wanted or SPLITS, cache, tell, outliers=outliers
        )
    if as_json:
        click.echo(json.dumps(document, indent=2, ensure_ascii=False))
    else:
        bundle_page.judged(document, page.console())
    if not no_report:
        place = release.find(shelves, document["bundle"]).parent.parent  # yours stay with yours
        folder = report.write(place / "reports" / document["bundle"], document)
        click.echo(f"report: {folder / 'report.md'}", err=True)


@contextmanager
def progress() -> "Iterator[Tell]":
    """A bar on stderr for a person; nothing for a pipe."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description:24}"), BarColumn(), TimeElapsedColumn())
    console = Console(stderr=True)
    with Progress(*columns, console=console, disable=not console.is_terminal) as bars:
        tasks: dict[str, Any] = {}

        def tell(what: str, done: int, of: int) -> None:
            task = tasks.get(what)
            if task is None:
                task = tasks[what] = bars.add_task(what)
            bars.update(task, completed=done, total=of)

        yield tell


def _shelves() -> "Shelves":
    from turnout.route.shelves import Shelves

    return Shelves(artifacts_dir(), own_dir())


def _encoder() -> "Embedder":
    from turnout.route.embed import Embedder

    return Embedder(artifacts_dir() / "encoder")


def _one_thread() -> None:
    """Sums over several threads differ in their last digits: same seed, same bytes."""
    os.environ |= {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}


def _next(shelves: "Shelves", mark: str = "") -> str:
    """2026-11-22a, then b, and so on; `mark` stands behind it."""
    day = f"{datetime.now(UTC):%Y-%m-%d}"
    taken = {path.name for path in shelves.folders()}
    letters = "abcdefghijklmnopqrstuvwxyz"
    names = (day + letter + mark for letter in letters)
    return next((name for name in names if name not in taken), f"{day}-more{mark}")
