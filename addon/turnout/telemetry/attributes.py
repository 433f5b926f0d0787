"""What a span says: GenAI semantic conventions where they have a word, `turnout.*` where not.

The conventions are in development; SCHEMA is the version whose names are used. Their input tokens
include what was read from and written to a cache, and providers have names of their own.
https://opentelemetry.io/docs/specs/semconv/gen-ai/gen-ai-spans/
"""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

import msgspec
from opentelemetry.semconv._incubating.attributes import gen_ai_attributes as gen_ai
from opentelemetry.semconv.attributes import error_attributes, http_attributes
from opentelemetry.semconv.schemas import Schemas
from opentelemetry.util.types import AttributeValue

from turnout.record import Decision, Outcome, Tried
from turnout.telemetry import messages
from turnout.wire.events import Usage

SCHEMA = Schemas.V1_44_0.value
FAILED = 400  # statuses from here on are errors

# our name of a provider: the conventions'; any other goes by its own
PROVIDERS = {
    "google": gen_ai.GenAiProviderNameValues.GCP_GEMINI.value,
    "mistral": gen_ai.GenAiProviderNameValues.MISTRAL_AI.value,
    "xai": gen_ai.GenAiProviderNameValues.X_AI.value,
}
OPERATIONS = {"gemini": gen_ai.GenAiOperationNameValues.GENERATE_CONTENT.value}
# our stop reasons: the conventions' finish reasons are those of OpenAI Chat
FINISH = {
    "end": "stop",
    "stop": "stop",
    "length": "length",
    "tools": "tool_calls",
    "refusal": "content_filter",
}
# attribute: field of the decision
OURS = {
    "turnout.decision": "id",
    "turnout.reason": "reason",
    "turnout.kind": "kind",
    "turnout.client": "client",
    "turnout.project": "project",
    "turnout.tenant": "tenant",
    "turnout.dialect": "dialect",
    "turnout.bundle": "bundle",
    "turnout.cluster": "cluster",
    "turnout.cluster.label": "cluster_label",
    "turnout.quality": "quality",
    "turnout.quality.requested": "quality_requested",
    "turnout.fresh_model": "fresh_model",
    "turnout.stay.usd": "stay_usd",
    "turnout.switch.usd": "switch_usd",
}
MONEY = {
    "turnout.cost.usd": "cost_usd",
    "turnout.requested_same_tokens.usd": "requested_same_tokens_usd",
    "turnout.requested_counterfactual.usd": "requested_counterfactual_usd",
}

type Attributes = dict[str, AttributeValue]


def provider(name: str) -> str:
    return PROVIDERS.get(name, name)


def operation(decision: Decision) -> str:
    return OPERATIONS.get(decision.dialect, gen_ai.GenAiOperationNameValues.CHAT.value)


def action(decision: Decision, outcome: Outcome) -> Attributes:
    """Of the span of the whole action."""
    served = outcome.model or decision.model
    return known(
        {
            gen_ai.GEN_AI_OPERATION_NAME: operation(decision),
            gen_ai.GEN_AI_PROVIDER_NAME: provider(outcome.provider or decision.provider),
            gen_ai.GEN_AI_REQUEST_MODEL: decision.requested_model,
            gen_ai.GEN_AI_RESPONSE_MODEL: served,
            gen_ai.GEN_AI_CONVERSATION_ID: decision.session,
            gen_ai.GEN_AI_REQUEST_STREAM: outcome.stream or None,
            gen_ai.GEN_AI_RESPONSE_TIME_TO_FIRST_CHUNK: seconds(outcome.ttft_ms),
            http_attributes.HTTP_RESPONSE_STATUS_CODE: outcome.status,
            error_attributes.ERROR_TYPE: failure(outcome.status, outcome.error),
            **dict(finish(outcome)),
            **dict(said(decision, outcome)),
            **dict(tokens(outcome.usage)),
            **{name: getattr(decision, field) for name, field in OURS.items()},
            **{name: getattr(outcome, field) for name, field in MONEY.items()},
        }
    )


def attempt(decision: Decision, tried: Tried) -> Attributes:
    """Of the span of one request to a provider."""
    return known(
        {
            gen_ai.GEN_AI_OPERATION_NAME: operation(decision),
            gen_ai.GEN_AI_PROVIDER_NAME: provider(tried.provider),
            gen_ai.GEN_AI_REQUEST_MODEL: tried.model or decision.requested_model,
            http_attributes.HTTP_RESPONSE_STATUS_CODE: tried.status,
            error_attributes.ERROR_TYPE: failure(tried.status, tried.error),
        }
    )


def finish(outcome: Outcome) -> Iterator[tuple[str, AttributeValue]]:
    if outcome.stop_reason:
        reason = FINISH.get(outcome.stop_reason, outcome.stop_reason)
        yield gen_ai.GEN_AI_RESPONSE_FINISH_REASONS, (reason,)


def said(decision: Decision, outcome: Outcome) -> Iterator[tuple[str, AttributeValue]]:
    """What was asked and said, where the user keeps it."""
    content = outcome.content
    if content and content.form == "hashed":
        yield "turnout.input.sha256", content.request
        yield "turnout.output.sha256", content.answer
    elif content:
        answer: Any = {"role": "assistant", "parts": msgspec.Raw(content.answer.encode())}
        answer["finish_reason"] = FINISH.get(outcome.stop_reason or "", "error")
        yield gen_ai.GEN_AI_INPUT_MESSAGES, messages.asked(decision.dialect, content.request)
        yield gen_ai.GEN_AI_OUTPUT_MESSAGES, msgspec.json.encode([answer]).decode()


def tokens(usage: Usage | None) -> Iterator[tuple[str, AttributeValue]]:
    if usage is None:
        return
    written = usage.cache_write_5m + usage.cache_write_1h
    yield gen_ai.GEN_AI_USAGE_INPUT_TOKENS, whole_input(usage)
    yield gen_ai.GEN_AI_USAGE_OUTPUT_TOKENS, usage.output
    yield gen_ai.GEN_AI_USAGE_CACHE_READ_INPUT_TOKENS, usage.cache_read
    yield gen_ai.GEN_AI_USAGE_CACHE_CREATION_INPUT_TOKENS, written
    yield gen_ai.GEN_AI_USAGE_REASONING_OUTPUT_TOKENS, usage.reasoning


def whole_input(usage: Usage) -> int:
    return usage.fresh_input + usage.cache_read + usage.cache_write_5m + usage.cache_write_1h


def failure(status: int | None, error: str) -> str | None:
    """A class of errors with few members, as the conventions want: a status, or one word."""
    if status is not None and status >= FAILED:
        return str(status)
    return "upstream" if error else None


def seconds(ms: float | None) -> float | None:
    return None if ms is None else ms / 1000


def known(facts: Mapping[str, Any]) -> Attributes:
    """Without what is not known; money as floats."""
    return {
        name: float(fact) if isinstance(fact, Decimal) else fact
        for name, fact in facts.items()
        if fact is not None and fact != ""
    }
