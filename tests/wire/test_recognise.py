import pytest

from turnout.wire.recognise import base_home, is_responses_upgrade, recognise

# fmt: off
TABLE = [
    ("POST", "/v1/messages",                                              "anthropic"),
    ("POST", "/v1/messages?beta=true",                                    "anthropic"),
    ("POST", "/api/anthropic/v1/messages",                                "anthropic"),
    ("POST", "/v1/messages/count_tokens?beta=true",                       None),
    ("POST", "/v1/messages/batches",                                      None),
    ("GET",  "/v1/messages",                                              None),
    ("POST", "/v1/chat/completions",                                      "openai_chat"),
    ("POST", "/chat/completions",                                         "openai_chat"),
    ("POST", "/api/v1/chat/completions",                                  "openai_chat"),
    ("GET",  "/v1/chat/completions",                                      None),
    ("POST", "/v1/completions",                                           None),
    ("POST", "/v1/responses",                                             "openai_responses"),
    ("POST", "/backend-api/codex/responses",                              "openai_responses"),
    ("GET",  "/v1/responses",                                             None),
    ("POST", "/v1/responses/resp_1/cancel",                               None),
    ("POST", "/v1beta/models/gemini-x:generateContent",                   "gemini"),
    ("POST", "/v1beta/models/gemini-x:streamGenerateContent?alt=sse",     "gemini"),
    ("POST", "/v1/models/gemini-x:streamGenerateContent?key=K",           "gemini"),
    ("POST", "/v1beta/models/gemini-x:countTokens",                       None),
    ("POST", "/v1beta/models/a/b:generateContent",                        None),
    ("POST", "/api/event_logging/v2/batch",                               None),
    ("POST", "/v1/embeddings",                                            None),
    ("POST", "/other?next=/v1/messages",                                  None),
    ("POST", "",                                                          None),
    ("post", "/v1/messages",                                              None),
]
HOMES = [
    ("/v1/messages",                          {},                               "anthropic"),
    ("/v1/messages/count_tokens?beta=true",   {},                               "anthropic"),
    ("/v1/models",                            {"anthropic-version": "x"},       "anthropic"),
    ("/api/event_logging/v2/batch",           {"anthropic-version": "x"},       "anthropic"),
    ("/v1/models",                            {},                               "openai"),
    ("/v1/models/gpt-x",                      {},                               "openai"),
    ("/v1/chat/completions",                  {},                               "openai"),
    ("/v1/responses",                         {},                               "openai"),
    ("/v1/responses/resp_1",                  {},                               "openai"),
    ("/v1/embeddings",                        {},                               "openai"),
    ("/v1beta/models",                        {},                               "google"),
    ("/v1beta/models/g:streamGenerateContent", {},                              "google"),
    ("/v1/models/g:generateContent",          {},                               "google"),
    ("/v1/models",                            {"x-goog-api-key": "K"},          "google"),
    ("/v1/status",                            {},                               None),
    ("/v1/decisions",                         {},                               None),
    ("/healthz",                              {},                               None),
    ("/ui/",                                  {},                               None),
]
UPGRADES = [
    ("GET",  "/v1/responses",        {"upgrade": "websocket"},                  True),
    ("GET",  "/v1/responses?x=1",    {"upgrade": "h2c, WebSocket"},             True),
    ("GET",  "/v1/responses",        {},                                        False),
    ("POST", "/v1/responses",        {"upgrade": "websocket"},                  False),
    ("GET",  "/v1/realtime",         {"upgrade": "websocket"},                  False),
]
# fmt: on


@pytest.mark.parametrize(("method", "path", "dialect"), TABLE)
def test_recognise(method: str, path: str, dialect: str | None) -> None:
    assert recognise(method, path) == dialect


@pytest.mark.parametrize(("path", "headers", "provider"), HOMES)
def test_base_home(path: str, headers: dict[str, str], provider: str | None) -> None:
    assert base_home(path, headers) == provider


@pytest.mark.parametrize(("method", "path", "headers", "upgrade"), UPGRADES)
def test_upgrade(method: str, path: str, headers: dict[str, str], upgrade: bool) -> None:
    assert is_responses_upgrade(method, path, headers) is upgrade


def test_a_long_path_does_not_backtrack() -> None:
    assert recognise("POST", "/a" * 50_000 + "!") is None
