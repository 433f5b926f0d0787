"""What a client of Gemini gives back: the word for another model's calls, as it was."""

import json
import subprocess

import pytest

from judges.test_sdks import PYTHON
from turnout.wire.gemini.signature import FOREIGN

ECHO = """
import sys, warnings
warnings.simplefilter("ignore")
from google.genai import types
part = types.Part.model_validate_json(sys.stdin.read())
print(part.model_dump_json(by_alias=True, exclude_none=True))
"""


def test_the_sdk_echoes_the_word_for_foreign_calls() -> None:
    """Signatures are bytes to the SDK: it unpacks and packs them."""
    if not PYTHON.exists():
        pytest.skip(f"no SDKs at {PYTHON}: scripts/judges --install")
    part = {"functionCall": {"id": "c1", "name": "f", "args": {}}, "thoughtSignature": FOREIGN}
    command = [str(PYTHON), "-c", ECHO]
    done = subprocess.run(command, input=json.dumps(part), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == part
