"""Names of tools that live in namespaces, for dialects that have none.

`multi_agent_v1` and `spawn` -> `multi_agent_v1__spawn`, in the alphabet and length of all dialects.
"""

from turnout.wire.ids import tool_id

type Odd = tuple[tuple[tuple[str, str], str], ...]


def flat(namespace: str, name: str) -> str:
    """Pure: the same in tools, in the history and in later requests."""
    return tool_id(f"{namespace}__{name}") if namespace else name


class Names:
    """The names of one request, each for one tool."""

    def __init__(self) -> None:
        self._flat: dict[tuple[str, str], str] = {}
        self._taken: set[str] = set()

    def declare(self, namespace: str, name: str) -> str:
        """A tool that is declared twice keeps its name; one whose name is taken gets a digest."""
        key = namespace, name
        if key not in self._flat:
            made = flat(namespace, name)
            if made in self._taken:
                made = tool_id(f"{namespace}::{name}")
            self._flat[key] = made
            self._taken.add(made)
        return self._flat[key]

    @property
    def odd(self) -> Odd:
        """Those that are not what `flat` makes of them, in the order of their declaration."""
        made = self._flat.items()
        return tuple((key, name) for key, name in made if name != flat(*key))

    def of(self, namespace: str, name: str) -> str:
        """As it was declared; a tool of the history that is offered no more has its flat name."""
        return self._flat.get((namespace, name)) or flat(namespace, name)
