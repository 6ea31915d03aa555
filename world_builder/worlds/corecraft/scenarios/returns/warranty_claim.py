"""The scenario `warranty-claim`: what a ticket about a failing part is due."""

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

from world_builder.checks import Matches
from world_builder.expressions import money
from world_builder.rubrics import Criterion
from world_builder.tasks import Category, Difficulty
from world_builder.templates import Desk, Draft, Scenario
from world_builder.templates.criteria import (
    changes_nothing,
    criterion,
    says_amount,
    says_any,
    says_date,
    says_right_not_wrong,
)
from world_builder.worlds.corecraft.company import Company, Ticket
from world_builder.worlds.corecraft.policies import RETURNS_DESK
from world_builder.worlds.corecraft.reckoning.returns import qty_back, ruling
from world_builder.worlds.corecraft.reckoning.slack_decisions import decided_orders
from world_builder.worlds.corecraft.reckoning.warranty import Warranty, remedy, warranty
from world_builder.worlds.corecraft.rules import DEFECT_REFUND_DAYS
from world_builder.worlds.corecraft.scenarios.cases import by_turns, once_each
from world_builder.worlds.corecraft.scenarios.common import (
    asked_by,
    iso_day,
    requester,
    spoken_day,
)
from world_builder.worlds.corecraft.scenarios.returns.choosing import (
    FAILURES,
    Item,
    item_of,
    unsure_stock,
)
from world_builder.worlds.corecraft.scenarios.returns.patterns import REMEDIES
from world_builder.worlds.corecraft.scenarios.returns.wording import says_day_and_year, says_stock

