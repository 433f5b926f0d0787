"""Every number of the simulation, and where it is from: measured, documented, or a guess."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Knobs:
    """Tokens are of a tokeniser whose ratio is 1; times in seconds."""

    # how sessions go
    first_tokens: float = 12_000  # a first body of claude-code is 48.5 KB (measured), by four
    step_tokens: float = 1_000  # a step adds: guess, such that the bill of Opus 4.7 is as measured
    output_tokens: float = 300  # a step says: guess, the same
    steps: float = 21  # median of a session: guess, the same
    steps_sigma: float = 0.45  # of its logarithm: guess
    longer_failing: float = 1.3  # sessions that fail are so much longer: guess
    gap_s: float = 12  # median between two steps: guess
    gap_sigma: float = 1.0  # of its logarithm: guess
    pause: float = 0.03  # share of gaps in which somebody is away: guess
    pause_s: float = 900  # for so long: guess
    corrected: float = 0.3  # share of failed sessions that a person at the keyboard corrects: guess
    correction_steps: int = 8  # which goes on for so many steps: guess
    # how failing shows
    visible: float = 0.65  # share of failing sessions that look like struggling: guess
    misleading: float = 0.08  # share of sessions that end well and look so too: guess
    # how choices and changes go
    redraw: float = 0.25  # share of steps at which a router that forgets chooses anew: guess
    redo: float = 0.7  # share of a session that the stronger model needs after a handover: guess
    hit_rate: float = 0.95  # of automatic caches, where they should hit: guess
    hosts: int = 4  # of each model, with a cache each, for a router that takes any: guess


# pool: share of fresh choices that each model gets in the class of these tasks: guesses
POOLS = {
    "cheap": {"minimax-m3": 0.6, "gemini-3-flash-preview": 0.2, "claude-opus-4-7": 0.2},
    # what parity leaves when only models of about the same price are trusted
    "near": {"gpt-5.4": 0.3, "gemini-3.1-pro-preview": 0.3, "claude-opus-4-7": 0.4},
}

# steps and output against Opus 4.7 for the same work: fitted to the measured bills, then rounded
STEPS = {
    "minimax-m3": 1.5,
    "gemini-3-flash-preview": 2.2,
    "claude-opus-4-7": 1.0,
    "gpt-5.4": 1.0,
    "gemini-3.1-pro-preview": 1.0,
}
OUTPUT = {
    "minimax-m3": 1.5,
    "gemini-3-flash-preview": 1.8,
    "claude-opus-4-7": 1.0,
    "gpt-5.4": 1.0,
    "gemini-3.1-pro-preview": 1.0,
}

# least tokens that a cache keeps, and for how long, as documented by the providers
# https://platform.claude.com/docs/en/build-with-claude/prompt-caching
# https://platform.openai.com/docs/guides/prompt-caching
LEAST = {"claude-opus-4-7": 4096}
LEAST_OTHERS = 1024
BLOCK = 128  # automatic caches are read in whole blocks
LIFETIME_S = 300.0
