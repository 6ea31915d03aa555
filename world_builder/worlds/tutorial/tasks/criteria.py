"""Criteria as the scenarios use them, each with the check that decides it.

Checks accept other wordings of a right answer and refuse a wrong one. None is met by an empty
answer.
"""

import re

from world_builder.checks import (
    AllOf,
    AnyOf,
    Check,
    ContainsAll,
    ContainsAny,
    Format,
    FormatKind,
    Matches,
    NoCollateral,
    NotContains,
    Number,
    StateCheck,
)
from world_builder.expressions import money
from world_builder.rubrics import Criterion, CriterionCategory, Examples, Scope

COMPLETENESS = CriterionCategory.COMPLETENESS
CORRECTNESS = CriterionCategory.CORRECTNESS
CONSTRAINT = CriterionCategory.CONSTRAINT
FORMAT = CriterionCategory.FORMAT

_REFUSAL = (
    r"\b(?:can ?not|can['’]?t|could(?:n['’]t| not)|unable|ineligible|impossible|too late|refus\w+"
    r"|declin\w+|may not|must not|won['’]t|will not|no longer"
    r"|(?:not|\w+n['’]t) (?:be )?(?:possible|eligible|allowed|permitted|accepted|returnable"
    r"|returned|cancell?ed|changed|redirected|sent|sold|enough|placed|available|come|take|able"
    r"|have enough))\b"
    r"|(?:^|[.!?:]\s+)no\b"
)
_GRANTED = (
    r"\byes\b|\bcan (?:still )?(?:come|go|be sent) back\b(?! (?:only|if|when))"
    r"|\bis (?:eligible|returnable)\b"
)
_CONSENT = (
    r"\b(?:yes|can|may|eligible|accepted|allowed|possible|returnable|of course|sure|certainly"
    r"|happy to|welcome to|take (?:it|them|one) back|still in time|qualifies|approved)\b"
    r"(?=[^?]*(?:[.!]|$))"
)
_DENIAL = (
    r"\b(?:can ?not|can['’]?t|unable|ineligible|impossible|too late|declin\w+|may not|must not"
    r"|not (?:be )?(?:possible|eligible|allowed|permitted|accepted|returnable|returned))\b"
)
_STATUS = {
    "packing": (
        r"\b(?:pack\w*|not (?:yet )?(?:been )?(?:shipped|sent|dispatched)|preparing|prepared)\b",
        r"\bcancell?ed\b|in transit|on its way|\b(?:was|has been|is) (?:delivered|shipped)\b",
    ),
    "shipped": (
        r"\b(?:shipped|on its way|in transit|dispatched|under way|underway|sent out|en route)\b",
        r"\bcancell?ed\b|\bin packing\b|being packed|\b(?:was|has been|is) delivered\b|\barrived\b",
    ),
    "delivered": (
        r"\b(?:delivered|arrived)\b",
        r"\bcancell?ed\b|\bin packing\b|being packed|in transit|on its way"
        r"|not (?:yet )?(?:been )?delivered",
    ),
    "cancelled": (
        r"\bcancell?ed\b",
        r"\bdelivered\b|in transit|on its way|\bin packing\b|being packed",
    ),
}
_SOLD_OUT = (
    r"out of stock|sold out|no copies|none|not in stock|unavailable|not available|no stock"
    r"|(?<![\w$.,-])(?:0|zero)(?![\w-]|[.,]\d)"
)
_UNITS = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen "
    "sixteen seventeen eighteen nineteen"
).split()
_TENS = "_ _ twenty thirty forty fifty".split()


def says_amount(key: str, what: str, cents: int) -> Criterion:
    """The response states an amount of money in dollars."""
    return Criterion(
        id=key,
        text=f"States {what}: {money(cents)}.",
        category=CORRECTNESS,
        check=Number(value=cents / 100),
    )


def says_any(
    key: str, text: str, *facts: str, category: CriterionCategory = COMPLETENESS
) -> Criterion:
    """The response holds one of the texts."""
    return Criterion(id=key, text=text, category=category, check=ContainsAny(texts=facts))


def says_address(key: str, what: str, address: str) -> Criterion:
    """The response states an address, street and town."""
    parts = tuple(part.strip() for part in address.split(","))
    return Criterion(
        id=key,
        text=f"States {what}: {address}.",
        category=COMPLETENESS,
        check=ContainsAll(texts=parts),
    )


def says_date(key: str, what: str, day: str) -> Criterion:
    """The response states a day, in any form."""
    return says_any(key, f"States {what}: {day}.", day, category=CORRECTNESS)


def says_count(key: str, what: str, count: int) -> Criterion:
    """The response states a count, in digits or words; money and ids don't count."""
    return Criterion(
        id=key,
        text=f"States {what}: {count}.",
        category=CORRECTNESS,
        check=Matches(
            pattern=_SOLD_OUT
            if count == 0
            else rf"^(?![\s\S]*(?:out of stock|sold out))[\s\S]*?{_count_pattern(count)}"
        ),
    )


