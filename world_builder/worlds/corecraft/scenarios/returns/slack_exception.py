"""The scenario `slack-exception`: act on what a lead or manager decided in Slack, not on talk."""

from collections.abc import Iterator
from random import Random

from world_builder.expressions import money
from world_builder.rubrics import Criterion
from world_builder.tasks import Category, Difficulty
from world_builder.templates import Desk, Draft, Scenario, Session
from world_builder.templates.criteria import says_any, says_matching
from world_builder.worlds.corecraft.company import Company, Employee
from world_builder.worlds.corecraft.policies import RETURNS_DESK
from world_builder.worlds.corecraft.scenarios.cases import once_each
from world_builder.worlds.corecraft.scenarios.common import requester, staff
from world_builder.worlds.corecraft.scenarios.returns.booking import (
    Booking,
    Outcome,
    book,
    booked_criteria,
    refusal,
    refused_criteria,
)
from world_builder.worlds.corecraft.scenarios.returns.calls import rows
from world_builder.worlds.corecraft.scenarios.returns.choosing import balanced
from world_builder.worlds.corecraft.scenarios.returns.slack_cases import SlackCase, slack_cases
from world_builder.worlds.corecraft.scenarios.returns.wording import says_fee

_NUM = 12
_TEAMS = ("support", "returns", "escalations")
_STATES = {"unopened": "unopened", "opened": "opened, complete, works"}
_NO_EXCEPTION = (
    r"(?:\b(?:no|not|without|never|none|nobody|neither)\b|n['’]t\b)[^.!?]{0,70}\b(?:exception|decision"
    r"|decided|approv|waive|promise|cover|appl|granted)"
    r"|\bexception\b[^.!?]{0,70}(?:\b(?:not|no|refused|denied|declined|another|other|different|only)\b"
    r"|n['’]t\b)|\brefused\b|\b(?:only|just)\b[^.!?]{0,30}\btalk"
    r"|\b(?:usual|normal|ordinary|standard) rules\b"
)

_PHRASINGS = (
    "The customer of {order} wants to return the {product} ({state}), no defect, money back the "
    "way they paid, and says that we agreed to an exception. Please see what was really decided "
    "in Slack and by whom, then do what follows: book it in my name, or leave it. Report: refund "
    "id, amount and fee, or the order, the rule and the delivery day; and whose decision it rests "
    "on, or that there is none for this item.",
    "{order} / {product} / {state} / change of mind. 'Somebody in Slack allowed it.' Did they? "
    "And could they? Act by it. Booked: refund id, amount, fee, decided by. Booked without any "
    "exception: the same, and say so. Not booked: order, delivered on, rule, and say that no "
    "exception holds. Original payment, I approve.",
    "cust from {order} thinks they get special treatment for the {product} ({state}, doesnt want "
    "it). theres something in slack about it i think?? check who wrote what. then refund under my "
    "name, normal payment, w/ or w/o fee as it turns out, or dont. tell me rfd id + amount + "
    "fee, or order + why not + when delivered. plus who decided, or that no exception applies",
    "I was told there has been an exception for the {product} out of {order}, but not by whom, "
    "and I don't trust hearsay. It is {state}; they changed their mind. Look for a decision that "
    "counts. If one does, follow it to the letter and name its author; if none does, the ordinary "
    "rules hold and I want to hear that. Book what can be booked (me as approver, original "
    "payment) and give me id, amount and fee; otherwise order, rule and day of delivery.",
    "Return with a history: {product}, order {order}, {state}, regret. They claim a promise. Find "
    "out whether a person with the right to do so has decided anything about exactly this, and "
    "handle the refund accordingly under my approval, to the payment used. I need to know the "
    "name behind it or that nothing of the kind exists for the item, and either refund id, "
    "amount, fee or order, delivery date, rule.",
    "Slack is a mess and the buyer of {order} quotes it at me. Item: {product}, {state}, simply "
    "unwanted. Is there a valid exception for this item? With one, refund as it says (approver "
    "me, back to the payment) and tell me who granted it; without one, apply the rules and tell "
    "me that none holds. Id, amount, fee of a refund; for a refusal the order, the rule, the "
    "delivery day.",
    "Could you settle {order} for me once and for all? They send back the {product}, {state}, no "
    "fault, and insist on terms that a colleague is said to have granted. Check the channel, "
    "check the author, check what it was about. Then refund it for me on those terms, or on the "
    "normal ones, or not at all. Your answer: the refund's id, sum and fee, or order, delivery "
    "and rule; with the decider's name, or a clear 'no exception for this one'.",
    "Before I say anything to {order}: the {product} is {state}, they don't want it, and there "
    "may or may not be a written exception by someone who may make one. Search for it. Do the "
    "refund accordingly in my name (same payment as before) and report id, amount, fee and who "
    "allowed what, or that the usual rules applied since no exception covers it. If it can't be "
    "done, nothing is booked and I get order, rule, delivery date and that same remark.",
    "'Your colleague said it's fine.' It's {order} again, the {product}, {state}, change of "
    "heart. Which colleague, and was it theirs to say? If so, carry it out: refund, my approval, "
    "original payment, and I get the id, amount, fee and the colleague's name. If not, go by the "
    "rules alone and tell me no exception was made for it: then id, amount and fee all the same "
    "if a return is possible, or order, reason and day of delivery if it isn't.",
    "Exception check plus action. Order {order}, product {product}, condition: {state}, reason: "
    "no longer wanted. Question one: has a lead or manager granted something for this very item "
    "in Slack, and who? Question two: what is the refund, then? Enter it (approver: me; original "
    "payment) where there is one. Give name or 'no exception', refund id, amount and fee; or, "
    "with nothing entered, the rule, the order, the delivery day.",
)
_DETAILS = (
    "They have phoned twice about it.",
    "I was on vacation last week.",
    "There is a lot of chatter in that channel.",
    "They were never rude.",
    "Maybe it was about something else they bought.",
)


