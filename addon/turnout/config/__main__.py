"""`python -m turnout.config`: the command that suits this machine, for scripts/start.

`serve` when some provider can be asked, `demo` when none can.
"""

import os
import sys

from turnout.config import data_dir, load
from turnout.errors import ConfigError

VAULT = "vault.json"  # what is in it is not this layer's to know


def main() -> int:
    try:
        askable = load().available(os.environ) or (data_dir() / VAULT).exists()
    except ConfigError as e:
        sys.stderr.write(f"turnout: {e}\n")
        return 2
    sys.stdout.write("serve\n" if askable else "demo\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
