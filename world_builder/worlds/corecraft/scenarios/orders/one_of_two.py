"""The scenario `stop-one-of-two`: stop the right one of two orders, and leave the other."""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

from world_builder.expressions import money
from world_builder.rubrics import Criterion
from world_builder.tasks import Category, Difficulty
from world_builder.templates import Desk, Draft, Scenario
from world_builder.templates.criteria import (
    CORRECTNESS,
    FORMAT,
    changes_nothing,
    field_is,
    says_matching,
    says_reason,
)
from world_builder.worlds.corecraft.company import Company, Employee, Order
from world_builder.worlds.corecraft.policies import ORDER_DESK
from world_builder.worlds.corecraft.reckoning.order_changes import (
    StopRuling,
    is_open,
    stop_ruling,
)
from world_builder.worlds.corecraft.scenarios.cases import by_turns
from world_builder.worlds.corecraft.scenarios.common import requester
from world_builder.worlds.corecraft.scenarios.orders.finding import known_as
from world_builder.worlds.corecraft.scenarios.orders.pairs import (
    pairs_of,
    told_pair,
    ways_to_tell,
)
from world_builder.worlds.corecraft.scenarios.orders.stopping import (
    GONE,
    Stopped,
    askers,
    is_stopped,
    left_alone,
    says_back,
    says_kept,
    stop,
)
from world_builder.worlds.corecraft.scenarios.orders.wording import (
    STATUS_NAMES,
    STATUS_PATTERNS,
    amount_pattern,
    row_pattern,
)

