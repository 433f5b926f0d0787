"""Trains a routing bundle: `turnout bundle train`, for a checkout without the command.

python scripts/train_bundle.py --data DIR --version 2026-11-22a [--cache FILE]
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "addon"))

from turnout.cli import main

if __name__ == "__main__":
    main(["bundle", "train", *sys.argv[1:]])
