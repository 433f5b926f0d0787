"""Content parts of OpenAI Responses, both ways.

https://platform.openai.com/docs/api-reference/responses/create
"""

from collections.abc import Callable, Iterable
from typing import Any

from turnout.errors import UnsupportedError
from turnout.wire.changes import Changes
from turnout.wire.fields import get, need, of, only
from turnout.wire.media import PDF, data_url, is_data, parse
from turnout.wire.request import Document, Image, Target, Text

type Part = dict[str, Any]
type Content = Text | Image | Document

NEWLINE = "\n"
TEXT = frozenset({"type", "text", "annotations", "logprobs", "prompt_cache_breakpoint"})


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
        raise UnsupportedError("native_only", f"part {kind}")
    return READ[kind](part, note)


def _text(part: Part, _: Changes) -> Content:
    only(part, TEXT, "text")
    if part.get("annotations"):
        raise UnsupportedError("citations", "annotations")
    return Text(need(part, "text", str))


def _refusal(part: Part, _: Changes) -> Content:
    only(part, ("type", "refusal"), "refusal")
    return Text(need(part, "refusal", str))


def _image(part: Part, note: Changes) -> Content:
    only(part, ("type", "image_url", "detail", "file_id", "prompt_cache_breakpoint"), "input_image")
    if part.get("file_id"):
        raise UnsupportedError("files", "by id")
    if get(part, "detail", str, "auto") != "auto":
        note("input_image.detail", "advice: other dialects have no word for it")
    url = need(part, "image_url", str)
    if not is_data(url):
        return Image(url=url)
    if not (data := parse(url)):
        raise UnsupportedError("images", "a data URL that is not base64")
    return Image(*data)


FILE = ("type", "file_data", "file_url", "file_id", "filename", "detail", "prompt_cache_breakpoint")


def _file(part: Part, _: Changes) -> Content:
    only(part, FILE, "input_file")
    name = get(part, "filename", str, "")
    if url := get(part, "file_url", str):
        return Document(PDF, url=url, name=name)
    data = parse(get(part, "file_data", str, ""))
    if not data or data[0] != PDF:
        raise UnsupportedError("files", data[0] if data else "by id")
    return Document(*data, name=name)


READ: dict[str, Callable[[Part, Changes], Content]] = {
    "input_text": _text,
    "output_text": _text,
    "text": _text,
    "refusal": _refusal,
    "input_image": _image,
    "input_file": _file,
}


def joined(content: Iterable[Content]) -> str:
    return NEWLINE.join([part.text for part in content if isinstance(part, Text)])


def write(part: Content, target: Target) -> Part:
    match part:
        case Text(text):
            return {"type": "input_text", "text": text}
        case Image():
            url = _image_url(part, target)
            return {"type": "input_image", "image_url": url, "detail": "auto"}
        case Document():
            return {"type": "input_file"} | _file_data(part, target)


def _image_url(image: Image, target: Target) -> str:
    if not target.images:
        raise UnsupportedError("images")
    if not image.url:
        return data_url(image.media_type, image.data)
    if not target.image_urls:
        raise UnsupportedError("image_url")
    return image.url


def _file_data(document: Document, target: Target) -> Part:
    """Of all kinds only PDF is read everywhere."""
    if not target.documents or document.media_type != PDF:
        raise UnsupportedError("files", document.media_type)
    if document.url:
        return {"file_url": document.url}
    data = data_url(PDF, document.data)
    return {"filename": document.name or "document.pdf", "file_data": data}