def _drafts(desk: Desk[Company]) -> Iterator[Draft]:
    rng = desk.random("slack-exception")
    for case in _cases(desk.model, rng):
        yield _draft(desk, case, rng)


def _cases(company: Company, rng: Random) -> list[SlackCase]:
    """Exceptions, fees that stay and refusals by turns, each order once."""
    cases = list(slack_cases(company))
    rng.shuffle(cases)
    cases.sort(key=lambda case: case.kind != "late")
    single = once_each(cases, lambda case: case.item.order.id)
    return balanced(
        single, lambda case: case.kind, lambda case: (case.is_exception, case.is_booked)
    )


def _draft(desk: Desk[Company], case: SlackCase, rng: Random) -> Draft:
    item, company = case.item, desk.model
    asker = _asker(company, case, rng)
    session = desk.session()
    session.call("get_order", id=item.order.id)
    session.call("search_products", id=item.product.id)
    _search(session, case)
    author = company.employee(case.decision.message.author_id) if case.decision else None
    if author is not None:
        session.call("search_employees", id=author.id)
    response, criteria = _act(company, session, case, (asker, author), rng)
    return Draft(
        title=f"An exception for the {item.product.name} of {item.order.id}?",
        keys=(item.order.id,),
        slots={
            "order": item.order.id,
            "product": item.product.name,
            "state": _STATES[case.condition],
        },
        calls=session.calls,
        response=response,
        criteria=(*criteria, _says_whose(case, author)),
        requester=requester(asker),
    )


def _act(
    company: Company,
    session: Session,
    case: SlackCase,
    people: tuple[Employee, Employee | None],
    rng: Random,
) -> Outcome:
    """Books, with or without a fee, or refuses; `people` ask and decided."""
    asker, author = people
    if not case.is_booked:
        return _refused(case), refused_criteria(case.found, case.item.order.id)
    booking = Booking(
        item=case.item,
        asker=asker,
        reason="changed_mind",
        condition=case.condition,
        amount_cents=case.amount_cents,
        fee_cents=case.fee_cents,
    )
    refund_id = book(session, booking)
    criteria = (*booked_criteria(company, booking, refund_id), says_fee(case.fee_cents))
    return _booked(case, refund_id, author, rng), criteria


def _refused(case: SlackCase) -> str:
    return f"{refusal(case.found, case.item)} No exception was made for it."


def _asker(company: Company, case: SlackCase, rng: Random) -> Employee:
    """Somebody whose limit is enough and who has not decided it."""
    author = case.decision.message.author_id if case.decision else ""
    able = staff(company, *_TEAMS, least_limit_cents=case.amount_cents)
    return rng.choice([employee for employee in able if employee.id != author])


def _search(session: Session, case: SlackCase) -> None:
    """What Slack has about the order, what counts, and about the customer's other order."""
    found = rows(session, "search_slack_messages", text=case.item.order.id)
    session.call("search_knowledge_base", text="what counts as a decision", status="current")
    if case.talk is not None:
        session.call("search_slack_messages", reply_to_id=case.talk.id)
    if case.kind == "other_order" and case.decision:
        session.call("get_customer_history", customer_id=case.item.customer.id)
        found = rows(session, "search_slack_messages", text=case.decision.order_id)
    message = case.talk or (case.decision.message if case.decision else None)
    if message is None or message.id not in [row["id"] for row in found]:
        raise LookupError(f"Slack does not show what there is about {case.item.order.id}")


def _booked(case: SlackCase, refund_id: str, author: Employee | None, rng: Random) -> str:
    amount = money(case.amount_cents)
    fee = (
        f"The restocking fee of {money(case.fee_cents)} is kept."
        if case.fee_cents
        else "There is no restocking fee."
    )
    whose = "No exception covers it."
    if case.is_exception and author is not None:
        whose = rng.choice(
            (f"{author.name} made the exception.", f"It rests on the decision of {author.name}.")
        )
    return rng.choice(
        (
            f"The refund {refund_id} of {amount} is booked. {fee} {whose}",
            f"{whose} Booked as {refund_id}. {amount} goes back. {fee}",
        )
    )


def _says_whose(case: SlackCase, author: Employee | None) -> Criterion:
    if case.is_exception and author is not None:
        return says_any("decided-by", f"Names {author.name}, who decided.", author.name, author.id)
    text = "Says that no exception holds for the item."
    return says_matching("no-exception", text, _NO_EXCEPTION)


SLACK_EXCEPTION: Scenario[Company] = Scenario(
    name="slack-exception",
    category=Category.MULTI_STEP_WORKFLOW,
    difficulty=Difficulty.EXPERT,
    system_prompt=RETURNS_DESK,
    intent="Treat the return of the {product} from {order} as somebody entitled to has decided, "
    "and by the rules where nobody has.",
    phrasings=_PHRASINGS,
    details=_DETAILS,
    drafts=_drafts,
    num_tasks=_NUM,
    is_unseen=True,
)
