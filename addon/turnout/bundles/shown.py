"""What a person may want to know of a bundle, or of the change from one to another."""

import json
from collections.abc import Sequence
from typing import Any

import numpy as np

from turnout.bundles import release
from turnout.bundles.dial import Dial, Projection
from turnout.bundles.facts import list_prices
from turnout.errors import ConfigError
from turnout.route.bundle import Bundle, Matrix
from turnout.route.catalog import Catalog
from turnout.route.embed import Embedder
from turnout.route.shelves import Shelves

REQUESTED = ("claude-opus-4-7", "gpt-5.4")  # what the reference figures were measured against
CHANGED = 0.005  # of quality: what is less is not told

type Row = dict[str, Any]


def show(shelves: Shelves, version: str, encoder: Embedder, requested: Sequence[str]) -> Row:
    bundle = release.load(shelves, version, encoder)
    folder = release.find(shelves, bundle.version)
    catalog = Catalog.load(shelves.shipped / "catalog.json")
    prices = list_prices(catalog)
    clusters = json.loads((folder / "clusters.json").read_bytes())
    names = requested or [name for name in REQUESTED if name in bundle.models] or [_best(bundle)]
    for name in names:
        if name not in bundle.models or name not in prices:
            near = ", ".join(catalog.suggest(name)) or "see turnout models"
            raise ConfigError(
                f"the bundle has no quality or the catalogue no price of {name!r}: {near}"
            )
    weights = shares(clusters)
    dials = {name: Dial(bundle, prices, name, weights) for name in names}
    return {
        "version": bundle.version,
        "latest": not version or shelves.pointed() == bundle.version,
        "encoder": bundle.encoder,
        "told_by": told_by(bundle),
        "profiles": {name: _profile(rules) for name, rules in bundle.profiles.items()},
        "models": len(bundle.models),
        "models_with_labels": int((bundle.evidence > 0).any(axis=0).sum()),
        "clusters": [_cluster(row, k, bundle, dials) for k, row in enumerate(clusters)],
        "dial": {name: _dial(dial, bundle) for name, dial in dials.items()},
    }


def told_by(bundle: Bundle) -> str:
    """What says which class a text is of."""
    return "nearest centroid" if bundle.head is None else "trained head"


def shares(clusters: Sequence[Row]) -> list[float]:
    """How much each is asked for: by this user's sessions where there are any, else by prompts."""
    own = [float(row.get("sessions", 0)) for row in clusters]
    return own if sum(own) else [float(row["prompts"]) for row in clusters]


def _best(bundle: Bundle) -> str:
    return max(bundle.models, key=lambda name: float(bundle.quality[:, bundle.models[name]].mean()))


def _profile(rules: Any) -> Row:
    return {"epsilon": rules.epsilon, "z": rules.z, "min_evidence": rules.min_evidence}


def _cluster(row: Row, k: int, bundle: Bundle, dials: dict[str, Dial]) -> Row:
    return {
        "label": bundle.labels[k],
        "prompts": row["prompts"],
        **{name: row[name] for name in ("sessions", "judged", "difficulty") if name in row},
        "tools": float(bundle.tools[k]),
        "labelled_models": int((bundle.evidence[k] > 0).sum()),
        "winners": {
            name: {
                profile: _winner(dial.at(rules), k) for profile, rules in bundle.profiles.items()
            }
            for name, dial in dials.items()
        },
    }


def _winner(found: Projection, k: int) -> Row:
    one = found.winners[k]
    return {
        "model": one.model,
        "quality": round(one.quality, 4),
        "evidence": round(one.evidence, 1),
        "thin": one.thin,
    }


def _dial(dial: Dial, bundle: Bundle) -> Row:
    rules = bundle.profiles.get("parity") or next(iter(bundle.profiles.values()))
    return {
        "profiles": {name: _projected(dial.at(one)) for name, one in bundle.profiles.items()},
        "steps": [_projected(step) for step in dial.steps(rules)],
    }


def _projected(found: Projection) -> Row:
    return {
        "epsilon": round(found.epsilon, 4),
        "bill_percent": round(100 * found.bill, 1),
        "predicted_points": round(100 * found.gain, 2),
        "thin_clusters": sum(one.thin for one in found.winners),
        "mix": {name: round(share, 3) for name, share in found.mix.items()},
    }


def diff(shelves: Shelves, old: str, new: str, encoder: Embedder) -> Row:
    one, other = (release.load(shelves, version, encoder) for version in (old, new))
    prices = list_prices(Catalog.load(shelves.shipped / "catalog.json"))
    both = [name for name in one.models if name in other.models]
    return {
        "old": old,
        "new": new,
        "clusters": [len(one.labels), len(other.labels)],
        "told_by": [told_by(one), told_by(other)],
        "labels_gone": sorted(set(one.labels) - set(other.labels)),
        "labels_new": sorted(set(other.labels) - set(one.labels)),
        "models_gone": sorted(set(one.models) - set(other.models)),
        "models_new": sorted(set(other.models) - set(one.models)),
        "profiles": _changed_profiles(one, other),
        "quality": _moved(one, other, both),
        "chosen": {
            name: _chosen(one, other, prices, name)
            for name in REQUESTED
            if name in both and name in prices
        },
    }


def _changed_profiles(one: Bundle, other: Bundle) -> Row:
    names = sorted({*one.profiles, *other.profiles})
    pairs = {name: [one.profiles.get(name), other.profiles.get(name)] for name in names}
    return {
        name: [_profile(rules) if rules else None for rules in pair]
        for name, pair in pairs.items()
        if pair[0] != pair[1]
    }


def _moved(one: Bundle, other: Bundle, models: Sequence[str]) -> list[Row]:
    """What both say of the old bundle's classes, most moved first."""
    from turnout.bundles import parity

    told = [parity.of_classes(one).quality, _said_of(one, other)]
    rows = []
    for name in models:
        before, after = (q[:, b.models[name]] for q, b in zip(told, (one, other), strict=True))
        k = int(np.abs(after - before).argmax())
        if abs(after[k] - before[k]) >= CHANGED:
            rows.append(
                {
                    "model": name,
                    "mean_points": round(100 * float((after - before).mean()), 2),
                    "most_points": round(100 * float(after[k] - before[k]), 2),
                    "where": one.labels[k],
                }
            )
    return sorted(rows, key=lambda row: (-abs(row["most_points"]), row["model"]))


def _said_of(classes: Bundle, bundle: Bundle) -> Matrix:
    """(clusters, models): of the class of the same name, or of where the class lies if there is
    none: no head takes the middle of a class for a text of it."""
    from turnout.bundles import parity

    found = parity.judged(classes.centroids, classes.tools > 0.5, bundle).quality
    own = parity.of_classes(bundle).quality
    for k, name in enumerate(classes.labels):
        if classes.labels.count(name) == bundle.labels.count(name) == 1:
            found[k] = own[bundle.labels.index(name)]
    return found


def _chosen(one: Bundle, other: Bundle, prices: dict[str, float], requested: str) -> Row:
    """Per profile: mix before and after, each bundle on its own clusters of equal weight."""
    dials = [Dial(b, prices, requested, [1] * len(b.labels)) for b in (one, other)]
    return {
        name: [_projected(dial.at(rules)) for dial in dials]
        for name, rules in one.profiles.items()
        if name in other.profiles
    }