def says_status(status: str) -> Criterion:
    """The response gives the order's status and no other."""
    right, wrong = _STATUS[status]
    return Criterion(
        id="status",
        text=f"Says that the order is {_STATUS_WORDS[status]}.",
        category=CORRECTNESS,
        check=Matches(pattern=rf"^(?![\s\S]*(?:{wrong}))[\s\S]*(?:{right})"),
    )


def says_yes(text: str) -> Criterion:
    return Criterion(
        id="decision",
        text=text,
        category=CORRECTNESS,
        is_critical=True,
        check=Matches(pattern=rf"^(?![\s\S]*(?:{_DENIAL}))[\s\S]*(?:{_CONSENT})"),
    )


def says_no(text: str) -> Criterion:
    return Criterion(
        id="decision",
        text=text,
        category=CORRECTNESS,
        is_critical=True,
        check=Matches(pattern=rf"^(?![\s\S]*(?:{_GRANTED}))[\s\S]*?(?:{_REFUSAL})"),
    )


def says_reason(text: str, pattern: str) -> Criterion:
    """The response names the rule or fact that forbids the wish."""
    return Criterion(id="reason", text=text, category=COMPLETENESS, check=Matches(pattern=pattern))


def says_too_far(status: str) -> Criterion:
    """The response gives the status as what forbids a change."""
    return says_reason(f"Says that the order is {_STATUS_WORDS[status]}.", _STATUS[status][0])


def greets(first_name: str) -> Criterion:
    """The e-mail opens with the customer's first name."""
    name = re.escape(first_name)
    return Criterion(
        id="greeting",
        text=f"Greets {first_name} by name.",
        category=COMPLETENESS,
        check=Matches(pattern=rf"\b(?:dear|hello|hi|hey|good \w+),?\s+(?:m[rsx]+\.?\s+)?{name}\b"),
    )


def is_email(max_words: int) -> Criterion:
    return Criterion(
        id="email",
        text=f"Is an e-mail with greeting and closing, of at most {max_words} words.",
        category=FORMAT,
        check=AllOf(
            checks=(
                Format(format=FormatKind.EMAIL),
                Format(format=FormatKind.WORD_COUNT, minimum=1, maximum=max_words),
            )
        ),
    )


def is_short(max_words: int = 60) -> Criterion:
    return Criterion(
        id="short",
        text=f"Takes at most {max_words} words.",
        category=FORMAT,
        check=Format(format=FormatKind.WORD_COUNT, minimum=5, maximum=max_words),
    )


def leaves_out(key: str, text: str, *facts: str) -> Criterion:
    """The response mentions none of the texts."""
    return Criterion(id=key, text=text, category=CONSTRAINT, check=NotContains(texts=facts))


def changes_nothing() -> Criterion:
    return Criterion(
        id="no-change",
        text="Changes nothing in the shop.",
        category=CONSTRAINT,
        scope=Scope.STATE,
        check=NoCollateral(),
    )


def changes_only(text: str, ids: tuple[str, ...] = (), new: tuple[str, ...] = ()) -> Criterion:
    """Nothing but the named entities changed, in a rollout that answered."""
    return Criterion(
        id="nothing-else",
        text=text,
        category=CONSTRAINT,
        scope=Scope.STATE,
        check=NoCollateral(may_change=ids, may_create=new),
    )


def state_is(key: str, text: str, expression: str) -> Criterion:
    """The final state fulfils a CEL expression."""
    return Criterion(
        id=key,
        text=text,
        category=CORRECTNESS,
        is_critical=True,
        scope=Scope.STATE,
        check=StateCheck(expression=expression),
    )


def either(key: str, text: str, *checks: Check) -> Criterion:
    """One of several checks holds."""
    return Criterion(id=key, text=text, category=CORRECTNESS, check=AnyOf(checks=checks))


def with_examples(criterion: Criterion, met: str, unmet: str) -> Criterion:
    """The criterion with an answer that meets it and one that does not."""
    return criterion.model_copy(update={"examples": Examples(met=(met,), unmet=(unmet,))})


_STATUS_WORDS = {
    "packing": "still in packing",
    "shipped": "shipped",
    "delivered": "delivered",
    "cancelled": "cancelled",
}


def status_words(status: str) -> str:
    """The status as people say it."""
    return _STATUS_WORDS[status]


def _count_pattern(count: int) -> str:
    tens, unit = divmod(count, 10)
    if count < len(_UNITS):
        word = _UNITS[count]
    else:
        word = _TENS[tens] + (f"[ -]{_UNITS[unit]}" if unit else "")
    return rf"(?<![\w$.,-])(?:{count}|{word})(?![\w-]|[.,]\d)"
