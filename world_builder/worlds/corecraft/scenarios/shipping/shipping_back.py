"""The criteria of answers that give a shipping charge back, or keep it, and the patterns behind."""

from world_builder.rubrics import Criterion
from world_builder.templates.criteria import CORRECTNESS, says_matching

_DENIES = (
    r"\b(?:not?|never|nothing|none|neither|nor|without|only|if|would|cannot|unless)\b|n['’]t\b"
)
_BACK = (
    r"\b(?:due|owed|owe|refund(?:ed|s|able)?|reimburs\w+|back|entitled|eligible|qualif\w+"
    r"|repaid)\b"
)
NOT = r"(?:\bnot|n['’]t)"
_NOTHING_BACK = (
    r"(?:\b(?:not?|nothing|never|none|without|cannot)\b|n['’]t\b)"
    rf"(?:[^.;!?\n]|\.(?=\d)){{0,60}}?{_BACK}"
)
_ANSWERED_NO = r"\b(?:due|back|refund(?:ed)?)\W{1,4}no\b"
_WENT_BACK = (
    r"already\b.{0,40}\b(?:refund\w*|back|repaid|returned|requested|reimburs\w+|approved)"
    r"|(?:refund\w*|back|repaid|reimburs\w+)\b.{0,30}\balready"
)
_REFUSED_BACK = (
    rf"{NOT} (?:\w+ ){{0,2}}(?:due|owed|eligible|entitled|refundable)\b|{NOT} be refunded"
    rf"|{NOT} (?:go|come) back|{NOT} qualify|{NOT} (?:give|pay|get)\w* (?:\w+ ){{0,4}}back"
    r"|\b(?:nothing|no (?:shipping )?(?:refund|charge))\b[^.;,\n]{0,15}\b(?:due|owed|back)\b"
    r"|\bno (?:shipping )?refund\b(?! (?:has|had|was|so far|yet|is on|exists|under|recorded|made))"
    r"|nothing to (?:refund|give|pay)|already (?:been )?(?:refunded|repaid)"
    r"|\b(?:cannot|can['’]t|may not|must not) refund"
    r"|\b(?:isn['’]t|aren['’]t|is not) refunded(?! yet)"
    rf"|{_ANSWERED_NO}"
)
ON_TIME = r"\b(?:on|in) time\b|\bpunctual|\b(?:by|before|on|within) (?:the|its) promised"
NOT_LATE = rf"{NOT}\b[^.;,\n]{{0,25}}\blate\b|\b(?:0|zero|no) (?:calendar )?days? late"

REASONS: dict[str, tuple[str, str]] = {
    "on_time": ("Says that it was not late.", rf"{NOT_LATE}|{ON_TIME}"),
    "standard": ("Says that it went by standard shipping.", r"\bstandard\b"),
    "nothing_paid": (
        "Says that nothing was paid for shipping.",
        r"\$0(?:\.00)?(?![.\d])|\bfree\b|\bpaid (?:nothing|no)\b|\bwaived|\bzero\b"
        r"|\b(?:nothing|none|no shipping(?: charge| cost)?) (?:\w+ ){0,2}(?:paid|charged)"
        r"|(?:\bnot|n['’]t) (?:\w+ )?(?:pay|paid|charged?)\b|(?:without|no) charge for",
    ),
    "already_back": (
        "Says that the shipping was already given back or asked for.",
        rf"{_WENT_BACK}|late[_ ]delivery",
    ),
    "disputed": ("Says that the payment is disputed.", r"disput|chargeback"),
}
"""By problem: what an answer has to say, and what says it."""


def undenied(pattern: str) -> str:
    """Finds a pattern in a clause that denies nothing before it.

    >>> import re
    >>> [bool(re.search(undenied("due"), text)) for text in ("$4.50 is due", "it is not due")]
    [True, False]
    """
    inside = rf"(?:(?!{_DENIES})(?:[^.;:!?,\n]|[.,](?=\d)))*?"
    return rf"(?:^|[.;:!?,](?!\d)|\n){inside}(?:{pattern})"


def says_shipping_back(text: str) -> Criterion:
    """The response gives the shipping charge back, and denies it nowhere."""
    return decides("shipping-back", text, rf"^(?![\s\S]*(?:{_REFUSED_BACK}))[\s\S]*{_BACK}")


def says_shipping_kept(text: str) -> Criterion:
    """The response says that no shipping charge goes back now, and grants it nowhere."""
    grants = undenied(
        r"(?:is|are|be|becomes) (?:(?!not\b)\w+ )?(?:due|owed|refundable)\b|goes back|\bwe owe\b"
        r"|entitled|\b(?:should|must|will|can) be refunded"
    )
    pattern = rf"^(?![\s\S]*(?:{grants}))[\s\S]*(?:{_NOTHING_BACK}|{_WENT_BACK}|{_ANSWERED_NO})"
    return decides("shipping-kept", text, pattern)


def decides(key: str, text: str, pattern: str) -> Criterion:
    """A critical criterion on a pattern."""
    found = says_matching(key, text, pattern, CORRECTNESS)
    return found.model_copy(update={"is_critical": True})
