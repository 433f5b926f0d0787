"""`turnout bundle train --from-log`: a user's own bundle, beside the shipped ones."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result

from bundles import logs, world
from turnout import paths
from turnout.bundles import publish
from turnout.cli import main
from turnout.route.bundle import Bundle
from turnout.route.shelves import Shelves

type Turnout = Callable[..., Result]

STRONG, CHEAP = "claude-opus-4-7", "minimax-m3"
TRAIN = ("bundle", "train", "--from-log", "--version", "mine")


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two bundles of unlike classes, made once."""
    folder = tmp_path_factory.mktemp("trained") / "artifacts"
    (folder / "bundles").mkdir(parents=True)
    shutil.copy(paths.artifacts_dir() / "catalog.json", folder)
    data = world.write(folder.parent / "labelled")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TURNOUT_ARTIFACTS", str(folder))
        patch.setenv("TURNOUT_DATA", str(folder.parent / "data"))
        patch.setattr("turnout.cli.bundle._encoder", world.OneWord)
        for name, clusters in (("one", "3"), ("two", "2")):
            args = ["--data", str(data), "--version", name, "--clusters", clusters]
            assert CliRunner().invoke(main, ["bundle", "train", *args]).exit_code == 0
    return folder


@pytest.fixture
def shipped(turnout: Turnout, artifacts: Path, trained: Path) -> Turnout:
    shutil.copytree(trained, artifacts, dirs_exist_ok=True)
    assert turnout("bundle", "promote", "one").exit_code == 0
    return turnout


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """In class 0 the strong one is fine, the cheap one mostly not."""
    rows = logs.outcomes("one", 0, STRONG, 90, 10) + logs.outcomes("one", 0, CHEAP, 40, 60)
    return logs.write(tmp_path / "data" / "turnout.db", rows)


def folder(log: Path, version: str = "mine") -> Path:
    return log.parent / "own" / "bundles" / version


def load(path: Path) -> Bundle:
    return Bundle.load(path, encoder="one-word", dim=8)


def test_it_learns_and_touches_nothing_that_came_along(
    shipped: Turnout, log: Path, artifacts: Path
) -> None:
    before = {p: p.read_bytes() for p in artifacts.rglob("*") if p.is_file()}
    result = shipped(*TRAIN)
    assert result.exit_code == 0, result.output
    assert "200 sessions and 0 words of feedback, on 2 pairs of class and model" in result.stderr
    assert f"{CHEAP} in " in result.stderr
    assert {p: p.read_bytes() for p in artifacts.rglob("*") if p.is_file()} == before
    old, new = load(artifacts / "bundles" / "one"), load(folder(log))
    column = old.models[CHEAP]
    assert new.quality[0, column] < old.quality[0, column] - 0.02
    assert new.apart[0, column, old.models[STRONG]] < old.apart[0, column, old.models[STRONG]]
    assert new.profiles == old.profiles
    assert new.labels == old.labels


def test_pairs_take_half_the_room(shipped: Turnout, log: Path, artifacts: Path) -> None:
    assert shipped(*TRAIN).exit_code == 0
    for path in (artifacts / "bundles" / "one", folder(log)):
        assert np.load(path / "apart.npy").dtype == np.float16
        assert np.load(path / "se.npy").dtype == np.float32


def test_the_same_log_gives_the_same_bytes(shipped: Turnout, log: Path) -> None:
    assert shipped(*TRAIN).exit_code == 0
    first = folder(log).rename(folder(log, "first"))
    assert shipped(*TRAIN).exit_code == 0
    for path in first.iterdir():
        assert path.read_bytes() == (folder(log) / path.name).read_bytes()


def test_nothing_of_a_session_is_in_it(shipped: Turnout, log: Path) -> None:
    assert shipped(*TRAIN).exit_code == 0
    written = b"".join(path.read_bytes() for path in folder(log).iterdir())
    assert f"{CHEAP}-0-".encode() not in written


