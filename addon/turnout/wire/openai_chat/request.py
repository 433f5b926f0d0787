"""Requests of Chat Completions, both ways."""

from turnout.wire.openai_chat.read import read
from turnout.wire.openai_chat.write import write

__all__ = ["read", "write"]
