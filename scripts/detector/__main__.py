"""scripts/detect: see there."""

import argparse
import json
from dataclasses import asdict

from detector.measure import lines, measured

parser = argparse.ArgumentParser(prog="scripts/detect")
parser.add_argument("--json", action="store_true")
found = measured()
if parser.parse_args().json:
    print(json.dumps([asdict(one) for one in found], indent=1))
else:
    print("\n".join(lines(found)))
