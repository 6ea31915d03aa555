"""What e-mails to customers of quotes have in common: frame, next step, context."""

from world_builder.rubrics import Criterion
from world_builder.templates.criteria import greets, is_email, says_matching, signs_off

_MAX_WORDS = 250
_SIGNATURE = "CoreCraft Support"
_NEXT_STEP = (
    r"\brepl(?:y|ies)|answer (?:this|us)|confirm|write (?:back )?to us|let us know|get in touch"
    r"|contact us|call us|go ahead|accept|tell us|agree"
)

DETAILS = (
    "They have been polite, so be kind.",
    "It goes out under our support name.",
    "No discounts or shipping in it, that comes with the order.",
    "Please keep it short, they read on the phone.",
    "Internal remarks stay internal, as always.",
)
"""Context of requests for e-mails about quotes."""


def mail(first_name: str, body: str) -> str:
    """A whole e-mail in the company's name."""
    return f"Hello {first_name},\n\n{body}\n\nBest regards,\n{_SIGNATURE}"


def mail_criteria(first_name: str) -> tuple[Criterion, ...]:
    """Form, greeting, next step and signature."""
    return (
        is_email(_MAX_WORDS),
        greets(first_name),
        says_matching("next-step", "Tells the customer the next step.", _NEXT_STEP),
        signs_off(_SIGNATURE),
    )
