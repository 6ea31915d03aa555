"""The scenarios `refundable-rest` and `refund-limit`: may money go back, and who may say so?"""

from collections.abc import Iterator
from random import Random

from world_builder.expressions import money
from world_builder.rubrics import Criterion
from world_builder.tasks import Category, Difficulty
from world_builder.templates import Desk, Draft, Scenario
from world_builder.templates.criteria import (
    changes_nothing,
    leaves_out,
    pairs,
    says_amount,
    says_any,
    says_matching,
    says_no,
    says_yes,
)
from world_builder.worlds.corecraft.company import Company, Employee, Order, Payment
from world_builder.worlds.corecraft.policies import ORDER_DESK, RETURNS_DESK
from world_builder.worlds.corecraft.scenarios.cases import by_turns
from world_builder.worlds.corecraft.scenarios.common import (
    asked_by,
    found_employee,
    listed,
    requester,
    staff,
)

_REST_PHRASINGS = (
    "Could {amount} still be refunded on {order}? I need yes or no, what was paid, what already "
    "went back, and the payment it would come from.",
    "Is there enough left on {order} for a refund of {amount}? Show me the payment, the amount "
    "paid and the amount refunded so far.",
    "{order}: want to give back {amount}. possible as far as the money goes? paid / refunded / "
    "payment id please, and what's in the way if no",
    "Check the books for {order}. A refund of {amount} is on the table. Does the payment allow it? "
    "Say what it was, how much of it is gone, and name it.",
    "Whether the goods may come back is settled; I only ask about money. {order}, {amount}: can "
    "that go back today? With payment id, sum received, sum refunded.",
    "A customer is promised {amount} from {order}, by whom I don't know. Is that covered by what "
    "is left of the payment, or is something blocking it? Figures please: paid, refunded, which "
    "payment.",
    "Before I book {amount} on {order}: is the payment free for that? Its id, its size, and what "
    "has been returned on it already.",
    "refund {amount} on {order} - go or no go? i mean the payment side only: id, amount, refunded "
    "so far, anything that forbids it",
    "For {order} I'd like to know if {amount} may go out. Look at the payment, not at the return: "
    "how much came in, how much went back, is it in a state that allows refunds?",
)
_REST_DETAILS = (
    "Don't book it.",
    "My limit is not the question.",
    "The customer would take it on the original payment.",
    "If it is close, I want to know how close, but that I can work out.",
)
_BLOCKED = {
    "disputed": ("the payment is disputed and the bank decides first", r"disput"),
    "too_much": ("that is more than what is left", r"more than|exceed|not enough|only|left|remain"),
}
"""By what is in the way: how a reference says it, and what says it in an answer."""


def _rest_drafts(desk: Desk[Company]) -> Iterator[Draft]:
    rng = desk.random("refundable-rest")
    company = desk.model
    cases = []
    for order in company.orders:
        payments = company.payments_of(order.id)
        paid = next((p for p in payments if p.status != "failed"), None)
        if paid is not None and paid.status not in ("authorized", "refunded"):
            cases.append((order, paid, _asked_amount(paid, rng)))
    rng.shuffle(cases)
    for order, paid, amount in by_turns(cases, lambda c: (_obstacle(c[1], c[2]), c[1].status)):
        yield _rest_draft(desk, order, paid, amount, rng)


def _asked_amount(paid: Payment, rng: Random) -> int:
    """An amount near what is left: a little below, exactly it, or a little above."""
    left = paid.amount_cents - paid.refunded_cents
    return max(100, left + rng.choice((-1500, -100, 0, 100, 1200)))


def _obstacle(paid: Payment, amount: int) -> str:
    if paid.status == "disputed":
        return "disputed"
    return "too_much" if amount > paid.amount_cents - paid.refunded_cents else ""


