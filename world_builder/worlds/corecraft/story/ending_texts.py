"""How tickets end and why they are handed up, by hand.

Slots: `{product}`, `{refund}`.
"""

from world_builder.worlds.corecraft.rules import LONG_OPEN_HOURS

ENDINGS: dict[str, tuple[str, tuple[str, ...]]] = {
    "refunded": (
        "refund",
        (
            "Refund {refund} of the {product} was processed; the customer was told.",
            "Paid back with {refund}; the {product} is on its way to us.",
        ),
    ),
    "shipping_refunded": (
        "refund",
        ("Shipping paid back with {refund}; the parcel came after the promised day.",),
    ),
    "denied": (
        "no_action",
        ("Refund {refund} was denied; explained the rule and sent the link to the article.",),
    ),
    "replaced": (
        "replacement",
        (
            "A new {product} was sent; the defective one comes back with the label we mailed.",
            "Replaced the {product} under warranty.",
        ),
    ),
    "exchanged": ("exchange", ("Exchanged the {product} for the kind that the board takes.",)),
    "reseated": ("repair", ("The build lab reseated the cable and ran the test overnight.",)),
    "collected": (
        "information",
        ("The {product} was collected for examination; the customer has the report number.",),
    ),
    "explained": (
        "information",
        ("Explained the rule and sent the link to the article; no further question.",),
    ),
    "dated": ("information", ("Answered with the dates from the order; the customer is content.",)),
    "arrived": ("information", ("The money is there; the bank had booked it a day later.",)),
    "tracked": (
        "information",
        ("Told the customer what the tracking says and when to write again.",),
    ),
    "found": ("information", ("The parcel turned up in the storage room of the house.",)),
    "manual": ("information", ("One step of the manual was missed; it works now.",)),
    "bench": ("information", ("Told the customer what the technician says and the due day.",)),
    "released": ("information", ("The bank released the declined attempt; one payment remains.",)),
    "bank": ("information", ("Read out the reason that the bank gave; the customer asks there.",)),
    "invoiced": ("information", ("The invoice with the company's name was sent.",)),
    "moved": ("information", ("The new address is on the account; the customer checked it.",)),
    "kept": ("no_action", ("The customer decided to keep the {product}.",)),
    "too_late": ("no_action", ("The build was on the bench already; the part stays.",)),
    "silent": ("no_action", ("No answer from the customer after two reminders.",)),
    "outlet": ("no_action", ("Turned out to be the outlet, not the {product}.",)),
}
"""Kind of the resolution, and what its summary says."""

LONG_OPEN_REASON = f"Open for more than {LONG_OPEN_HOURS} hours without a plan."
TIER_2_REASONS = {
    "shipping": ("Third contact about the same parcel.",),
    "warranty": ("Needs a decision between replacement and repair.",),
    "return": ("Customer and photos disagree about the condition of the item.",),
}
"""By category of the ticket, next to those that fit any."""
ANY_TIER_2_REASONS = (
    "Customer threatens a bad review; the facts are on the customer's side.",
    "Two answers of ours contradict each other.",
)
MANAGER_REASONS = {
    "return": ("Customer asks for an exception to the return window.",),
    "refund": ("Customer asks for more than the rules allow.",),
}
ANY_MANAGER_REASONS = ("Customer asks to speak to a manager.",)
LIMIT_REASON = "The refund is above the limit of the desk."
SAFETY_REASON = "Smoke or heat damage reported."
