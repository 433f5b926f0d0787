"""Whose name an answer bears that stays in its dialect (policy.answer_model)."""

import json

import pytest

from road.world import OpenRoad, message
from turnout.demo.conversation import blocks

HAIKU = {"x-turnout-model": "anthropic/claude-haiku-4-5"}
SERVED, ASKED = b'"model":"claude-haiku-4-5"', b'"model":"claude-opus-4-7"'


@pytest.mark.parametrize(
    ("policy", "named"),
    [("", SERVED), ('answer_model = "requested"', ASKED)],
    ids=["served", "requested"],
)
async def test_whose_name(road: OpenRoad, policy: str, named: bytes) -> None:
    """The bytes are the upstream's, but for the name; who served it stands in header and log."""
    async with road(policy) as way:
        for stream in (False, True):
            status, body, headers = await way.send(message(stream=stream), HAIKU)
            assert status == 200
            plain = body.replace(b'": "', b'":"')
            assert named in plain
            assert (ASKED if named == SERVED else SERVED) not in plain
            assert blocks(body) if stream else json.loads(body)["content"]
            assert headers["x-turnout-model"] == "anthropic/claude-haiku-4-5"
        own = {"x-turnout-model": "anthropic/claude-opus-4-7"}
        assert ASKED in (await way.send(message(), own))[1].replace(b'": "', b'":"')
        assert [row["model"] for row in await way.served.rows(3)] == [
            "claude-haiku-4-5",
            "claude-haiku-4-5",
            "claude-opus-4-7",
        ]
