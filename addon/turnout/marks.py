"""The routing mark on the road: whose requests are cleaned of it, whose answers may bear it.

`policy.mark` switches it on, `x-turnout-mark: on` or `off` for one request. With the policy on, a
client that does not want it any more is still cleaned of what it has. Both off: nothing is read.
"""

from turnout.draft import Draft
from turnout.errors import ConfigError, UncleanError, WireError
from turnout.wire.mark import Marking
from turnout.wire.mark_in import unmarked

MARKED = frozenset({"main", "tool_result"})
# programs whose own questions (titles, commit messages, summaries of a page) become something else
# than an answer to a person: what they ask for a person has tools, or this beginning
AGENTS = frozenset({"claude-code", "codex", "opencode", "gemini-cli"})
AIDER = "Act as an expert"


def clean(draft: Draft, *, policy: bool) -> None:
    """Before anything of the body is read; what is wrong with it is told by `check`."""
    asked = draft.header("mark").lower()
    if not (policy or asked == "on"):
        return
    assert draft.dialect
    try:
        found = unmarked(draft.body, draft.dialect.name)
    except WireError as e:
        draft.unclean = str(e)
        return
    draft.body, draft.cleaned = found.body, found.changes
    draft.marking = Marking(found.last) if asked != "off" else None


def check(draft: Draft) -> None:
    """After the limits, which nothing here may lift. Raises ConfigError and UncleanError."""
    if draft.unclean:
        raise UncleanError(draft.unclean)
    if draft.header("mark").lower() not in ("", "on", "off"):
        raise ConfigError("x-turnout-mark: say on or off")


def allow(draft: Draft) -> None:
    """When it is known what is asked: whoever answered last is known by a mark, or by the pin."""
    marking = draft.marking
    if marking is None:
        return
    pin = draft.place.pin if draft.place else None
    last = marking.last or ("/".join(pin.binding) if pin else "")
    draft.marking = Marking(last) if _for_people(draft) else None


def _for_people(draft: Draft) -> bool:
    ask, who = draft.ask, draft.who
    assert ask and who
    if draft.kind not in MARKED or who.agent:
        return False
    if ask.structured or ask.forced_tool or ask.server_tools:
        return False
    if who.client == "aider":
        return ask.system.lstrip().startswith(AIDER)
    return bool(ask.tools) or who.client not in AGENTS
