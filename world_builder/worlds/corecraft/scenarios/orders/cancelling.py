"""The scenario `cancel-order`: stop an order and give the money back, if both may be."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from random import Random

from world_builder.expressions import money
from world_builder.rubrics import Criterion
from world_builder.tasks import Category, Difficulty
from world_builder.templates import Desk, Draft, Scenario
from world_builder.templates.criteria import (
    changes_nothing,
    says_amount,
    says_matching,
    says_reason,
)
from world_builder.worlds.corecraft.company import Company, Employee, Order
from world_builder.worlds.corecraft.policies import ORDER_DESK
from world_builder.worlds.corecraft.reckoning.order_changes import (
    StopRuling,
    build_of,
    charged,
    first_role,
    stop_ruling,
)
from world_builder.worlds.corecraft.scenarios.cases import by_turns, once_each
from world_builder.worlds.corecraft.scenarios.common import requester
from world_builder.worlds.corecraft.scenarios.orders.finding import Hint, a_hint, known_as
from world_builder.worlds.corecraft.scenarios.orders.stopping import (
    DISPUTED,
    GONE,
    ROLE_NAMES,
    Stopped,
    askers,
    is_stopped,
    left_alone,
    says_back,
    says_kept,
    says_limit,
    says_stopped,
    stop,
)
from world_builder.worlds.corecraft.scenarios.orders.wording import (
    STATUS_WORDS,
    leaves_others,
    names_order,
)

_NUM = 18
_RECENT = timedelta(days=20)
_PHRASINGS = (
    "Please cancel {which} for {who} and refund it whole, in my name. Where nothing was charged, "
    "cancelling is all. If you may not do one or the other for me, leave everything as it is and "
    "tell me why; should only my limit be too small, tell me the lowest role whose limit would do. "
    "Order number and total in any case, and the refund's number if there is one.",
    "{who} doesn't want {which} any more. Stop it, and if money was charged send all of it back "
    "today, approved by me. Both or nothing: where a rule or my limit forbids it, don't touch "
    "anything and give me the reason (with a limit: the first role whose limit is enough). Report "
    "order number, total and, if you made one, the refund number.",
    "cancel {which}, customer {who}. charged? then full refund at once under my id. not charged? "
    "then only cancel. not allowed, or too much for my limit? then do nothing, say what's in the "
    "way and, for the limit, the lowest role that could. order no. + total, refund no. if any.",
    "Second thoughts again: {who}, {which}. If we can still stop it, do so, and the whole sum goes "
    "back if it was taken. I only want it cancelled if that refund can be made in my name in the "
    "same go (no refund needed where nothing was charged). Otherwise hands off and a sentence on "
    "why, plus, if it is about limits, the first role up the ladder that may. For the file: order "
    "number, total, refund number.",
    "'I ordered too fast, please forget about it', writes {who} and means {which}. Cancel it for "
    "me and refund whatever was charged, with me as the one who approves. In case it is too late, "
    "or the money can't go back now, or it is more than I may approve, change nothing and say "
    "which of these it is; for the last one add the lowest role that may. Give me the order number "
    "and its total, and the refund number when there is a refund.",
    "Can {which} of {who} still be called off? If yes, please do it on my behalf: order cancelled, "
    "payment (if we took one) back in full. If either half is not possible, do neither and "
    "explain. If it's just my approval limit, which is the first role that has enough? Tell me "
    "number and total of the order, and the number of the refund if one exists.",
    "Job for you: stop {which}. Customer is {who}. Full refund under my name if it was charged, no "
    "refund if it wasn't. No half measures: when rules or limits are against it, the order stays "
    "and I want the reason, with the lowest sufficient role if the limit is the reason. Answer "
    "with order number, total, and the refund number (if any).",
    "I promised {who} to look into stopping {which}; I did not promise that it works. If it may be "
    "cancelled and everything charged may be refunded by me, go ahead with both. If there is "
    "nothing to refund, just cancel. If not, tell me what prevents it and leave it, and if my "
    "refund limit prevents it, say from which role upwards it would be fine. Number and total of "
    "the order, please, and the refund's number.",
    "Order to be cancelled: {which} ({who}). Money: all back, now, with my approval, provided any "
    "was charged. Condition: only if the rules let me do both. Otherwise: no change, and the "
    "reason; for a limit problem also the lowest role that covers it. Needed in the reply: order "
    "number, its total, refund number where there's a refund.",
    "The customer bought the wrong thing and wants out. It's {who} with {which}. Do the "
    "cancellation and, unless nothing has been charged, the complete refund, both as me. Should "
    "one of them be against the rules or above what I can approve, then please neither; I'd like "
    "to know the reason and, for the limit, whose role would be the first to be enough. Quote the "
    "order's number and total, plus the number of a refund.",
)
_DETAILS = (
    "They were polite about it.",
    "They found it cheaper elsewhere, never mind.",
    "A colleague said it's surely too late, but please look.",
    "I haven't told the customer anything yet.",
    "No mail to the customer, I'll call.",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """An order that its customer does not want any more, and who asks for it."""

    order: Order
    hint: Hint
    asker: Employee
    ruling: StopRuling


def _drafts(desk: Desk[Company]) -> Iterator[Draft]:
    rng = desk.random("cancel-order")
    for case in _cases(desk.model, rng):
        yield _draft(desk, case, rng)


def _cases(company: Company, rng: Random) -> list[Case]:
    """Granted by each role, unpaid, disputed, above the limit and too late, by turns; amounts
    near a limit first.
    """
    since = company.now - _RECENT
    orders = [o for o in company.orders if o.placed_at > since and o.status != "cancelled"]
    rng.shuffle(orders)
    cases = []
    for order in orders:
        hint = a_hint(company, order, rng)
        build, payment = build_of(company, order), charged(company, order.id)
        is_plain = build is None or (payment is not None and payment.status == "disputed")
        if hint is not None and is_plain:
            for asker in askers(company, order, rng):
                ruling = stop_ruling(company, order, asker)
                cases.append(Case(order=order, hint=hint, asker=asker, ruling=ruling))
    cases.sort(key=_distance)
    turns = by_turns(cases, _kind)
    return once_each(turns, lambda case: case.order.customer_id)


def _distance(case: Case) -> int:
    """How far the amount is from the asker's limit; 0 where no limit matters."""
    if case.ruling.problem in (None, "above_limit") and case.ruling.payment is not None:
        return abs(case.ruling.amount_cents - case.asker.refund_limit_cents)
    return 0