def _rest_draft(
    desk: Desk[Company], order: Order, paid: Payment, amount: int, rng: Random
) -> Draft:
    session = desk.session()
    session.call("search_payments", order_id=order.id)
    obstacle = _obstacle(paid, amount)
    if obstacle:
        why, pattern = _BLOCKED[obstacle]
        decision = f"No, {money(amount)} cannot go back on {order.id}, because {why}."
        judged: tuple[Criterion, ...] = (
            says_no("Says that the amount cannot be refunded."),
            says_matching("reason", f"Says why: {why}.", pattern),
        )
    else:
        decision = f"Yes, {money(amount)} can go back on {order.id}."
        judged = (says_yes("Says that the amount can be refunded."),)
    back = (
        f"{money(paid.refunded_cents)} of it has been refunded"
        if paid.refunded_cents
        else "none of it has been refunded"
    )
    return Draft(
        title=f"Can {money(amount)} of {order.id} go back?",
        keys=(order.id,),
        slots={"order": order.id, "amount": money(amount)},
        calls=session.calls,
        response=f"{decision} {paid.id} brought in {money(paid.amount_cents)}, and {back}.",
        criteria=(
            *judged,
            says_any("payment", f"Names the payment: {paid.id}.", paid.id),
            says_amount("paid", "what was paid", paid.amount_cents),
            _says_back(paid.refunded_cents),
            says_amount("asked", "the amount that was asked about", amount),
            says_any("order", f"Names the order: {order.id}.", order.id),
            changes_nothing(),
        ),
        requester=requester(asked_by(desk.model, rng, "billing", "returns", "support")),
    )


def _says_back(cents: int) -> Criterion:
    if cents:
        return says_amount("refunded", "what has been refunded so far", cents)
    pattern = (
        r"\b(?:none|nothing|no part|no refund)\b|\$0\.00|not (?:yet )?(?:been )?refunded"
        r"|no(?:t any)?thing .{0,20}refunded"
    )
    return says_matching("refunded", "Says that nothing has been refunded so far.", pattern)


REFUNDABLE_REST: Scenario[Company] = Scenario(
    name="refundable-rest",
    category=Category.REASONING,
    difficulty=Difficulty.MEDIUM,
    system_prompt=ORDER_DESK,
    intent="Know whether the payment of {order} allows {amount} to go back.",
    phrasings=_REST_PHRASINGS,
    details=_REST_DETAILS,
    drafts=_rest_drafts,
    num_tasks=18,
)

_LIMIT_PHRASINGS = (
    "I want to approve a refund of {amount}. May I do that myself? Tell me my limit and by how "
    "much the refund stays below it or goes beyond it. If I may not, who in my team could and is "
    "at work today, with their limits?",
    "{amount} refund. am i allowed? my limit, and the gap between the two? who of my team (here "
    "today) could sign it instead, and up to what",
    "A refund of {amount} is waiting for a name. Is it within my own limit, what is that, and what "
    "is the difference? Otherwise list the people of my team whose limit covers it, with the "
    "limit, unless they are away.",
    "Question of limits: {amount}. Do I have to go to somebody else? If yes, to whom in the team - "
    "only those who are in - and how far does each of them go? And remind me of my own limit, and "
    "how far off I am.",
    "Where does my limit stand, does it cover {amount}, and what is left over or missing? If it "
    "doesn't cover it, give me names from my team with their limits; skip whoever is on leave or "
    "has left.",
    "Somebody must approve {amount}. Can that somebody be me? State my limit and the difference to "
    "it. If not me, which colleagues in the team have enough, and how much each?",
    "need to know quickly if {amount} is above what i may refund and by what. plus my limit. plus "
    "who can, in my team, today, if i can't (and their limits)",
    "The refund comes to {amount}. I would approve it on the spot if I may. May I? What is my "
    "limit, and what would be the distance to it? And in case I may not, whom in my own team do I "
    "ask (present ones, with limits)?",
    "Approvals again: {amount}. Me or somebody higher? I'd like my limit in the answer and the "
    "room I have or lack, and, if it is too low, everybody in my team who is here and may approve "
    "it, with the amount they may.",
)
_LIMIT_DETAILS = (
    "I never remember these figures.",
    "Nothing is booked yet.",
    "Splitting it is not an option, I know.",
    "The case itself is clear.",
)
_LIMIT_TEAMS = ("support", "returns")


