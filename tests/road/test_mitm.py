"""The other two ways to run it: as a script of mitmdump, and under mitmweb."""

import asyncio
import json
import shutil
import signal
import socket
import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import pytest

from road import artifacts
from road.world import OTHER_KEY, OpenRoad, Pki, Road, Served, announced, message, plain_environ
from turnout.demo.provider import SimProvider

SCRIPT = Path(__file__).parents[2] / "addon" / "mitm.py"


@pytest.mark.parametrize("tool", ["mitmdump", "mitmweb"])
async def test_as_a_script(tool: str, tmp_path: Path, pki: Pki) -> None:
    """`mitmdump -s addon/mitm.py` from a bare clone: nothing installed, nothing on the path."""
    program = shutil.which(tool, path=str(Path(sys.executable).parent))
    assert program, f"{tool} comes with mitmproxy"
    config = tmp_path / "turnout.toml"
    env = plain_environ() | {
        "TURNOUT_DATA": str(tmp_path / "data"),
        "TURNOUT_ARTIFACTS": str(artifacts.made(tmp_path / "artifacts")),
        "OPENROUTER_API_KEY": "sk-or-script",
    }
    del env["PYTHONPATH"]
    options = {
        "confdir": tmp_path / "ca",
        "turnout_config": config,
        "listen_host": "127.0.0.1",
        "listen_port": 0,
        "ssl_verify_upstream_trusted_ca": pki.ca,
    } | ({"web_port": 0, "web_open_browser": "false"} if tool == "mitmweb" else {})
    async with (
        SimProvider("anthropic", ssl=pki.server, host="localhost") as home,
        SimProvider("openai_chat") as other,
        aiohttp.ClientSession() as session,
    ):
        config.write_text(
            f"""
[proxy]
intercept = ["localhost"]
[providers.anthropic]
base_url = "{home.base_url}"
[providers.openrouter]
base_url = "{other.base_url}"
"""
        )
        log = tmp_path / "log"
        with log.open("wb") as out:
            process = await asyncio.create_subprocess_exec(
                *(program, "-s", str(SCRIPT)),
                *(arg for name, value in options.items() for arg in ("--set", f"{name}={value}")),
                env=env,
                stdout=out,
                stderr=out,
            )
        try:
            facts = await announced(tmp_path / "data/run.json", process, log)
            served = Served(facts, process, tmp_path / "data", session, log)
            road = Road(served, home, other)
            status, _, headers = await road.send(message())
            assert status == 200
            assert headers["x-turnout-model"] == "openrouter/minimax-m3"
            assert (await served.api("GET", "/v1/status"))["routed"] == 1
        finally:
            if process.returncode is None:
                process.send_signal(signal.SIGTERM)
            await process.wait()


async def test_serve_with_mitmweb(road: OpenRoad) -> None:
    """`turnout serve --web`: the flow list shows the client's own request, to its own host."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    async with road(args=["--web", "--web-port", str(port)]) as way:
        await way.send(message())
        (flow,) = await flows(way)
        asked = flow["request"]
        assert (asked["host"], asked["port"]) == ("localhost", way.home.port)
        assert (asked["path"], asked["contentLength"]) == ("/v1/messages", len(message()))
        assert "claude-opus-4-7 -> openrouter/minimax-m3" in flow["comment"]
        await way.served.rows()
        (flow,) = await flows(way)
        assert " instead of $" in flow["comment"]
        assert flow["marked"]
        asked, given = [await view(way, flow["id"], side) for side in ("request", "response")]
        (sent,) = way.other.completions()
        assert '"model": "claude-opus-4-7"' in asked
        assert json.dumps(json.loads(sent.body), indent=2) in asked
        assert OTHER_KEY not in asked + given
        assert "openrouter/minimax-m3 answered" in given
        assert '"choices"' in given
        assert '"stop_reason"' in given


async def view(way: Road, flow: str, side: str) -> str:
    """What the content view "turnout" shows of a message."""
    link = urlsplit(way.served.facts["web"])
    url = f"{link.scheme}://{link.netloc}/flows/{flow}/{side}/content/turnout.json?{link.query}"
    async with way.served.session.get(url) as answer:
        return str((await answer.json())["text"])


async def flows(way: Road) -> list[dict[str, Any]]:
    """What mitmweb shows, by the link that serve prints."""
    link = urlsplit(way.served.facts["web"])
    base = f"{link.scheme}://{link.netloc}"
    url = f"{base}/flows?{link.query}"
    async with way.served.session.get(url) as answer:
        return list(await answer.json())