_NUM = 18
_ACCIDENT = "tea went over"
_FALSE_ALARMS = ("outlet", "manual")
"""What a resolution names when nothing was broken."""
_PHRASINGS = (
    "What is due for ticket {ticket}? Begin with one word, refund, replacement, repair or nothing, "
    "then the reason. Count up to the day of the ticket and use today's stock. I also need the "
    "order, the delivery day, the end of the warranty, and the amount if it is a refund.",
    "{ticket}, please read and rule: refund / replacement / repair / nothing (that word first). "
    "Why? Order number, delivered on, warranty until. For a refund how much, for a replacement or "
    "repair whether we have one in stock. Day of reporting = day of the ticket.",
    "i have {ticket} here & no idea. first word of ur answer: refund, replacement, repair or "
    "nothing. then which order, when delivered, warranty end, the rule, sum if refund / stock if "
    "warranty. what counts is the day the ticket came in",
    "Take ticket {ticket} and judge it by the day on which it was written. One word at the start "
    "(refund, replacement, repair, nothing), followed by the rule behind it, the order, the day of "
    "arrival and the last day of warranty; with money, say how much; with parts, say if one is on "
    "the shelf now.",
    "Somebody has to tell the writer of {ticket} what we do for them. Tell me first: refund, "
    "replacement, repair or nothing? Please put that word in front and support it with order, "
    "delivery, warranty end and the reason, plus amount or current stock as the case may be. The "
    "clock stopped when they wrote.",
    "For my training notes on {ticket}: the right outcome in a single leading word (refund / "
    "replacement / repair / nothing), then its basis. Include the order id, when the part got "
    "there, when its warranty ends, the dollars for a refund, the stock for a replacement or "
    "repair. Measured at the ticket's own date.",
    "Is {ticket} money, a new part, the workshop or bad luck? Answer with refund, replacement, "
    "repair or nothing as the very first word. Add why, from which order, arrival date, final day "
    "of the warranty, and either the sum or whether the part is in stock today. They reported it "
    "when they opened the ticket, so go by that.",
    "Second opinion wanted on {ticket}. I had said warranty without looking at dates. Your verdict "
    "up front as one of refund, replacement, repair, nothing; dates of delivery and warranty end, "
    "order number and reason after it; amount where we pay, stock where we replace. Deadline "
    "counts to the ticket's day.",
    "Please settle an argument about {ticket} between two of us. Start your answer with refund, "
    "replacement, repair or nothing. Then the reason, the order concerned, its delivery day for "
    "that item and the warranty's last day. Refund: name the amount. Otherwise: in stock or not, "
    "if that plays a part. Reported on the ticket's date, not today.",
    "Customer of {ticket} wants an answer by tonight. Decision word first - refund, replacement, "
    "repair, nothing - as of the date of the ticket. Below it: rule, order, delivered, warranty "
    "until, and what it comes to or whether the shelf has one.",
    "Look at {ticket} as if you had to sign it. Which of the four is it, as seen on the day they "
    "wrote: refund, replacement, repair, nothing? Lead with the word. I want the order, the "
    "arrival of the item, the warranty's end and the ground for it; the payout, or the stock "
    "situation, belongs in there as well.",
)
_DETAILS = (
    "Its present status does not matter to me.",
    "Please do not answer the customer yourself.",
    "I only skimmed the messages.",
    "There may be an old note about two years of warranty on everything.",
    "Do not book anything.",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Case:
    ticket: Ticket
    item: Item
    found: Warranty
    remedy: str


def _drafts(desk: Desk[Company]) -> Iterator[Draft]:
    rng = desk.random("warranty-claim")
    for case in _cases(desk.model, rng):
        yield _draft(desk, case, rng)


def _cases(company: Company, rng: Random) -> list[_Case]:
    """The four remedies by turns; accidents inside and outside of the days of refund."""
    decided, unsure = decided_orders(company), unsure_stock(company)
    cases = [case for ticket in company.tickets if (case := _case(company, ticket)) is not None]
    sure = [
        case
        for case in cases
        if case.item.order.id not in decided and case.item.product.name not in unsure
    ]
    rng.shuffle(sure)
    early_and_late = by_turns(once_each(sure, lambda case: case.item.order.id), _is_early)
    return by_turns(early_and_late, lambda case: case.remedy)


def _is_early(case: _Case) -> bool:
    return (case.ticket.created_at.date() - case.found.arrived_on).days <= DEFECT_REFUND_DAYS


def _case(company: Company, ticket: Ticket) -> _Case | None:
    """The case of a ticket about one part that failed or met with an accident, else None."""
    is_accident = _ACCIDENT in ticket.messages[0].text
    if ticket.order_id is None or not (is_accident or _is_failure(company, ticket)):
        return None
    order = company.order(ticket.order_id)
    line = order.line(ticket.product_id or "")
    if line is None or line.qty != 1 or qty_back(company, order.id, line.product_id):
        return None
    item, reported = item_of(company, order, line), ticket.created_at.date()
    is_disputed = "disputed" in ruling(company, order, line, "defective", "defective").problems
    if item.arrived_on is None or item.arrived_on > reported or is_disputed:
        return None
    found = warranty(item.product, item.customer, item.arrived_on)
    due = remedy(found, item.product, reported, is_accident=is_accident)
    return _Case(ticket=ticket, item=item, found=found, remedy=due)


def _is_failure(company: Company, ticket: Ticket) -> bool:
    opening = ticket.messages[0].text
    ends = " ".join(resolution.summary for resolution in company.resolutions_of(ticket.id))
    return any(words in opening for words in FAILURES) and not any(
        cause in ends for cause in _FALSE_ALARMS
    )


def _draft(desk: Desk[Company], case: _Case, rng: Random) -> Draft:
    item = case.item
    session = desk.session()
    session.call("get_ticket", id=case.ticket.id)
    session.call("get_order", id=item.order.id)
    session.call("search_products", id=item.product.id)
    session.call("check_warranty", order_id=item.order.id, product_id=item.product.id)
    return Draft(
        title=f"What {case.ticket.id} is due",
        keys=(case.ticket.id, item.order.id),
        slots={"ticket": case.ticket.id},
        calls=session.calls,
        response=_response(desk.model, case, rng),
        criteria=_criteria(desk.model, case),
        requester=requester(asked_by(desk.model, rng, "support", "returns", "escalations")),
    )


def _paid_cents(company: Company, case: _Case) -> int:
    item = case.item
    return ruling(company, item.order, item.line, "defective", "defective").paid_cents


def _response(company: Company, case: _Case, rng: Random) -> str:
    item, found = case.item, case.found
    word, why = case.remedy.capitalize(), REMEDIES[case.remedy][0]
    more = {
        "refund": f" {money(_paid_cents(company, case))} goes back.",
        "replacement": " The product is in stock.",
        "repair": " The product is out of stock.",
        "nothing": "",
    }[case.remedy]
    dates = rng.choice(
        (
            f"The item of {item.order.id} arrived on {spoken_day(found.arrived_on)}. Its warranty "
            f"ends on {spoken_day(found.ends_on)}.",
            f"It belongs to {item.order.id} and was delivered on {spoken_day(found.arrived_on)}. "
            f"The last day of its warranty is {spoken_day(found.ends_on)}.",
        )
    )
    return f"{word}, because {why}.{more} {dates}"


def _criteria(company: Company, case: _Case) -> tuple[Criterion, ...]:
    _, told, right, wrong = REMEDIES[case.remedy]
    found = [
        criterion(
            "verdict",
            f"Begins with the verdict: {case.remedy}.",
            Matches(pattern=rf"^\W*{case.remedy}\b"),
            is_critical=True,
        ),
        says_right_not_wrong("reason", told, right, wrong),
        says_any("order", f"Names the order: {case.item.order.id}.", case.item.order.id),
        says_date("arrived", "the day of delivery", iso_day(case.found.arrived_on)),
        says_day_and_year("warranty-end", "the end of the warranty", case.found.ends_on),
    ]
    if case.remedy == "refund":
        found.append(says_amount("amount", "what goes back", _paid_cents(company, case)))
    if case.remedy in ("replacement", "repair"):
        found.append(says_stock(is_there=case.remedy == "replacement"))
    return (*found, changes_nothing())


WARRANTY_CLAIM: Scenario[Company] = Scenario(
    name="warranty-claim",
    category=Category.REASONING,
    difficulty=Difficulty.MEDIUM,
    system_prompt=RETURNS_DESK,
    intent="Know what the customer of {ticket} gets for the part, before anybody promises more or "
    "less.",
    phrasings=_PHRASINGS,
    details=_DETAILS,
    drafts=_drafts,
    num_tasks=_NUM,
)
