"""Evidence on its way, over a real store: looked at, judged, kept, told to the alarm."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from decided import decision
from route.models import Scored, binding, price
from session.test_pins import Clock
from turnout import history
from turnout.account import Meter
from turnout.books import Passed
from turnout.draft import Draft
from turnout.quality import Quality
from turnout.record import Tried
from turnout.route.model import Binding, Model
from turnout.route.rules import Rules
from turnout.route.score import UNREAD
from turnout.session.escalate import Verdict
from turnout.session.evidence import Evidence
from turnout.session.identity import Who
from turnout.session.known import TROUBLE, Known, known
from turnout.sessions import Sessions
from turnout.store import Store
from turnout.trip import Arrival, Attempt, Plan
from turnout.watch import IDLE_S, View, Watch
from turnout.wire.dialects import DIALECTS
from turnout.wire.request import Ask

WHO = Who("s1", "claude-code", "")
ASK = Ask(dialect="anthropic", model="big", first_human="Fix it.", input_tokens=20_000)
BIG = replace(
    binding(Model(id="big", cache="explicit", context_window=200_000)),
    price=price("5", "25", cache_read="0.5", cache_write_5m="6.25"),
)
SMALL = binding("small", "q", dollars="0.3")
MIDDLE = binding("middle", "q", dollars="1")
DEAR = binding("dear", "q", dollars="50")
ALL = {(one.provider, one.model.id): one for one in (BIG, SMALL, MIDDLE, DEAR)}
QUALITY = {"big": 0.83, "small": 0.82, "middle": 0.825, "dear": 0.95}
FAILED = "=========== 1 failed, 3 passed in 0.31s ===========\n"
PASSED = "=========== 4 passed in 0.31s ===========\n"


class Scores(Scored):
    cluster, label = 7, "small edits"


class World:
    """Sessions, live quality and the watch, as the engine puts them together."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self.store, self.clock, self.label = store, clock, "small edits"
        self.sessions = Sessions(store, clock, lambda p, m: ALL.get((p, m)))
        self.quality = Quality(store, clock)
        self.watch = Watch(self.sessions.pins, self.quality, clock)

    def draft(self, body: bytes, kind: str = "main") -> Draft:
        arrival = Arrival(method="POST", url="", path="", headers=(), raw=body, home="a")
        draft = Draft(arrival, "anthropic", self.clock)
        draft.ask, draft.who, draft.kind, draft.requested = ASK, WHO, kind, BIG
        draft.place = self.sessions.place(ASK, WHO, kind)
        draft.known = self.watch.look(draft)
        return draft

    def view(self, draft: Draft, options: Sequence[Binding] = (BIG, SMALL), **rules: Any) -> View:
        assert draft.place
        outlook = self.sessions.outlook(ASK, draft.place, "claude-code", "main", self.clock())
        return View(options, {}, Scores(QUALITY), Rules(**rules), outlook, "b1")  # type: ignore[arg-type]

    def step(
        self, body: bytes, model: str = "small", said: str = "", **options: Any
    ) -> Verdict | None:
        """One action, planned and kept; on `model` unless the evidence wants another."""
        draft = self.draft(body)
        draft.arrival = replace(draft.arrival, headers=(("x-turnout-feedback", said),))
        verdict = self.watch.judge(draft, self.view(draft, **options))
        provider = "a" if model == "big" else "q"
        to = (verdict and verdict.to) or (provider, model)
        plan = self.plan(draft, *to)
        self.sessions.keep(plan)
        self.watch.keep(plan, draft.known, verdict)
        return verdict

    def plan(self, draft: Draft, provider: str = "q", model: str = "small") -> Plan:
        assert draft.place
        return Plan(
            decision=decision(
                provider=provider,
                model=model,
                bundle="b1",
                cluster=7,
                cluster_label=self.label,
                quality=QUALITY[model],
            ),
            arrival=draft.arrival,
            ask=ASK,
            dialect=DIALECTS["anthropic"],
            body=draft.body,
            attempts=iter(()),
            home=attempt(),
            request=lambda: pytest.fail("nobody asks"),
            pin=draft.place.key,
            place=draft.place,
        )

    @property
    def known(self) -> Known:
        pin = self.sessions.place(ASK, WHO, "main").pin
        return known(pin.evidence if pin else "")

    def told(self) -> list[tuple[str, int]]:
        """Parts of sessions in the log: model, and whether it was in trouble."""
        self.store.flush(30)
        with history.read(self.store.path) as log:
            return [(row["model"], row["troubled"]) for row in log.judged(0.0)]


def attempt() -> Attempt:
    return Attempt(
        provider="a", model="", url="", headers=(), body=b"", dialect=DIALECTS["anthropic"]
    )


