"""The scenario `refund-status`: where a refund stands, known by its customer and product."""

from collections import Counter
from collections.abc import Iterator
from random import Random

from world_builder.expressions import money
from world_builder.rubrics import Criterion
from world_builder.tasks import Category, Difficulty
from world_builder.templates import Desk, Draft, Scenario
from world_builder.templates.criteria import (
    changes_nothing,
    leaves_out,
    says_amount,
    says_any,
    says_date,
)
from world_builder.worlds.corecraft.company import Company, Refund
from world_builder.worlds.corecraft.policies import RETURNS_DESK
from world_builder.worlds.corecraft.scenarios.cases import by_turns
from world_builder.worlds.corecraft.scenarios.common import (
    asked_by,
    iso_day,
    requester,
    spoken_day,
)
from world_builder.worlds.corecraft.scenarios.returns.calls import rows
from world_builder.worlds.corecraft.scenarios.returns.wording import (
    DESTINATION_WORDS,
    says_destination,
    says_refund_status,
)

_NUM = 18

_PHRASINGS = (
    "{customer} asks about the money for the {product}. Which refund is it, on which order, how "
    "far has it got, how much is it, when was it created, and does it go to the original payment "
    "or to store credit?",
    "Refund for the {product} bought by {customer}: give me its id, the order, status, amount, the "
    "day it was created and the destination.",
    "customer on the line, {customer}, wants to know what became of the refund for the {product}. "
    "refund no., order no., status, sum, creation date, where the money goes",
    "I can't find what we did about the {product} for {customer}. There should be a refund. Look "
    "it up for me: number and order, is it requested or approved or processed or denied, how much, "
    "since when, and to where.",
    "Status check. Customer: {customer}. Item: {product}. Needed: refund id and order id, state of "
    "the refund, amount, date of creation, destination.",
    "Where does the refund of {customer} stand? It concerns the {product}, nothing else they may "
    "have going on. I'd need the refund and order numbers for the file, plus status, amount, the "
    "day somebody opened it and whether it becomes store credit or goes back the way they paid.",
    "'You owe me for the {product}', writes {customer}. Do we? Tell me which refund there is and "
    "for which order, what state it is in, the sum, its day of creation and where it is headed.",
    "One for my notes on {customer}: refund for the {product}. Id? Order? Status? Amount? Created "
    "when? Paid to what?",
    "Could you read me the refund record for the {product} of {customer}? Not the whole thing: its "
    "id, the order it hangs on, the status, what goes back, the creation day and the destination "
    "will do.",
    "The script for refund calls wants six facts and {customer} rings again at three about the "
    "{product}. So: refund number, order, status, amount, created on, goes to.",
    "How far along is it? I mean the refund that {customer} is waiting for, item {product}. With "
    "its number and order, the amount, the date it was set up and where it will land.",
    "{product} / {customer}: somebody refunded that, or is about to. Dig out the record, please; "
    "refund and order id, present status, dollars, day of creation and target of the payment.",
)
_DETAILS = (
    "They have been patient so far.",
    "It may be an older one, I did not handle it.",
    "They may have bought more from us since.",
    "You need not look at the parcels.",
    "I promised a call back this afternoon.",
)


def _drafts(desk: Desk[Company]) -> Iterator[Draft]:
    rng = desk.random("refund-status")
    for refund in _cases(desk.model, rng):
        yield _draft(desk, refund, rng)


def _cases(company: Company, rng: Random) -> list[Refund]:
    """Refunds told by name and product; of people easily mixed up or with several ones first."""
    told = Counter(_told(company, r) for r in company.refunds if r.product_id)
    refunds = [r for r in company.refunds if r.product_id and told[_told(company, r)] == 1]
    rng.shuffle(refunds)
    refunds.sort(key=lambda refund: not _near(company, refund))
    return by_turns(refunds, lambda refund: (refund.status, refund.destination))


def _told(company: Company, refund: Refund) -> tuple[str, str | None]:
    return company.customer(refund.customer_id).name, refund.product_id


def _near(company: Company, refund: Refund) -> list[str]:
    """Ids of other refunds of anybody who bears the name."""
    name = company.customer(refund.customer_id).name
    return [
        other.id
        for other in company.refunds
        if other.id != refund.id and company.customer(other.customer_id).name == name
    ]


def _draft(desk: Desk[Company], refund: Refund, rng: Random) -> Draft:
    company = desk.model
    customer = company.customer(refund.customer_id)
    product = company.product(refund.product_id or "")
    session = desk.session()
    session.call("search_products", text=product.name)
    seen = [
        found["id"]
        for row in rows(session, "search_customers", text=customer.name)
        for found in rows(session, "search_refunds", customer_id=row["id"])
    ]
    if refund.id not in seen:
        raise LookupError(f"the look-ups do not show {refund.id}")
    return Draft(
        title=f"Refund of {customer.name} for {product.name}",
        keys=(refund.id, customer.id),
        slots={"customer": customer.name, "product": product.name},
        calls=session.calls,
        response=_response(refund, rng),
        criteria=_criteria(refund, _near(company, refund)),
        requester=requester(asked_by(company, rng, "support", "returns", "billing")),
    )


def _response(refund: Refund, rng: Random) -> str:
    where = DESTINATION_WORDS[refund.destination]
    goes = "would have gone" if refund.status == "denied" else "goes"
    amount, day = money(refund.amount_cents), spoken_day(refund.created_at)
    return rng.choice(
        (
            f"The refund is {refund.id} on order {refund.order_id}, and it is {refund.status}. "
            f"{amount} {goes} {where}. It was created on {day}.",
            f"{refund.id} for {refund.order_id} was created on {day}. Its status is "
            f"{refund.status}. The amount is {amount}. The money {goes} {where}.",
        )
    )


def _criteria(refund: Refund, near: list[str]) -> tuple[Criterion, ...]:
    found = (
        says_any("refund", f"Names the refund: {refund.id}.", refund.id),
        says_any("order", f"Names the order: {refund.order_id}.", refund.order_id),
        says_refund_status(refund.status),
        says_amount("amount", "what goes back", refund.amount_cents),
        says_date("created", "the day on which it was created", iso_day(refund.created_at)),
        says_destination(refund.destination),
        changes_nothing(),
    )
    if not near:
        return found
    return (*found, leaves_out("no-other", "Leaves out refunds for other items.", *near))


REFUND_STATUS: Scenario[Company] = Scenario(
    name="refund-status",
    category=Category.INFORMATION_RETRIEVAL,
    difficulty=Difficulty.EASY,
    system_prompt=RETURNS_DESK,
    intent="Tell {customer} where the refund for the {product} stands, from the record and not "
    "from memory.",
    phrasings=_PHRASINGS,
    details=_DETAILS,
    drafts=_drafts,
    num_tasks=_NUM,
)
