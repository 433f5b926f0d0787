"""Signals in what people write after the first request. English only; others say nothing."""

import re

HEAD = 400  # characters: who corrects says so at once

_CORRECTS = re.compile(
    r"""^\W*(?:
        no(?:pe)?\s*(?:[,.!;:\u2013\u2014-]|$|\bthat|\bit\b|\byou|\bstill|\bwait|\bi\s(?:said|meant|asked))
        | (?:that(?:'|\u2019)?s|this\sis|that\sis|it(?:'|\u2019)?s)
          \s(?:still\s|just\s|completely\s)?
          (?:wrong|not\s(?:right|correct|what|it|working|fixed)|incorrect|broken|failing|worse)
        | still\s(?:fail|broken|not|doesn|does\snot|the\ssame|wrong|getting|see|there|crash|red
          |an?\serror)
        | (?:wrong|incorrect)\b
        | (?:please\s)?(?:revert|undo|roll\s?back)\b
        | not\s(?:what\si|quite|fixed|working|correct|like\sthat)
        | you\s(?:broke|forgot|missed|deleted|removed|ignored|didn|did\snot|misunderstood|still)
        | (?:try|do\sit|fix\sit|fix\sthis|fix\sthat)\sagain\b
        | why\s(?:did|would|are)\syou\b
        | stop\b(?!\s(?:the\s\w+\sserver|server|service))
    )
    | \b(?:still\s(?:failing|broken|fails|does\s?n.?t\swork|not\sworking)
        | (?:doesn(?:'|\u2019)?t|does\snot|didn(?:'|\u2019)?t|did\snot)
          \s(?:work|help|fix\sit|compile)
        | (?:the\s)?same\s(?:error|problem|issue|failure)\b
        | revert\s(?:that|this|it|your|the\slast)
        | undo\s(?:that|this|it|your)
        | you\sbroke\b
        | not\swhat\si\s(?:asked|wanted|meant|said))""",
    re.IGNORECASE | re.VERBOSE,
)
# neither blame nor praise: the same task goes on
_GOES_ON = re.compile(
    r"\W*(?:(?:please\s)?(?:continue|go\s(?:on|ahead)|proceed|keep\sgoing|carry\son|resume|next)"
    r"|y(?:es|ep|eah|up)?|ok(?:ay)?|sure|do\sit|right|correct|k|\d|[abc])\b\W*(?:please\W*)?$",
    re.IGNORECASE,
)


def human_corrects(text: str) -> bool:
    return bool(_CORRECTS.search(text[:HEAD]))


def human_moves_on(text: str) -> bool:
    """What was asked before seems done: people ask for the next thing."""
    return bool(text.strip()) and not human_corrects(text) and not _GOES_ON.fullmatch(text.strip())
