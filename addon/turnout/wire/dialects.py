"""The table of dialects. A new dialect is a folder and a line here."""

from turnout.wire import anthropic, gemini, openai_chat, openai_responses
from turnout.wire.dialect import Dialect
from turnout.wire.request import DialectName

DIALECTS: dict[DialectName, Dialect] = {
    "anthropic": anthropic.DIALECT,
    "openai_chat": openai_chat.DIALECT,
    "openai_responses": openai_responses.DIALECT,
    "gemini": gemini.DIALECT,
}
