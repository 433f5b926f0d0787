"""Where the catalogue and the bundle do not fit together, one sentence each with what follows."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

import numpy as np

from turnout.bundles.standing import Standing
from turnout.route.bundle import Bundle
from turnout.route.catalog import Binding, Model

MOST = 8  # names in a sentence
TOOLS = 0.5  # share of a class's prompts that come with tools, from which it is one of tools


def contradictions(
    models: Mapping[str, Model],
    bindings: Iterable[Binding],
    bundle: Bundle,
    found: Sequence[Standing],
) -> Iterator[str]:
    """`found`: standings with these keys and rules."""
    bound = {one.model.id for one in bindings}
    if gone := sorted(set(bundle.models) - models.keys()):
        yield f"the bundle judges {_names(gone)}, which the catalogue does not know: never chosen"
    if unbound := sorted((bundle.models.keys() & models.keys()) - bound):
        yield f"the bundle judges {_names(unbound)}, which nobody serves: never chosen"
    if unknown := sorted(one.model for one in found if one.why == "no_estimate"):
        yield f"the bundle knows nothing of {_names(unknown)}: forced only; train one that does"
    if bundle.tools.max(initial=0.0) > TOOLS and (mute := _mute(models, bundle, found)):
        yield (
            f"{_names(mute)} cannot call tools, says the catalogue, but would win in a class of"
            " them: requests with tools never go there"
        )
    if empty := _unlike(bundle):
        yield f"nothing in the bundle tells models apart in {_names(empty)}: price alone decides"


def _mute(models: Mapping[str, Model], bundle: Bundle, found: Sequence[Standing]) -> list[str]:
    tools = bundle.tools > TOOLS
    return [
        one.model
        for one in found
        if one.classes and not models[one.model].tools and any(tools[k] for k in one.classes)
    ]


def _unlike(bundle: Bundle) -> list[str]:
    """Classes in which no model has a label, and all predictions are about the same."""
    flat = (bundle.quality.max(axis=1) - bundle.quality.min(axis=1)) < 0.02
    blank = (bundle.evidence == 0).all(axis=1)
    return [bundle.labels[k] for k in np.flatnonzero(flat & blank).tolist()]


def _names(names: Sequence[str]) -> str:
    more = f" and {len(names) - MOST} more" if len(names) > MOST else ""
    return ", ".join(names[:MOST]) + more
