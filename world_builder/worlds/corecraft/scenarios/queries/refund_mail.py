"""The scenario `query-refund-email`: an e-mail about a refund, facts through queries."""

from collections.abc import Iterator
from random import Random

from world_builder.expressions import money
from world_builder.tasks import Category, Difficulty
from world_builder.templates import Desk, Draft, Scenario
from world_builder.templates.criteria import (
    changes_nothing,
    greets,
    is_email,
    leaves_out,
    says_amount,
    says_any,
    says_date,
    says_matching,
    signs_off,
)
from world_builder.worlds.corecraft.company import Company, Refund
from world_builder.worlds.corecraft.policies import BACK_OFFICE
from world_builder.worlds.corecraft.scenarios.cases import by_turns, once_each
from world_builder.worlds.corecraft.scenarios.common import asked_by, requester, spoken_day
from world_builder.worlds.corecraft.scenarios.queries.wording import only
from world_builder.worlds.corecraft.tools import GENERIC_SURFACE

_SIGNATURE = "CoreCraft Support"
_STATES = {
    "requested": ("has been requested and is waiting for a decision", r"request|waiting|pending"),
    "approved": ("has been approved and is about to be paid out", r"approved"),
    "processed": ("has been paid out", r"paid (?:out|back)|processed|refunded|completed|went out"),
}
"""By status: how a reference says it, and what says it in an answer."""
_WAYS = {
    "original_payment": ("the original payment", r"original|same (?:card|way|method)"),
    "store_credit": ("your store credit", r"store credit"),
}
_STEPS = {
    "requested": ("You need to do nothing; we write again when it is decided.", r"nothing|write"),
    "approved": ("You need to do nothing; it is on its way within days.", r"nothing|days"),
    "processed": ("Please reply if you do not see it.", r"reply|contact|write|let us know"),
}
_PHRASINGS = (
    "Write an e-mail to the customer of {order} about their refund: the amount, where it stands, "
    "when it was opened, where the money goes and what they should do.",
    "customer of {order} wants to know about the money. mail text pls: refund status, sum, date it "
    "was made, destination, next step. support signature",
    "Please draft the message on the refund for {order}. It should greet by first name, state how "
    "much, since when, how far it is, where it will arrive, and what happens next.",
    "The refund on {order}: put it into a kind, short e-mail. Status first, then amount, the day "
    "we opened it, which way it goes back, and the next step.",
    "I'd like to send the buyer of {order} something in writing on the refund. All facts from the "
    "records: amount, current state, opening day, destination; plus what they have to do, if "
    "anything.",
    "Compose a reply for whoever ordered {order}. Question was: what about my refund? Give status, "
    "amount, date of the refund, destination and next step.",
    "{order} - refund mail. short. first name, state, money, day, where to, what now, signed from "
    "support.",
    "Someone's waiting for money from {order}. Tell them by mail how it stands with it, how much "
    "it is, when it was created, whether it goes to the original payment or to credit, and what "
    "comes next.",
    "Could you phrase an e-mail about the refund of {order}, please? No numbers of ours beyond the "
    "order; but amount, progress, the day, the way it returns and the customer's next step.",
)
_DETAILS = (
    "Our internal refund number is of no use to them.",
    "Who approved it is nobody's business outside.",
    "It goes out from the support mailbox.",
    "Fewer than 100 words would be nice.",
)


def _drafts(desk: Desk[Company]) -> Iterator[Draft]:
    rng = desk.random("query-refund-email")
    company = desk.model
    single = [
        r
        for r in company.refunds
        if r.status in _STATES and len(company.refunds_of(r.order_id)) == 1
    ]
    rng.shuffle(single)
    chosen = once_each(single, lambda refund: refund.order_id)
    for refund in by_turns(chosen, lambda r: (r.status, r.destination)):
        yield _draft(desk, refund, rng)


def _draft(desk: Desk[Company], refund: Refund, rng: Random) -> Draft:
    company = desk.model
    customer = company.customer(refund.customer_id)
    state, state_pattern = _STATES[refund.status]
    way, way_pattern = _WAYS[refund.destination]
    step, step_pattern = _STEPS[refund.status]
    session = desk.session(GENERIC_SURFACE)
    found = session.call("find_records", type="refund", field="order_id", value=refund.order_id)
    only(found["results"], refund.id)
    session.call("get_record", type="customer", id=customer.id)
    approver = company.employee(refund.approved_by_id).name if refund.approved_by_id else None
    return Draft(
        title=f"E-mail about the refund for {refund.order_id}",
        keys=(refund.order_id,),
        slots={"order": refund.order_id},
        calls=session.calls,
        response=f"Hello {customer.first_name},\n\nyour refund for {refund.order_id} {state}. It "
        f"comes to {money(refund.amount_cents)} and goes to {way}. We opened it on "
        f"{spoken_day(refund.created_at)}. {step}\n\nBest regards,\n{_SIGNATURE}",
        criteria=(
            is_email(130),
            greets(customer.first_name),
            says_any("order", f"Names the order: {refund.order_id}.", refund.order_id),
            says_matching("status", f"Says that the refund {state}.", state_pattern),
            says_amount("amount", "the amount", refund.amount_cents),
            says_matching("way", f"Says that it goes to {way}.", way_pattern),
            says_date("day", "the day it was opened", refund.created_at.date().isoformat()),
            says_matching("next-step", "Tells the customer the next step.", step_pattern),
            leaves_out("internal", "Keeps the refund's id and its approver inside.",
                       refund.id, *((approver,) if approver else ())),
            signs_off(_SIGNATURE),
            changes_nothing(),
        ),
        requester=requester(asked_by(company, rng, "support", "returns", "billing")),
    )  # fmt: skip


QUERY_REFUND_EMAIL: Scenario[Company] = Scenario(
    name="query-refund-email",
    category=Category.COMMUNICATION,
    difficulty=Difficulty.MEDIUM,
    system_prompt=BACK_OFFICE,
    intent="The customer of {order} learns how it stands with the refund, and nothing internal.",
    phrasings=_PHRASINGS,
    details=_DETAILS,
    drafts=_drafts,
    num_tasks=12,
    is_unseen=True,
    tool_surface=GENERIC_SURFACE,
)
