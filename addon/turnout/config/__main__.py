"""`python -m turnout.config`: the command that suits this machine, for scripts/start.

`serve` when some provider can be asked, `demo` when none can.
"""

import os
import sys

from turnout.config import load
from turnout.errors import ConfigError


def main() -> int:
    try:
        askable = load().available(os.environ)
    except ConfigError as e:
        sys.stderr.write(f"turnout: {e}\n")
        return 2
    sys.stdout.write("serve\n" if askable else "demo\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
