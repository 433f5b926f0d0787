from decimal import Decimal

import pytest

from turnout import figures

USD: dict[str, tuple[float | Decimal | None, str, str]] = {
    "unknown is not nothing": (None, "unknown", "unknown"),
    "nothing": (0.0, "$0", "$0"),
    "thousands": (12345.678, "$12,345.68", "$12,345.678"),
    "a dollar": (1.0, "$1.00", "$1"),
    "cents": (0.1234567, "$0.1235", "$0.1234567"),
    "a part of a cent": (0.00123456, "$0.00123", "$0.00123456"),
    "a token": (Decimal("0.00000003"), "$0.0000000300", "$0.00000003"),
    "a loss": (-0.5, "-$0.5000", "-$0.5"),
    "a sum of floats": (0.1 + 0.2, "$0.3000", "$0.3"),
    "a round sum": (Decimal(100), "$100.00", "$100"),
}


@pytest.mark.parametrize(("value", "short", "exact"), USD.values(), ids=USD)
def test_usd(value: float | Decimal | None, short: str, exact: str) -> None:
    assert (figures.usd(value), figures.exactly(value)) == (short, exact)


TOKENS = {
    None: "unknown",
    0: "0",
    9_999: "9,999",
    10_000: "10k",
    999_400: "999k",
    1_234_567: "1.23M",
    123_456_789: "123M",
    2_500_000_000: "2.5G",
}


@pytest.mark.parametrize(("value", "told"), TOKENS.items(), ids=map(str, TOKENS))
def test_tokens(value: int | None, told: str) -> None:
    assert figures.short(value) == told


MS = {
    None: "unknown",
    0.0: "0 ms",
    0.42: "0.42 ms",
    1.25: "1.2 ms",
    340.5: "340 ms",
    2310.0: "2,310 ms",
}


@pytest.mark.parametrize(("value", "told"), MS.items(), ids=map(str, MS))
def test_ms(value: float | None, told: str) -> None:
    assert figures.ms(value) == told


MOMENTS = {
    0.0: "1970-01-01 00:00:00 UTC",
    1_783_252_800.9: "2026-07-05 12:00:00 UTC",
    -86_400.0: "1969-12-31 00:00:00 UTC",
    1e20: "1e+20 seconds after 1970",
    float("nan"): "nan seconds after 1970",
}


@pytest.mark.parametrize(("at", "told"), MOMENTS.items(), ids=map(str, MOMENTS))
def test_moments(at: float, told: str) -> None:
    assert figures.moment(at) == told


def test_nothing_steers_the_terminal() -> None:
    assert figures.clean("a\x1b[2Jb\nc\u202ed") == "a [2Jb c d"
