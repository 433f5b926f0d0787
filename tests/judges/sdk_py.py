"""The official Python SDKs as judges: run with a Python that has them.

    sdk_py.py BASE_URL < cases.json > heard.json

A case is {"n": 0, "dialect": "anthropic", "stream": true}; what was heard of it is {"n": 0,
"text": ..., "thinking": ..., "calls": [[name, arguments]], "end": ..., "tokens": [prompt, cached,
output]}, or {"n": 0, "error": "what the SDK raised"}.
"""

import json
import logging
import os
import sys
import warnings
from collections.abc import Callable
from typing import Any

warnings.simplefilter("ignore")
logging.disable(logging.CRITICAL)

import anthropic  # noqa: E402
import openai  # noqa: E402
from google import genai  # noqa: E402
from google.genai import types  # noqa: E402

Heard = dict[str, Any]  # the SDKs' Python may be older than ours

BASE = sys.argv[1]
HELLO: Any = [{"role": "user", "content": "hi"}]
os.environ.pop("HTTPS_PROXY", None)

claude = anthropic.Anthropic(api_key="sk-x", base_url=BASE, max_retries=0)
gpt = openai.OpenAI(api_key="sk-x", base_url=f"{BASE}/v1", max_retries=0)
gemini = genai.Client(api_key="AIza", http_options=types.HttpOptions(base_url=BASE))


def by_anthropic(n: str, stream: bool) -> Heard:
    asked: Any = {"model": "m", "max_tokens": 9, "messages": HELLO, "extra_headers": {"x-case": n}}
    if stream:
        with claude.messages.stream(**asked) as events:
            message: Any = events.get_final_message()
    else:
        message = claude.messages.create(**asked)
    usage, blocks = message.usage, message.content
    cached = usage.cache_read_input_tokens or 0
    written = usage.cache_creation_input_tokens or 0
    return {
        "text": "".join(block.text for block in blocks if block.type == "text"),
        "thinking": "".join(block.thinking for block in blocks if block.type == "thinking"),
        "calls": [[block.name, block.input] for block in blocks if block.type == "tool_use"],
        "end": message.stop_reason,
        "tokens": [usage.input_tokens + cached + written, cached, usage.output_tokens],
    }


def by_chat(n: str, stream: bool) -> Heard:
    asked: Any = {"model": "m", "messages": HELLO, "extra_headers": {"x-case": n}}
    completion = added_up(asked) if stream else gpt.chat.completions.create(**asked)
    (choice,) = completion.choices
    said, usage = choice.message, completion.usage
    calls = [call.function for call in said.tool_calls or ()]
    return {
        "text": said.content or "",
        "thinking": getattr(said, "reasoning_content", None) or "",
        "calls": [[call.name, json.loads(call.arguments)] for call in calls],
        "end": choice.finish_reason,
        "tokens": usage
        and [
            usage.prompt_tokens,
            usage.prompt_tokens_details.cached_tokens,
            usage.completion_tokens,
        ],
    }


def added_up(asked: Any) -> Any:
    """A limit or a filter is an error to the last step of the accumulator, but it has the sum."""
    with gpt.chat.completions.stream(**asked, stream_options={"include_usage": True}) as events:
        for _ in events:
            pass
        try:
            return events.get_final_completion()
        except (openai.LengthFinishReasonError, openai.ContentFilterFinishReasonError):
            return events.current_completion_snapshot


def by_responses(n: str, stream: bool) -> Heard:
    asked: Any = {"model": "m", "input": "hi", "extra_headers": {"x-case": n}}
    response = summed(asked) if stream else gpt.responses.create(**asked)
    if response.error:
        raise RuntimeError(response.error.message)
    usage, why = response.usage, response.incomplete_details
    items = response.output
    thoughts = [part for item in items if item.type == "reasoning" for part in item.summary]
    calls = [item for item in items if item.type == "function_call"]
    return {
        "text": response.output_text,
        "thinking": "".join(part.text for part in thoughts),
        "calls": [[call.name, json.loads(call.arguments)] for call in calls],
        "end": why.reason if why else response.status,
        "tokens": usage
        and [usage.input_tokens, usage.input_tokens_details.cached_tokens, usage.output_tokens],
    }


def summed(asked: Any) -> Any:
    """The accumulator ends well only with `completed`; the other ends carry their own sum."""
    with gpt.responses.stream(**asked) as events:
        for event in events:
            if event.type in ("response.incomplete", "response.failed"):
                return event.response
        return events.get_final_response()


def by_gemini(n: str, stream: bool) -> Heard:
    options = types.HttpOptions(headers={"x-case": n})
    asked: Any = {
        "model": "m",
        "contents": "hi",
        "config": types.GenerateContentConfig(http_options=options),
    }
    if stream:
        chunks: list[Any] = list(gemini.models.generate_content_stream(**asked))
    else:
        chunks = [gemini.models.generate_content(**asked)]
    candidates = [one for chunk in chunks for one in chunk.candidates or ()]
    parts = [part for one in candidates for part in (one.content and one.content.parts) or ()]
    calls = [part.function_call for part in parts if part.function_call]
    usage = chunks[-1].usage_metadata
    return {
        "text": "".join(part.text or "" for part in parts if not part.thought),
        "thinking": "".join(part.text or "" for part in parts if part.thought),
        "calls": [[call.name, call.args] for call in calls],
        "end": candidates[-1].finish_reason.value,
        "tokens": usage
        and [
            usage.prompt_token_count,
            usage.cached_content_token_count or 0,
            (usage.candidates_token_count or 0) + (usage.thoughts_token_count or 0),
        ],
    }


JUDGES: dict[str, Callable[[str, bool], Heard]] = {
    "anthropic": by_anthropic,
    "openai_chat": by_chat,
    "openai_responses": by_responses,
    "gemini": by_gemini,
}


def judge(case: Any) -> Heard:
    try:
        return {"n": case["n"], **JUDGES[case["dialect"]](str(case["n"]), case["stream"])}
    except Exception as e:  # noqa: BLE001  whatever the SDK raises is its verdict
        return {"n": case["n"], "error": f"{type(e).__name__}: {str(e)[:300]}"}


if __name__ == "__main__":
    json.dump([judge(case) for case in json.load(sys.stdin)], sys.stdout)
