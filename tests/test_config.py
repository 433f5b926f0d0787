"""turnout.toml, TURNOUT_* and flags: what is accepted, and how everything else is refused."""

from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from turnout import config, paths
from turnout.config.sources import line_of
from turnout.errors import ConfigError
from turnout.providers import BUILTIN, KEY_VARIABLES

WHOLE = """\
mode = "shadow"
[proxy]
listen = "127.0.0.1:9080"
base_listen = "[::1]:9788"
intercept = ["api.anthropic.com"]
[proxy.upstream]
"api.anthropic.com" = "http://127.0.0.1:9911"
[policy]
profile = "thrift"
never_above_requested = false
force = "local/qwen3-coder-next"
allow = ["local/*", "openrouter/*"]
deny = ["deepseek/*", "region:cn"]
answer_model = "requested"
subscription = "route"
[providers.openrouter]
key = "env:MY_OPENROUTER"
[providers.local]
base_url = "http://127.0.0.1:8000/v1/"
dialect = "openai_chat"
key = "none"
[[providers.local.models]]
id = "qwen3-coder-next"
input = 0.1
output = 0
context_window = 131072
[store]
path = "/somewhere/turnout.db"
bodies = "hashed"
"""


@pytest.fixture(autouse=True)
def alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory and a home with nothing in them. -> the user's configuration file"""
    here, home = tmp_path / "here", tmp_path / "home"
    here.mkdir()
    home.mkdir()
    monkeypatch.chdir(here)
    monkeypatch.setattr(paths, "user_config", lambda: home / "turnout.toml")
    return home / "turnout.toml"


def load(text: str = "", environ: Mapping[str, str] | None = None, **flags: Any) -> config.Config:
    file = Path("given.toml")
    file.write_text(text)
    return config.load([file], environ or {}, {k.replace("__", "."): v for k, v in flags.items()})


def refusal(text: str = "", environ: Mapping[str, str] | None = None, **flags: Any) -> str:
    with pytest.raises(ConfigError) as caught:
        load(text, environ, **flags)
    return str(caught.value)


def test_defaults_are_the_contracts() -> None:
    found = config.load(environ={})
    assert found.mode == "route"
    assert found.proxy.address == ("127.0.0.1", 8080)
    assert found.proxy.base_address == ("127.0.0.1", 8788)
    assert found.policy == config.Policy()
    assert found.policy.profile == "parity" and found.policy.subscription == "direct"
    assert found.store == config.StoreSettings(path="", bodies="none")
    assert found.files == ()
    assert list(found.providers) == list(BUILTIN)


def test_every_setting_is_read() -> None:
    found = load(WHOLE)
    assert found.mode == "shadow"
    assert found.proxy.base_address == ("::1", 9788)
    assert found.proxy.upstream == {"api.anthropic.com": "http://127.0.0.1:9911"}
    assert found.policy.force == "local/qwen3-coder-next"
    assert found.policy.deny == ("deepseek/*", "region:cn")
    assert not found.policy.never_above_requested
    assert found.store.bodies == "hashed"
    local = found.providers["local"]
    assert (local.base_url, local.host, local.key) == (
        "http://127.0.0.1:8000/v1",
        "127.0.0.1",
        "none",
    )
    model = local.models[0]
    assert (model.input, model.output, model.context_window) == (Decimal("0.1"), Decimal(0), 131072)
    assert model.cache_read is None
    assert found.providers["openrouter"].base_url == BUILTIN["openrouter"].base_url


