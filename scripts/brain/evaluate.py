"""Is a bundle worth using on prompts it has not seen? Quality and bill against simple rivals."""

import hashlib
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from brain.data import Data
from brain.facts import blended
from brain.prior import MIDDLE, Cells, Scales, kernel, noise
from turnout.route.bundle import Profile
from turnout.route.score import Scored

# pool: label sources, and how a task is billed ("usd": as measured; "list": by the price list)
POOLS = {
    "agentic coding": (("swebv_openhands", "swtbench_openhands", "commit0_openhands"), "usd"),
    "short tasks": (("zeroeval_gsm", "zeroeval_crux", "zeroeval_math-l5"), "list"),
}
OUTLIERS = ("claude-fable-5",)  # 95 % on SWE-bench Verified: contamination or harness


@dataclass(frozen=True, slots=True)
class Pool:
    """(prompts, models) each; only prompts that every model of the pool has a score on."""

    prompts: NDArray[np.int64]
    models: list[str]
    score: NDArray[np.float64]
    usd: NDArray[np.float64]


def folds(groups: NDArray[np.str_], seed: int, count: int = 5) -> NDArray[np.int64]:
    """(prompts,) fold, by the hash of the group: equal questions stay together."""

    def fold(group: str) -> int:
        return int(hashlib.sha256(f"{seed}:{group}".encode()).hexdigest()[:8], 16) % count

    return np.array([fold(group) for group in groups.tolist()])


def pool(data: Data, name: str) -> Pool:
    sources, bill = POOLS[name]
    wanted = np.isin(data.labels.source, [data.sources.index(source) for source in sources])
    known = data.labels.model < len(data.facts)
    at = data.labels.where(wanted & known)
    prompts, row = np.unique(at.prompt, return_inverse=True)
    grid = np.full((2, len(prompts), len(data.facts)), np.nan)
    grid[0, row, at.model], grid[1, row, at.model] = at.score, at.usd
    models = [m for m in _covered(grid[0]) if data.models[m] not in OUTLIERS]
    value, usd = grid[:, :, models]
    full = ~np.isnan(value).any(axis=1)
    price = np.array([blended(data.facts[m]) for m in models])
    cost = (
        np.where(np.isnan(usd), np.nanmean(usd, axis=0), usd)
        if bill == "usd"
        else value * 0 + price
    )
    return Pool(prompts[full], [data.models[m] for m in models], value[full], cost[full])


def _covered(score: NDArray[np.float64]) -> list[int]:
    share = 1 - np.isnan(score).mean(axis=0)
    return [int(m) for m in np.flatnonzero(share > 0.75)]


def choices(
    at: Pool, scored: list[Scored], requested: str, rules: Profile, price: dict[str, float]
) -> NDArray[np.int64]:
    """(prompts,) the model that the parity rule picks: the cheapest by list price."""
    home = at.models.index(requested)
    return np.array([_choice(at.models, one, home, rules, price) for one in scored])


def _choice(
    models: list[str], one: Scored, home: int, rules: Profile, price: dict[str, float]
) -> int:
    found = [one.estimate(model) for model in models]
    reference = found[home]
    able = [home]
    for place, estimate in enumerate(found):
        if estimate is None or reference is None or price[models[place]] >= price[models[home]]:
            continue
        least = rules.z * np.hypot(estimate.se, reference.se) - rules.epsilon
        known = estimate.evidence >= rules.min_evidence
        if known and estimate.quality - reference.quality >= least:
            able.append(place)
    return min(able, key=lambda place: (price[models[place]], place))


def judge(at: Pool, chosen: NDArray[np.int64], requested: str, seed: int) -> dict[str, float]:
    """Points of quality against the requested model (95 % bootstrap interval), bill in per cent of
    its bill, and points over the best prompt-blind mix of two models at the same bill."""
    home, rows = at.models.index(requested), np.arange(len(chosen))
    gain = at.score[rows, chosen] - at.score[:, home]
    picks = np.random.default_rng(seed).integers(len(rows), size=(2000, len(rows)))
    low, high = np.quantile(gain[picks].mean(axis=1), [0.025, 0.975])
    bill = float(at.usd[rows, chosen].mean())
    value = float(at.score[rows, chosen].mean())
    return {
        "prompts": len(rows),
        "quality_points": round(100 * float(gain.mean()), 2),
        "low": round(100 * float(low), 2),
        "high": round(100 * float(high), 2),
        "bill_percent": round(100 * bill / float(at.usd[:, home].mean()), 1),
        "over_blind_mix_points": round(100 * (value - blind(at, bill)), 2),
        "routed_percent": round(100 * float((chosen != home).mean()), 1),
    }


def blind(at: Pool, bill: float) -> float:
    """The best mean score of any mix of two models whose mean bill is at most `bill`."""
    score, usd = at.score.mean(axis=0), at.usd.mean(axis=0)
    best = max((s for s, u in zip(score, usd, strict=True) if u <= bill), default=0.0)
    for s, u in zip(score, usd, strict=True):
        for t, v in zip(score, usd, strict=True):
            if u <= bill < v:
                best = max(best, s + (t - s) * (bill - u) / (v - u))
    return float(best)


def leave_model_out(
    at: Cells, x: NDArray[np.float64], scales: Scales, known: int, *, keep_public: bool
) -> dict[str, float]:
    """Predicts each catalogue model's mean score on each label source without its own labels.

    `keep_public`: its public benchmark scores stay. Sources with at least six models count.

    With Q the inverse covariance of all cells, the residuals of a left-out block B are
    inverse(Q[B, B]) (Q y)[B], with covariance inverse(Q[B, B]) (Rasmussen, Williams 5.4.2)."""
    inverse = np.linalg.inv(kernel(at, at, x, scales, known) + np.diag(noise(at, scales)))
    solved = inverse @ (at.logit - MIDDLE)
    residual, spread = np.full(len(solved), np.nan), np.full(len(solved), np.nan)
    labels = ~at.public & (at.model < known)
    for model in np.unique(at.model[labels]):
        block = np.flatnonzero((at.model == model) & (labels | (not keep_public)))
        covariance = np.linalg.inv(inverse[np.ix_(block, block)])
        residual[block] = covariance @ solved[block]
        spread[block] = np.sqrt(np.diag(covariance))
    true, guess = (1 / (1 + np.exp(-v)) for v in (at.logit, at.logit - residual))
    sources = [np.flatnonzero(labels & (at.source == s)) for s in np.unique(at.source[labels])]
    sources = [rows for rows in sources if len(rows) >= 6]
    error = [np.abs(true[rows] - guess[rows]).mean() for rows in sources]
    rank = [np.corrcoef(_rank(true[rows]), _rank(guess[rows]))[0, 1] for rows in sources]
    return {
        "sources": len(sources),
        "mean_absolute_error_points": round(100 * float(np.mean(error)), 1),
        "rank_correlation": round(float(np.mean(rank)), 2),
        "sd_of_error_over_its_predicted_sd": round(float((residual / spread)[labels].std()), 2),
    }


def _rank(values: NDArray[np.float64]) -> NDArray[np.int64]:
    return np.argsort(np.argsort(values, kind="stable"), kind="stable")