def test_a_name_is_given_once_wherever(shipped: Turnout, log: Path, data: Path) -> None:
    assert shipped(*TRAIN).exit_code == 0
    for args in (TRAIN, ("bundle", "train", "--from-log", "--version", "one")):
        again = shipped(*args)
        assert (again.exit_code, "a version is written once" in again.stderr) == (2, True)
    shadow = shipped("bundle", "train", "--data", data, "--version", "mine")
    assert (shadow.exit_code, "a version is written once" in shadow.stderr) == (2, True)


def test_list_shows_both_and_promote_chooses_for_this_user(
    shipped: Turnout, log: Path, artifacts: Path
) -> None:
    shelves = Shelves(artifacts, log.parent / "own")
    assert shipped(*TRAIN).exit_code == 0
    assert shelves.latest().name == "one"
    assert shipped("bundle", "promote", "mine").exit_code == 0
    rows = {row["version"]: row for row in json.loads(shipped("bundle", "list", "--json").stdout)}
    assert {name: (row["own"], row["latest"]) for name, row in rows.items()} == {
        "one": (False, False),
        "two": (False, False),
        "mine": (True, True),
    }
    assert rows["mine"]["base"]["version"] == "one"
    assert "yours: 200 sessions" in shipped("bundle", "list").stdout
    assert (artifacts / "latest").read_text() == "one\n"
    assert shelves.latest() == folder(log)
    assert shipped("bundle", "promote", "one").exit_code == 0
    assert shelves.latest().name == "one"


def test_a_second_one_starts_from_the_same_base(shipped: Turnout, log: Path) -> None:
    """Sessions that are in the first must not count twice; those served by it count, too."""
    assert shipped(*TRAIN).exit_code == 0
    assert shipped("bundle", "promote", "mine").exit_code == 0
    rows = logs.outcomes("mine", 0, CHEAP, 5, 5)
    logs.write(log, [row | {"session": f"later{n}"} for n, row in enumerate(rows)], "feedback")
    said = [r | {"good": 1 - r["troubled"], "id": f"f{n}"} for n, r in enumerate(rows)]
    logs.write(log, said, "feedback")
    result = shipped("bundle", "train", "--from-log", "--version", "next")
    assert result.exit_code == 0, result.output
    assert "on top of one" in result.stderr
    assert "10 words of feedback" in result.stderr
    twice = shipped("bundle", "train", "--from-log", "--version", "more", "--base", "mine")
    assert (twice.exit_code, "would count twice: --base one" in twice.stderr) == (2, True)


def test_what_follows_an_escalation_is_no_fair_comparison(shipped: Turnout, log: Path) -> None:
    """The strong one only met what the cheap one had failed at."""
    rows = [row for n in range(8) for row in _escalated(n)]
    logs.write(log, [row | {"id": f"z{n}", "at": 2e9 + n} for n, row in enumerate(rows)])
    result = shipped(*TRAIN)
    assert "8 rows" in result.stderr
    assert "another model had struggled" in result.stderr


def _escalated(n: int) -> list[dict[str, object]]:
    (first,), (then,) = (logs.outcomes("one", 0, model, 0, 1) for model in (CHEAP, STRONG))
    return [row | {"session": f"escalated{n}"} for row in (first, then)]


def test_what_an_alarm_has_unrouted_stays_down(shipped: Turnout, log: Path) -> None:
    place = {"bundle": "one", "cluster": 1, "model": CHEAP}
    rows = [row | {"id": f"z{n}"} for n, row in enumerate(logs.outcomes("one", 1, CHEAP, 0, 8))]
    logs.write(log, rows)
    assert shipped(*TRAIN).exit_code == 0
    calm = load(folder(log).rename(folder(log, "calm")))
    logs.write(log, [{**place, "id": "1"}, {**place, "id": "2", "model": "gone"}], "alarms")
    assert shipped(*TRAIN).exit_code == 0
    found = load(folder(log)).quality[1, calm.models[CHEAP]]
    assert found == 0.0 < calm.quality[1, calm.models[CHEAP]]


