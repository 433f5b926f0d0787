"""Bad input passes through untouched, or fails with one clear sentence and exit code 1 or 2."""

import asyncio
import gzip
import os
import socket
import sys
import zlib
from collections.abc import Mapping
from pathlib import Path

import aiohttp
import brotli
import pytest
import zstandard

from road.tunnel import connected
from road.world import HOME_KEY, OpenRoad, Serve, message, plain_environ, until
from turnout import history
from turnout.demo.provider import Fault

TO_SIBLING = 'force = "anthropic/claude-haiku-4-5"'

UNTOUCHED = {
    "not JSON": b"hello",
    "empty": b"",
    "an array": b'[{"model": "claude-opus-4-7"}]',
    "stream is no boolean": message(stream="yes"),
    "no model": b'{"messages": []}',
    "model is a number": message(model=7),
    "two model keys": b'{"model": "claude-opus-4-7", "model": "claude-haiku-4-5", "messages": []}',
    "invalid UTF-8": b'{"model": "claude-opus-4-7", "messages": [], "x": "\xff"}',
    "cut": message()[:-2],
    "nested without end": b'{"model": "claude-opus-4-7", "messages": ' + b"[" * 100_000,
}


@pytest.mark.parametrize("body", UNTOUCHED.values(), ids=UNTOUCHED)
async def test_what_cannot_be_read_passes_through(road: OpenRoad, body: bytes) -> None:
    async with road(TO_SIBLING) as way:
        await way.send(body)
        assert [seen.body for seen in way.home.seen] == [body]
        (row,) = await way.served.rows()
        assert row["reason"] == "unreadable"
        assert row["error"]


async def test_an_unknown_model_passes_through(road: OpenRoad) -> None:
    async with road() as way:
        sent = message(model="claude-of-next-year")
        await way.send(sent)
        assert [seen.body for seen in way.home.seen] == [sent]
        (row,) = await way.served.rows()
        assert row["reason"] == "unknown_model"
        assert row["requested_model"] == "claude-of-next-year"
        assert row["cost_usd"] is None


async def test_an_unknown_path_passes_through(road: OpenRoad) -> None:
    async with road(TO_SIBLING) as way:
        sent = os.urandom(300_000)
        await way.send(sent, path="/api/event_logging/v2/batch")
        assert [(seen.path, seen.body) for seen in way.home.seen] == [
            ("/api/event_logging/v2/batch", sent)
        ]


async def test_ten_megabytes(road: OpenRoad) -> None:
    """c95"""
    sent = message("word " * 2_000_000)
    assert len(sent) > 10_000_000
    async with road(TO_SIBLING) as way:
        status, _, _ = await way.send(sent)
        assert status == 200
        (seen,) = way.home.completions()
        assert len(seen.body) > 10_000_000


PACKED = {
    "gzip": gzip.compress,
    "deflate": zlib.compress,
    "br": brotli.compress,
    "zstd": zstandard.compress,
}


@pytest.mark.parametrize("encoding", PACKED)
async def test_compressed_bodies_are_read(road: OpenRoad, encoding: str) -> None:
    sent = message()
    async with road(TO_SIBLING) as way:
        status, _, _ = await way.send(PACKED[encoding](sent), {"content-encoding": encoding})
        assert status == 200
        (seen,) = way.home.completions()
        assert seen.body == sent.replace(b"claude-opus-4-7", b"claude-haiku-4-5")
        assert seen.header("content-encoding") is None


@pytest.mark.parametrize("encoding", ["gzip", "br", "zstd", "rot13"])
async def test_a_lie_about_the_encoding_passes_through(road: OpenRoad, encoding: str) -> None:
    sent = message()
    async with road(TO_SIBLING) as way:
        await way.send(sent, {"content-encoding": encoding})
        (seen,) = way.home.seen
        assert seen.body == sent
        assert seen.header("content-encoding") == encoding


async def test_a_body_that_lies_about_its_length(road: OpenRoad) -> None:
    """Shorter than it said: nothing is sent anywhere, and the next client is served."""
    async with road(TO_SIBLING) as way:
        _, writer = await connected(way.served.proxy, "localhost", way.home.port, way.served.tls())
        head = f"POST /v1/messages HTTP/1.1\r\nhost: localhost\r\nx-api-key: {HOME_KEY}\r\n"
        writer.write(head.encode() + b"content-length: 5000\r\n\r\n" + message())
        await writer.drain()
        writer.close()
        status, _, _ = await way.send(message())
        assert status == 200
        assert len(way.home.seen) == 1


async def test_the_client_goes_away(road: OpenRoad) -> None:
    """c5: the upstream request is cancelled, nothing is retried, the row says so."""
    async with road('force = "openrouter/minimax-m3"') as way:
        way.other.faults.append(Fault("stall", events=2, seconds=60))
        task = asyncio.create_task(way.send(message(stream=True)))
        await until(way.other.completions)
        await asyncio.sleep(0.2)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        (row,) = await way.served.rows()
        assert row["status"] == 499
        assert len(way.other.completions()) == 1
        assert way.home.seen == []
        assert way.other.open == 0


