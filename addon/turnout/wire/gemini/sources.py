"""Images and files in parts, both ways.

https://ai.google.dev/gemini-api/docs/image-understanding
https://ai.google.dev/gemini-api/docs/document-processing
"""

from typing import Any

from turnout.errors import UnsupportedError
from turnout.wire.fields import get, need, only
from turnout.wire.media import PDF, PLAIN
from turnout.wire.request import Document, Image, Target

type Part = dict[str, Any]

IMAGES = {"image/png", "image/jpeg", "image/webp", "image/heic", "image/heif"}
FILES = {PDF, PLAIN}
WEB = ("https://", "http://")


def read_inline(part: Part) -> Image | Document:
    blob = need(part, "inlineData", dict)
    only(blob, ("mimeType", "data", "displayName"), "inlineData")
    media_type, data = need(blob, "mimeType", str).lower(), need(blob, "data", str)
    if media_type.startswith("image/"):
        return Image(media_type, data)
    _check(media_type)
    return Document(media_type, data, name=get(blob, "displayName", str, ""))


def read_file(part: Part) -> Image | Document:
    """Google's own stores are only known to Google."""
    file = need(part, "fileData", dict)
    only(file, ("mimeType", "fileUri", "displayName"), "fileData")
    media_type, uri = get(file, "mimeType", str, "").lower(), need(file, "fileUri", str)
    if not uri.startswith(WEB) or ".googleapis.com/" in uri:
        raise UnsupportedError("files", "a file in Google's store")
    if media_type.startswith("image/"):
        return Image(media_type, url=uri)
    _check(media_type)
    return Document(media_type, url=uri, name=get(file, "displayName", str, ""))


def _check(media_type: str) -> None:
    if media_type.startswith("audio/"):
        raise UnsupportedError("audio", media_type)
    if media_type not in FILES:
        raise UnsupportedError("files", media_type or "without a type")


def write(medium: Image | Document, target: Target) -> Part:
    return _image(medium, target) if isinstance(medium, Image) else _document(medium, target)


def _image(image: Image, target: Target) -> Part:
    if not target.images:
        raise UnsupportedError("images")
    if image.url:
        if not target.image_urls or not image.media_type:
            raise UnsupportedError("image_url", f"{target.model} fetches none")
        return {"fileData": {"mimeType": image.media_type, "fileUri": image.url}}
    if image.media_type not in IMAGES:
        raise UnsupportedError("images", image.media_type)
    return {"inlineData": {"mimeType": image.media_type, "data": image.data}}


def _document(document: Document, target: Target) -> Part:
    if not target.documents or document.url or document.media_type not in FILES:
        raise UnsupportedError("files", document.url or document.media_type)
    return {"inlineData": {"mimeType": document.media_type, "data": document.data}}
