"""Limits on the real road: a 429 in the client's dialect, cheaper, or home; written in the log."""

import json

from road.world import HOME_KEY, OpenRoad, message

ONE = "[[limits]]\nrequests_per_minute = 1\n"


async def test_beyond_a_limit_the_client_hears_it_in_its_dialect(road: OpenRoad) -> None:
    """With retry-after, and with the row; nobody upstream is asked. Every dialect has its shape."""
    chat = {"model": "gpt-5", "messages": [{"role": "user", "content": "Hi"}]}
    async with road(more=ONE) as way:
        assert (await way.send(message()))[0] == 200
        before = len(way.home.seen) + len(way.other.seen)
        status, answer, headers = await way.send(message(stream=True))
        assert status == 429 and 1 <= int(headers["retry-after"]) <= 61
        error = json.loads(answer)["error"]
        assert error["type"] == "rate_limit_error"
        assert error["message"] == "turnout: 1 requests a minute are used up"
        url = f"{way.served.base}/v1/chat/completions"
        async with way.served.session.post(
            url, json=chat, headers={"authorization": f"Bearer {HOME_KEY}"}
        ) as foreign:
            assert foreign.status == 429 and foreign.headers["retry-after"]
            assert (await foreign.json())["error"]["message"].startswith("turnout: 1 requests")
        for mode in ("off", "shadow"):
            status, _, _ = await way.send(message(), {"x-turnout-mode": mode})
            assert status == 429, "a header lifts no limit"
        assert len(way.home.seen) + len(way.other.seen) == before
        first, *refused = await way.served.rows(5)
        assert first["status"] == 200
        assert {(row["reason"], row["status"]) for row in refused} == {("limit", 429)}
    async with road(more=ONE) as way:
        assert (await way.send(message()))[0] == 429, "what was used is known after a restart"


CHEAPER = """
[[limits]]
model = "claude-opus-4-7"
requests_per_minute = 0
then = "home"
[[limits]]
model = "claude-haiku-4-5"
requests_per_minute = 0
then = "cheaper"
"""


async def test_or_it_goes_home_or_somewhere_cheaper(road: OpenRoad) -> None:
    async with road("profile = 'strict'", more=CHEAPER) as way:
        assert (await way.send(message()))[0] == 200
        assert way.home.completions()[-1].body == message()
        assert (await way.send(message(model="claude-haiku-4-5")))[0] == 200
        home, cheaper = await way.served.rows(2)
        assert (home["reason"], home["provider"]) == ("limit", "anthropic")
        assert "0 requests a minute" in home["evidence"]["limit"]
        assert "0 requests a minute" in cheaper["evidence"]["limit"]
        assert (cheaper["provider"], cheaper["evidence"]["profile"]) == ("openrouter", "cheapest")
        file = way.served.data.parent / "turnout.toml"
        file.write_text(
            file.read_text() + '[[limits]]\nclient = "codex"\nrequests_per_minute = 0\n'
        )
        told = await way.served.api("POST", "/v1/reload")
        assert told == {"changed": ["limits"], "needs_restart": []}
        assert (await way.send(message(), {"user-agent": "codex/1"}))[0] == 429


async def test_what_only_a_forbidden_provider_could_serve_goes_home(road: OpenRoad) -> None:
    """By a fact, for one project; another project's rule does not hold here."""
    rules = '[projects.secret]\ndeny = ["region:local"]\n[projects.other]\nallow = ["groq/*"]\n'
    async with road(more=rules, env={"TURNOUT_PROJECT": "secret"}) as way:
        status, _, _ = await way.send(message())
        assert status == 200
        assert [seen.body for seen in way.home.completions()] == [message()]
        said = (await way.served.api("GET", "/v1/status"))["destinations"]
        assert said.endswith("; never to openrouter, by the rules")
        assert said in way.served.log.read_text()
        status, _, _ = await way.send(
            message("Say hello once more."), {"x-turnout-model": "openrouter/qwen3.8-27b"}
        )
        assert status == 200 and len(way.home.completions()) == 2 and not way.other.seen