def _kind(case: Case) -> tuple[str, str]:
    if case.ruling.payment is None and case.ruling.problem is None:
        return ("unpaid", "")
    problem = case.ruling.problem or "granted"
    return (problem, case.asker.role if problem in ("granted", "above_limit") else "")


def _draft(desk: Desk[Company], case: Case, rng: Random) -> Draft:
    company, order = desk.model, case.order
    customer = company.customer(order.customer_id)
    session = desk.session()
    ruling = case.ruling if case.ruling.problem is None else left_alone(case.ruling)
    stopped = stop(session, company, order, case.asker, ruling)
    return Draft(
        title=f"Cancel {case.hint.text} of {customer.name}",
        keys=(customer.id,),
        slots={"who": known_as(company, customer, rng), "which": case.hint.text},
        calls=session.calls,
        response=_answer(case, stopped, rng),
        criteria=(
            *_outcome(case, stopped),
            names_order(order),
            says_amount("total", "the order's total", order.total_cents),
            *leaves_others(company, order),
        ),
        requester=requester(case.asker),
    )


def _outcome(case: Case, stopped: Stopped) -> tuple[Criterion, ...]:
    order, ruling = case.order, case.ruling
    if ruling.problem is None:
        return (
            says_stopped(order),
            *says_back(ruling, stopped),
            *is_stopped(order, ruling, stopped),
        )
    return (says_kept(order), *_reason(case), changes_nothing())


def _reason(case: Case) -> tuple[Criterion, ...]:
    problem = case.ruling.problem
    if problem == "gone":
        text = f"Says why: the order {STATUS_WORDS[case.order.status]}."
        return (says_reason(text, GONE[case.order.status]),)
    if problem == "disputed":
        return (says_reason("Says that the payment is disputed.", DISPUTED),)
    role = ROLE_NAMES[first_role(case.ruling.amount_cents) or "manager"]
    return (
        says_reason(
            "Says that it is above the asker's limit.", r"\blimit\b|may approve|above what"
        ),
        says_limit(case.asker.refund_limit_cents),
        says_matching(
            "role", f"Names the lowest role whose limit covers it: {role}.", rf"\b{role}s?\b"
        ),
    )


def _answer(case: Case, stopped: Stopped, rng: Random) -> str:
    order, problem = case.order, case.ruling.problem
    total = money(order.total_cents)
    if problem is None and stopped.refund_id:
        forms = (
            f"{order.id} is cancelled. The whole {total} goes back as {stopped.refund_id}.",
            f"Done: {order.id} has been cancelled. Its total of {total} is refunded under "
            f"{stopped.refund_id}.",
        )
        return rng.choice(forms)
    if problem is None:
        return (
            f"{order.id}, which came to {total}, is cancelled. Nothing had been charged, so there "
            "is nothing to refund."
        )
    kept = f"{order.id} ({total}) was not cancelled."
    if problem == "gone":
        return f"{kept} It {STATUS_WORDS[order.status]} by now."
    if problem == "disputed":
        return f"{kept} Its payment is disputed, and the bank decides before anything goes back."
    role = ROLE_NAMES[first_role(case.ruling.amount_cents) or "manager"]
    return (
        f"{kept} The amount is above your limit of {money(case.asker.refund_limit_cents)}. The "
        f"first role that may approve it is {role}."
    )


CANCEL_ORDER: Scenario[Company] = Scenario(
    name="cancel-order",
    category=Category.MULTI_STEP_WORKFLOW,
    difficulty=Difficulty.MEDIUM,
    system_prompt=ORDER_DESK,
    intent="Have {which} of {who} cancelled with all charged money on its way back, or left alone "
    "when the rules or the asker's limit do not allow both.",
    phrasings=_PHRASINGS,
    details=_DETAILS,
    drafts=_drafts,
    num_tasks=_NUM,
)