def test_show_weighs_classes_by_own_sessions(shipped: Turnout, log: Path) -> None:
    decisions = [{"session": f"s{n}", "bundle": "one", "cluster": 2} for n in range(7)]
    logs.write(log, decisions, "decisions")
    assert shipped(*TRAIN).exit_code == 0
    found = json.loads(shipped("bundle", "show", "mine", "--json").stdout)
    assert [row["sessions"] for row in found["clusters"]] == [0, 0, 7]
    winner = found["clusters"][2]["winners"][STRONG]["thrift"]["model"]
    assert found["dial"][STRONG]["profiles"]["thrift"]["mix"][winner] == 1.0


def test_diff_tells_what_one_s_own_sessions_moved_and_nothing_else(
    shipped: Turnout, log: Path, data: Path, artifacts: Path
) -> None:
    """By the classes' names: a trained head need not take a centroid for a text of its class."""
    assert shipped("bundle", "train", "--data", data, "--version", "headed").exit_code == 0
    folder = artifacts / "bundles" / "headed"
    np.save(folder / "head.npy", np.load(folder / "head.npy") * 0)
    manifest = json.loads((folder / "manifest.json").read_bytes())
    manifest["files"]["head.npy"] = publish.digest(folder / "head.npy")
    (folder / "manifest.json").write_text(json.dumps(manifest))
    assert shipped("bundle", "promote", "headed").exit_code == 0
    logs.write(log, [{**row, "id": f"h{n}"} for n, row in enumerate(_of("headed"))])
    assert shipped(*TRAIN).exit_code == 0
    found = json.loads(shipped("bundle", "diff", "headed", "mine", "--json").stdout)
    assert {row["model"] for row in found["quality"]} == {STRONG, CHEAP}


def _of(version: str) -> list[dict[str, object]]:
    return logs.outcomes(version, 0, STRONG, 90, 10) + logs.outcomes(version, 0, CHEAP, 40, 60)


# -- bad input: one sentence with the place and the mend


def refused(result: Result) -> str:
    assert result.exit_code == 2, result.output
    assert "Traceback" not in result.output
    return result.stderr


def test_no_log_and_an_empty_one(shipped: Turnout, tmp_path: Path) -> None:
    assert "there is no log yet" in refused(shipped(*TRAIN))
    logs.write(tmp_path / "data" / "turnout.db", [])
    assert "nothing to learn from yet" in refused(shipped(*TRAIN))


def test_a_file_that_is_no_log(shipped: Turnout, tmp_path: Path) -> None:
    file = tmp_path / "note.txt"
    file.write_text("no database\n" * 99)
    assert "cannot be read as turnout's log" in refused(shipped(*TRAIN, "--db", file))


def test_a_log_of_another_bundles_classes(shipped: Turnout, log: Path) -> None:
    said = refused(shipped(*TRAIN, "--base", "two"))
    assert "200 of bundle one: its task classes are others; `--base one`" in said
    assert not folder(log).exists()


DAMAGED = {
    "no class": {"cluster": None},
    "a class in words": {"cluster": "three"},
    "a class that is not there": {"cluster": 24},
    "below zero": {"cluster": -1},
    "no model": {"model": None},
    "an empty model": {"model": ""},
    "no outcome": {"troubled": None},
    "an outcome in words": {"troubled": "yes"},
    "an outcome of two": {"troubled": 2},
    "no bundle": {"bundle": None},
}


@pytest.mark.parametrize("damage", DAMAGED.values(), ids=DAMAGED)
def test_damaged_rows_are_left_out_and_told(
    shipped: Turnout, log: Path, damage: dict[str, object]
) -> None:
    (row,) = logs.outcomes("one", 0, CHEAP, 1, 0)
    logs.write(log, [row | damage | {"id": "damaged", "at": 1.0}])
    result = shipped(*TRAIN)
    assert result.exit_code == 0, result.output
    assert "left out: rows (1 row): damaged" in result.stderr
    assert "200 sessions" in result.stderr


def test_only_damaged_rows(shipped: Turnout, tmp_path: Path) -> None:
    (row,) = logs.outcomes("one", 0, CHEAP, 1, 0)
    logs.write(tmp_path / "data" / "turnout.db", [row | {"cluster": "x"}])
    said = refused(shipped(*TRAIN))
    assert "nothing of it can be used on top of one: 1 of rows: damaged" in said


