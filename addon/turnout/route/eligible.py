"""Which models can serve a request at all, as far as its facts tell; writing it may find more.

Reasons are stable words: they stand in the log.
"""

from collections.abc import Callable
from dataclasses import dataclass
from math import inf

from turnout.route.model import Binding
from turnout.wire.request import Ask, DialectName

MARGIN = 1.10  # the estimate of tokens may be this much too small
RESERVE = 8192  # tokens of output when the client does not say

# whose own tools a dialect's server tools are: vendor and provider
SERVER_TOOLS: dict[DialectName, tuple[str, str]] = {
    "anthropic": ("anthropic", "anthropic"),
    "openai_chat": ("openai", "openai"),
    "openai_responses": ("openai", "openai"),
    "gemini": ("google", "google"),
}


@dataclass(frozen=True, slots=True)
class Case:
    """A request for a binding. `dialect`: the one spoken to it, None when unknown."""

    ask: Ask
    binding: Binding
    dialect: DialectName | None
    same_dialect: bool


def _window(case: Case) -> bool:
    """Input and room for the answer must fit; a window that nobody knows cannot be too small."""
    ask, model = case.ask, case.binding.model
    tokens = ask.input_tokens * model.token_ratio * MARGIN
    reserve = min(ask.max_tokens or RESERVE, model.max_output or inf)
    return tokens > (model.max_input or inf) or tokens + reserve > (model.context_window or inf)


def _documents(case: Case) -> bool:
    model, host = case.binding.model, case.binding.host
    return case.ask.documents and not (model.documents and case.dialect in host.documents)


def _server_tools(case: Case) -> bool:
    theirs = (case.binding.model.vendor, case.binding.provider)
    return case.ask.server_tools and not (
        case.same_dialect and theirs == SERVER_TOOLS[case.ask.dialect]
    )


def _responses_only(case: Case) -> bool:
    """Some models take tools in Chat Completions only without reasoning, or not at all."""
    if not case.ask.tools or case.dialect != "openai_chat":
        return False
    silent = case.ask.effort == "none"
    return {"always": False, "effort_none": not silent, "never": True}[case.binding.chat_tools]


# reason               it cannot, because
WHY_NOT: tuple[tuple[str, Callable[[Case], bool]], ...] = (
    ("window", _window),
    ("images", lambda c: c.ask.images and not c.binding.model.images),
    ("files", _documents),
    ("tools", lambda c: bool(c.ask.tools) and not c.binding.model.tools),
    ("forced_tool", lambda c: c.ask.forced_tool and not c.binding.model.forced_tools),
    ("too_many_tools", lambda c: len(c.ask.tools) > (c.binding.host.max_tools or inf)),
    ("server_tools", _server_tools),
    ("structured_output", lambda c: c.ask.structured and not c.binding.model.structured),
    ("responses_only", _responses_only),
)


def why_not(
    ask: Ask, binding: Binding, *, same_dialect: bool, dialect: DialectName | None = None
) -> str | None:
    """The first reason why `binding` cannot serve `ask`; None when it can.

    `dialect`: the one spoken to it; without it, the client's own or the first of its host.
    """
    own = ask.dialect if same_dialect else next(iter(binding.host.dialects), None)
    case = Case(ask, binding, dialect or own, same_dialect)
    return next((reason for reason, cannot in WHY_NOT if cannot(case)), None)