# what is written -> where it is said to be wrong, and a part of the mend
REFUSED: dict[str, tuple[str, str, str]] = {
    "a typo in a key": (
        "[proxy]\nlisen = 'x'",
        "given.toml:2: proxy.lisen",
        "did you mean listen?",
    ),
    "a typo in a table": ("\n[polcy]\nforce = ''", "given.toml:2: polcy", "did you mean policy?"),
    "a table that comes later": ("[fleet]\nredis = ''", "given.toml:1: fleet", "unknown key"),
    "a typo in a word": ("mode = 'rout'", "given.toml:1: mode", "did you mean route?"),
    "a profile nobody has": ("[policy]\nprofile = 'x'", "policy.profile", "strict, parity, thrift"),
    "a number for a string": ("[proxy]\nlisten = 8080", "given.toml:2", "got int"),
    "a success that is worth less than nothing": (
        "[policy]\nsuccess_value = -1",
        "given.toml:2",
        "a number from 0 to 1e+06",
    ),
    "a success worth no number": (
        "[policy]\nsuccess_value = nan",
        "given.toml:2",
        "a number from 0 to 1e+06",
    ),
    "a string for a bool": ("[policy]\nnever_above_requested = 'no'", "given.toml:2", "got str"),
    "a number in a list": ("[policy]\n\nallow = ['a/b', 3]", "given.toml:3", "got int"),
    "a value for a table": ("proxy = 8080", "given.toml:1: proxy", "expected a table"),
    "not TOML": ("mode = \n[proxy]", "given.toml:1: not TOML", "column"),
    "a listen without a port": ("[proxy]\nlisten = '127.0.0.1'", "given.toml:2", "host:port"),
    "a port too high": ("[proxy]\nlisten = '127.0.0.1:70000'", "given.toml:2", "host:port"),
    "a listen with a scheme": (
        "[proxy]\nlisten = 'http://127.0.0.1:1'",
        "given.toml:2",
        "host:port",
    ),
    "listening to the world": ("[proxy]\nlisten = '0.0.0.0:8080'", "given.toml:2", "127.0.0.1"),
    "listening by name": ("[proxy]\nbase_listen = 'box:80'", "given.toml:2", "keys hash"),
    "one port twice": ("[proxy]\nbase_listen = '127.0.0.1:8080'", "given.toml:2", "its own"),
    "a URL to intercept": ("[proxy]\nintercept = ['https://a.b']", "given.toml:2", "host name"),
    "a bad upstream": ("[proxy]\nupstream = {'a.b' = 'here'}", "given.toml:2", "not a URL"),
    "force without a model": ("[policy]\nforce = 'openai'", "given.toml:2", "provider/model"),
    "a cache of a word": ("[cache]\nexact = 'allways'", "given.toml:2", "did you mean always?"),
    "a cache for ever": (
        "[cache]\nttl_s = 0",
        "given.toml:2: cache.ttl_s",
        "seconds above 0, up to",
    ),
    "a cache of nothing": ("[cache]\nmax_bytes = 0", "cache.max_bytes", "exact = false"),
    "half a cache": ("[cache]\nsemantic = true", "cache.semantic", "exact = true"),
    "a drain without end": ("[proxy]\ndrain_s = 1e9", "given.toml:2: proxy.drain_s", "to 3600"),
    "force nobody serves": ("[policy]\nforce = 'opnai/x'", "given.toml:2", "did you mean openai?"),
    "force and deny": (
        "[policy]\nforce = 'openai/x'\ndeny = ['openai/*']",
        "given.toml:2: policy.force",
        "deny",
    ),
    "force outside allow": (
        "[policy]\nforce = 'openai/x'\nallow = ['groq/*']",
        "given.toml:2: policy.force",
        "allow",
    ),
    "a bare provider in deny": ("[policy]\ndeny = ['groq']", "given.toml:2", "groq/*"),
    "an unknown provider without URL": ("[providers.x]", "given.toml:1: providers.x", "base_url"),
    "a provider's typo": (
        "[providers.opnrouter]\nkey = 'none'",
        "given.toml:1: providers.opnrouter",
        "did you mean openrouter?",
    ),
    "a provider without a dialect": (
        "[providers.x]\nbase_url = 'http://127.0.0.1/v1'\nkey = 'none'",
        "given.toml:1: providers.x",
        "no dialect",
    ),
    "a provider without a key": (
        "[providers.x]\nbase_url = 'http://127.0.0.1/v1'\ndialect = 'openai_chat'",
        "given.toml:1: providers.x",
        "no key",
    ),
    "an unknown dialect": (
        "[providers.openai]\ndialect = 'openai'",
        "given.toml:2: providers.openai.dialect",
        "did you mean openai_chat?",
    ),
    "a base_url that is none": ("[providers.openai]\nbase_url = 'openai.com'", ":2", "not a URL"),
    "a base_url with a port too high": (
        "[providers.openai]\nbase_url = 'https://h:99999'",
        ":2",
        "not a URL",
    ),
    "a key in a URL": ("[providers.openai]\nbase_url = 'https://u:p@h.io/'", ":2", "`key`"),
    "a key over plain http": ("[providers.openai]\nbase_url = 'http://h.io/v1'", ":2", "https"),
    "a vault without a name": ("[providers.openai]\nkey = 'vault:'", ":2", "vault:NAME"),
    "AWS's metadata": (
        "[providers.openai]\nbase_url = 'http://169.254.169.254/v1'",
        ":2",
        "metadata",
    ),
    "metadata, in disguise": (
        "[providers.openai]\nbase_url = 'https://2852039166'",
        ":2",
        "metadata",
    ),
    "metadata, mapped": (
        "[providers.openai]\nbase_url = 'https://[::ffff:a9fe:a9fe]'",
        ":2",
        "metadata",
    ),
    "metadata over IPv6": (
        "[providers.openai]\nbase_url = 'https://[fd00:ec2::254]'",
        ":2",
        "metadata",
    ),
    "metadata by name": (
        "[providers.openai]\nbase_url = 'https://metadata.google.internal./v1'",
        ":2",
        "metadata",
    ),
    "traffic to metadata": (
        "[proxy]\nupstream = {'api.openai.com' = 'http://169.254.169.254'}",
        ":2",
        "metadata",
    ),
    "an env without a name": ("[providers.openai]\nkey = 'env:'", ":2", "environment variable"),
    "a negative price": (
        "[[providers.groq.models]]\nid = 'a'\n[[providers.groq.models]]\nid = 'b'\ninput = -0.1",
        "given.toml:5: providers.groq.models[1].input",
        "from 0 up",
    ),
    "an endless price": (
        "[[providers.groq.models]]\nid = 'a'\noutput = inf",
        "given.toml:3",
        "from 0 up",
    ),
    "a model without an id": (
        "[[providers.groq.models]]\ninput = 1",
        "given.toml:1",
        "id is missing",
    ),
    "no window at all": (
        "[[providers.groq.models]]\nid = 'a'\ncontext_window = 0",
        "given.toml:3",
        "1 up",
    ),
    "a typo in a model": (
        "[[providers.groq.models]]\nid = 'a'\ncontext = 1",
        "given.toml:3",
        "did you mean context_window?",
    ),
}


