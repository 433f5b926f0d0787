"""Bundles beside the one in use: a client names one in `x-turnout-bundle`, to compare them.

One is loaded when it is first asked for, in a thread of its own; the few last used are kept.
"""

import asyncio
from collections import OrderedDict

from turnout.errors import ArtifactError, ConfigError
from turnout.route.bundle import Bundle
from turnout.route.shelves import Shelves

KEPT = 3  # beside the one in use; 24 clusters of 131 models are 0.2 MB


class Beside:
    """For one event loop. `encoder`, `dim`: what a bundle must fit."""

    def __init__(self, shelves: Shelves, encoder: str, dim: int) -> None:
        self._shelves, self._encoder, self._dim = shelves, encoder, dim
        self._loading: OrderedDict[str, asyncio.Future[Bundle]] = OrderedDict()

    async def get(self, version: str) -> Bundle:
        """Requests that come while it is loaded wait for the same load. Raises ConfigError."""
        found = self._loading.pop(version, None)
        if found is None or (found.done() and (found.cancelled() or found.exception())):
            loop = asyncio.get_running_loop()
            found = loop.run_in_executor(None, self._load, version)
        self._loading[version] = found
        if len(self._loading) > KEPT:
            self._loading.popitem(last=False)
        return await asyncio.shield(found)

    def _load(self, version: str) -> Bundle:
        folder = self._shelves.find(version)
        if folder is None:
            known = ", ".join(path.name for path in self._shelves.folders())
            raise ConfigError(
                f"x-turnout-bundle: there is no bundle {version!r}; there are {known}"
            )
        bundle = Bundle.load(folder, encoder=self._encoder, dim=self._dim)
        if bundle.version != version:
            raise ArtifactError(f"{folder}: its manifest says that it is {bundle.version}")
        return bundle
