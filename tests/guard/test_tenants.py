"""Tenants in a tree: who they are, and what is tighter for them."""

from pathlib import Path

import pytest

from turnout import config
from turnout.errors import ConfigError
from turnout.guard import passwords
from turnout.guard.keys import Keys
from turnout.guard.tenants import TRIES, Tenants
from turnout.options import Options
from turnout.paths import artifacts_dir
from turnout.route.bundle import Profile

PROFILES = {
    "strict": Profile(0.0, 1.0, 20.0),
    "parity": Profile(0.02, 0.5, 0.0),
    "thrift": Profile(0.05, 0.0, 0.0),
}
SECRET = passwords.hashed("open sesame")
TOML = f"""
[tenants.company]
deny = ["deepseek/*"]
profile = "parity"
[tenants.team]
parent = "company"
allow = ["openrouter/*", "groq/*"]
secret = "{SECRET}"
[tenants.bot]
parent = "team"
allow = ["groq/*", "deepseek/*"]
profile = "thrift"
answers = false
[projects.secret]
allow = ["anthropic/*"]
profile = "strict"
"""


def loaded(tmp_path: Path, text: str = TOML) -> config.Config:
    file = tmp_path / "turnout.toml"
    file.write_text(text)
    return config.load([file], {})


def test_a_child_can_only_tighten(tmp_path: Path) -> None:
    found = loaded(tmp_path)
    tenants = Tenants(found)
    names = ("GROQ_API_KEY", "OPENROUTER_API_KEY", "DEEPSEEK_API_KEY", "ANTHROPIC_API_KEY")
    keys = Keys(found.providers.values(), dict.fromkeys(names, "k"))
    options = Options(found, keys, artifacts_dir() / "catalog.json", PROFILES)

    def may(tenant: str, project: str = "") -> set[str]:
        rules = options.rules("", "", tenants.tighter(tenant, project))
        return {
            b.provider
            for b in options.catalog.bindings
            if b.provider in keys and not rules.forbids(b)
        }

    assert may("") == {"groq", "openrouter", "deepseek", "anthropic"}
    assert may("company") == {"groq", "openrouter", "anthropic"}
    assert may("team") == {"groq", "openrouter"}
    assert may("bot") == {"groq"}, "what the parent forbids the child cannot allow"
    assert may("", "secret") == {"anthropic"}
    assert may("team", "secret") == set()

    def profile(said: str, tenant: str, project: str = "") -> str:
        return options.rules(said, "", tenants.tighter(tenant, project)).profile

    assert profile("", "bot") == "parity"
    assert profile("thrift", "team") == "parity", "a header cannot loosen it"
    assert profile("strict", "team") == "strict"
    assert profile("thrift", "", "secret") == "strict"
    assert profile("thrift", "") == "thrift"


def test_the_line_and_who_may_have_answers(tmp_path: Path) -> None:
    tenants = Tenants(loaded(tmp_path))
    assert tenants.line("bot") == ("bot", "team", "company")
    assert tenants.line("") == () and tenants.line("stranger") == ("stranger",)
    assert not tenants.answers("bot") and tenants.answers("team") and tenants.answers("")


def test_a_secret_is_proved_once_and_then_known(tmp_path: Path) -> None:
    tenants = Tenants(loaded(tmp_path))
    assert not tenants.proved("team", "open sesame")
    assert tenants.prove("team", "open sesame") and tenants.proved("team", "open sesame")
    assert not tenants.prove("team", "Open sesame") and not tenants.prove("stranger", "")
    assert not tenants.proved("company", "open sesame")
    assert tenants.by_name("company") and not tenants.by_name("team")
    assert "sesame" not in repr(tenants) and SECRET not in repr(tenants)
    assert SECRET not in repr(loaded(tmp_path))


def test_a_secret_that_was_taken_away_is_known_no_more(tmp_path: Path) -> None:
    tenants = Tenants(loaded(tmp_path))
    assert tenants.prove("team", "open sesame")
    tenants.again(loaded(tmp_path, TOML.replace(SECRET, passwords.hashed("another"))))
    assert not tenants.proved("team", "open sesame") and not tenants.prove("team", "open sesame")
    assert tenants.prove("team", "another")


def test_guessing_ends(tmp_path: Path) -> None:
    now = [0.0]
    tenants = Tenants(loaded(tmp_path), lambda: now[0])
    for _ in range(TRIES):
        assert not tenants.tired("10.0.0.1")
        tenants.guessed("10.0.0.1")
    assert tenants.tired("10.0.0.1") and not tenants.tired("10.0.0.2")
    now[0] = 61.0
    assert not tenants.tired("10.0.0.1")