@pytest.mark.parametrize(("text", "place", "mend"), REFUSED.values(), ids=REFUSED)
def test_refused_with_place_and_mend(text: str, place: str, mend: str) -> None:
    said = refusal(text)
    assert place in said and mend in said
    assert "\n" not in said


@pytest.mark.parametrize(("text", "place", "mend"), REFUSED.values(), ids=REFUSED)
def test_the_line_is_right_below_comments(text: str, place: str, mend: str) -> None:
    """Three lines above move every complaint by three."""
    line = refusal(text).split(":")[1]
    assert refusal(f"# one\n\n# three = 3\n{text}").split(":")[1] == str(int(line) + 3)


def test_a_key_pasted_into_the_file_is_not_repeated() -> None:
    said = refusal("[providers.openai]\nkey = 'sk-ant-secret'")
    assert "sk-ant-secret" not in said and "environment variable" in said


def test_a_password_in_a_url_is_not_repeated() -> None:
    assert "hunter2" not in refusal("[providers.openai]\nbase_url = 'https://me:hunter2@h.io'")


def test_a_file_that_is_missing_or_not_text(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"missing\.toml: cannot be read"):
        config.load([tmp_path / "missing.toml"], {})
    (tmp_path / "latin.toml").write_bytes(b'mode = "r\xe9"')
    with pytest.raises(ConfigError, match=r"latin.toml: not UTF-8 text at byte 9"):
        config.load([tmp_path / "latin.toml"], {})


