"""The Gemini dialect as Google speaks it."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import unquote

from turnout.demo.cache import PrefixCache, Prompt
from turnout.demo.faults import Shapes
from turnout.demo.speech import Heard, pieces, signature
from turnout.demo.sse import dump, frame
from turnout.demo.wire import Answer, Body, RefusedError, Wire, words

KEYS = words("""
    model stream array contents systemInstruction tools toolConfig generationConfig safetySettings
    cachedContent labels store serviceTier
""")
GENERATION = words("""
    temperature topP topK maxOutputTokens stopSequences seed candidateCount responseMimeType
    responseSchema responseJsonSchema thinkingConfig presencePenalty frequencyPenalty
    responseLogprobs logprobs responseModalities mediaResolution speechConfig
""")
PARTS = words("text thought thoughtSignature inlineData fileData functionCall functionResponse")
STATUS = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    429: "RESOURCE_EXHAUSTED",
    503: "UNAVAILABLE",
}
FOREIGN = "skip_thought_signature_validator"
PATH = re.compile(r".*/models/([^/:]+):(stream)?[gG]enerateContent(.*)")
AS_SENT = {"args", "response", "parameters", "parametersJsonSchema", "responseJsonSchema", "labels"}
AS_SENT |= {"responseSchema", "parameters_json_schema", "response_json_schema", "response_schema"}


def _error(status: int, message: str) -> dict[str, Any]:
    return {"error": {"code": status, "message": message, "status": STATUS.get(status, "INTERNAL")}}


def placed(body: Body, path: str) -> Body:
    """The body in camelCase, with what the path says."""
    match = PATH.match(path)
    model, stream, query = match.groups() if match else ("", None, "")
    said = {"model": unquote(model), "stream": bool(stream), "array": "alt=sse" not in query}
    return {**_camel(body), **said}


def _camel(value: Any) -> Any:
    if isinstance(value, list):
        return [_camel(item) for item in value]
    if not isinstance(value, Mapping):
        return value
    return {
        re.sub(r"_([a-z])", lambda m: m[1].upper(), name): field
        if name in AS_SENT
        else _camel(field)
        for name, field in value.items()
    }


# ---- what it refuses


def check(body: Body, by: str = "") -> None:
    config = body.get("generationConfig") or {}
    unknown = (set(body) - KEYS) | (set(config) - GENERATION)
    unknown |= {key for content in body["contents"] for p in content["parts"] for key in p} - PARTS
    if unknown:
        raise RefusedError(400, f'Unknown name "{min(unknown)}": Cannot find field.')
    if not body["contents"]:
        raise RefusedError(400, "* GenerateContentRequest.contents: contents is not specified")
    _check_calls(body["contents"])
    if "gemini-2" not in body["model"]:
        _check_signatures(body["contents"], by)
    if by:
        _check_bound(body["contents"], by)


def _check_calls(contents: Sequence[Body]) -> None:
    """Calls follow a user's turn, and the next turn answers every one of them, by name."""
    asked: list[str] = []
    for content in contents:
        answered = [p["functionResponse"]["name"] for p in _with(content, "functionResponse")]
        if sorted(asked) != sorted(answered):
            raise RefusedError(
                400,
                "Please ensure that the number of function response parts is equal to the number of"
                " function call parts of the function call turn.",
            )
        asked = [p["functionCall"]["name"] for p in _with(content, "functionCall")]


def _check_signatures(contents: Sequence[Body], by: str) -> None:
    """Each step of the turn in progress has its signature on the first call."""
    for content in reversed(contents):
        if content.get("role") != "model" and not _with(content, "functionResponse"):
            return
        for part in _with(content, "functionCall")[:1]:
            call = part["functionCall"]
            if part.get("thoughtSignature") not in (FOREIGN, _minted(call["name"], by)):
                raise RefusedError(
                    400, f"Function call {call['name']} is missing a thought_signature."
                )


def _check_bound(contents: Sequence[Body], by: str) -> None:
    """Whatever is signed was signed here, or says that it was not."""
    for content in contents:
        for part in content["parts"]:
            name = (part.get("functionCall") or {}).get("name", "")
            if part.get("thoughtSignature", FOREIGN) not in (FOREIGN, _minted(name, by)):
                raise RefusedError(400, "Corrupted thought signature.")


def _with(content: Body, key: str) -> list[Body]:
    return [part for part in content["parts"] if key in part]


def _minted(name: str, by: str = "") -> str:
    return signature(name, by)


# ---- what it hears