# -- start-up


async def run_serve(tmp_path: Path, *args: str, **env: str) -> tuple[int, str]:
    """`turnout serve ARGS` until it ends by itself -> (exit code, stderr)."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "turnout", "serve", *args),
        env={**plain_environ(), "TURNOUT_DATA": str(tmp_path / "data"), **env},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        cwd=tmp_path,
    )
    _, err = await process.communicate()
    assert process.returncode is not None
    return process.returncode, err.decode()


async def test_a_config_with_a_typo(tmp_path: Path) -> None:
    (tmp_path / "turnout.toml").write_text('[policy]\nprofil = "thrift"\n')
    code, err = await run_serve(tmp_path)
    assert code == 2
    assert len(err.strip().splitlines()) == 1
    assert "turnout.toml" in err
    assert "2" in err
    assert "profile" in err


async def test_a_port_in_use(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        code, err = await run_serve(tmp_path, "--port", str(taken.getsockname()[1]))
    assert code in (1, 2)
    assert len(err.strip().splitlines()) == 1
    assert "--port" in err


async def test_a_second_serve(road: OpenRoad, tmp_path: Path) -> None:
    async with road() as way:
        port = way.served.proxy.rpartition(":")[2]
        code, err = await run_serve(tmp_path, "--port", port)
        assert code in (1, 2)
        assert "turnout status" in err
        assert (await way.served.api("GET", "/v1/status"))["mode"] == "route"


async def test_a_second_serve_on_other_ports(serve: Serve, tmp_path: Path) -> None:
    """The kill switch reaches both, and the first one after the second has ended."""
    async with serve("") as first:
        env = {"TURNOUT_DATA": str(first.data)}
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "turnout", "serve", "--port", "0", "--base-port", "0"),
            env={**plain_environ(), **env},
            stderr=asyncio.subprocess.DEVNULL,
        )
        await until(lambda: list(first.data.glob("runs/*.json")))
        assert await switched(env) == 0
        assert (await first.api("GET", "/v1/status"))["mode"] == "off"
        process.terminate()
        assert await process.wait() == 0
        assert await switched(env) == 0
        assert not list(first.data.glob("runs/*.json"))


async def switched(env: Mapping[str, str]) -> int:
    """`turnout off` -> its exit code"""
    off = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "turnout", "off"),
        env={**plain_environ(), **env},
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    return await off.wait()


async def test_an_unwritable_data_directory(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    data = str(tmp_path / "file" / "data")
    code, err = await run_serve(tmp_path, "--port", "0", "--base-port", "0", TURNOUT_DATA=data)
    assert code in (1, 2)
    assert len(err.strip().splitlines()) == 1
    assert "TURNOUT_DATA" in err


async def test_a_forced_model_that_does_not_exist(tmp_path: Path) -> None:
    force = "anthropic/claude-haiku-45"
    code, err = await run_serve(tmp_path, "--port", "0", TURNOUT_POLICY_FORCE=force)
    assert code == 2
    assert "claude-haiku-4-5" in err


async def test_a_forced_provider_without_a_key(tmp_path: Path) -> None:
    force = "moonshot/kimi-k2.6"
    code, err = await run_serve(tmp_path, "--port", "0", TURNOUT_POLICY_FORCE=force)
    assert code == 2
    assert "MOONSHOT_API_KEY" in err


async def test_a_log_that_cannot_be_written_loses_no_request(road: OpenRoad) -> None:
    """The database is locked for writing by somebody else: the answer comes, the row later."""
    import sqlite3

    async with road(TO_SIBLING) as way:
        await way.send(message())
        await way.served.rows()
        other = sqlite3.connect(way.served.data / "turnout.db", isolation_level=None)
        other.execute("begin immediate")
        status, _, _ = await way.send(message())
        assert status == 200
        other.execute("rollback")
        other.close()
        assert len(await way.served.rows(2)) == 2


async def test_stopped_in_the_middle_of_a_stream(road: OpenRoad) -> None:
    """SIGTERM: it ends at once, the stream does not look finished, and its row is written."""
    async with road('force = "openrouter/minimax-m3"') as way:
        way.other.faults.append(Fault("stall", events=3))
        task = asyncio.create_task(way.send(message(stream=True)))
        await until(way.other.completions)
        await asyncio.sleep(0.2)
        way.served.process.terminate()
        code = await asyncio.wait_for(way.served.process.wait(), 5)  # `turnout run` waits 8 s
        assert code == 0
        (broken,) = await asyncio.gather(task, return_exceptions=True)
        assert isinstance(broken, aiohttp.ClientError), broken
        assert [row["status"] for row in await way.served.rows()] == [499]


async def test_killed_in_the_middle(road: OpenRoad) -> None:
    """kill -9: the database is whole, and rows older than a second are in it."""
    async with road(TO_SIBLING) as way:
        for _ in range(5):
            await way.send(message())
        await asyncio.sleep(1)
        way.served.process.kill()
        await way.served.process.wait()
        with history.read(way.served.data / "turnout.db") as log:
            assert len(list(log.latest(10))) == 5
