"""How much of what an oracle gains nobody could have had: the same run, repeated, differs."""

from collections.abc import Sequence

import numpy as np

from turnout.bundles import rivals
from turnout.bundles.data import Data
from turnout.bundles.pools import Pool

LEAST_PAIRS = 30


def noise(data: Data, pools: Sequence[Pool], seed: int) -> dict[str, object]:
    """Points. `ceiling`: the oracle's lead over its luck, added to the best single model: what a
    perfect router of this kind of evidence could reach. `repeats`: one model, one prompt, twice."""
    return {"sources": [_of(pool, seed) for pool in pools], "repeats": _repeats(data)}


def _of(pool: Pool, seed: int) -> dict[str, object]:
    single = float(pool.score.mean(axis=0).max())
    best = float(pool.score.max(axis=1).mean())
    luck = rivals.luck(pool, seed)
    return {
        "source": pool.source,
        "prompts": len(pool.prompts),
        "best_single": round(100 * single, 2),
        "oracle": round(100 * best, 2),
        "oracle_by_luck": round(100 * luck, 2),
        "ceiling": round(100 * min(max(single + best - luck, single), best), 2),
    }


def _repeats(data: Data) -> dict[str, object]:
    one, other = data.repeats.T
    if len(one) < LEAST_PAIRS:
        return {"pairs": len(one)}
    correlation = np.corrcoef(one, other)[0, 1] if one.std() and other.std() else np.nan
    return {
        "pairs": len(one),
        "agreement": round(float((np.abs(one - other) < 0.5).mean()), 3),
        "correlation": round(float(correlation), 3),
    }
