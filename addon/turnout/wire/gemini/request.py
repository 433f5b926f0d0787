"""Requests of generateContent, both ways."""

from turnout.wire.gemini.read import read
from turnout.wire.gemini.write import write

__all__ = ["read", "write"]
