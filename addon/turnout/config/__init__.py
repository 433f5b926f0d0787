"""turnout.toml, then TURNOUT_* variables, then flags; whatever is wrong is refused at start.

settings.py   what may be said, with units and defaults
sources.py    where it was said: file and line, variable, flag
rules.py      what the types cannot say
load.py       all of it together -> Config
"""

from turnout.config.load import load
from turnout.config.settings import Config, LocalModel, Policy, Provider, Proxy, StoreSettings
from turnout.paths import artifacts_dir, data_dir, run_file

__all__ = [
    "Config",
    "LocalModel",
    "Policy",
    "Provider",
    "Proxy",
    "StoreSettings",
    "artifacts_dir",
    "data_dir",
    "load",
    "run_file",
]
