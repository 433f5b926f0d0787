"""OpenAI's `prompt_cache_key`: keeps the requests of one conversation together."""

import json
import re

from turnout.wire.changes import Changes
from turnout.wire.request import Request, Target

# Claude Code's user ids, of old: user_<hash>_account_<uuid>_session_<uuid>
SESSION = re.compile(r"_session_([0-9a-f-]{36})\Z")
LONGEST = 64


def cache_key(request: Request, target: Target, note: Changes) -> dict[str, str]:
    """The session; who the user is stays here."""
    session = _session(request.user) if target.cache_key else ""
    if request.user and not session:
        note("user", "advice: no word for it")
    return {"prompt_cache_key": session} if session else {}


def _session(user: str) -> str:
    """Claude Code's session in metadata.user_id; newer versions send JSON in that string."""
    if found := SESSION.search(user):
        return found[1]
    try:
        said = json.loads(user)
    except ValueError:
        return ""
    session = said.get("session_id") if isinstance(said, dict) else None
    return session[:LONGEST] if isinstance(session, str) else ""
