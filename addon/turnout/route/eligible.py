"""Which models can serve a request at all, as far as its facts tell; writing it may find more.

Reasons are stable words: they stand in the log.
"""

from collections.abc import Callable, Hashable, Mapping
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


@dataclass(slots=True)
class Case:
    """A request for a binding. `dialect`: the one spoken to it, None when unknown."""

    ask: Ask
    binding: Binding
    dialect: DialectName | None
    same_dialect: bool


def too_long(case: Case) -> bool:
    """Input and room for the answer must fit; a window that nobody knows cannot be too small.

    The one reason that changes from step to step.
    """
    ask, model = case.ask, case.binding.model
    tokens = ask.input_tokens * model.token_ratio * MARGIN
    reserve = min(ask.max_tokens or RESERVE, model.max_output or inf)
    return tokens > (model.max_input or inf) or tokens + reserve > (model.context_window or inf)


def _documents(case: Case) -> bool:
    model, host = case.binding.model, case.binding.host
    return not (model.documents and case.dialect in host.documents)


def _server_tools(case: Case) -> bool:
    theirs = (case.binding.model.vendor, case.binding.provider)
    return not (case.same_dialect and theirs == SERVER_TOOLS[case.ask.dialect])


def _responses_only(case: Case) -> bool:
    """Some models take tools in Chat Completions only without reasoning, or not at all."""
    if case.dialect != "openai_chat" or case.binding.chat_tools == "always":
        return False
    return case.binding.chat_tools == "never" or case.ask.effort != "none"


type Check = tuple[str, Callable[[Case], bool]]

# reason, when a request asks for it, and when a binding cannot
WHY_NOT: tuple[tuple[str, Callable[[Ask], object], Callable[[Case], bool]], ...] = (
    ("window", lambda _: True, too_long),
    ("images", lambda ask: ask.images, lambda case: not case.binding.model.images),
    ("files", lambda ask: ask.documents, _documents),
    ("tools", lambda ask: ask.tools, lambda case: not case.binding.model.tools),
    ("forced_tool", lambda ask: ask.forced_tool, lambda case: not case.binding.model.forced_tools),
    (
        "too_many_tools",
        lambda ask: ask.tools,
        lambda case: len(case.ask.tools) > (case.binding.host.max_tools or inf),
    ),
    ("server_tools", lambda ask: ask.server_tools, _server_tools),
    (
        "structured_output",
        lambda ask: ask.structured,
        lambda case: not case.binding.model.structured,
    ),
    ("responses_only", lambda ask: ask.tools, _responses_only),
)


# what the rows of WHY_NOT look at, beside the window
type Shape = Hashable


def shape(ask: Ask, dialects: Mapping[str, DialectName]) -> Shape:
    """Requests of one shape are ruled out by the same bindings for the same reasons.

    All but "window", which hangs on how long the request is. `dialects`: provider -> spoken to it.
    """
    return (
        ask.dialect,
        frozenset(dialects.items()),
        ask.images,
        ask.documents,
        len(ask.tools),
        ask.forced_tool,
        ask.server_tools,
        ask.structured,
        ask.effort,
    )


def checks(ask: Ask) -> tuple[Check, ...]:
    """What has to be looked at for this request, made once for all bindings."""
    return tuple((reason, cannot) for reason, wanted, cannot in WHY_NOT if wanted(ask))


def failing(tests: tuple[Check, ...], case: Case) -> str | None:
    for reason, cannot in tests:
        if cannot(case):
            return reason
    return None


def why_not(
    ask: Ask, binding: Binding, *, same_dialect: bool, dialect: DialectName | None = None
) -> str | None:
    """The first reason why `binding` cannot serve `ask`; None when it can.

    `dialect`: the one spoken to it; without it, the client's own or the first of its host.
    """
    own = ask.dialect if same_dialect else next(iter(binding.host.dialects), None)
    return failing(checks(ask), Case(ask, binding, dialect or own, same_dialect))
