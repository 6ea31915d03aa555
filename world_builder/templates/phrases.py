"""Patterns of decisions and counts in English answers, for the `matches` check (any case)."""

REFUSAL = (
    r"\b(?:can ?not|can['’]?t|could(?:n['’]t| not)|unable|ineligible|incompatible|impossible"
    r"|(?<!not )too late|refus\w+|declin\w+|denied|rejected|expired|void|may not|must not|won['’]t"
    r"|will not|no longer|outside|do(?:es)?(?:n['’]t| not) (?:qualify|fit|work|cover|apply|meet)"
    r"|(?:not|\w+n['’]t) (?:be |yet )?(?:possible|eligible|allowed|permitted|accepted|returnable"
    r"|returned|cancell?ed|changed|redirected|sent|sold|enough|placed|available|come|take|able"
    r"|compatible|covered|refunded|refundable|due|valid|approved|authori[sz]ed|late|needed"
    r"|required|in stock|escalated|closed|have enough))\b"
    r"|(?:^|[.!?:*]\s*)no\b"
)
GRANTED = (
    r"\byes\b|\bcan (?:still )?(?:come|go|be sent) back\b(?! (?:only|if|when))"
    r"|\bis (?:eligible|returnable|compatible|covered|refundable)\b"
)
CONSENT = (
    r"\b(?:yes|can|may|eligible|accepted|allowed|possible|returnable|of course|sure|certainly"
    r"|happy to|welcome to|take (?:it|them|one) back|still in time|qualif\w+|approved|compatible"
    r"|covered|fits?|works?|refundable|valid|due|enough|is (?:late|over))\b"
    r"(?=[^?]*(?:[.!]|$))"
)
DENIAL = (
    r"\b(?:can ?not|can['’]?t|unable|ineligible|incompatible|impossible|(?<!not )too late|declin\w+"
    r"|may not|must not|not (?:be )?(?:possible|eligible|allowed|permitted|accepted|returnable"
    r"|returned|compatible|covered|refundable|enough|valid))\b"
)

_UNITS = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen "
    "sixteen seventeen eighteen nineteen"
).split()
_TENS = "_ _ twenty thirty forty fifty sixty seventy eighty ninety".split()
_NONE = r"\b(?:none|no|nothing|zero|not any|never)\b|(?<![\w$.,-])0(?![\w-]|[.,]\d)"


def count_pattern(count: int) -> str:
    """A pattern that finds a count below 100 in digits or words, larger ones in digits.

    >>> import re
    >>> bool(re.search(count_pattern(12), "There are twelve."))
    True
    >>> bool(re.search(count_pattern(12), "That is $12 or ord-12."))
    False
    """
    if count == 0:
        return _NONE
    told = [str(count)] if count < 1000 else [str(count), f"{count:,}"]
    tens, unit = divmod(count, 10)
    if count < len(_UNITS):
        told.append(_UNITS[count])
    elif count < 100:
        told.append(_TENS[tens] + (f"[ -]{_UNITS[unit]}" if unit else ""))
    return rf"(?<![\w$.,-])(?:{'|'.join(told)})(?![\w-]|[.,]\d)"
