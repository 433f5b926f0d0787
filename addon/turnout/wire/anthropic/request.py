"""Requests of Anthropic Messages, both ways."""

from turnout.wire.anthropic.read import read
from turnout.wire.anthropic.write import write

__all__ = ["read", "write"]