def test_users_of_an_htpasswd_file(tmp_path: Path) -> None:
    import bcrypt

    file = tmp_path / "users"
    file.write_text(f"# people\nann:{bcrypt.hashpw(b'pw', bcrypt.gensalt(4)).decode()}\n")
    tenants = Tenants(loaded(tmp_path, f'[proxy]\nusers = "{file}"'))
    assert tenants.prove("ann", "pw") and not tenants.prove("ann", "no")
    file.write_text("bob:{SHA}2jmj7l5rSw0yVb/vlWAYkK/YBwk=")
    with pytest.raises(ConfigError, match=r"users:1: bob has no bcrypt hash; use `htpasswd -B`"):
        Tenants(loaded(tmp_path, f'[proxy]\nusers = "{file}"'))


def test_a_hash_that_asks_for_too_much_matches_nothing() -> None:
    assert not passwords.matches("x", f"scrypt:{1 << 40}:8:1:{'00' * 16}:{'00' * 32}")
    assert not passwords.matches("x", "scrypt:3:8:1:zz:00")


REFUSED = {
    "open to others": ('[proxy]\nlisten = "0.0.0.0:8080"', ":2: proxy.listen", "turnout keys hash"),
    "open base port": ('[proxy]\nbase_listen = "[::]:1"', ":2: proxy.base_listen", "keys hash"),
    "nobody comes in": ('[proxy]\nauth = "always"', ":2: proxy.auth", "keys hash"),
    "a secret in the clear": (
        '[tenants.a]\nsecret = "hunter2"',
        ":2: tenants.a.secret",
        "keys hash",
    ),
    "no such parent": ('[tenants.team]\n[tenants.b]\nparent = "teem"', ":3", "did you mean team?"),
    "a circle": ('[tenants.a]\nparent = "b"\n[tenants.b]\nparent = "a"', ":2", "own ancestor"),
    "no such file": ('[proxy]\nusers = "nowhere"', ":2: proxy.users", "htpasswd -B"),
    "a colon in a name": ('[tenants."a:b"]\ndeny = []', ":1", "cannot name"),
    "a limit of nothing": ('[[limits]]\nclient = "x"', ":1: limits[0]", "requests_per_minute"),
    "less than nothing": ("[[limits]]\nusd_per_day = -1", ":2: limits[0].usd_per_day", "0 up"),
    "an unknown answer": ('[[limits]]\nthen = "wait"', ":2", "refuse, cheaper, home"),
}


@pytest.mark.parametrize(("text", "place", "mend"), REFUSED.values(), ids=REFUSED)
def test_refused_with_place_and_mend(tmp_path: Path, text: str, place: str, mend: str) -> None:
    with pytest.raises(ConfigError) as caught:
        loaded(tmp_path, text)
    said = str(caught.value)
    assert place in said and mend in said and "hunter2" not in said


def test_a_password_opens_the_door(tmp_path: Path) -> None:
    text = f'[proxy]\nlisten = "0.0.0.0:1"\n[tenants.a]\nsecret = "{SECRET}"'
    assert loaded(tmp_path, text).proxy.address == ("0.0.0.0", 1)


STRAYS = {
    "a tenant": f'[tenants.a]\nsecret = "{SECRET}"',
    "the door": '[proxy]\nlisten = "0.0.0.0:1"',
    "no door": '[proxy]\nauth = "remote"',
    "no limit": "limits = []",
    "what was denied": "[policy]\ndeny = []",
    "what was not allowed": "[policy]\nallow = ['*/*']",
    "plan tokens": "[policy]\nsubscription = 'route'",
}
OWN = f"""
limits = [{{usd_per_day = 1}}]
[policy]
deny = ["deepseek/*"]
allow = ["groq/*"]
subscription = "direct"
[tenants.me]
secret = "{SECRET}"
"""


@pytest.mark.parametrize("text", STRAYS.values(), ids=STRAYS)
def test_a_strangers_file_loosens_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    own = tmp_path / "own.toml"
    own.write_text(OWN)
    monkeypatch.setattr("turnout.paths.user_config", lambda: own)
    (tmp_path / "repo").mkdir()
    monkeypatch.chdir(tmp_path / "repo")
    assert config.load(environ={})
    Path("turnout.toml").write_text(text)
    with pytest.raises(ConfigError, match=r"^turnout.toml:\d.*--config"):
        config.load(environ={})


def test_a_strangers_file_may_deny_where_nothing_was_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("turnout.paths.user_config", lambda: tmp_path / "none.toml")
    monkeypatch.chdir(tmp_path)
    Path("turnout.toml").write_text("[policy]\ndeny = ['groq/*']\n[projects.x]\nallow = ['groq/*']")
    assert config.load(environ={}).policy.deny == ("groq/*",)
