"""The output of a streamed answer of OpenAI Responses, item by item. See stream.py."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from turnout.wire import sealed
from turnout.wire.calls import Calls
from turnout.wire.events import Event, Signature, Text, Thinking
from turnout.wire.links import Links
from turnout.wire.openai_responses.freeform import Wrapped
from turnout.wire.openai_responses.names import flat

CALLS = {"function_call", "custom_tool_call"}
BREAK = "\n\n"  # between the parts of a summary


@dataclass(slots=True)
class Item:
    """What was said of one item of the output so far."""

    number: int
    kind: str = ""
    parts: set[Any] = field(default_factory=set)  # of text: those that said something
    thought: str = ""  # the kind of thinking that counts: a summary, or the text itself
    section: Any = None
    wrapped: Wrapped | None = None  # a free-form call
    arguments: bool = False
    done: bool = False


class Output:
    """Events about items in, ours out. `model`: that speaks, once it is known."""

    def __init__(self, nonce: str | None) -> None:
        self.model = ""
        self.refused = False
        self.calls = Calls(nonce)
        self.links = Links()
        self._items: dict[Any, Item] = {}  # by output_index, or else by id
        self._ids: dict[Any, Item] = {}
        self._text: tuple[int, Any] | None = None  # item and part, while text is the latest

    def read(self, kind: str, payload: dict[str, Any]) -> Iterator[Event]:
        if handler := _READ.get(kind):
            yield from handler(self, payload)

    def rest(self, items: list[dict[str, Any]]) -> Iterator[Event]:
        """Items of the whole answer that nobody spoke of before; and ends what is open."""
        for index, item in enumerate(items):
            if index not in self._items and item.get("id") not in self._ids:
                yield from self._done({"output_index": index, "item": item})
        for one in self._items.values():
            yield from self._close(one)

    def _item(self, payload: dict[str, Any]) -> Item:
        """The item that an event is about; one that nobody announced is new."""
        about = payload.get("item") or {}
        key, item_id = payload.get("output_index"), about.get("id") or payload.get("item_id")
        item = self._items.get(key) or self._ids.get(item_id)
        if item is None:
            item = Item(len(self._items))
            self._items[item_id if key is None else key] = item
        if item_id:
            self._ids[item_id] = item
        item.kind = item.kind or _name(about.get("type"))
        return item

    def _added(self, payload: dict[str, Any]) -> Iterator[Event]:
        about = payload.get("item")
        if about is None:  # some upstreams announce nothing
            return
        item = self._item(payload)
        if item.kind in CALLS:
            self._text = None
            yield from self._head(item, about)

    def _done(self, payload: dict[str, Any]) -> Iterator[Event]:
        item, about = self._item(payload), payload["item"]
        if item.done:
            return
        if item.kind in CALLS:
            yield from self._call_done(item, about)
        elif item.kind == "message":
            for index, part in enumerate(about.get("content") or ()):
                yield from self._part_done(item, index, part)
        elif item.kind == "reasoning":
            yield from self._reasoning_done(item, about)
        item.done = True

    def _part_done(self, item: Item, index: int, part: dict[str, Any]) -> Iterator[Event]:
        self.refused = self.refused or part.get("type") == "refusal"
        text = part.get("text") or part.get("refusal")
        if text and index not in item.parts:
            yield from self._say(item, index, text)
        for annotation in part.get("annotations") or ():
            self._cite(annotation)

    def _delta(self, payload: dict[str, Any]) -> Iterator[Event]:
        item = self._item(payload)
        if (text := payload.get("delta")) and not item.done:
            yield from self._say(item, payload.get("content_index"), text)

    def _text_done(self, payload: dict[str, Any]) -> Iterator[Event]:
        item, index = self._item(payload), payload.get("content_index")
        text = payload.get("text") or payload.get("refusal")
        if text and index not in item.parts:
            yield from self._say(item, index, text)

    def _refusal(self, payload: dict[str, Any]) -> Iterator[Event]:
        self.refused = True
        yield from (self._delta if "delta" in payload else self._text_done)(payload)

    def _say(self, item: Item, index: Any, text: str) -> Iterator[Event]:
        """Text after text is another part or item: a line break goes between them."""
        here = (item.number, index)
        if self._text not in (None, here):
            yield Text("\n")
        self._text = here
        item.parts.add(index)
        yield Text(_string(text))

    def _annotation(self, payload: dict[str, Any]) -> Iterator[Event]:
        self._cite(payload.get("annotation") or {})
        return iter(())

    def _cite(self, annotation: dict[str, Any]) -> None:
        if annotation.get("type") == "url_citation":
            self.links.add(_name(annotation.get("url")), _name(annotation.get("title")))

    def _thinking(self, payload: dict[str, Any]) -> Iterator[Event]:
        """A summary, or (open models) the thoughts themselves: whichever came first."""
        kind = "summary_index" if "summary_index" in payload else "content_index"
        item, said = self._item(payload), payload.get("delta") or payload.get("text")
        if said and item.thought in ("", kind):
            section = payload.get(kind)
            whole = "delta" not in payload
            if whole and section in item.parts:
                return
            yield from self._think(item, kind, section, _string(said))

    def _think(self, item: Item, kind: str, section: Any, text: str) -> Iterator[Event]:
        if item.thought and section != item.section:
            text = BREAK + text
        item.thought, item.section, self._text = kind, section, None
        item.parts.add(section)
        yield Thinking(text)

    def _reasoning_done(self, item: Item, about: dict[str, Any]) -> Iterator[Event]:
        if not item.thought:
            kind = "summary" if about.get("summary") else "content"
            for index, part in enumerate(about.get(kind) or ()):
                if text := part.get("text"):
                    yield from self._think(item, kind, index, _string(text))
        if secret := about.get("encrypted_content"):
            self._text = None
            yield Signature(self._sealed(_string(secret), _name(about.get("id"))))

    def _sealed(self, secret: str, item_id: str) -> str:
        if sealed.is_sealed(secret):
            return secret
        return sealed.encode(sealed.Sealed("encrypted", self.model, secret, item_id))

    def _head(self, item: Item, about: dict[str, Any]) -> Iterator[Event]:
        name, namespace = _name(about.get("name")), _name(about.get("namespace"))
        if item.kind == "custom_tool_call" and item.wrapped is None:
            item.wrapped = Wrapped()
        yield from self.calls.take(
            item.number, id=_name(about.get("call_id")), name=flat(namespace, name) if name else ""
        )

    def _arguments(self, payload: dict[str, Any]) -> Iterator[Event]:
        """What comes after the item is done was in it."""
        item = self._item(payload)
        if (fragment := payload.get("delta")) and not item.done:
            yield from self._more(item, _string(fragment))

    def _input(self, payload: dict[str, Any]) -> Iterator[Event]:
        """Free-form, whether or not its item was announced."""
        item = self._item(payload)
        item.wrapped = Wrapped() if item.wrapped is None else item.wrapped
        yield from self._arguments(payload)

    def _arguments_done(self, payload: dict[str, Any]) -> Iterator[Event]:
        item = self._item(payload)
        said = payload.get("arguments") or payload.get("input")
        if said and not item.arguments:
            yield from self._more(item, _string(said))

    def _more(self, item: Item, fragment: str) -> Iterator[Event]:
        item.arguments = True
        json = item.wrapped.feed(fragment) if item.wrapped else fragment
        yield from self.calls.take(item.number, json=json)

    def _call_done(self, item: Item, about: dict[str, Any]) -> Iterator[Event]:
        """The item's head again: the first one, for upstreams that announce nothing."""
        if not self.calls.named(item.number):
            self._text = None
            yield from self._head(item, about)
        said = about.get("input" if item.wrapped else "arguments")
        if said and not item.arguments:
            yield from self._more(item, _string(said))
        if item.number not in self.calls:
            yield from self._head(item, about)
        yield from self._close(item)

    def _close(self, item: Item) -> Iterator[Event]:
        """A free-form call's input ends with the item."""
        if item.wrapped and not item.done:
            item.done = True
            yield from self.calls.take(item.number, json=item.wrapped.finish())


_READ: dict[str, Callable[[Output, dict[str, Any]], Iterator[Event]]] = {
    "response.output_item.added": Output._added,
    "response.output_item.done": Output._done,
    "response.output_text.delta": Output._delta,
    "response.output_text.done": Output._text_done,
    "response.output_text.annotation.added": Output._annotation,
    "response.refusal.delta": Output._refusal,
    "response.refusal.done": Output._refusal,
    "response.reasoning_summary_text.delta": Output._thinking,
    "response.reasoning_summary_text.done": Output._thinking,
    "response.reasoning_text.delta": Output._thinking,
    "response.reasoning_text.done": Output._thinking,
    "response.function_call_arguments.delta": Output._arguments,
    "response.function_call_arguments.done": Output._arguments_done,
    "response.custom_tool_call_input.delta": Output._input,
    "response.custom_tool_call_input.done": Output._arguments_done,
}


def _string(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError("a text is not a string")
    return value


def _name(value: object) -> str:
    """Ids and names: some upstreams number them, or leave them out."""
    return "" if value is None else str(value)