def body(*results: str, said: Sequence[str] = ()) -> bytes:
    messages: list[dict[str, Any]] = [{"role": "user", "content": "Fix the test."}]
    for n, result in enumerate(results):
        command = "pytest" if result == FAILED else f"make {n}"  # who fails tries the same again
        call = {
            "type": "tool_use",
            "id": f"t{n}",
            "name": "Bash",
            "input": {"command": command},
        }
        back = {"type": "tool_result", "tool_use_id": f"t{n}", "content": result}
        messages += [{"role": "assistant", "content": [call]}, {"role": "user", "content": [back]}]
    for words in said:
        messages += [{"role": "assistant", "content": "Done."}, {"role": "user", "content": words}]
    return json.dumps({"model": "big", "messages": messages}).encode()


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with Store.open(tmp_path / "turnout.db") as store:
        store.flush(30)
        yield World(store, Clock())


def struggle(world: World, steps: int = 12, **options: Any) -> list[Verdict | None]:
    return [world.step(body(*[FAILED] * n), **options) for n in range(steps)]


def test_a_struggling_session_goes_home_once(world: World) -> None:
    verdicts = [one for one in struggle(world) if one]
    assert [one.reason for one in verdicts].count("escalated") == 1
    assert verdicts[-1].to == ("a", "big")
    assert world.known.state.times == 1
    assert world.told() == [("small", 1)], "the part on the small model was in trouble"


def test_the_next_model_is_not_blamed(world: World) -> None:
    for n in range(12):
        verdict = world.step(body(*[FAILED] * n))
        if verdict and verdict.reason == "escalated":
            break
    world.store.flush(30)
    after = World(world.store, world.clock).known
    assert (after.evidence.score, after.evidence.steps, after.state.times) == (0.0, n + 1, 1)


def circle(world: World, steps: int) -> list[Verdict | None]:
    """Two looks in turn, again and again, and nothing is ever changed."""
    verdicts = []
    for n in range(steps):
        messages: list[dict[str, Any]] = [{"role": "user", "content": "Find it."}]
        for m in range(n):
            look = {"command": ("ls src", "ls etc")[m % 2]}
            call = {"type": "tool_use", "id": f"t{m}", "name": "Bash", "input": look}
            back = {"type": "tool_result", "tool_use_id": f"t{m}", "content": "a b"}
            messages += [
                {"role": "assistant", "content": [call]},
                {"role": "user", "content": [back]},
            ]
        verdicts.append(world.step(json.dumps({"model": "big", "messages": messages}).encode()))
    return verdicts


def test_c83_a_wide_loop_escalates_once_and_that_is_sticky(world: World) -> None:
    """For longer than the hour that is asked for: until people ask for something else."""
    verdicts = [one for one in circle(world, 14) if one]
    first = next(n for n, one in enumerate(verdicts) if one.reason == "escalated")
    assert "loop" in verdicts[first].record["signals"]
    assert {one.to for one in verdicts[first:]} == {("a", "big")}
    assert world.known.state.times == 1
    world.clock.now += 3_600.0
    later = world.step(body(*[PASSED] * 20))
    assert later and later.to == ("a", "big")


def test_what_a_success_is_worth_is_a_setting(world: World) -> None:
    """Worth nothing, no failure is paid for; worth much, one is paid for at once."""
    first: dict[float, int] = {}
    for value in (0.0, 4.0, 400.0):
        one = World(world.store, Clock())
        one.watch = Watch(one.sessions.pins, one.quality, one.clock, value)
        one.sessions.pins.clear()
        reasons = [found.reason for found in struggle(one) if found]
        first[value] = reasons.index("escalated") if "escalated" in reasons else 99
    assert first[400.0] <= first[4.0] < first[0.0] == 99


def test_c83_never_over_a_persons_force(world: World) -> None:
    assert struggle(world, force="q/small") == [None] * 12


def test_a_middle_rung_if_it_is_worth_more(world: World) -> None:
    verdicts = struggle(world, options=(BIG, SMALL, MIDDLE))
    moved = [one.to for one in verdicts if one and one.reason == "escalated"]
    assert moved[0] in {("q", "middle"), ("a", "big")}
    assert ("q", "dear") not in moved


@pytest.mark.parametrize(("never", "allowed"), [(True, False), (False, True)])
def test_above_what_was_asked_for_only_if_allowed(world: World, never: bool, allowed: bool) -> None:
    struggle(world, steps=3)
    draft = world.draft(body(*[FAILED] * 9))
    view = world.view(draft, (BIG, SMALL, DEAR), never_above_requested=never)
    current = world.watch._current(draft, view)
    assert current
    found = {rung.model for rung in world.watch._rungs(draft, current, view)}
    assert ("dear" in found) is allowed
    assert "big" in found


def test_a_denied_or_alarmed_model_is_no_rung(world: World) -> None:
    struggle(world, steps=3)
    draft = world.draft(body(*[FAILED] * 9))
    view = world.view(draft, (BIG, SMALL, MIDDLE), deny=("q/middle",))
    current = world.watch._current(draft, view)
    assert current
    assert [rung.model for rung in world.watch._rungs(draft, current, view)] == ["big"]