# -- where settings come from


def test_later_sources_win_key_by_key(alone: Path) -> None:
    alone.write_text("mode = 'off'\n[policy]\nprofile = 'strict'\nforce = 'openai/a'")
    Path("turnout.toml").write_text("mode = 'shadow'\n[policy]\nforce = 'openai/b'")
    environ = {"TURNOUT_POLICY_FORCE": "openai/c"}
    found = config.load(environ=environ)
    assert (found.mode, found.policy.profile, found.policy.force) == (
        "shadow",
        "strict",
        "openai/c",
    )
    assert found.files == (str(alone), "turnout.toml")
    said = config.load(environ=environ, values={"mode": "route", "policy.force": None})
    assert (said.mode, said.policy.force) == ("route", "openai/c")


def test_a_fraction_of_a_second() -> None:
    """Money is read as a Decimal, and so is every other number with a point."""
    assert load("[proxy]\ndrain_s = 0.5").proxy.drain_s == 0.5


def test_a_chosen_file_stands_alone(alone: Path, tmp_path: Path) -> None:
    alone.write_text("mode = 'off'")
    (tmp_path / "mine.toml").write_text("[policy]\nprofile = 'thrift'")
    found = config.load(environ={"TURNOUT_CONFIG": str(tmp_path / "mine.toml")})
    assert (found.mode, found.policy.profile) == ("route", "thrift")


# variable, what it says -> the setting it becomes
VARIABLES: dict[str, tuple[str, str, str, Any]] = {
    "a word": ("TURNOUT_MODE", "shadow", "mode", "shadow"),
    "an address": ("TURNOUT_PROXY_LISTEN", "127.0.0.1:0", "proxy.listen", "127.0.0.1:0"),
    "a truth": (
        "TURNOUT_POLICY_NEVER_ABOVE_REQUESTED",
        "FALSE",
        "policy.never_above_requested",
        False,
    ),
    "a fraction": ("TURNOUT_POLICY_SUCCESS_VALUE", "2.5", "policy.success_value", 2.5),
    "a number": ("TURNOUT_POLICY_DEADLINE_MS", "300", "policy.deadline_ms", 300),
    "a list": ("TURNOUT_POLICY_DENY", "a/*, region:cn,", "policy.deny", ("a/*", "region:cn")),
    "an empty list": ("TURNOUT_PROXY_INTERCEPT", "", "proxy.intercept", ()),
    "a table": (
        "TURNOUT_PROXY_UPSTREAM",
        "a.io=http://127.0.0.1:1,b.io=http://127.0.0.1:2",
        "proxy.upstream",
        {"a.io": "http://127.0.0.1:1", "b.io": "http://127.0.0.1:2"},
    ),
    "a path": ("TURNOUT_STORE_PATH", "/x/y.db", "store.path", "/x/y.db"),
    "another fraction": ("TURNOUT_PROXY_DRAIN_S", "0.5", "proxy.drain_s", 0.5),
    "a truth or a word: true": ("TURNOUT_CACHE_EXACT", "true", "cache.exact", True),
    "a truth or a word: a word": ("TURNOUT_CACHE_EXACT", "always", "cache.exact", "always"),
}


@pytest.mark.parametrize(("name", "text", "setting", "value"), VARIABLES.values(), ids=VARIABLES)
def test_variables(name: str, text: str, setting: str, value: Any) -> None:
    found: Any = config.load(environ={name: text, "PATH": "/bin"})
    for part in setting.split("."):
        found = getattr(found, part)
    assert found == value