def hear(body: Body) -> Heard:
    human, rounds = _human(body["contents"])
    config = body.get("generationConfig") or {}
    calling = (body.get("toolConfig") or {}).get("functionCallingConfig") or {}
    allowed = calling.get("allowedFunctionNames") or [""]
    thinking = config.get("thinkingConfig") or {}
    schema = config.get("responseJsonSchema") or config.get("responseSchema")
    return Heard(
        model=body["model"],
        stream=body["stream"],
        array=body["array"],
        human=human,
        rounds=rounds,
        tools={} if calling.get("mode") == "NONE" else dict(_functions(body)),
        segments=tuple(_segments(body)),
        forced_tool=allowed[0] if calling.get("mode") == "ANY" else "",
        schema=_lower(schema),
        thinks=bool(thinking.get("includeThoughts")),
    )


def _human(contents: Sequence[Body]) -> tuple[str, int]:
    """The latest text of a person, and how many answers with calls came after it."""
    rounds = 0
    for content in reversed(contents):
        texts = [part.get("text", "") for part in content["parts"]]
        if content.get("role") != "model" and not _with(content, "functionResponse"):
            return "\n".join(texts), rounds
        rounds += bool(_with(content, "functionCall"))
    return "", rounds


def _functions(body: Body) -> Iterator[tuple[str, Any]]:
    for tool in body.get("tools") or ():
        for one in tool.get("functionDeclarations") or ():
            yield (
                one["name"],
                _lower(one.get("parametersJsonSchema") or one.get("parameters") or {}),
            )


def _lower(schema: Any) -> Any:
    """Types in Google's capitals, as JSON schema has them."""
    if isinstance(schema, list):
        return [_lower(item) for item in schema]
    if not isinstance(schema, Mapping):
        return schema
    return {
        key: value.lower() if key == "type" and isinstance(value, str) else _lower(value)
        for key, value in schema.items()
    }


def _segments(body: Body) -> Iterator[tuple[bytes, str]]:
    for value in (body.get("systemInstruction"), body.get("tools"), *body["contents"]):
        if value:
            yield dump(value), ""


def _prompt(cache: PrefixCache, heard: Heard) -> Prompt:
    return cache.automatic(heard.model, heard.segments)


# ---- what it says


def _usage(answer: Answer) -> dict[str, Any]:
    prompt = answer.prompt
    return {
        "promptTokenCount": prompt.total,
        "candidatesTokenCount": answer.output - answer.reasoning,
        "totalTokenCount": prompt.total + answer.output,
        **({"cachedContentTokenCount": prompt.read} if prompt.read else {}),
        **({"thoughtsTokenCount": answer.reasoning} if answer.reasoning else {}),
    }


def _chunk(answer: Answer, parts: Sequence[Body], finish: str = "") -> dict[str, Any]:
    candidate = {"content": {"parts": parts, "role": "model"}, "index": 0}
    return {
        "candidates": [candidate | ({"finishReason": finish} if finish else {})],
        "usageMetadata": _usage(answer),
        "modelVersion": answer.model,
        "responseId": f"sim{answer.number:06}",
    }


def _calls(answer: Answer) -> Iterator[dict[str, Any]]:
    for place, call in enumerate(answer.turn.calls):
        made = {"name": call.name, "args": call.input, "id": f"sim{answer.number:06}x{place}"}
        signed = {"thoughtSignature": _minted(call.name, answer.by)} if not place else {}
        yield {"functionCall": made, **signed}


def whole(answer: Answer) -> bytes:
    turn = answer.turn
    said = ({"text": turn.thinking, "thought": True}, {"text": turn.text})
    parts = [part for part in said if part["text"]] + list(_calls(answer))
    return dump(_chunk(answer, parts, "STOP"))


def events(answer: Answer) -> list[bytes]:
    turn = answer.turn
    parts: list[Body] = [{"text": part, "thought": True} for part in pieces(turn.thinking)]
    parts += [{"text": part} for part in pieces(turn.text)]
    parts += _calls(answer)
    chunks = [_chunk(answer, [part]) for part in parts]
    return [frame(chunk) for chunk in [*chunks, _chunk(answer, [{"text": ""}], "STOP")]]


def _models(names: Sequence[str]) -> bytes:
    return dump({"models": [{"name": f"models/{name}", "displayName": name} for name in names]})


WIRE = Wire(
    completion="/models/*:*enerateContent",
    check=check,
    key=lambda headers: headers.get("x-goog-api-key") or headers.get("authorization", ""),
    hear=hear,
    prompt=_prompt,
    whole=whole,
    events=events,
    shapes=Shapes(
        body=lambda status, message: dump(_error(status, message)),
        event=lambda status, message: frame(_error(status, message)),
    ),
    models=_models,
    unknown_model=lambda model: RefusedError(404, f"models/{model} is not found"),
    headers=lambda number: {"x-request-id": f"req_sim{number:06}"},
    placed=placed,
)
