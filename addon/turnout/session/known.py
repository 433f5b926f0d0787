"""What is kept with a pin besides its caches: the evidence, the escalation, the part under way."""

from dataclasses import dataclass, field, replace

import msgspec

from turnout.session.alarm import Ended, Place
from turnout.session.escalate import State
from turnout.session.evidence import Evidence, handed_over

# log-odds of evidence from which a part of a session counts as troubled; start value: there
# scripts/simulate finds 62 % of failing sessions and 6 % of others, near alarm.HIT and alarm.FALSE
TROUBLE = 2.0
TELLING = 2  # steps before a part of a session says anything of its model; start value


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a session on one model. `quality`: predicted, 0 to 1. `since`: its first step."""

    place: Place
    provider: str
    quality: float
    since: int
    troubled: bool = False


@dataclass(frozen=True, slots=True)
class Known:
    evidence: Evidence = field(default_factory=Evidence)
    state: State = field(default_factory=State)
    part: Part | None = None

    def encoded(self) -> str:
        return msgspec.json.encode(self).decode()

    def on(self, part: Part) -> "Known":
        """It goes on there; the same place is the same part."""
        if self.part and self.part.place == part.place:
            return self
        return replace(self, part=part)

    def seen(self, evidence: Evidence) -> "Known":
        """Trouble that shows once has shown, whatever follows."""
        troubled = evidence.score >= TROUBLE or "human_corrects" in evidence.loads
        part = replace(self.part, troubled=self.part.troubled or troubled) if self.part else None
        return replace(self, evidence=evidence, part=part)

    def escalated(self, state: State) -> "Known":
        return Known(handed_over(self.evidence), state)

    def ended(self, *, troubled: bool = False) -> Ended | None:
        """What the part under way says of its model; None when it was too short to say anything."""
        part = self.part
        if part is None or (not part.troubled and not troubled and self._steps < TELLING):
            return None
        return Ended(place=part.place, troubled=part.troubled or troubled, quality=part.quality)

    @property
    def _steps(self) -> int:
        return self.evidence.steps - self.part.since if self.part else 0


_decode = msgspec.json.Decoder(Known).decode


def known(text: str) -> Known:
    """What cannot be read, as from another version, is nothing known."""
    try:
        return _decode(text) if text else Known()
    except msgspec.MsgspecError:
        return Known()
