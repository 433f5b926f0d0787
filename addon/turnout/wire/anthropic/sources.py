"""Images, documents and cache marks of Anthropic Messages' blocks, both ways.

https://platform.claude.com/docs/en/api/messages/create
"""

import base64
import binascii
from typing import Any

from turnout.errors import UnsupportedError
from turnout.wire.fields import get, need, only
from turnout.wire.media import PDF, PLAIN
from turnout.wire.request import CacheTtl, Document, Image, Target

type Block = dict[str, Any]

IMAGES = {"image/jpeg", "image/png", "image/gif", "image/webp"}
# on every block, and nobody's loss: `signature` is another family's carrier
COMMON = frozenset({"type", "cache_control", "signature"})


def cache_ttl(block: Block) -> CacheTtl | None:
    if block.get("cache_control") is None:
        return None
    mark = need(block, "cache_control", dict)
    return "1h" if mark.get("ttl") == "1h" else "5m"


def cache_control(ttl: CacheTtl | None) -> Block:
    if ttl is None:
        return {}
    return {"cache_control": {"type": "ephemeral"} | ({"ttl": ttl} if ttl == "1h" else {})}


def read_image(block: Block) -> Image:
    only(block, (*COMMON, "source"), "image")
    source = need(block, "source", dict)
    cache = cache_ttl(block)
    match need(source, "type", str):
        case "base64":
            only(source, ("type", "media_type", "data"), "image.source")
            return Image(need(source, "media_type", str), need(source, "data", str), cache=cache)
        case "url":
            only(source, ("type", "url"), "image.source")
            return Image(url=need(source, "url", str), cache=cache)
        case kind:
            raise UnsupportedError("files", f"image source {kind}")


def read_document(block: Block) -> Document:
    only(block, (*COMMON, "source", "title", "citations"), "document")
    if (get(block, "citations", dict) or {}).get("enabled"):
        raise UnsupportedError("citations", "a document with citations")
    source = need(block, "source", dict)
    name, cache = get(block, "title", str, ""), cache_ttl(block)
    match need(source, "type", str):
        case "base64":
            media_type, data = need(source, "media_type", str), need(source, "data", str)
            return Document(media_type, data, name=name, cache=cache)
        case "text":
            text = base64.b64encode(need(source, "data", str).encode()).decode()
            return Document(PLAIN, text, name=name, cache=cache)
        case "url":
            return Document(PDF, url=need(source, "url", str), name=name, cache=cache)
        case kind:
            raise UnsupportedError("files", f"document source {kind}")


def image_source(image: Image, target: Target) -> Block:
    if not target.images:
        raise UnsupportedError("images")
    if image.url:
        if not target.image_urls:
            raise UnsupportedError("image_url")
        return {"type": "url", "url": image.url}
    if image.media_type not in IMAGES:
        raise UnsupportedError("images", image.media_type)
    return {"type": "base64", "media_type": image.media_type, "data": image.data}


def write_document(document: Document, target: Target) -> Block:
    if not target.documents:
        raise UnsupportedError("files")
    title = {"title": document.name} if document.name else {}
    return {"type": "document", "source": _document_source(document)} | title


def _document_source(document: Document) -> Block:
    if document.url:
        return {"type": "url", "url": document.url}
    if document.media_type == PDF:
        return {"type": "base64", "media_type": PDF, "data": document.data}
    if document.media_type == PLAIN:
        return {"type": "text", "media_type": PLAIN, "data": _decoded(document.data)}
    raise UnsupportedError("files", document.media_type)


def _decoded(data: str) -> str:
    try:
        return base64.b64decode(data, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError) as e:
        raise UnsupportedError("files", "text that is not UTF-8") from e
