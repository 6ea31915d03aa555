"""Return decisions: the cases, how a reference words them and how they are checked.

Shared by the scenario that asks whether a copy may come back and the one that writes it to the
customer.
"""

from dataclasses import dataclass

from world_builder.expressions import money
from world_builder.rubrics import Criterion
from world_builder.worlds.tutorial.rules import RETURN_DAYS
from world_builder.worlds.tutorial.shop import Line, Order, Shop
from world_builder.worlds.tutorial.tasks.cases import delivered_ago, first_lines
from world_builder.worlds.tutorial.tasks.criteria import (
    says_amount,
    says_any,
    says_date,
    says_no,
    says_reason,
    says_yes,
)
from world_builder.worlds.tutorial.tasks.drafting import pick

REASON_PATTERNS: dict[str, str] = {
    "final_sale": r"final[- ]sale",
    "too_late": r"\b(?:30|60|thirty|sixty)[- ]days?\b|too late|window|expired|deadline|too long ago"
    r"|out of time|time limit",
    "already_returned": r"already\b.{0,30}\b(?:return|came back|come back|sent back|refund)\w*"
    r"|(?:returned|refunded|sent back|came back)\b.{0,12}\b(?:already|before|earlier)"
    r"|(?:none|no cop\w+|0)\b.{0,10}\bleft",
    "not_delivered": r"(?:not|n['’]t|only)\b.{0,24}\b(?:deliver\w*|arriv\w*)|undelivered"
    r"|\b(?:shipped|in packing|being packed|on its way|in transit|cancell?ed)\b",
}
"""By problem of `cases.return_problem`: what names it in an answer."""

REASON_TEXTS: dict[str, str] = {
    "final_sale": "Says that the title is final sale.",
    "too_late": "Says that the return window has passed.",
    "already_returned": "Says that the copy was already returned.",
    "not_delivered": "Says that the order has not been delivered.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnCase:
    """One copy of a line that a customer no longer wants."""

    order: Order
    line: Line
    problem: str | None
    """What forbids it; None when it may come back."""


def eligibility_cases(shop: Shop) -> list[ReturnCase]:
    """Eight cases on both sides of the rules, among them the last day and the day after."""
    fine = first_lines(shop, None)
    final = first_lines(shop, "final_sale")
    chosen = [
        (fine[0], None),
        (final[0], "final_sale"),
        (delivered_ago(shop, RETURN_DAYS + 1), "too_late"),
        (fine[1], None),
        (delivered_ago(shop, RETURN_DAYS), None),
        (first_lines(shop, "already_returned")[0], "already_returned"),
        (first_lines(shop, "not_delivered")[-2], "not_delivered"),
        (final[1], "final_sale"),
    ]
    return [ReturnCase(order=o, line=line, problem=problem) for (o, line), problem in chosen]


def letter_cases(shop: Shop) -> list[ReturnCase]:
    """Eight other cases."""
    fine = first_lines(shop, None)
    late = first_lines(shop, "too_late")
    waiting = first_lines(shop, "not_delivered")
    chosen = [
        (late[1], "too_late"),
        (fine[2], None),
        (waiting[0], "not_delivered"),
        (fine[3], None),
        (first_lines(shop, "final_sale")[0], "final_sale"),
        (fine[4], None),
        (late[2], "too_late"),
        (waiting[1], "not_delivered"),
    ]
    return [ReturnCase(order=o, line=line, problem=problem) for (o, line), problem in chosen]


def decision_sentence(shop: Shop, case: ReturnCase, i: int) -> str:
    """The decision as a reference words it, with the delivery date and the refund or the rule."""
    book, order = case.line.book_id, case.order
    if case.problem is None:
        refund = money(case.line.price_cents)
        return pick(
            (
                f"{book} can come back. It was delivered on {order.delivered_on}, and the "
                f"refund is {refund}.",
                f"{book} was delivered on {order.delivered_on} and can come back for a refund "
                f"of {refund}.",
            ),
            i,
        )
    if case.problem == "not_delivered":
        return f"{book} cannot come back, because it has not been delivered yet."
    why = {
        "final_sale": "it is a final-sale title",
        "too_late": f"the {RETURN_DAYS}-day window has passed",
        "already_returned": "it was already returned",
    }[case.problem]
    return pick(
        (
            f"{book} cannot come back, because {why}. It was delivered on {order.delivered_on}.",
            f"{book} was delivered on {order.delivered_on} and cannot come back, because {why}.",
        ),
        i,
    )


def decision_criteria(case: ReturnCase) -> tuple[Criterion, ...]:
    """Decision, refund or reason, and the delivery date when there is one."""
    book, order = case.line.book_id, case.order
    found: tuple[Criterion, ...]
    if case.problem is None:
        found = (
            says_yes(f"Says that {book} can come back."),
            says_amount("refund", "the refund", case.line.price_cents),
        )
    else:
        found = (
            says_no(f"Says that {book} cannot come back."),
            says_reason(REASON_TEXTS[case.problem], REASON_PATTERNS[case.problem]),
        )
    found = (*found, says_any("book", f"Names the book: {book}.", book))
    if order.delivered_on is None:
        return found
    return (*found, says_date("delivered", "the day of delivery", order.delivered_on))
