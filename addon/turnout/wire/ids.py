"""Ids of tool calls, in the alphabet and length that every dialect takes.

Pure, so a call and its result, now and in later requests, get the same id. Two ids are never
joined: an id that is fine stays, any other gets a mark with a digest of the whole, and an id that
already looks marked counts as not fine.
"""

import re
from functools import lru_cache
from hashlib import blake2b

from turnout.wire.envelope import split_id

LONGEST = 64
FINE = re.compile(r"[A-Za-z0-9_-]{1,64}")
ODD = re.compile(r"[^A-Za-z0-9_-]")
MARKED = re.compile(r".*--[0-9a-f]{24}", re.DOTALL)
DIGEST = 12  # bytes; 24 hexadecimal digits
HEAD = LONGEST - 2 * DIGEST - len("--")


@lru_cache(maxsize=4096)
def tool_id(id: str) -> str:
    """`functions.Bash:0` -> `functions_Bash_0--` and 24 digits; `toolu_01A` stays.

    A signature that the id carries for another family is taken out first.
    """
    bare, _ = split_id(id)
    if FINE.fullmatch(bare) and not MARKED.fullmatch(bare):
        return bare
    digest = blake2b(bare.encode("utf-8", "surrogatepass"), digest_size=DIGEST).hexdigest()
    return f"{ODD.sub('_', bare)[:HEAD]}--{digest}"