def test_models_of_ones_own_are_told(shipped: Turnout, log: Path) -> None:
    (row,) = logs.outcomes("one", 0, "my-model", 1, 0)
    logs.write(log, [row | {"id": "mine", "at": 1.0}])
    assert "model my-model (1 row): the bundle does not know it" in shipped(*TRAIN).stderr


@pytest.mark.parametrize(
    ("args", "said"),
    [
        ((), "either --data DIR or --from-log"),
        (("--from-log", "--data", "."), "either --data DIR or --from-log"),
        (("--data", ".", "--base", "one"), "belong to --from-log"),
        (("--from-log", "--base", "on"), "there is no bundle 'on'; did you mean one?"),
    ],
)
def test_wrong_use(shipped: Turnout, log: Path, args: tuple[str, ...], said: str) -> None:
    assert said in refused(shipped("bundle", "train", *args))


@pytest.mark.parametrize("text", ["[]", "{", '{"files": {}, "base": "one"}', ""])
def test_a_manifest_of_anything_is_listed_as_broken(shipped: Turnout, log: Path, text: str) -> None:
    assert shipped(*TRAIN).exit_code == 0
    (folder(log) / "manifest.json").write_text(text)
    rows = {one["version"]: one for one in json.loads(shipped("bundle", "list", "--json").stdout)}
    assert "manifest.json: " in rows["mine"]["broken"]
    assert shipped("bundle", "list").exit_code == 0


def test_a_tampered_one_is_refused_and_told(shipped: Turnout, log: Path) -> None:
    assert shipped(*TRAIN).exit_code == 0
    array = np.load(folder(log) / "quality.npy")
    np.save(folder(log) / "quality.npy", array * 0.5)
    assert "quality.npy: SHA-256 is" in refused(shipped("bundle", "promote", "mine"))
    assert "SHA-256" in shipped("bundle", "list").stdout


def test_what_was_chosen_and_is_gone_says_the_mend(shipped: Turnout, log: Path) -> None:
    """What came along decides then."""
    assert shipped(*TRAIN).exit_code == 0
    assert shipped("bundle", "promote", "mine").exit_code == 0
    shutil.rmtree(folder(log))
    told = shipped("models", "--json")
    assert told.exit_code == 0, told.output
    assert json.loads(told.stdout)["bundle"] == "one"
    assert "`turnout bundle promote one`" in shipped("models").stderr


# -- after an upgrade


class Newer(world.OneWord):
    """The encoder of the next release."""

    id = "one-word-more"


@pytest.fixture
def upgraded(
    shipped: Turnout, log: Path, artifacts: Path, monkeypatch: pytest.MonkeyPatch
) -> Turnout:
    """One's own bundle is in use; then a release replaces encoder and bundles: "new" has the
    classes of "one" by their names, told apart by the new encoder, and other numbers for them."""
    assert shipped(*TRAIN).exit_code == 0
    assert shipped("bundle", "promote", "mine").exit_code == 0
    labels = [row["label"] for row in _clusters(artifacts / "bundles" / "one")]
    logs.write(
        log,
        [
            {"session": f"s{k}", "bundle": "one", "cluster": k, "cluster_label": label}
            for k, label in enumerate([f"unfamiliar, nearest to {labels[0]}", *labels[1:]])
        ],
        "decisions",
    )
    _renamed(artifacts / "bundles" / "one", artifacts / "bundles" / "new")
    for name in ("one", "two"):
        shutil.rmtree(artifacts / "bundles" / name)
    (artifacts / "latest").write_text("new\n")
    world.encoder(artifacts, Newer.id)
    monkeypatch.setattr("turnout.cli.bundle._encoder", Newer)
    return shipped


def _clusters(folder: Path) -> list[dict[str, object]]:
    return list(json.loads((folder / "clusters.json").read_bytes()))


def _renamed(old: Path, new: Path) -> None:
    """With the classes in another order."""
    shutil.copytree(old, new)
    for name in ("centroids", "quality", "se", "evidence"):
        np.save(new / f"{name}.npy", np.load(old / f"{name}.npy")[::-1])
    (new / "clusters.json").write_text(json.dumps(_clusters(old)[::-1]))
    manifest = json.loads((old / "manifest.json").read_bytes())
    files = {n: publish.digest(new / n) for n in manifest["files"]}
    facts = {"version": new.name, "encoder": Newer.id, "files": files}
    (new / "manifest.json").write_text(json.dumps(manifest | facts))


