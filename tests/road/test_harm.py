"""Do no harm (invariant 1): whatever fails inside, the client's own bytes reach its own host."""

import json
import shutil
from pathlib import Path

import pytest

from road import artifacts
from road.test_wire import upgraded
from road.world import OpenRoad, message
from turnout.demo.provider import Fault
from turnout.paths import artifacts_dir
from turnout.stages import STAGES

AFTER = {"account", "log"}  # stages that run when the client has its answer
NO_ROW = {"recognise", "log"}
HURRY = {"TURNOUT_POLICY_DEADLINE_MS": "150"}


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
@pytest.mark.parametrize("stage", STAGES)
async def test_every_stage_may_break(road: OpenRoad, stage: str, stream: bool) -> None:
    """c1: a stage raises; the upstream gets exactly the client's bytes, the client its answer."""
    sent = message(stream=stream)
    async with road(env={"TURNOUT_FAULT": f"{stage}:raise"}) as way:
        status, answer, _ = await way.send(sent)
        assert status == 200
        assert answer
        if stage not in AFTER:
            assert [seen.body for seen in way.home.completions()] == [sent]
            assert way.other.seen == []
        if stage not in NO_ROW:
            (row,) = await way.served.rows()
            assert stage in row["error"] + str(row["attempts"])


async def test_without_a_fault_it_is_routed(road: OpenRoad) -> None:
    """The case above proves something only if this request would have gone elsewhere."""
    async with road() as way:
        await way.send(message())
        assert way.home.completions() == []


async def test_a_slow_embedder_means_the_requested_model(road: OpenRoad) -> None:
    """c3"""
    sent = message()
    async with road(env={"TURNOUT_FAULT": "embed:sleep:1", **HURRY}) as way:
        status, _, _ = await way.send(sent)
        assert status == 200
        assert [seen.body for seen in way.home.completions()] == [sent]
        (row,) = await way.served.rows()
        assert row["reason"] == "router_unavailable"
        assert "embed" in row["error"]


@pytest.mark.parametrize("fault", ["embed:raise", "score:raise", "embed:sleep:1"])
async def test_a_forced_model_needs_no_brain(road: OpenRoad, fault: str) -> None:
    """A burst of prompts must not send to the vendor what was forced to a model at home."""
    env = {"TURNOUT_FAULT": fault, **HURRY}
    async with road('force = "openrouter/minimax-m3"', env=env) as way:
        status, _, _ = await way.send(message())
        assert status == 200
        assert way.home.seen == []
        assert len(way.other.completions()) == 1
        (row,) = await way.served.rows()
        assert row["reason"] == "forced"
        assert fault.partition(":")[0] in row["error"]


async def test_the_target_is_down(road: OpenRoad) -> None:
    async with road() as way, way.other.refusing():
        sent = message(stream=True)
        status, _, _ = await way.send(sent)
        assert status == 200
        assert [seen.body for seen in way.home.completions()][-1:] == [sent]


@pytest.mark.parametrize(
    "fault",
    [
        Fault("status", status=500, count=9),
        Fault("status", status=429, count=9),
        Fault("status", status=400, count=9),
        Fault("reset", count=9),
        Fault("error_event", events=0, count=9),
        Fault("html", status=503, count=9),
    ],
    ids=lambda fault: f"{fault.kind} {fault.status}",
)
async def test_failover_before_the_first_byte(road: OpenRoad, fault: Fault) -> None:
    """c6: the client sees only the answer that worked; every attempt is in the row."""
    async with road() as way:
        way.other.faults.append(fault)
        sent = message(stream=True)
        status, answer, _ = await way.send(sent)
        assert status == 200
        assert answer.count(b"event: message_start") == 1
        assert b"event: message_stop" in answer
        assert [seen.body for seen in way.home.completions()][-1:] == [sent]
        (row,) = await way.served.rows()
        attempts = row["attempts"]
        assert len(attempts) > 1
        assert attempts[0]["error"]


@pytest.mark.parametrize("kind", ["cut", "eof"])
async def test_a_cut_answer_never_looks_finished(road: OpenRoad, kind: str) -> None:
    """c7, c8, invariant 4: one error event, no second attempt, no made-up end."""
    async with road('force = "openrouter/minimax-m3"') as way:
        way.other.faults.append(Fault(kind, events=3))  # type: ignore[arg-type]
        _, answer, _ = await way.send(message(stream=True))
        assert answer.count(b"event: error") == 1
        assert b"message_stop" not in answer
        assert b'stop_reason":"' not in answer
        assert len(way.other.completions()) == 1
        assert way.home.completions() == []


