"""The API and the dashboard, served by a relay in this process."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from road import artifacts
from web.site import Site, opened

KEYS = {"OPENROUTER_API_KEY": "sk-or-the-canary", "ANTHROPIC_API_KEY": "sk-ant-the-canary"}


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return artifacts.made(tmp_path_factory.mktemp("web") / "artifacts")


@pytest_asyncio.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    """Without artifacts: it starts at once and routes nothing."""
    async with opened(tmp_path, tmp_path / "none", KEYS) as found:
        yield found


@pytest_asyncio.fixture
async def routing(tmp_path: Path, built: Path) -> AsyncIterator[Site]:
    async with opened(tmp_path, built, KEYS) as found:
        yield found