_NUM = 18
_PHRASINGS = (
    "{who} has placed {pair}. One is to be stopped: {which}. If it was charged, all of it goes "
    "back, in my name. The other one stays. If it can't be stopped or I can't approve the refund, "
    "nothing happens and I get the reason. Then one line for each order, number, status and total "
    "as they are afterwards, and the refund number.",
    "This is about {pair} by {who}. Please cancel {which} and only that, with the full refund "
    "under my id if there was a charge. Not possible, or above my limit? Then leave both alone and "
    "say why. At the end I want a line per order with id, how it stands and its total, plus the "
    "number of the refund if you made one.",
    "{who}, {pair}: stop {which}. refund everything charged on it (me as approver), keep the "
    "other. no go or over my limit = no changes + reason. then both orders, a line each: no., "
    "status, total; and refund no.",
    "I have {who} on hold, who sent us {pair} and only wants one of the two after all. What has to "
    "go is {which}. See that it is cancelled and, where money was taken, refunded whole with my "
    "approval; if one of these can't be done, do neither and tell me the reason. The other order "
    "mustn't be touched. Sum up both for me in two lines (number, state, total). And the refund "
    "number.",
    "Careful, these are easily mixed up: {pair}, customer {who}. To be called off: {which}. "
    "Charged money back in full, approved by me. Only if both is allowed, otherwise leave it and "
    "give the reason. Report on the two orders line by line (number, status now, total) and name "
    "the refund, if there is one.",
    "'Please keep one and cancel {which}', writes {who}, and means {pair}. Do that for me: the "
    "cancellation and the whole refund (if charged), or nothing at all when a rule or my limit is "
    "in the way, with the reason. I'd like a line on each order with number, status and total, so "
    "that I can confirm what stays and what goes, and the refund's number.",
    "For {who} I need one order out and one kept. It's about {pair}; out goes {which}. Refund all "
    "that was paid for it in my name. If that's too late or more than I may approve, change "
    "nothing and say so. List the two orders with id, total and present status, and give me the "
    "refund id if any.",
    "Which of the two did you stop and which is still on? That is what I have to tell {who} later, "
    "so first do it. Of {pair}, cancel {which}, money back whole if we have it, approver me. "
    "Should it not be allowed (or not for me), leave both and tell me what the reason is. Then "
    "number, status, total, a line for each of the two, and the refund number.",
    "Somebody pressed the button once too often, and now we have {pair} from {who}, who would like "
    "to be rid of {which}. Cancel it, pay back everything that was charged, my name on the refund. "
    "The one that stays must stay exactly as it is. In case it can't be cancelled, or the refund "
    "is beyond me, neither of the two changes and I want to know why. One line per order at the "
    "end: order number, status, total. Refund number as well.",
)
_DETAILS = (
    "They called twice about it already.",
    "Please don't mix them up, that happened last week.",
    "I'll write to them myself.",
    "Nothing else of theirs is concerned.",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """Two orders of a customer, one of which is not wanted any more."""

    order: Order
    other: Order
    which: str
    kind: str
    asker: Employee
    ruling: StopRuling

    @property
    def outcome(self) -> str:
        """What becomes of it, and whether the other one could have been stopped by mistake."""
        if self.ruling.problem is not None:
            return self.ruling.problem
        if self.ruling.payment is None:
            return "unpaid"
        return "granted, both open" if is_open(self.other) else "granted"


def _drafts(desk: Desk[Company]) -> Iterator[Draft]:
    rng = desk.random("stop-one-of-two")
    for case in _cases(desk.model, rng):
        yield _draft(desk, case, rng)


def _cases(company: Company, rng: Random) -> list[Case]:
    """Granted with both orders open, granted, unpaid, too late and above the limit, by turns."""
    cases = [
        case
        for customer in company.customers
        for pair in pairs_of(company, customer.id)
        for case in _of_pair(company, *pair, rng)
    ]
    rng.shuffle(cases)
    turns = by_turns(cases, lambda case: (case.outcome, case.kind))
    return by_turns(_spread(turns), lambda case: case.outcome)


def _of_pair(company: Company, order: Order, other: Order, rng: Random) -> Iterator[Case]:
    for kind, which in ways_to_tell(company, order, other, rng).items():
        for asker in askers(company, order, rng):
            ruling = stop_ruling(company, order, asker)
            yield Case(order=order, other=other, which=which, kind=kind, asker=asker, ruling=ruling)


def _spread(cases: list[Case]) -> list[Case]:
    """Each order is unwanted at most once, and each customer comes at most twice."""
    num_of: Counter[str] = Counter()
    kept = []
    for case in cases:
        if num_of[case.order.id] == 0 and num_of[case.order.customer_id] < 2:
            num_of.update((case.order.id, case.order.customer_id))
            kept.append(case)
    return kept


def _draft(desk: Desk[Company], case: Case, rng: Random) -> Draft:
    company, order = desk.model, case.order
    customer = company.customer(order.customer_id)
    session = desk.session()
    ruling = case.ruling if case.ruling.problem is None else left_alone(case.ruling)
    stopped = stop(session, company, order, case.asker, ruling, case.other)
    return Draft(
        title=f"Stop {case.which} of two orders of {customer.name}",
        keys=(customer.id,),
        slots={
            "who": known_as(company, customer, rng),
            "pair": told_pair(case.order, case.other),
            "which": case.which,
        },
        calls=session.calls,
        response=_answer(case, stopped),
        criteria=(*_outcome(case, stopped), *_lines(case)),
        requester=requester(case.asker),
    )


def _outcome(case: Case, stopped: Stopped) -> tuple[Criterion, ...]:
    order, other, ruling = case.order, case.other, case.ruling
    stays = field_is(
        "other-stays",
        f"{other.id} is still {other.status}.",
        "order",
        other.id,
        status=other.status,
    )
    if ruling.problem is None:
        return (*says_back(ruling, stopped), *is_stopped(order, ruling, stopped), stays)
    if ruling.problem == "gone":
        reason = says_reason(f"Says why: {order.status} already.", GONE[order.status])
    else:
        reason = says_reason("Says that it is above the asker's limit.", r"\blimit\b|approve")
    return (says_kept(order), reason, changes_nothing())


def _lines(case: Case) -> tuple[Criterion, ...]:
    """Each order has a line of its own with its status and total."""
    statuses = {
        case.order: "cancelled" if case.ruling.problem is None else case.order.status,
        case.other: case.other.status,
    }
    rows = [
        says_matching(
            f"line-{order.id}",
            f"Has a line for {order.id}: {STATUS_NAMES[status]}, {money(order.total_cents)}.",
            row_pattern(
                rf"{order.id}(?!\d)", STATUS_PATTERNS[status], amount_pattern(order.total_cents)
            ),
            CORRECTNESS,
        )
        for order, status in statuses.items()
    ]
    one, two = map(re.escape, (case.order.id, case.other.id))
    apart = rf"^(?![\s\S]*(?:{one}[^\n]*{two}|{two}[^\n]*{one}))[\s\S]*{one}"
    text = "Keeps the two orders on lines of their own."
    return (*rows, says_matching("apart", text, apart, FORMAT))


def _answer(case: Case, stopped: Stopped) -> str:
    order, other = case.order, case.other
    is_stopped = case.ruling.problem is None
    lines = (
        f"- {order.id}: {STATUS_NAMES['cancelled' if is_stopped else order.status]}, "
        f"{money(order.total_cents)}\n"
        f"- {other.id}: {STATUS_NAMES[other.status]}, {money(other.total_cents)}"
    )
    if stopped.refund_id:
        return f"{lines}\n\nThe refund has the number {stopped.refund_id}."
    if is_stopped:
        return f"{lines}\n\nNothing had been charged, so there is no refund."
    why = (
        f"it has been {order.status}"
        if case.ruling.problem == "gone"
        else "the refund is above your limit"
    )
    return f"{order.id} was not cancelled, because {why}.\n\n{lines}"


STOP_ONE_OF_TWO: Scenario[Company] = Scenario(
    name="stop-one-of-two",
    category=Category.MULTI_STEP_WORKFLOW,
    difficulty=Difficulty.HARD,
    system_prompt=ORDER_DESK,
    intent="Of {pair} by {who}, have {which} stopped and refunded and the other one left as it is.",
    phrasings=_PHRASINGS,
    details=_DETAILS,
    drafts=_drafts,
    num_tasks=_NUM,
)
