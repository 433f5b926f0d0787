"""`data:` URLs, in which OpenAI's dialect carries images and files.

https://www.rfc-editor.org/rfc/rfc2397
"""

PDF = "application/pdf"
PLAIN = "text/plain"


def data_url(media_type: str, data: str) -> str:
    """`data` is base64 already."""
    return f"data:{media_type};base64,{data}"


def parse(url: str) -> tuple[str, str] | None:
    """Media type and base64 of a `data:` URL; None for other URLs, and where it is not base64."""
    head, comma, data = url.partition(",")
    media_type, *parameters = head[len("data:") :].split(";")
    if not comma or not is_data(url) or "base64" not in parameters:
        return None
    return media_type.lower(), data


def is_data(url: str) -> bool:
    return url[:5].lower() == "data:"
