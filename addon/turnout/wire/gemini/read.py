"""A client's generateContent request -> Request.

https://ai.google.dev/api/generate-content
"""

from typing import Any

from turnout.errors import UnsupportedError, reading
from turnout.wire.changes import Changes
from turnout.wire.dialect import Place
from turnout.wire.fields import get, limit, need, of, only
from turnout.wire.gemini import contents, names, place, reason, tools
from turnout.wire.gemini.names import normal
from turnout.wire.memo import opened
from turnout.wire.request import Request, Text

FIELDS = ("contents", "systemInstruction", "tools", "toolConfig", "generationConfig")
# labels and storage: nothing that the answer depends on
BOOKKEEPING = ("model", "labels", "store")
# wishes to the provider that another one need not grant
ADVICE = ("safetySettings", "serviceTier")
NATIVE = ("cachedContent",)
CONTENTS = "contents"
# without the conversation, whose contents are read one by one
BODY = {name: inside for name, inside in names.BODY.items() if name != CONTENTS}
GENERATION = ("temperature", "topP", "topK", "maxOutputTokens", "stopSequences", "seed",
              "responseMimeType", "responseSchema", "responseJsonSchema", "_responseJsonSchema",
              "thinkingConfig", "responseModalities", "mediaResolution")  # fmt: skip
# samplers at the models' own defaults: gemini-cli always sends them, and means nothing by it
DEFAULTS: dict[str, float] = {"temperature": 1, "topP": 0.95, "topK": 64}
# what has no word elsewhere: the value that is no wish, and the reason to give otherwise
REFUSED: dict[str, tuple[Any, str]] = {
    "candidateCount": (1, "n"),
    "responseLogprobs": (False, "logprobs"),
    "logprobs": (0, "logprobs"),
    "presencePenalty": (0, "sampling"),
    "frequencyPenalty": (0, "sampling"),
    "speechConfig": (None, "audio"),
    "audioTimestamp": (False, "audio"),
    "enableEnhancedCivicAnswers": (False, "native_only"),
}


def read(body: bytes, path: str) -> Request:
    """Raises UnsupportedError for what no other dialect can say."""
    with reading("gemini"):
        return _request(normal(opened(body, CONTENTS), BODY), place.read(path))


def _request(body: dict[str, Any], at: Place) -> Request:
    note = Changes()
    _known(body, note)
    generation = _generation(body, note)
    messages = tuple(contents.Reader(note)(need(body, CONTENTS, list)))
    return Request(
        model=at.model,
        stream=at.stream,
        system=_system(body.get("systemInstruction")),
        messages=messages,
        max_tokens=limit(generation, "maxOutputTokens"),
        temperature=_wish(generation, "temperature", note),
        top_p=_wish(generation, "topP", note),
        top_k=_whole(_wish(generation, "topK", note)),
        seed=get(generation, "seed", int),
        stop=tuple(of(stop, str, "stop") for stop in get(generation, "stopSequences", list, [])),
        format=tools.read_format(generation),
        **tools.read(body, messages, note),
        **reason.read(get(generation, "thinkingConfig", dict, {})),
        changes=note.all,
    )


def _known(body: dict[str, Any], note: Changes) -> None:
    for name in NATIVE:
        if body.get(name):
            raise UnsupportedError("native_only", name)
    only(body, (*FIELDS, *BOOKKEEPING, *ADVICE, *NATIVE))
    for name in ADVICE:
        if body.get(name):
            note(name, "advice to the first provider")


def _generation(body: dict[str, Any], note: Changes) -> dict[str, Any]:
    said = get(body, "generationConfig", dict, {})
    for name, (default, reason_) in REFUSED.items():
        if (value := said.get(name)) is not None and value != default:
            raise UnsupportedError(reason_, name)
    only(said, (*GENERATION, *REFUSED), "generationConfig")
    kinds = [str(kind).upper() for kind in get(said, "responseModalities", list, [])]
    if kinds not in ([], ["TEXT"]):
        raise UnsupportedError("native_only", f"an answer in {', '.join(kinds)}")
    if said.get("mediaResolution") is not None:
        note("mediaResolution", "advice: other dialects have no word for it")
    return said


def _system(content: Any) -> tuple[Text, ...]:
    """Of any role. A bare string is no message of this dialect, but some clients send one."""
    if content is None or isinstance(content, str):
        return (Text(content),) if content else ()
    only(of(content, dict, "systemInstruction"), ("role", "parts"), "systemInstruction")
    parts = [of(part, dict, "part") for part in get(content, "parts", list, [])]
    for part in parts:
        only(part, ("text", *contents.BESIDE), "systemInstruction.parts")
    texts = [get(part, "text", str, "") for part in parts]
    return tuple(Text(text) for text in texts if text)


def _wish(generation: dict[str, Any], name: str, note: Changes) -> float | None:
    value = get(generation, name, float)
    if value != DEFAULTS[name]:
        return value
    note(f"generationConfig.{name}", "at the model's default: no wish")
    return None


def _whole(value: float | None) -> int | None:
    return None if value is None else int(value)
