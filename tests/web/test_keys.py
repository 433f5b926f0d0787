"""Keys from the dashboard: into the vault, never out of it."""

from dataclasses import replace
from pathlib import Path

import pytest
from mitmproxy.test import tflow, tutils

from turnout.guard import master
from turnout.guard.vault import Vault
from turnout.health.faults import STATUSES
from turnout.proxy import masks
from web.site import Site, csrf, signed_in

SECRET = "fw_a-key-that-nobody-may-see"


@pytest.fixture
def vault(site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Vault:
    """Sealed with a key in a file: a test leaves the machine's keyring alone."""
    monkeypatch.setattr(master, "make", lambda folder: ("file", b"k" * 32))
    monkeypatch.setattr(master, "read", lambda folder, place: b"k" * 32)
    made = Vault(tmp_path)
    site.engine.vault = site.engine.keys._vault = made
    return made


async def post(site: Site, **form: str) -> tuple[int, str]:
    async with signed_in(site) as browser:
        sent = form | {"csrf": await csrf(site, browser)}
        async with browser.post(f"{site.url}/ui/keys", data=sent) as got:
            return got.status, await got.text()


async def test_added_rotated_removed(site: Site, vault: Vault) -> None:
    status, text = await post(site, name="fireworks", secret=f" {SECRET}\n")
    assert status == 200
    assert "vault:fireworks" in text
    assert site.engine.keys.get("fireworks") == SECRET
    _, other = await post(site, name="fireworks", secret=f"{SECRET}-2")
    assert site.engine.keys.get("fireworks") == f"{SECRET}-2"
    assert SECRET not in text + other
    await post(site, remove="fireworks")
    assert "fireworks" not in site.engine.keys


@pytest.mark.parametrize(
    "form",
    [
        {"name": "fireworks", "secret": "two words"},
        {"name": SECRET, "secret": SECRET},
        {"name": "fireworks"},
        {"remove": "nobody"},
        {},
    ],
    ids=lambda form: " ".join(form) or "nothing",
)
async def test_what_is_refused_is_not_repeated(
    site: Site, vault: Vault, form: dict[str, str]
) -> None:
    status, text = await post(site, **form)
    assert status == 400
    assert SECRET not in text
    assert "two words" not in text


async def test_marks_and_breakers_are_shown(site: Site) -> None:
    """What the parts that send requests know of keys and models, in words."""
    site.engine.keys.mark("openrouter", "openrouter answered 401 <b>")
    fault = replace(STATUSES[402], error="status 402")
    site.engine.health.breakers.failed("openrouter/minimax-m3", fault)
    async with signed_in(site) as browser, browser.get(f"{site.url}/ui/providers") as got:
        text = await got.text()
    assert "openrouter answered 401 &lt;b&gt;" in text
    assert "openrouter/minimax-m3" in text
    assert "status 402" in text


@pytest.mark.parametrize("path", ["/ui/keys", "/ui/session", "/ui/mode"])
def test_who_looks_at_flows_sees_no_secret(path: str) -> None:
    """mitmweb keeps what was posted; what is secret of it is gone once it has been sent."""
    flow = tflow.tflow(req=tutils.treq(path=path.encode(), content=SECRET.encode()))
    masks.hide(flow)
    assert (flow.request.content == b"") == (path != "/ui/mode")
