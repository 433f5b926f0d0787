"""What reached a simulated provider, byte for byte."""

import json
from dataclasses import dataclass, field
from typing import Any

from turnout.demo.reply import Sent

type Headers = tuple[tuple[bytes, bytes], ...]


@dataclass(frozen=True, slots=True)
class Seen:
    """One request. `path` is raw, with its query; `headers` in order and case, as they were sent.

    `body` is without transfer coding, but as compressed as it came. `connection` counts from 1.
    `at`: the simulator's clock. `sent` fills as the answer goes out.
    """

    method: str
    path: str
    headers: Headers = field(repr=False)
    body: bytes = field(repr=False)
    tls: bool
    connection: int
    at: float
    sent: Sent = field(default_factory=Sent)

    def header(self, name: str) -> str | None:
        """The first header of that name, in any case."""
        wanted = name.lower().encode()
        values = (value for key, value in self.headers if key.lower() == wanted)
        found = next(values, None)
        return None if found is None else found.decode("latin-1")

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def model(self) -> str:
        """The model asked for, "" when the body names none."""
        try:
            body = self.json
        except ValueError:
            return ""
        model = body.get("model") if isinstance(body, dict) else ""
        return model if isinstance(model, str) else ""
