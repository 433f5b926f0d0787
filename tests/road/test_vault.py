"""A key of the vault on the real road: used, rotated without a restart, missing, damaged."""

import asyncio
from pathlib import Path

import pytest

from road.world import HOME_KEY, OpenRoad, Road, message, until
from turnout.demo.provider import Fault
from turnout.guard.vault import Vault

NONE = {"OPENROUTER_API_KEY": ""}


@pytest.fixture
def vault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Vault:
    monkeypatch.setattr("turnout.guard.master._keyring_keeps", lambda *_: False)
    return Vault(tmp_path / "data")


def keys(road: Road) -> list[str | None]:
    return [seen.header("authorization") for seen in road.other.completions()]


async def test_the_life_of_a_key_while_turnout_runs(road: OpenRoad, vault: Vault) -> None:
    """Added, rotated while a request is under way, refused, rotated, removed; no restart."""
    async with road(env=NONE) as way:
        await way.send(message())
        assert keys(way) == [], "there is no key yet"
        vault.add("openrouter", "old-key")

        way.other.faults.append(Fault("slow_headers", seconds=0.5))
        under_way = asyncio.create_task(way.send(message("Say hello to me.", stream=True)))
        await until(way.other.completions)
        vault.rotate("openrouter", "new-key")
        status, _, _ = await way.send(message("Say hello to her."))
        assert (status, (await under_way)[0]) == (200, 200)
        assert keys(way) == ["Bearer old-key", "Bearer new-key"], "the old one drains"

        way.other.faults.append(Fault("status", status=401, message="bad key new-key", count=9))
        assert (await way.send(message("Say hello to him.")))[0] == 200
        (key,) = (found := await way.served.api("GET", "/v1/status"))["keys"]
        assert key["provider"] == "openrouter" and "401" in key["refused"]["why"]
        (said,) = [one for one in found["warnings"] if "refused" in one]
        assert "`turnout keys rotate openrouter`" in said and "new-key" not in said
        vault.rotate("openrouter", "newest-key")
        (key,) = (await way.served.api("GET", "/v1/status"))["keys"]
        assert key["refused"] is None

        vault.remove("openrouter")
        count = len(keys(way))
        await way.send(message("Say hello to them."))
        assert len(keys(way)) == count


async def test_a_vault_that_does_not_open_is_told_and_harms_nobody(
    road: OpenRoad, vault: Vault
) -> None:
    vault.add("openrouter", "the-key")
    vault.path.chmod(0o640)
    async with road(env=NONE) as way:
        status, _, _ = await way.send(message())
        assert status == 200
        assert [seen.header("x-api-key") for seen in way.home.completions()] == [HOME_KEY]
        warnings = (await way.served.api("GET", "/v1/status"))["warnings"]
        (said,) = [one for one in warnings if "vault" in one]
        assert "chmod 600" in said and "\n" not in said and "the-key" not in said
