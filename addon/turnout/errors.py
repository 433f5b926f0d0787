"""What can go wrong, as a tree.

    TurnoutError
      ConfigError            ours: refuse to start, with the place and the mend
        ArtifactError        an encoder, bundle or catalogue that cannot be trusted
      NoTargetError          nothing eligible is left; the request goes home untouched
      StageError             ours: a stage of the road broke; the request goes home untouched
      WireError              theirs: bytes that their own dialect does not allow
        UnsupportedError     readable, but this target has no word for it
        UnreadableError      an answer that is none
        UncleanError         a conversation with a routing mark that cannot be taken out

Whatever is raised on the way, the client's original bytes go to their original host.
"""


class TurnoutError(Exception):
    """Base of every error this package raises on purpose."""


class ConfigError(TurnoutError):
    """The configuration is wrong. Raised at start-up only."""


class ArtifactError(ConfigError):
    """A file under artifacts/ is missing, damaged or does not fit the others."""


class StageError(TurnoutError):
    """A stage failed. `stage` is its name in turnout.stages."""

    def __init__(self, stage: str, cause: BaseException) -> None:
        super().__init__(f"{stage}: {type(cause).__name__}: {cause}")
        self.stage = stage


class WireError(TurnoutError):
    """A peer sent bytes that its own dialect does not allow."""


class UnreadableError(WireError):
    """What came is no answer. Nothing has reached the client yet."""


class UncleanError(WireError):
    """A routing mark stands where it cannot be taken out of a client's conversation."""


class UnsupportedError(WireError):
    """The request uses something the target cannot say.

    `reason` is a word of the list in README ("images", "stop", "server_tools", ...).
    """

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(f"{reason}: {detail}" if detail else reason)
        self.reason = reason


# what reading a peer's bytes trips over
TRIPPED = (ValueError, LookupError, TypeError, AttributeError, RecursionError)


class reading:  # noqa: N801  no generator, as it is entered for every piece of a stream
    """Whatever trips over a peer's bytes is the peer's fault: one error for all of it."""

    __slots__ = ("_dialect",)

    def __init__(self, dialect: str) -> None:
        self._dialect = dialect

    def __enter__(self) -> None:
        pass

    def __exit__(self, _: object, e: BaseException | None, __: object) -> None:
        if isinstance(e, TRIPPED):
            raise WireError(f"{self._dialect}: {_words(e)}") from e


def _words(e: BaseException) -> str:
    """What is wrong with the bytes, for whoever sent them."""
    match e:
        case KeyError():
            return f"{e} is missing"
        case UnicodeDecodeError():
            return "it is not UTF-8 text"
        case RecursionError():
            return "it is nested too deep"
        case ValueError() if str(e) == "Input data was truncated":
            return "it is cut short, or has half a character in it (\\ud800 without its other half)"
        case ValueError() if str(e):  # what parsers say
            return str(e)
    return f"{type(e).__name__}: {e}"


class NoTargetError(TurnoutError):
    """No model that may be used can serve this request; it goes home untouched."""