@pytest.mark.parametrize("kind", ["cut", "eof"])
async def test_a_cut_answer_in_the_same_dialect(road: OpenRoad, kind: str) -> None:
    async with road('force = "anthropic/claude-haiku-4-5"') as way:
        way.home.faults.append(Fault(kind, events=3))  # type: ignore[arg-type]
        _, answer, _ = await way.send(message(stream=True))
        assert answer.count(b"event: error") == 1
        assert b"message_stop" not in answer


async def test_a_stream_cut_inside_a_frame(road: OpenRoad) -> None:
    """What is left of the frame is not sent: the error event would land inside it."""
    async with road('force = "anthropic/claude-haiku-4-5"') as way:
        way.home.faults.append(Fault("cut", size=700))
        _, answer, _ = await way.send(message(stream=True))
        assert b"message_start" in answer
        *whole, last, rest = answer.split(b"\n\n")
        assert (rest, last[:12]) == (b"", b"event: error")
        for frame in whole:
            json.loads(frame.partition(b"data: ")[2])


async def test_a_whole_answer_that_breaks_off(road: OpenRoad) -> None:
    """It is held until it is whole: nothing is out, and a forced model is never replaced."""
    async with road('force = "anthropic/claude-haiku-4-5"') as way:
        way.home.faults.append(Fault("wrong_length"))
        status, answer, _ = await way.send(message())
        assert status == 502
        assert json.loads(answer)["error"]["type"] == "api_error"
        assert len(way.home.completions()) == 1


async def test_a_whole_answer_that_is_none(road: OpenRoad) -> None:
    """200 and a page: nothing has reached the client yet, so its own request goes home."""
    async with road() as way:
        way.other.faults.append(Fault("html", status=200, count=9))
        sent = message()
        status, answer, _ = await way.send(sent)
        assert status == 200
        assert json.loads(answer)["type"] == "message"
        assert [seen.body for seen in way.home.completions()] == [sent]


async def test_everything_fails(road: OpenRoad) -> None:
    """c9: the last status and body reach the client, exactly once."""
    async with road() as way:
        way.other.faults.append(Fault("status", status=500, count=9))
        way.home.faults.append(Fault("status", status=529, message="overloaded here", count=9))
        status, answer, _ = await way.send(message())
        assert status == 529
        assert b"overloaded here" in answer


@pytest.mark.parametrize("name", ["encoder/model.onnx", "catalog.json", "bundles/test/quality.npy"])
async def test_damaged_artifacts_stop_routing_not_traffic(
    road: OpenRoad, tmp_path: Path, name: str
) -> None:
    """c46: refused at load with path and reason; the client's bytes go home all the same.

    c94: so does codex's WebSocket, since nothing would be routed over HTTP either.
    """
    folder = artifacts.made(tmp_path / "artifacts")
    (folder / "encoder").unlink()
    shutil.copytree(artifacts_dir() / "encoder", folder / "encoder")
    (folder / name).unlink()
    (folder / name).write_bytes(b"{damaged")
    sent = message()
    async with road() as way:
        status, _, _ = await way.send(sent)
        assert status == 200
        assert [seen.body for seen in way.home.completions()] == [sent]
        (warning,) = (await way.served.api("GET", "/v1/status"))["warnings"]
        assert name in warning
        assert await upgraded(way) != 426
        assert way.home.seen[-1].path == "/v1/responses"


@pytest.mark.parametrize(
    ("facts", "says"),
    [
        ({"encoder": "another-encoder"}, "encoder is 'another-encoder', but the encoder here has"),
        ({"dim": 768}, "dim is 768, but the encoder here has 384"),
    ],
    ids=["name", "dimension"],
)
async def test_a_bundle_of_another_encoder_stops_routing_not_traffic(
    road: OpenRoad, tmp_path: Path, facts: dict[str, object], says: str
) -> None:
    """c46: the running process says which, and the client's bytes go home."""
    folder = artifacts.made(tmp_path / "artifacts")
    artifacts.sign(folder / "bundles" / "test", **facts)
    sent = message()
    async with road() as way:
        status, _, _ = await way.send(sent)
        assert status == 200
        assert [seen.body for seen in way.home.completions()] == [sent]
        (warning,) = (await way.served.api("GET", "/v1/status"))["warnings"]
        assert says in warning
