"""What mitmweb and mitmproxy's console show of routed flows, and what can be done to them there.

comment, marker     requested -> served, why, and the saving once it is known
content view        "turnout": the decision, both sides of a translation, the upstream exchange
commands            turnout.why, turnout.pin, turnout.on, turnout.off
memory              the oldest flows are dropped beyond `turnout_keep`

Nothing is kept where nobody looks: under mitmdump and the plain `turnout serve` there is no list.
"""

import logging
from collections import OrderedDict, deque

from mitmproxy import command, contentviews, ctx, flow, hooks, http
from mitmproxy.addonmanager import Loader
from mitmproxy.contentviews import Contentview, Metadata

from turnout.books import Passed
from turnout.engine import Engine
from turnout.errors import TurnoutError
from turnout.exchange import Exchange
from turnout.record import Decision, Outcome
from turnout.trip import Plan, Untouched

log = logging.getLogger(__name__)

KEEP = 1000  # flows in the list; a coding agent's are about 100 kB each
DECISION = "turnout"  # key of a flow's metadata; saved flows keep it
MARKER = ":arrow_right_hook:"


class Flows:
    """An addon of its own below `Turnout`."""

    def __init__(self) -> None:
        self._engine: Engine | None = None
        self._listed: deque[flow.Flow] = deque()
        self._routed: OrderedDict[str, tuple[http.HTTPFlow, Exchange]] = OrderedDict()

    def load(self, loader: Loader) -> None:
        loader.add_option("turnout_keep", int, KEEP, "Flows in the list; older ones are dropped.")
        contentviews.registry.register(TurnoutContentview(self))

    def attach(self, engine: Engine) -> None:
        """The engine is there once mitmproxy runs."""
        self._engine = engine
        if ctx.master.addons.get("view") is not None:
            engine.exchange = self.exchange
            engine.books.observers.append(self._settled)
            engine.books.learners.append(self._passed)

    # -- what is shown

    def planned(self, of: http.HTTPFlow, plan: Plan | Untouched) -> None:
        exchange = Exchange(plan.decision)
        of.metadata[DECISION] = plan.decision.id
        of.comment = exchange.title() if isinstance(plan, Plan) else _untouched(plan.decision)
        if isinstance(plan, Plan):
            of.marked = MARKER
        if self._engine and self._engine.exchange:
            self._routed[plan.decision.id] = (of, exchange)

    def exchange(self, decision: str) -> Exchange | None:
        found = self._routed.get(decision)
        return found[1] if found else None

    def _passed(self, plan: Plan | Untouched, passed: Passed) -> None:
        if exchange := self.exchange(plan.decision.id):
            exchange.attempt = passed.attempt

    def _settled(self, decision: Decision, outcome: Outcome) -> None:
        """The row is written when the last byte has gone: the list is told once more."""
        found = self._routed.get(decision.id)
        if not found:
            return
        shown, exchange = found
        exchange.outcome = outcome
        if shown.marked:
            shown.comment = exchange.title()
        ctx.master.addons.trigger(hooks.UpdateHook([shown]))

    # -- how much is kept

    def response(self, of: http.HTTPFlow) -> None:
        self._list(of)

    def error(self, of: http.HTTPFlow) -> None:
        self._list(of)

    def _list(self, of: http.HTTPFlow) -> None:
        view = ctx.master.addons.get("view")
        if view is None:
            return
        self._listed.append(of)
        while len(self._listed) > max(ctx.options.turnout_keep, 1):
            oldest = self._listed.popleft()
            self._routed.pop(oldest.metadata.get(DECISION, ""), None)
            view.remove([oldest])

    # -- what can be done

    @command.command("turnout.why")
    def why(self, of: flow.Flow) -> str:
        """Why the focused flow went where it went."""
        exchange = self.exchange(of.metadata.get(DECISION, ""))
        return exchange.title() if exchange else of.comment or "turnout did not look at this flow"

    @command.command("turnout.pin")
    def pin(self, of: flow.Flow, model: str) -> str:
        """Keep the session of the focused flow on a model."""
        exchange = self.exchange(of.metadata.get(DECISION, ""))
        if not exchange or not exchange.decision.session or not self._engine:
            return "this flow has no session"
        try:
            binding = self._engine.pin(model, exchange.decision.session)
        except TurnoutError as e:
            return str(e)
        return f"{exchange.decision.session} stays on {binding.provider}/{binding.id}"

    @command.command("turnout.off")
    def off(self) -> str:
        """A plain tunnel from now on."""
        return self._switch("off")

    @command.command("turnout.on")
    def on(self) -> str:
        """Route again."""
        return self._switch("route")

    def _switch(self, mode: str) -> str:
        if not self._engine:
            return "turnout is not running"
        self._engine.mode = "off" if mode == "off" else "route"
        return f"turnout: {self._engine.mode}"


class TurnoutContentview(Contentview):
    """Never chosen by itself: what mitmproxy makes of a body comes first."""

    def __init__(self, flows: Flows) -> None:
        self._flows = flows

    @property
    def name(self) -> str:
        return "turnout"

    def prettify(self, data: bytes, metadata: Metadata) -> str:
        exchange = self._of(metadata)
        if exchange is None:
            raise ValueError("turnout did not route this flow, or has forgotten it")
        asked = isinstance(metadata.http_message, http.Request)
        return exchange.asked(data) if asked else exchange.given(data)

    def render_priority(self, data: bytes, metadata: Metadata) -> float:
        return 0 if self._of(metadata) else -1

    def _of(self, metadata: Metadata) -> Exchange | None:
        return (
            self._flows.exchange(metadata.flow.metadata.get(DECISION, ""))
            if metadata.flow
            else None
        )


def _untouched(decision: Decision) -> str:
    return f"turnout: {decision.requested_model or '?'} -> untouched ({decision.reason})"
