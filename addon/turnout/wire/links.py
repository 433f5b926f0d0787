"""What an answer cites. No other dialect has a place for it: it becomes links after the text."""

from collections.abc import Iterator

from turnout.wire.events import Text


class Links:
    """Each URL once, in order."""

    def __init__(self) -> None:
        self._titles: dict[str, str] = {}

    def add(self, url: str, title: str) -> None:
        self._titles[url] = title

    def events(self) -> Iterator[Text]:
        if self._titles:
            lines = (f"[{title or url}]({url})" for url, title in self._titles.items())
            yield Text("\n\n" + "\n".join(lines))