# variables -> what is said about them
VARIABLES_REFUSED: dict[str, tuple[dict[str, str], str, str]] = {
    "a typo": ({"TURNOUT_PROXY_LISEN": "x"}, "TURNOUT_PROXY_LISEN", "TURNOUT_PROXY_LISTEN?"),
    "a table": ({"TURNOUT_PROVIDERS": "x"}, "TURNOUT_PROVIDERS: no such setting", ""),
    "a wrong word": ({"TURNOUT_MODE": "on"}, "TURNOUT_MODE", "route, shadow, off"),
    "no number": ({"TURNOUT_POLICY_DEADLINE_MS": "soon"}, "DEADLINE_MS", "not a number"),
    "no time": ({"TURNOUT_POLICY_DEADLINE_MS": "0"}, "DEADLINE_MS", "from 1 up"),
    "a wrong truth": ({"TURNOUT_POLICY_NEVER_ABOVE_REQUESTED": "no"}, "REQUESTED", "true, false"),
    "a wrong table": ({"TURNOUT_PROXY_UPSTREAM": "a.io"}, "UPSTREAM", "key=value"),
    "a wrong address": ({"TURNOUT_PROXY_LISTEN": "8080"}, "TURNOUT_PROXY_LISTEN", "host:port"),
}


@pytest.mark.parametrize(
    ("environ", "place", "mend"), VARIABLES_REFUSED.values(), ids=VARIABLES_REFUSED
)
def test_variables_refused(environ: dict[str, str], place: str, mend: str) -> None:
    said = refusal("", environ)
    assert place in said and mend in said


def test_reserved_variables_are_no_settings() -> None:
    reserved = {"TURNOUT_DATA": "/d", "TURNOUT_ARTIFACTS": "/a", "TURNOUT_FAULT": "embed:raise"}
    assert config.load(environ=reserved) == config.load(environ={})
    assert paths.data_dir(reserved) == Path("/d")
    assert paths.run_file(reserved) == Path("/d/run.json")
    assert paths.artifacts_dir(reserved) == Path("/a")


def test_a_wrong_flag_is_named() -> None:
    assert refusal(proxy__listen="0.0.0.0:1").startswith("command line: proxy.listen")


# -- a stranger's repository

STRAYS = {
    "a known provider elsewhere": "[providers.openai]\nbase_url = 'https://evil.io/v1'",
    "a known key elsewhere": (
        "[providers.x]\nbase_url = 'https://evil.io/v1'\ndialect = 'anthropic'\n"
        "key = 'env:ANTHROPIC_API_KEY'"
    ),
    "another's known key": (
        "[providers.openai]\nbase_url = 'https://api.groq.com/v1'\nkey = 'env:OPENAI_API_KEY'"
    ),
    "prompts elsewhere": (
        "[providers.x]\nbase_url = 'https://evil.io/v1'\ndialect = 'anthropic'\nkey = 'none'"
    ),
    "any secret of the environment elsewhere": (
        "[providers.x]\nbase_url = 'https://evil.io/v1'\ndialect = 'anthropic'\nkey = 'env:SECRET'"
    ),
    "a key of the vault elsewhere": (
        "[providers.x]\nbase_url = 'https://evil.io/v1'\ndialect = 'anthropic'\nkey = 'vault:x'"
    ),
    "one provider's key of the vault to another": (
        "[providers.openai]\nbase_url = 'https://api.openai.com/v1'\nkey = 'vault:anthropic'"
    ),
    "traffic elsewhere": "[proxy]\nupstream = {'api.openai.com' = 'https://evil.io'}",
}


@pytest.mark.parametrize("text", STRAYS.values(), ids=STRAYS)
def test_a_working_directory_cannot_send_keys_away(text: str, alone: Path) -> None:
    Path("turnout.toml").write_text(text)
    with pytest.raises(ConfigError, match=r"turnout.toml:\d.*--config"):
        config.load(environ={})
    assert config.load([Path("turnout.toml")], {}), "asked for by name, it is the user's own"


def test_a_working_directory_cannot_give_a_key_to_the_users_own_gateway(alone: Path) -> None:
    alone.write_text(
        "[providers.corp]\nbase_url = 'https://corp.io/v1'\n"
        "dialect = 'openai_chat'\nkey = 'env:CORP_KEY'"
    )
    Path("turnout.toml").write_text("\n[providers.corp]\nkey = 'env:OPENAI_API_KEY'")
    with pytest.raises(ConfigError, match=r"^turnout.toml:3: providers.corp.key.*corp.io"):
        config.load(environ={})


