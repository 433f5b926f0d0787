"""Spherical K-means with weighted prompts, and what to call the clusters."""

from collections import Counter

import numpy as np
from numpy.typing import NDArray

from turnout.bundles.data import Prompts

type Vectors = NDArray[np.float64]  # (prompts, dim), unit rows
type Weights = NDArray[np.float64]  # (prompts,)
type Groups = NDArray[np.int64]  # (prompts,) index of the cluster

MANY = 20  # topics in a cluster: two of them no longer say what it is about
# category of a prompt -> what people call it, what it is about ("" = see its domain), with tools?
NAMES: dict[str, tuple[str, str, bool]] = {
    "agentic_coding": ("agentic coding", "repository issues", True),
    "agentic_coding_testgen": ("agentic coding", "repository issues", True),
    "agentic_coding_greenfield": ("agentic coding", "whole libraries", True),
    "agentic_terminal": ("terminal work", "shell tasks", True),
    "tool_calling": ("tool calling", "", True),
    "coding": ("short coding", "", False),
    "coding_exec": ("code reading", "what a function returns", False),
    "everyday_commonsense": ("everyday questions", "", False),
    "everyday_qa": ("everyday questions", "", False),
    "everyday_nonsense_detection": ("false premises", "questions that make no sense", False),
    "everyday_reasoning_trap": ("trick questions", "", False),
    "knowledge_hard": ("expert knowledge", "", False),
    "knowledge_mcq": ("knowledge", "", False),
    "math_grade_school": ("word problems", "grade school", False),
    "math_hard": ("mathematics", "competition", False),
    "reasoning": ("reasoning", "", False),
    "structured_output": ("structured output", "", False),
    "writing": ("writing", "", False),
    "writing_education": ("teaching texts", "", False),
}
# the sources' own words -> plain ones
TOPICS = {
    "live_irrelevance": "no function fits",
    "irrelevance": "no function fits",
    "live_multiple": "which function",
    "live_relevance": "which function",
    "multiple": "which function",
    "executable_multiple_function": "which function",
    "multiple_function": "which function",
    "simple": "one function",
    "simple_python": "one function",
    "live_simple": "one function",
    "executable_simple": "one function",
    "java": "one function in Java or JavaScript",
    "javascript": "one function in Java or JavaScript",
    "simple_java": "one function in Java or JavaScript",
    "simple_javascript": "one function in Java or JavaScript",
    "parallel_function": "several calls",
    "parallel_multiple_function": "several calls",
    "parallel": "several calls",
    "parallel_multiple": "several calls",
    "executable_parallel_function": "several calls",
    "executable_parallel_multiple_function": "several calls",
    "live_parallel": "several calls",
    "live_parallel_multiple": "several calls",
    "rest": "one function",  # of a web service
    "multi_turn_base": "several turns",
    "multi_turn_miss_param": "several turns",
    "multi_turn_miss_func": "several turns",
    "human_eval": "functions in Python",
    "mbpp": "functions in Python",
    "python": "functions in Python",
    "openbook_qa": "school science",
    "arc_challenge": "school science",
    "commonsense_qa": "common sense",
    "trivia_qa": "trivia",
    "natural_qa": "trivia",
    "mmlu": "all subjects",
    "gpqa": "graduate science",
    "commongen": "a sentence from words",
    "course-intent": "plans of courses",
    "course-format": "plans of courses",
    "course-categories": "plans of courses",
    "course-canonical-title": "titles",
    "course-identity-classification": "kinds of courses",
    "course-chapters": "chapters of courses",
    "lesson-pronunciation": "pronunciation",
    "agentverse-logicgrid": "logic grids",
    "agentverse-mgsm": "grade school, several languages",
}


def kind(category: str) -> tuple[str, str, bool]:
    """A category that is not in the table is called by its own name."""
    name = category.replace("_", " ") or "other tasks"
    return NAMES.get(category, (name, "", with_tools(category)))


def with_tools(category: str) -> bool:
    """Do prompts of this category come with tools?"""
    return category.startswith(("agentic", "tool"))