def test_sessions_of_a_bundle_that_is_gone_count_by_the_names_of_classes(
    upgraded: Turnout, log: Path, artifacts: Path
) -> None:
    result = upgraded("bundle", "train", "--from-log", "--version", "again")
    assert result.exit_code == 0, result.output
    assert "200 sessions" in result.stderr and "on top of new" in result.stderr
    assert "200 of them were seen under other bundles" in result.stderr
    old, new = (
        Bundle.load(path, encoder=Newer.id, dim=8)
        for path in (artifacts / "bundles" / "new", folder(log, "again"))
    )
    shift = (new.quality - old.quality)[:, old.models[CHEAP]]
    assert shift.argmin() == 2 and shift[2] < -0.02  # class 0 of the old one
    assert [row["sessions"] for row in _clusters(folder(log, "again"))] == [1, 1, 1]


def test_classes_of_another_name_do_not_count(upgraded: Turnout, log: Path) -> None:
    other = {"session": "x", "bundle": "old", "cluster": 0, "cluster_label": "of another kind"}
    logs.write(log, [other | {"id": "x"}], "decisions")
    (row,) = logs.outcomes("old", 0, CHEAP, 1, 0)
    logs.write(log, [row | {"id": "x"}])
    result = upgraded("bundle", "train", "--from-log", "--version", "again")
    assert "left out: bundle old (1 row): its task classes are others" in result.stderr
    assert "200 sessions" in result.stderr


def test_one_s_own_bundle_of_the_old_encoder_is_told_and_not_used(
    upgraded: Turnout, log: Path
) -> None:
    found = json.loads(upgraded("models", "--json").stdout)
    assert found["bundle"] == "new"
    (said,) = found["warnings"]
    assert said.startswith("new decides instead of your own bundle: ")
    assert "encoder is 'one-word', but the encoder here has 'one-word-more'" in said
    assert said.endswith(
        "; `turnout bundle train --from-log` makes one that fits,"
        " `turnout bundle promote new` gives it up"
    )
    assert json.loads(upgraded("bundle", "show", "--json").stdout)["version"] == "new"
    rows = {one["version"]: one for one in json.loads(upgraded("bundle", "list", "--json").stdout)}
    assert rows["mine"]["broken"] == "cannot be used: made for another encoder, one-word"
    assert rows["new"]["broken"] == ""
    for args in (("show", "mine"), ("promote", "mine"), ("diff", "mine", "new")):
        assert "train --from-log` makes one that fits" in refused(upgraded("bundle", *args))


def test_a_bundle_of_somebody_else_s_is_one_s_own_too(shipped: Turnout, log: Path) -> None:
    """Put beside those from the log by hand: it may be used and learned on top of."""
    _named(log.parents[1] / "artifacts" / "bundles" / "one", folder(log, "given"))
    assert shipped("bundle", "promote", "given").exit_code == 0
    listed = shipped("bundle", "list")
    assert (listed.exit_code, "yours, not from your log" in listed.stdout) == (0, True)
    made = shipped(*TRAIN, "--base", "given")
    assert made.exit_code == 0, made.output
    assert "200 sessions" in made.stderr and "on top of given" in made.stderr


def _named(old: Path, new: Path) -> None:
    shutil.copytree(old, new)
    manifest = json.loads((old / "manifest.json").read_bytes())
    (new / "manifest.json").write_text(json.dumps(manifest | {"version": new.name}))


def test_what_came_along_since_is_told(shipped: Turnout, log: Path, artifacts: Path) -> None:
    assert shipped(*TRAIN).exit_code == 0
    assert shipped("bundle", "promote", "mine").exit_code == 0
    assert json.loads(shipped("models", "--json").stdout)["warnings"] == []
    (artifacts / "latest").write_text("two\n")
    (said,) = json.loads(shipped("models", "--json").stdout)["warnings"]
    assert said.startswith("your bundle mine is made on top of one, and two has come along since")
