"""The scenario `return-letter`: the decision on a return by change of mind, as an e-mail."""

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

from world_builder.expressions import money
from world_builder.rubrics import Criterion
from world_builder.tasks import Category, Difficulty
from world_builder.templates import Desk, Draft, Scenario
from world_builder.templates.criteria import (
    changes_nothing,
    greets,
    is_email,
    says_amount,
    says_any,
    says_date,
    says_matching,
    says_reason,
    signs_off,
)
from world_builder.worlds.corecraft.company import Company
from world_builder.worlds.corecraft.policies import RETURNS_DESK
from world_builder.worlds.corecraft.reckoning.returns import Ruling, ruling
from world_builder.worlds.corecraft.scenarios.cases import once_each
from world_builder.worlds.corecraft.scenarios.common import (
    asked_by,
    iso_day,
    requester,
    spoken_day,
)
from world_builder.worlds.corecraft.scenarios.returns.choosing import (
    Item,
    balanced,
    days_to_edge,
    plain_items,
)
from world_builder.worlds.corecraft.scenarios.returns.patterns import REASONS
from world_builder.worlds.corecraft.scenarios.returns.wording import (
    REASON_TEXTS,
    says_fee,
    says_granted,
    says_refused,
)

_NUM = 18
_SIGNATURE = "CoreCraft Support"
_MAX_WORDS = 250
_NEAR_DAYS = 4
_WORDS = {"unopened": "unopened", "opened": "opened, nothing missing"}
_PROBLEMS = ("clearance", "opened_part", "too_late")
"""The refusals that a customer is told as they are."""
_SEND = r"\b(?:send|return|ship|post|mail|pack|bring|reply|write|contact|let us know)\b"
_WRITE = r"\b(?:reply|write|contact|call|let us know|get in touch|reach|answer this|tell us)\b"