def _limit_drafts(desk: Desk[Company]) -> Iterator[Draft]:
    rng = desk.random("refund-limit")
    company = desk.model
    people = [
        e for e in staff(company, *_LIMIT_TEAMS) if e.role in ("agent", "senior_agent", "team_lead")
    ]
    cases = []
    for person in people:
        limit = person.refund_limit_cents
        near = (limit + 1, limit, limit - rng.randrange(100, 2000), limit + 7000)
        cases += [(person, amount) for amount in (*near, limit * 2 + rng.randrange(1, 9000))]
    rng.shuffle(cases)
    for person, amount in by_turns(cases, lambda c: (c[1] <= c[0].refund_limit_cents, c[0].role)):
        yield _limit_draft(desk, person, amount)


def _limit_draft(desk: Desk[Company], person: Employee, amount: int) -> Draft:
    session = desk.session()
    found_employee(session, person)
    limit = money(person.refund_limit_cents)
    gap = money(abs(person.refund_limit_cents - amount))
    if amount <= person.refund_limit_cents:
        response = (
            f"You can approve {money(amount)} yourself. Your limit is {limit}, which leaves {gap}."
        )
        judged: tuple[Criterion, ...] = (says_yes("Says that the asker may approve it alone."),)
    else:
        session.call("search_employees", team=person.team, is_active=True, limit=50)
        able = _able(desk.model, person, amount)
        told = [f"{e.name} (up to {money(e.refund_limit_cents)})" for e in able]
        response = (
            f"No, you cannot approve {money(amount)} yourself. Your limit is {limit}, so {gap} is "
            f"missing. In your team it could be {listed(told)}."
        )
        judged = (
            says_no("Says that the asker may not approve it alone."),
            *(
                pairs(f"able-{e.id}", f"Names {e.name} with the limit "
                      f"{money(e.refund_limit_cents)}.", e.name, money(e.refund_limit_cents))
                for e in able
            ),
            _names_nobody_else(desk.model, person, able),
        )  # fmt: skip
    return Draft(
        title=f"May {person.name} approve {money(amount)}?",
        keys=(person.id,),
        slots={"amount": money(amount)},
        calls=session.calls,
        response=response,
        criteria=(
            *judged,
            pairs("limit", f"States the asker's limit: {limit}.", "limit", limit),
            says_amount("amount", "the amount that was asked about", amount),
            says_amount("gap", "the difference", abs(person.refund_limit_cents - amount)),
            changes_nothing(),
        ),
        requester=requester(person),
    )


def _able(company: Company, person: Employee, amount: int) -> list[Employee]:
    """Who in the team could approve it and is at work."""
    return [
        e
        for e in company.employees
        if e.team == person.team
        and e.is_active
        and e.out_of_office is None
        and e.refund_limit_cents >= amount
    ]


def _names_nobody_else(company: Company, person: Employee, able: list[Employee]) -> Criterion:
    others = [
        e.name for e in company.employees
        if e.team == person.team and e not in able and e.id != person.id
    ]  # fmt: skip
    return leaves_out("only-able", "Names nobody of the team who may not or is away.", *others)


REFUND_LIMIT: Scenario[Company] = Scenario(
    name="refund-limit",
    category=Category.REASONING,
    difficulty=Difficulty.MEDIUM,
    system_prompt=RETURNS_DESK,
    intent="Know who may approve a refund of {amount}.",
    phrasings=_LIMIT_PHRASINGS,
    details=_LIMIT_DETAILS,
    drafts=_limit_drafts,
    num_tasks=18,
)
