from turnout.session.pins import LIFETIMES, Pins


class Clock:
    """Seconds, moved by the test."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_kept_and_dropped() -> None:
    pins = Pins(Clock())
    assert pins.get("s") is None
    pins.keep("s", "openai", "small", "5m")
    pin = pins.get("s")
    assert pin
    assert (pin.provider, pin.model, pin.ttl) == ("openai", "small", 300.0)
    pins.drop("s")
    pins.drop("s")
    assert pins.get("s") is None


def test_c57_what_was_asked_for_is_pinned_apart() -> None:
    pins = Pins(Clock())
    pins.keep("s\0\0opus", "anthropic", "sonnet")
    pins.keep("s\0\0haiku", "openai", "nano")
    pins.keep("s\0agent\0opus", "openai", "mini")
    keys = ("s\0\0opus", "s\0\0haiku", "s\0agent\0opus")
    models = [pin.model for key in keys if (pin := pins.get(key))]
    assert models == ["sonnet", "nano", "mini"]


def test_c58_a_lifetime_slides_with_each_use() -> None:
    clock = Clock()
    pins = Pins(clock)
    for ttl, seconds in LIFETIMES.items():
        pins.keep("s", "p", "m", ttl)
        for _ in range(3):
            clock.now += seconds
            assert pins.get("s"), ttl
        clock.now += seconds + 0.001
        assert pins.get("s") is None, ttl
        assert len(pins) == 0


def test_c58_a_forced_pin_never_expires() -> None:
    clock = Clock()
    pins = Pins(clock)
    pins.keep("s", "p", "m", "5m", forced=True)
    clock.now += 1e9
    assert pins.get("s")


def test_keeping_again_replaces() -> None:
    clock = Clock()
    pins = Pins(clock)
    pins.keep("s", "p", "m", "5m")
    clock.now += 299
    pins.keep("s", "q", "n", "1h")
    clock.now += 3600
    pin = pins.get("s")
    assert pin
    assert (pin.provider, pin.model, len(pins)) == ("q", "n", 1)


def test_memory_is_bounded_and_the_least_used_go_first() -> None:
    pins = Pins(Clock(), most=3)
    for key in "abc":
        pins.keep(key, "p", "m")
    assert pins.get("a")
    pins.keep("d", "p", "m")
    assert [key for key in "abcd" if pins.get(key)] == ["a", "c", "d"]
    for number in range(1000):
        pins.keep(str(number), "p", "m")
    assert len(pins) == 3
