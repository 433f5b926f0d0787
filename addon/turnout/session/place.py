"""Where an action stands in its conversation: whose it is, how it begins, which pin it found."""

from dataclasses import dataclass

from turnout.route.model import Binding
from turnout.session.cache_state import Prefix
from turnout.session.identity import plain
from turnout.session.pins import Pin
from turnout.wire.request import Ask, CacheTtl

ASKED = 200  # characters of a model's name that are kept


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """`key`: of its pin. `pin`: as it was found, None for none. `prefix`: of this very request."""

    key: str
    session: str
    agent: str
    asked: str
    prefix: Prefix
    ttl: CacheTtl | None
    dialect: str
    pin: Pin | None = None

    @property
    def step(self) -> int:
        """The number of this action on its pin, from 1."""
        return self.pin.steps + 1 if self.pin else 1

    def pinned_to(self, provider: str, model: str, *, at: float) -> Pin:
        return Pin(
            provider=provider,
            model=model,
            last_used=at,
            session=self.session,
            agent=self.agent,
            asked=self.asked,
        )

    def marks(self, binding: Binding) -> CacheTtl | None:
        """For how long a model that keeps only what is marked is asked to keep it.

        A translation into such a model's dialect adds marks of its own, of five minutes.
        """
        if binding.model.cache != "explicit":
            return None
        return self.ttl or (None if self.dialect == "anthropic" else "5m")

    def keeps(self, binding: Binding) -> bool:
        """Whether anything of this is kept there at all."""
        return binding.model.cache != "explicit" or self.marks(binding) is not None


def key(session: str, agent: str, asked: str) -> str:
    """Large and small models of one session are pinned apart (c57)."""
    return "|".join((session, agent, asked if len(asked) <= ASKED else plain(asked)))


def place(ask: Ask, session: str, agent: str) -> Place:
    return Place(
        key=key(session, agent, ask.model),
        session=session,
        agent=agent,
        asked=ask.model[:ASKED],
        prefix=Prefix.of(ask),
        ttl=ask.cache_ttl,
        dialect=ask.dialect,
    )
