"""What others call a model -> its id in the catalogue. What is not surely the same is unknown."""

import re
from collections.abc import Iterator

from turnout.route.catalog import Catalog

_SNAPSHOT = re.compile(r"-(?:20\d{6}|20\d\d-\d\d-\d\d|\d{4})$")
# a way of running a model, not another model: effort, thinking, a router's choice of hosts
_MANNER = re.compile(
    r"(?::[a-z]+|-(?:thinking(?:-turbo)?|reasoner|minimal|low|medium|high|xhigh|max))$"
)
_SIZE = re.compile(r"-a\d+b$")  # active parameters of a mixture of experts
PREVIEW = "-preview"
# snapshots that were another model than the one of that name in the catalogue
OTHERS = {"claude-3-5-sonnet-0620", "claude-3-5-sonnet-20240620", "deepseek-v3-0324"}


class Names:
    """`names("anthropic/claude-opus-4.7-20260301")` -> "claude-opus-4-7"; "" when unknown."""

    def __init__(self, catalog: Catalog) -> None:
        self._known: dict[str, str] = {}
        for binding in catalog.bindings:
            for name in binding.names:
                self._known.setdefault(_plain(name), binding.model.id)
        for name in catalog.models:
            self._known.setdefault(_plain(_SIZE.sub("", name)), name)
        self._known |= {_plain(name): name for name in catalog.models}

    def __call__(self, name: str) -> str:
        if _plain(name) in OTHERS:
            return ""
        return next((self._known[form] for form in _forms(name) if form in self._known), "")


def _forms(name: str) -> Iterator[str]:
    """From the exact one on, each a little less so."""
    lower = name.lower().split("/")[-1]
    for text in (lower, _MANNER.sub("", lower)):
        yield _plain(text)
        yield _SNAPSHOT.sub("", _plain(text))
        yield _plain(text) + PREVIEW


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", name.lower().split("/")[-1]).strip("-")
