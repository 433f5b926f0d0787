"""A conversation summed up, where no model of OpenAI's is there to do it its own way.

    input ... compaction_trigger       ->  the order to write a summary, as a last user message
    the answer's text                  ->  one item {type: compaction, encrypted_content: envelope}
    input compaction(our envelope) ... ->  the summary, as a user message where the item stands

The client keeps the item as it keeps OpenAI's own, whose content nobody but OpenAI can read.
https://platform.openai.com/docs/guides/compaction
"""

import msgspec

from turnout.errors import UnsupportedError
from turnout.wire import envelope

TRIGGER, ITEM = "compaction_trigger", "compaction"
FAMILY = "summary"
ORDER = (
    "Stop here and hand over to somebody who has not read this conversation. Write a summary for"
    " them: what the user wants, in the user's own words where those matter; what was decided, and"
    " why; which files were read or changed, and what is in them; which commands were run, and what"
    " came of them; which errors occurred, and how they were mended; what is left to do, the next"
    " step first. Write nothing but the summary, and call no tools."
)
LEAD = "This conversation became too long. What follows is a summary of it so far:\n\n"


def sealed(summary: str) -> str:
    return envelope.encode(envelope.Envelope(FAMILY, summary))


def opened(secret: str | None) -> str | None:
    """The user message that stands for the item; None for what we did not write."""
    try:
        found = envelope.decode(secret or "")
    except UnsupportedError:
        return None
    return LEAD + found.payload if found and found.family == FAMILY else None


def message(text: str) -> bytes:
    """An item of an input."""
    part = {"type": "input_text", "text": text}
    return msgspec.json.encode({"type": "message", "role": "user", "content": [part]})
