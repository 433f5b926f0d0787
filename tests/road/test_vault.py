"""A key of the vault on the real road: used, rotated without a restart, missing, damaged."""

import asyncio
from pathlib import Path

import pytest

from road.world import HOME_KEY, OpenRoad, Road, message, until
from turnout.demo.provider import Fault
from turnout.guard import private
from turnout.guard.vault import Vault

FORCED = 'force = "openrouter/qwen3.8-27b"'
NONE = {"OPENROUTER_API_KEY": ""}


@pytest.fixture
def vault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Vault:
    monkeypatch.setattr("turnout.guard.master._keyring_keeps", lambda *_: False)
    return Vault(tmp_path / "data")


def keys(road: Road) -> list[str | None]:
    return [seen.header("authorization") for seen in road.other.completions()]


async def test_a_rotated_key_serves_new_requests_while_the_old_one_drains(
    road: OpenRoad, vault: Vault
) -> None:
    """Without a restart, and without a request that has neither."""
    vault.add("openrouter", "old-key")
    async with road(FORCED, NONE) as way:
        way.other.faults.append(Fault("slow_headers", seconds=0.5))
        under_way = asyncio.create_task(way.send(message(stream=True)))
        await until(way.other.completions)
        vault.rotate("openrouter", "new-key")
        status, _, _ = await way.send(message())
        assert (status, (await under_way)[0]) == (200, 200)
        assert keys(way) == ["Bearer old-key", "Bearer new-key"]


async def test_a_key_that_is_added_opens_a_provider_and_one_removed_closes_it(
    road: OpenRoad, vault: Vault
) -> None:
    async with road(env=NONE) as way:
        await way.send(message())
        vault.add("openrouter", "first-key")
        await way.send(message())
        assert keys(way) == ["Bearer first-key"]
        vault.remove("openrouter")
        await way.send(message("Say hello again, please."))
        assert len(way.home.completions()) == 2 and len(keys(way)) == 1


@pytest.mark.parametrize("damage", ["bytes", "mode"])
async def test_a_vault_that_does_not_open_is_told_and_harms_nobody(
    road: OpenRoad, vault: Vault, damage: str
) -> None:
    vault.add("openrouter", "the-key")
    if damage == "bytes":
        private.write(vault.path, b"{}")
    else:
        vault.path.chmod(0o640)
    async with road(env=NONE) as way:
        status, _, _ = await way.send(message())
        assert status == 200
        assert [seen.header("x-api-key") for seen in way.home.completions()] == [HOME_KEY]
        (warning,) = [
            one for one in (await way.served.api("GET", "/v1/status"))["warnings"] if "vault" in one
        ]
        assert "\n" not in warning and "the-key" not in warning
