"""Content parts of Chat Completions, both ways.

https://platform.openai.com/docs/api-reference/chat/create
"""

from collections.abc import Callable, Iterable
from typing import Any

from turnout.errors import UnsupportedError
from turnout.wire.changes import Changes
from turnout.wire.fields import get, need, of, only
from turnout.wire.media import PDF, data_url, is_data, parse
from turnout.wire.request import CacheTtl, Document, Image, Target, Text

type Part = dict[str, Any]
type Content = Text | Image | Document

COMMON = frozenset({"type", "cache_control", "prompt_cache_breakpoint"})
TEXT = COMMON | {"text"}
NEWLINE = "\n"


def read(content: Any, note: Changes) -> tuple[Content, ...]:
    """A string, a list of parts, or null."""
    if content is None or isinstance(content, str):
        return (Text(content),) if content else ()
    return tuple(_read(of(part, dict, "part"), note) for part in of(content, list, "content"))


def _read(part: Part, note: Changes) -> Content:
    kind = need(part, "type", str)
    if kind == "input_audio":
        raise UnsupportedError("audio")
    if kind not in READ:
        raise UnsupportedError("unknown_field", f"part {kind}")
    return READ[kind](part, note)


def cache_ttl(value: Part) -> CacheTtl | None:
    """Some providers take Anthropic's marks in this dialect."""
    if value.get("cache_control") is None:
        return None
    mark = need(value, "cache_control", dict)
    return "1h" if mark.get("ttl") == "1h" else "5m"


def _text(part: Part, _: Changes) -> Content:
    only(part, TEXT, "text")
    return Text(need(part, "text", str), cache_ttl(part))


def _refusal(part: Part, _: Changes) -> Content:
    only(part, (*COMMON, "refusal"), "refusal")
    return Text(need(part, "refusal", str))


def _image(part: Part, note: Changes) -> Content:
    only(part, (*COMMON, "image_url"), "image_url")
    image = part["image_url"]
    source = {"url": image} if isinstance(image, str) else of(image, dict, "image_url")
    only(source, ("url", "detail"), "image_url")
    if get(source, "detail", str, "auto") != "auto":
        note("image_url.detail", "advice: other dialects have no word for it")
    url = need(source, "url", str)
    if not is_data(url):
        return Image(url=url, cache=cache_ttl(part))
    if not (data := parse(url)):
        raise UnsupportedError("images", "a data URL that is not base64")
    return Image(*data, cache=cache_ttl(part))


def _file(part: Part, _: Changes) -> Content:
    only(part, (*COMMON, "file"), "file")
    file = need(part, "file", dict)
    only(file, ("file_data", "file_id", "filename"), "file")
    data = parse(get(file, "file_data", str, ""))
    if not data or data[0] != PDF:
        raise UnsupportedError("files", data[0] if data else "by id")
    return Document(*data, name=get(file, "filename", str, ""), cache=cache_ttl(part))


READ: dict[str, Callable[[Part, Changes], Content]] = {
    "text": _text,
    "refusal": _refusal,
    "image_url": _image,
    "file": _file,
}


def joined(content: Iterable[Content]) -> str:
    """The texts, block by block on lines of their own: not every server takes lists of texts."""
    return NEWLINE.join([part.text for part in content if isinstance(part, Text)])


def write(content: Iterable[Content], target: Target) -> str | list[Part]:
    """One string as long as there is only text."""
    content = tuple(content)
    if all(isinstance(part, Text) for part in content):
        return joined(content)
    return [_write(part, target) for part in content]


def _write(part: Content, target: Target) -> Part:
    match part:
        case Text(text):
            return {"type": "text", "text": text}
        case Image():
            return {"type": "image_url", "image_url": {"url": _image_url(part, target)}}
        case Document():
            return {"type": "file", "file": _file_data(part, target)}


def _image_url(image: Image, target: Target) -> str:
    if not target.images:
        raise UnsupportedError("images")
    if not image.url:
        return data_url(image.media_type, image.data)
    if not target.image_urls:
        raise UnsupportedError("image_url")
    return image.url


def _file_data(document: Document, target: Target) -> Part:
    """This dialect has files by their bytes only, and of all kinds only PDF is read everywhere."""
    if not target.documents or document.url or document.media_type != PDF:
        raise UnsupportedError("files", document.url or document.media_type)
    data = data_url(PDF, document.data)
    return {"filename": document.name or "document.pdf", "file_data": data}
