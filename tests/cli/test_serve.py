"""What `turnout serve` does to its own process."""

import gc

from turnout.cli.serve import spare_what_is_loaded


def test_what_was_loaded_is_not_searched_again() -> None:
    kept = [object() for _ in range(10)]
    before = gc.get_freeze_count()
    try:
        spare_what_is_loaded()
        assert gc.get_freeze_count() > before
        assert not any(one is kept for one in gc.get_objects())
    finally:
        gc.unfreeze()
