"""On the path of a `turnout serve` under test as `sitecustomize`: any method breaks on demand.

BREAK_FILE names a file. While it holds `module:Class.method`, that method raises.
"""

import functools
import importlib
import inspect
import os
from pathlib import Path
from typing import Any


def breaks(path: Path, name: str) -> None:
    """The method raises as long as the file says its name."""
    module, _, dotted = name.partition(":")
    owner, _, method = dotted.rpartition(".")
    holder: Any = importlib.import_module(module)
    for part in filter(None, owner.split(".")):
        holder = getattr(holder, part)
    plain = inspect.getattr_static(holder, method)

    def look() -> None:
        if path.read_text() == name:
            raise ZeroDivisionError(name)

    @functools.wraps(plain)
    def checked(*args: Any, **kwargs: Any) -> Any:
        look()
        return plain(*args, **kwargs)

    setattr(holder, method, checked)


def all_of(path: Path) -> None:
    for name in path.with_suffix(".names").read_text().split():
        breaks(path, name)


if told := os.environ.get("BREAK_FILE"):
    all_of(Path(told))