_PHRASINGS = (
    "Please write to the customer of {order} about the {product} ({state}), which they would like "
    "to return because they changed their mind. The e-mail gives our decision by the rules, the "
    "reason or the amount with the fee, the last day if the window matters, and what they do next.",
    "{order}, {product}, {state}, doesn't want it any more. Draft our answer as an e-mail: yes or "
    "no, money and restocking fee (or the rule), deadline if time is the point, next step.",
    "I need a mail I can paste. Customer of {order} regrets the {product}. State of it: {state}. "
    "Decide, then tell them kindly: can it come back, for how much after which fee, until when; or "
    "why it can't (with the day the window closed, if it closed). One next step for them at the "
    "end.",
    "could u write the customer of {order}? they want to give back the {product}, it is {state}, "
    "nothing wrong with it. decision, amount + fee or the reason, last day where it counts, what "
    "to do now. mail only, don't book",
    "'I simply don't need it', they wrote. It's the {product} from {order}, {state}. Answer for us "
    "by e-mail. If the rules allow the return: refund, fee, final date and how to "
    "go on. If they don't: which rule, the closing date if it is about time, and how to go on.",
    "A return letter, please. Order {order}; item {product}; condition {state}; reason: change of "
    "mind. It must carry the decision, its ground or else the refund with any fee, the deadline "
    "where the deadline decides or still runs, and the customer's next step. Our usual signature.",
    "For {order} somebody promised a written reply about the {product} today. It is {state} and "
    "they'd rather have the money. Look up what applies to them and compose the e-mail: verdict "
    "first, then sum, fee and last day, or the cause of the refusal (and since when it is too "
    "late, should it be that), then what they should do.",
    "Tell the buyer of {order} in writing whether we take back the {product}. {state}, by the way, "
    "and no defect. What they get, what we keep, by when; or what forbids it, plus the last day "
    "that would have worked if they are simply late. Close with the next step.",
    "Short friendly e-mail wanted! Who: customer of {order}. What: {product}, {state}, not wanted. "
    "Contents: our decision; refund and restocking fee, or the obstacle; the date that ends their "
    "window if it has any bearing; what happens next.",
    "Turn the rules into a mail for {order}: they ask to return one {product}, {state}, no fault "
    "in it. I'd expect the answer in the first sentence, the figures or the reason after it, a "
    "date wherever there is one to keep or one that was missed, and a clear next step.",
    "Reply to {order} for me while I am in a meeting? Regret purchase, {product}, {state}. They "
    "should learn if it may come back, how much they would get and what fee is off, or why not; "
    "plus the last day (or when it was) if that is what it turns on; plus what to do.",
)
_DETAILS = (
    "Keep it as short as it can be.",
    "They were polite.",
    "Do not mention colleagues.",
    "It goes out under our support name.",
    "Nothing has been promised so far.",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Case:
    item: Item
    condition: str
    found: Ruling


def _drafts(desk: Desk[Company]) -> Iterator[Draft]:
    rng = desk.random("return-letter")
    for case in _cases(desk.model, rng):
        yield _draft(desk, case, rng)


def _cases(company: Company, rng: Random) -> list[_Case]:
    """Granted and refused by turns, with and without a fee, windows near their edge first."""
    cases = []
    for item in plain_items(company):
        for condition in _WORDS:
            found = ruling(company, item.order, item.line, "changed_mind", condition)
            is_told = found.problem is None or found.problem in _PROBLEMS
            if item.line.qty == 1 and is_told and len(found.problems) < 2:
                cases.append(_Case(item=item, condition=condition, found=found))
    rng.shuffle(cases)
    cases = once_each(cases, lambda case: case.item.order.id)
    cases.sort(key=lambda case: days_to_edge(company, case.found) > _NEAR_DAYS)
    return balanced(cases, _kind, lambda case: case.found.problem is None)


def _kind(case: _Case) -> tuple[str, bool]:
    is_granted = case.found.problem is None
    return case.found.problem or case.item.tier, is_granted and case.found.fee_cents > 0


def _draft(desk: Desk[Company], case: _Case, rng: Random) -> Draft:
    item = case.item
    session = desk.session()
    session.call("get_order", id=item.order.id)
    session.call("search_products", id=item.product.id)
    return Draft(
        title=f"E-mail about returning the {item.product.name} of {item.order.id}",
        keys=(item.order.id,),
        slots={
            "order": item.order.id,
            "product": item.product.name,
            "state": _WORDS[case.condition],
        },
        calls=session.calls,
        response=_mail(case, rng),
        criteria=_criteria(case),
        requester=requester(asked_by(desk.model, rng, "support", "returns")),
    )


def _mail(case: _Case, rng: Random) -> str:
    item = case.item
    thanks = rng.choice(("Thank you for writing to us.", "Thanks for your message."))
    body = _granted(case) if case.found.problem is None else _refused(case)
    return f"Hello {item.customer.first_name},\n\n{thanks} {body}\n\nBest regards,\n{_SIGNATURE}"


def _granted(case: _Case) -> str:
    item, found = case.item, case.found
    fee = (
        f"This is after a restocking fee of {money(found.fee_cents)}."
        if found.fee_cents
        else "There is no restocking fee."
    )
    return (
        f"You may return the {item.product.name}. You will get {money(found.amount_cents)} back. "
        f"{fee}\n\nPlease send it by {spoken_day(found.last_day)}, which is the last day."
    )


def _refused(case: _Case) -> str:
    item, found = case.item, case.found
    part = "memory" if item.product.category == "memory" else "processors"
    why = {
        "clearance": "It was sold on clearance, which is final sale.",
        "opened_part": f"The box has been opened. We take back {part} only unopened.",
        "too_late": f"Returns were possible for {found.window_days} days. The last day was "
        f"{spoken_day(found.last_day) if found.arrived_on else ''}.",
    }[found.problem or ""]
    return (
        f"We cannot take back the {item.product.name}. {why}\n\n"
        "Should it ever be faulty, write to us at once."
    )


def _criteria(case: _Case) -> tuple[Criterion, ...]:
    item, found = case.item, case.found
    name = item.product.name
    frame = (
        is_email(_MAX_WORDS),
        greets(item.customer.first_name),
        says_any("product", f"Names the {name}.", name),
        signs_off(_SIGNATURE),
        changes_nothing(),
    )
    step = "Tells the customer what to do next."
    if found.problem is None:
        return (
            *frame,
            says_granted(f"Says that the {name} may come back."),
            says_amount("refund", "what goes back", found.amount_cents),
            says_fee(found.fee_cents),
            says_date("last-day", "the last day of the window", iso_day(found.last_day)),
            says_matching("next-step", step, _SEND),
        )
    is_late = found.problem == "too_late"
    closed = iso_day(found.last_day) if is_late else ""
    late = (says_date("last-day", "the day the window closed", closed),) if is_late else ()
    return (
        *frame,
        says_refused(f"Says that the {name} cannot come back."),
        says_reason(REASON_TEXTS[found.problem], REASONS[found.problem]),
        *late,
        says_matching("next-step", step, _WRITE),
    )


RETURN_LETTER: Scenario[Company] = Scenario(
    name="return-letter",
    category=Category.COMMUNICATION,
    difficulty=Difficulty.MEDIUM,
    system_prompt=RETURNS_DESK,
    intent="The customer of {order} learns in one e-mail whether the {product} may come back, on "
    "what terms or why not, and what to do.",
    phrasings=_PHRASINGS,
    details=_DETAILS,
    drafts=_drafts,
    num_tasks=_NUM,
)