def test_a_working_directory_may_use_loopback_and_homes() -> None:
    Path("turnout.toml").write_text(
        "[providers.groq]\n"
        "[providers.openai]\nbase_url = 'http://127.0.0.1:9/v1'\n"
        "[providers.anthropic]\nbase_url = 'https://api.anthropic.com/v1'\n"
        "[proxy]\nupstream = {'api.openai.com' = 'http://localhost:9'}"
    )
    assert config.load(environ={}).providers["openai"].host == "127.0.0.1"


# -- providers


@pytest.mark.parametrize("name", BUILTIN)
def test_a_built_in_provider_needs_only_its_key(name: str) -> None:
    variable = BUILTIN[name].env[0]
    assert [p.name for p in config.load(environ={}).available({variable: " k\n"})] == [name]
    provider = config.load(environ={}).providers[name]
    assert provider.secret({variable: " k\n"}) == "k"
    assert provider.host == BUILTIN[name].hosts[0]


def test_the_first_variable_that_is_set_wins() -> None:
    google = config.load(environ={}).providers["google"]
    assert google.secret({"GOOGLE_API_KEY": "b", "GEMINI_API_KEY": ""}) == "b"
    assert google.secret({"GOOGLE_API_KEY": "b", "GEMINI_API_KEY": "a"}) == "a"


def test_a_named_key_replaces_the_built_in_one() -> None:
    found = load(WHOLE)
    assert found.providers["openrouter"].secret({"OPENROUTER_API_KEY": "a"}) == ""
    assert found.providers["openrouter"].secret({"MY_OPENROUTER": "b"}) == "b"
    assert [p.name for p in found.available({})] == ["local"]


def test_only_the_hosts_of_configured_providers_are_opened() -> None:
    found = load("[proxy]\nintercept = ['API.OpenAI.com']\n[providers.groq]\n")
    assert found.opened({}) == {"api.openai.com", "api.groq.com"}
    assert "api.x.ai" in found.opened({"XAI_API_KEY": "k"})
    assert "127.0.0.1" not in load(WHOLE).opened({}), "plain http has no TLS to open"


def test_an_override_keeps_the_clients_hosts() -> None:
    found = load("[providers.openai]\nbase_url = 'https://gateway.example/v1'")
    openai = found.providers["openai"]
    assert openai.host == "gateway.example"
    assert found.provider_of("API.openai.com") is openai
    assert found.provider_of("elsewhere.example") is None


def test_no_secret_is_kept() -> None:
    environ = dict.fromkeys(KEY_VARIABLES, "sk-secret")
    found = config.load(environ=environ)
    assert "sk-secret" not in repr(found)
    assert "sk-secret" not in repr(found.available(environ))


# text, path -> line
LINES: dict[str, tuple[str, tuple[str | int, ...], int]] = {
    "a dotted key": ("a = 1\nproxy.listen = 'x'", ("proxy", "listen"), 2),
    "a quoted key": ("[proxy.upstream]\n'a.b' = 'x'", ("proxy", "upstream", "a.b"), 2),
    "inside an inline table": (
        "[proxy]\nupstream = {'a.b' = 'x'}",
        ("proxy", "upstream", "a.b"),
        2,
    ),
    "the second of a list of tables": ("[[a]]\nb = 1\n[[a]]\nb = 2", ("a", 1, "b"), 4),
    "a table that is missing": ("a = 1", ("proxy", "listen"), 1),
    "the nearest table around": ("a = 1\n[proxy]\nlisten = 'x'", ("proxy", "other"), 2),
}


@pytest.mark.parametrize(("text", "path", "line"), LINES.values(), ids=LINES)
def test_line_of(text: str, path: tuple[str | int, ...], line: int) -> None:
    assert line_of(text, path) == line