def weights(source: NDArray[np.str_]) -> Weights:
    """1 / sqrt(prompts of the source): the whole of a source then counts as sqrt(its size)."""
    count = Counter(source.tolist())
    return np.array([count[name] ** -0.5 for name in source.tolist()])


def kmeans(vectors: Vectors, weight: Weights, k: int, seed: int, starts: int = 4) -> Vectors:
    """(k, dim) unit centroids: the best of `starts` runs by weighted mean cosine."""
    runs = [_run(vectors, weight, k, seed + start) for start in range(starts)]
    return max(runs, key=lambda c: float((vectors @ c.T).max(axis=1) @ weight))


def nearest(vectors: Vectors, centroids: Vectors) -> Groups:
    return np.asarray((vectors @ centroids.T).argmax(axis=1))


def _run(vectors: Vectors, weight: Weights, k: int, seed: int, rounds: int = 50) -> Vectors:
    """Lloyd's algorithm from a k-means++ start (Arthur and Vassilvitskii 2007)."""
    rng = np.random.default_rng(seed)
    centroids = vectors[rng.choice(len(vectors), size=1, p=weight / weight.sum())]
    while len(centroids) < k:
        far = (1 - (vectors @ centroids.T).max(axis=1)).clip(0) * weight
        pick = rng.choice(len(vectors), size=1, p=far / far.sum())
        centroids = np.vstack([centroids, vectors[pick]])
    for _ in range(rounds):
        group = nearest(vectors, centroids)
        mass = np.zeros_like(centroids)
        np.add.at(mass, group, vectors * weight[:, None])
        moved = mass / np.linalg.norm(mass, axis=1, keepdims=True).clip(1e-12)
        if np.array_equal(moved, centroids):
            break
        centroids = moved
    return centroids


def describe(prompts: Prompts, weight: Weights, group: Groups, k: int) -> list[dict[str, object]]:
    """Per cluster: label, size, share with tools, mix of categories and sources; no texts."""
    rows = [_describe(prompts, weight, np.flatnonzero(group == c)) for c in range(k)]
    labels = [str(row["label"]) for row in rows]
    for place, label in enumerate(labels):
        if labels.count(label) > 1:
            rows[place]["label"] = f"{label} ({labels[: place + 1].count(label)})"
    return rows


def _describe(prompts: Prompts, weight: Weights, rows: NDArray[np.int64]) -> dict[str, object]:
    share = weight[rows] / weight[rows].sum()
    kinds = [kind(category) for category in prompts.category[rows].tolist()]
    names = _mix([name for name, _, _ in kinds], share)
    (name, _), *others = names.items()
    topics = [topic(kind, prompts.domain[row]) for kind, row in zip(kinds, rows, strict=True)]
    own = [kind[0] == name for kind in kinds]
    about = _mix([t for t, mine in zip(topics, own, strict=True) if mine], share[own])
    second = [other for other, part in others if part > 0.2][:1]
    shown = list(about)[:2] if len(about) <= MANY else ["various topics"]
    sources = _mix(prompts.source[rows].tolist(), share)
    return {
        "label": f"{' and '.join([name, *second])}: {', '.join(shown)}",
        "prompts": len(rows),
        "tools": round(float(share @ [has for _, _, has in kinds]), 4),
        "mix": {key: part for key, part in names.items() if part >= 0.02},
        "sources": {key: part for key, part in sources.items() if part >= 0.02},
    }


def topic(kind: tuple[str, str, bool], domain: str) -> str:
    return kind[1] or TOPICS.get(domain) or domain.replace("_", " ") or "general"


def _mix(names: list[str], share: NDArray[np.float64]) -> dict[str, float]:
    """Name -> share, largest first."""
    total: Counter[str] = Counter()
    for name, part in zip(names, share.tolist(), strict=True):
        total[name] += part
    ranked = sorted(total.items(), key=lambda entry: (-entry[1], entry[0]))
    return {name: round(part, 4) for name, part in ranked}
