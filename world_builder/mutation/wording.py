"""Other values in the same spelling: near numbers and dates, and decisions turned round."""

import re
from collections.abc import Iterator
from decimal import Decimal
from random import Random

from world_builder.facts import Passage

_LAST_SAFE_DAY = 28
_DAY = re.compile(
    r"(?P<before>^\d{4}-\d\d-|^\d{1,2}/|^\D*)(?P<day>\d{1,2})(?P<suffix>st|nd|rd|th)?", re.I
)

_FIRST_WORD = "{first}"
_LAST_WORD = "{last}"
_FLIPS: tuple[tuple[str, str], ...] = (
    (r"can ?not|can['’]t", "can"),
    (r"can(?! ?not|['’]t| (?:also )?(?:track|find|see|view|check|reply|contact|reach|ask))",
     "cannot"),
    (r"could not|couldn['’]t", "could"),
    (r"unable to", "able to"),
    (r"(?<!un)able to", "unable to"),
    (r"will not|won['’]t", "will"),
    (r"(?:is|are|was|were|has|have|does|do|did|should|may|must) not(?: yet)?", _FIRST_WORD),
    (r"(?:is|are|was|were|has|have|does|do|did|should)n['’]t(?: yet)?", _FIRST_WORD),
    (r"not (?:eligible|compatible|covered|allowed|permitted|possible|refundable|enough|returnable"
     r"|required|needed|supported|within)", _LAST_WORD),
    (r"ineligible", "eligible"),
    (r"eligible", "ineligible"),
    (r"incompatible", "compatible"),
    (r"compatible", "incompatible"),
    (r"insufficient", "sufficient"),
    (r"sufficient", "insufficient"),
    (r"yes", "no"),
    (r"no(?=[,;:!]|\.$| -)", "yes"),
    (r"approved", "denied"),
    (r"denied|rejected|declined|refused", "approved"),
    (r"qualifies", "does not qualify"),
    (r"covered", "not covered"),
    (r"covers", "does not cover"),
    (r"allowed|permitted", "not allowed"),
    (r"refundable", "non-refundable"),
    (r"out of stock|sold out", "in stock"),
    (r"in stock", "out of stock"),
    (r"within(?= (?:the|its|our|your|their|policy)\b)", "outside"),
    (r"outside(?= (?:the|its|our|your|their|policy)\b)", "within"),
    (r"fits", "does not fit"),
    (r"meets", "does not meet"),
    (r"exceeds", "does not exceed"),
    (r"active", "expired"),
    (r"expired", "still active"),
    (r"required", "not required"),
    (r"recommend", "advise against"),
)  # fmt: skip
_DECISIONS = "|".join(rf"(?P<f{i}>(?:{p})(?!\w))" for i, (p, _) in enumerate(_FLIPS))
_DECISION = re.compile(
    r"\b(?=[acdefhimnoqrsuwy])"  # all that can begin one: most words fail here
    rf"(?:{_DECISIONS})",
    re.I,
)
_CLAUSE_BREAK = re.compile(r"[,.;:!?(|\n]|\b(?:because|but|and|so|since|as|while|whereas)\b", re.I)


def flipped(text: str) -> str:
    """The text with its decisions turned round, one a clause; the same text when it holds none.

    >>> flipped("Yes, ord-17 can come back.")
    'No, ord-17 cannot come back.'
    >>> flipped("It is not eligible.")
    'It is eligible.'
    """
    parts: list[str] = []
    last = 0
    for match in _DECISION.finditer(text):
        if not parts or _CLAUSE_BREAK.search(text, last, match.start()):
            parts += [text[last : match.start()], _turned(match)]
            last = match.end()
    return "".join([*parts, text[last:]])


def other_spellings(
    passages: list[Passage], taken: set[str], random: Random
) -> Iterator[list[str]]:
    """Near, plausible values for one value, each as the new texts of its passages.

    Values whose normal spelling is in `taken` are left out.
    """
    first = passages[0]
    if first.is_date:
        yield from _other_days(passages, taken, random)
        return
    value = Decimal(re.sub(r"[$,\s]", "", first.text))
    for step in _steps(value, "$" in first.text or "." in first.text, random):
        changed = value + step
        if changed >= 0 and f"{changed.normalize():f}" not in taken:
            yield [_respelled(p.text, changed) for p in passages]


def _other_days(passages: list[Passage], taken: set[str], random: Random) -> Iterator[list[str]]:
    day = int(passages[0].normal[8:10])
    taken_days = {int(t[8:10]) for t in taken if len(t) >= 10 and t[4:8] == passages[0].normal[4:8]}
    days = [d for d in range(max(1, day - 9), min(_LAST_SAFE_DAY, day + 9) + 1) if d != day]
    random.shuffle(days)
    for other in (d for d in days if d not in taken_days):
        yield [_on_day(p.text, other) for p in passages]


def _on_day(text: str, day: int) -> str:
    """The date with another day of its month, in its own form.

    >>> [_on_day(d, 7) for d in ("2025-09-15", "Sept. 3rd, 2025", "15 September", "9/15/2025")]
    ['2025-09-07', 'Sept. 7, 2025', '7 September', '9/7/2025']
    """

    def respell(match: re.Match[str]) -> str:
        width = 2 if match["before"][:4].isdigit() else 1
        return f"{match['before']}{day:0{width}}"

    return _DAY.sub(respell, text, count=1)


def _steps(value: Decimal, is_amount: bool, random: Random) -> list[Decimal]:
    sizes: tuple[int, ...]
    if is_amount:
        sizes = (13, 10, 20, 7) if value >= 50 else (3, 5, 2) if value >= 10 else (1, 2, 3)
    elif 1900 <= value <= 2100:
        sizes = (1, 2)
    else:
        sizes = (1, 2) if value < 20 else (3, 5, 2) if value < 100 else (10, 20, 7)
    steps = [Decimal(sign * size) for size in sizes for sign in (1, -1)]
    random.shuffle(steps)
    return steps


def _respelled(text: str, value: Decimal) -> str:
    prefix = text[: re.search(r"\d", text).start()]  # type: ignore[union-attr]
    num_decimals = len(text.rpartition(".")[2]) if "." in text else 0
    separator = "," if "," in text or ("$" in text and value >= 1000 > 0) else ""
    return f"{prefix}{value:{separator}.{num_decimals}f}"


def _turned(match: re.Match[str]) -> str:
    index = int((match.lastgroup or "f0")[1:])
    new = _FLIPS[index][1]
    if new == _LAST_WORD:
        return match[0].split()[-1]
    if new == _FIRST_WORD:
        return re.split(r"n['’]t|\s", match[0], maxsplit=1, flags=re.I)[0]
    return new[:1].upper() + new[1:] if match[0][0].isupper() else new
