"""What says something in an answer about a return, as patterns (any case).

`wording` makes criteria of them.
"""

from world_builder.templates.phrases import REFUSAL

REASONS: dict[str, str] = {
    "not_delivered": r"(?:not|n['’]t|never)\b.{0,30}\b(?:deliver\w*|arriv\w*)|undelivered"
    r"|still (?:in transit|on its way|under way)",
    "clearance": r"clearance|final[- ]sale",
    "opened_part": r"\bopen(?:ed)?\b.{0,60}\b(?:processor|cpu|memory|ram)\w*"
    r"|\b(?:processor|cpu|memory|ram)\w*\b.{0,60}\b(?:open(?:ed)?|unopened)\b",
    "too_late": r"\b(?:30|45|60|7|seven|thirty|forty-five|sixty)[- ]days?\b|too late|window"
    r"|expired|deadline|time limit",
    "already_back": r"already\b.{0,40}\b(?:return|came back|come back|sent back|refund|back)\w*"
    r"|(?:returned|refunded|refund|came back)\b.{0,30}\b(?:already|before|earlier|under way)",
    "disputed": r"disput|chargeback|bank",
}
"""By problem of a ruling: what names it in an answer."""

DESTINATIONS: dict[str, tuple[str, str]] = {
    "original_payment": (
        r"original\w* (?:payment|method|form|card|account|means)|\b(?:method|means|form) of payment"
        r"|payment method|(?:way|how|what) (?:they|she|he|the customer) (?:had )?paid"
        r"|same (?:card|payment|method|way|account)|\b(?:card|paypal|wire|financing)\b",
        r"(?<!not )(?<!no )(?<!not as )(?<!not to )(?<!than )(?<!of )\bstore credit",
    ),
    "store_credit": (r"store[- ]credit", r"\b(?:not|no|n['’]t)\b.{0,20}store[- ]credit"),
}

IN_STOCK = (
    r"\bin stock|available|on the shelf|\bhave (?:one|it|\d+)|\b\d+ (?:left|units|pieces)"
    r"|\bstock\b\W{0,6}(?:yes|[1-9])|\bstock (?:is|of|at) [1-9]"
)
_NONE = r"(?:\b(?:not|none|no|nothing|zero|0|out)\b|n['’]t\b)"
"""A word that denies what follows it in its sentence."""
OUT_OF_STOCK = (
    rf"out of stock|sold out|{_NONE}[^.!?;,]{{0,30}}\b(?:in stock|available|on the shelf|stock)"
    r"|\bstock\b\W{0,6}(?:0|no|none|zero)\b|\bstock (?:is|at) (?:0|zero)\b"
)
CLAIMED_STOCK = (
    rf"{_NONE}[^.!?;,]{{0,20}}\bout of stock|"
    rf"(?:^|[.!?;:,]\s)(?:(?!{_NONE})[^.!?;,])*\bin stock\b(?! again)"
)
"""What denies that something is out of stock, or says that it is in stock."""
UNBOOKED = (
    rf"{_NONE}[^.!?]{{0,50}}\b(?:book|chang|creat|enter|touch|written|refund)"
    rf"|\b(?:book|chang|creat|enter|touch)\w*[^.!?]{{0,20}}{_NONE}"
    r"|\bunchanged|\buntouched|\bunbooked|\bas (?:it|they) (?:is|are|was|were)\b"
)
REFUSED = (
    rf"{REFUSAL}|\bnothing\b|\bnot (?:at the moment|for now|now)\b|\bno (?:refund|money|amount)\b"
    r"|\b(?:refund|amount|back)\b[^.!?\n]{0,25}\$0(?:\.00)?(?!\d|\.\d)"
    r"|\$0(?:\.00)?(?!\d|\.\d)[^.!?\n]{0,25}\b(?:refund|back)"
    r"|\b(?:not|n['’]t)\b.{0,30}\b(?:book|creat|refund|approv|pay|paid|return|take|accept|go)\w*"
)
_GRANTED = (
    r"\byes\b|(?:^|[.!?;:]\s)(?:(?!\b(?:if|unless|unopened|sealed|only|when|once|had|could"
    r"|should|not|no|nothing|never)\b)"
    r"[^.!?;])*\b(?:(?:can|may|will) (?:still )?(?:(?:come|go|be sent|be taken) back|be returned"
    r"|be refunded|take (?:it|them|one) back|take back)|is (?:eligible|returnable|refundable))\b"
)
"""What grants a return without an if."""
DENIED = (
    r"(?:^|[.!?:*]\s*)no\b(?=[,.:;!])|(?:^|[.!?;:]\s)(?:(?!\b(?:after|later|beyond|otherwise|if"
    r"|unless|once|twice|again)\b)[^.!?;])*\b(?:can ?not|can['’]?t|unable|(?<!not )too late"
    r"|declin\w+|may not|must not|not (?:be )?(?:possible|eligible|allowed|permitted|accepted"
    r"|returnable|returned|refunded|covered))\b"
)
"""What refuses a return without an if."""
CLAIMED = (
    rf"{_GRANTED}|(?:^|[.!?;:,]\s)(?:(?!{_NONE})[^.!?;,])*"
    r"\b(?:(?:is|was|are|have|has been|have been|I|we) (?:now )?booked|(?:have|has been) created)\b"
    r"(?! (?:nothing|no|none)\b)"
)
"""What says that a return is granted, or that a refund was made."""

_NOT = (
    r"(?<!n't been )(?<!n’t been )(?<!n't )(?<!n’t )(?<!not )(?<!not yet )(?<!not been )"
    r"(?<!not yet been )(?<!to be )(?<!awaiting )"
)
STATUSES: dict[str, tuple[str, str]] = {
    "processed": (
        r"\bprocessed\b|paid out|complete|went out",
        r"\bnot (?:yet )?(?:been )?processed|\brequested\b|pending|waiting|denied|declined",
    ),
    "approved": (
        r"\bapproved\b",
        rf"\bnot (?:yet )?(?:been )?approved|\brequested\b|denied|{_NOT}\b(?:processed|paid out)\b",
    ),
    "requested": (
        r"\brequested\b",
        rf"denied|{_NOT}\b(?:approved|processed|paid out)\b",
    ),
    "denied": (r"denied|declined|refused|rejected", r"\b(?:approved|processed|paid out)\b"),
}
"""By status: what says it, and what says another one."""

_EARLY = (
    "the defect was reported within 30 days of delivery",
    "Says that the defect was reported within 30 days.",
    r"\b(?:30|thirty)\b",
    r"\b(?:more than|over|after|beyond|past) (?:the )?(?:30|thirty)\b",
)
_LATER = (
    "the defect was reported more than 30 days after delivery",
    "Says that the defect was reported after more than 30 days.",
    r"\b(?:30|thirty)\b",
    r"(?<!if it )(?<!if this )\b(?:is|was|falls?) (?:still )?(?:reported )?within (?:the )?"
    r"(?:30|thirty)\b",
)
_ACCIDENTAL = (
    "liquids are not covered",
    "Says that liquids are not covered.",
    r"\b(?:liquid|tea|spill|accident)",
    r"\b(?:liquids?|accidents?|tea|spills?|damage) (?:is|are) covered",
)
REMEDIES = {
    "refund": _EARLY,
    "replacement": _LATER,
    "repair": _LATER,
    "nothing": _ACCIDENTAL,
}
"""By remedy: how a reference says why, the criterion, what says it and what says otherwise."""
