"""What a check says."""

from dataclasses import dataclass
from typing import Literal

State = Literal["ok", "broken", "note"]


@dataclass(frozen=True, slots=True)
class Finding:
    """`mend`: what to do about it, when it is broken. A note is neither good nor bad."""

    name: str
    state: State
    detail: str
    mend: str = ""
