"""Requests of Responses, both ways."""

from turnout.wire.openai_responses.read import read
from turnout.wire.openai_responses.write import write

__all__ = ["read", "write"]