def test_a_dry_run_keeps_nothing(world: World) -> None:
    world.step(body())
    before = world.known
    draft = world.draft(body(FAILED))
    assert draft.known and draft.known.evidence.score > 0
    assert world.known == before


def test_titles_and_compactions_are_no_steps(world: World) -> None:
    for kind in ("title", "probe", "classifier", "compaction"):
        assert world.draft(body(FAILED), kind).known is None


@pytest.mark.parametrize("raw", [b"", b"{", b'{"messages": [7]}', b"[]"])
def test_a_history_that_cannot_be_read_is_no_evidence(world: World, raw: bytes) -> None:
    world.step(body(FAILED))
    assert world.draft(raw).known == world.known


def test_a_judgement_that_fails_is_none(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(world.watch, "_judge", lambda *_: 1 / 0)
    assert world.step(body(FAILED)) is None


def test_how_an_answer_ended_is_learned(world: World) -> None:
    draft = world.draft(body())
    plan = world.plan(draft)
    world.sessions.keep(plan)
    world.watch.keep(plan, draft.known, None)

    def passed(stop: Any, **facts: Any) -> Passed:
        meter = Meter()
        meter.stop_reason, meter.first = stop, 1.0
        return Passed(meter=meter, began=0.0, **{"status": 200, **facts})

    for nothing in (passed("end"), passed("length", status=529), passed("length", error="cut")):
        world.watch.learn(plan, nothing)
    assert world.known.evidence.score == 0
    world.watch.learn(plan, passed("length", mended=("Bash: unknown_tool",)))
    assert world.known.evidence.loads.keys() == {"answer_cut", "call_malformed"}


def test_a_call_for_which_another_model_answered_is_learned(world: World) -> None:
    draft = world.draft(body())
    plan = world.plan(draft)
    world.sessions.keep(plan)
    world.watch.keep(plan, draft.known, None)
    meter = Meter()
    meter.stop_reason, meter.first = "tools", 1.0
    chosen = plan.decision
    for provider, model in (("other", "model"), (chosen.provider, chosen.model)):
        assert world.known.evidence.score == 0, "another model's fault is not the chosen one's"
        wrong = Tried(provider=provider, model=model, error="malformed tool call: missing")
        world.watch.learn(plan, Passed(meter=meter, began=0.0, status=200, tried=(wrong,)))
    assert world.known.evidence.loads.keys() == {"call_malformed"}


TASKS = {
    "well": ([PASSED, PASSED], ("now add a flag",), [("small", 0)]),
    "badly": ([FAILED], ("still failing",), [("small", 1)]),
    "too short to say": ([], ("now add a flag",), []),
    "not over": ([PASSED, PASSED], (), []),
}


@pytest.mark.parametrize(("results", "said", "told"), TASKS.values(), ids=TASKS)
def test_the_next_task_ends_a_part(
    world: World, results: list[str], said: tuple[str, ...], told: list[tuple[str, int]]
) -> None:
    for n in range(len(results) + 1):
        world.step(body(*results[:n]))
    if said:
        world.step(body(*results, said=said))
    assert world.told() == told


@pytest.mark.parametrize(("word", "good"), [("+", 1), (" - ", 0), ("", None), ("maybe", None)])
def test_a_word_in_a_header(world: World, word: str, good: int | None) -> None:
    world.step(body(), said=word)
    world.step(body(PASSED), said=word)
    world.store.flush(30)
    with history.read(world.store.path) as log:
        said = [(row["model"], row["good"]) for row in log.judged(0.0)]
    assert said == ([] if good is None else [("small", good)]), "of the action before"


def test_what_is_left_alone_has_ended(world: World) -> None:
    for n in range(4):
        world.step(body(*[PASSED] * n))
    world.clock.now += IDLE_S - 1
    world.watch.sweep()
    assert world.told() == []
    world.clock.now += 2
    for _ in range(2):
        world.watch.sweep()
    assert world.told() == [("small", 0)]
    assert world.known.part is None


def test_what_could_not_be_read_says_nothing_of_a_class(world: World) -> None:
    """It has a number all the same: the one that the head would guess."""
    world.label = UNREAD
    world.step(body(PASSED))
    world.clock.now += IDLE_S + 1
    world.watch.sweep()
    assert world.told() == []


def test_trouble_that_showed_has_shown() -> None:
    part = Known().seen(Evidence(loads={"loop": TROUBLE}))
    assert part.part is None, "nothing is under way"


@pytest.mark.parametrize("text", ["", "{", "[]", '{"evidence": 3}', '{"part": {"place": []}}'])
def test_what_cannot_be_read_is_nothing_known(text: str) -> None:
    assert known(text) == Known()


def test_what_is_known_survives_a_restart(world: World) -> None:
    struggle(world, steps=5)
    assert known(world.known.encoded()) == world.known
    world.store.flush(30)
    assert World(world.store, world.clock).known == world.known
