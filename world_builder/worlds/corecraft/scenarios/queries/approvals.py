"""The scenario `query-approvals`: what a colleague has approved in refunds since a day."""

from collections.abc import Iterator
from datetime import date, datetime
from random import Random

from world_builder.expressions import money
from world_builder.tasks import Category, Difficulty
from world_builder.templates import Desk, Draft, Scenario
from world_builder.templates.criteria import (
    changes_nothing,
    pairs,
    says_amount,
    says_any,
    says_how_many,
    says_matching,
)
from world_builder.worlds.corecraft.company import Company, Employee, Refund
from world_builder.worlds.corecraft.policies import BACK_OFFICE
from world_builder.worlds.corecraft.rules import TIME_ZONE
from world_builder.worlds.corecraft.scenarios.common import (
    asked_by,
    counted,
    requester,
    spoken_day,
)
from world_builder.worlds.corecraft.scenarios.queries.wording import queried_employee
from world_builder.worlds.corecraft.tools import GENERIC_SURFACE

_DAYS = (date(2025, 7, 1), date(2025, 8, 1), date(2025, 6, 1), date(2025, 8, 15), date(2025, 1, 1))
_MOST = 40
_PHRASINGS = (
    "How many refunds has {colleague} approved since {day} ({day} included), and what do they come "
    "to? Which one is the largest? And is any of them above the limit of that colleague?",
    "Audit sample: refunds approved by {colleague} from {day} on. Number, sum, the biggest with "
    "its amount, the personal limit, and a plain statement whether it was ever exceeded.",
    "{colleague}, refunds, created {day} or later: count + total + largest (id and amount) + limit "
    "+ over the limit yes/no",
    "I am preparing the talk with {colleague}. Please pull what was approved since {day}: how many "
    "refunds, how much money in all, the single largest one, and how that sits with the limit.",
    "Did {colleague} stay within the refund limit since {day}? Back it up: limit, number of "
    "approvals, the total, and the largest one by id.",
    "need figures on {colleague} for the quarterly sheet. since {day}: approved refunds (how "
    "many), money (sum), top one (id, amount), limit, any above it?",
    "What has gone out under the name of {colleague} since {day} began? I mean refunds they "
    "approved. Sum and number first, then the largest, then whether their limit covers it.",
    "Billing wants to know about approvals by {colleague}. Everything created on or after {day} "
    "counts. Tell me the number of refunds, their sum, which is the highest and whether it is "
    "within the limit, with the limit.",
    "Check on limits, this time {colleague}. Refunds from {day} until now, approved by that person "
    "only. Amount altogether, how many, the top one and the limit it has to stay under.",
)
_DETAILS = (
    "Denied or still requested ones have nobody who approved them, so leave those out.",
    "It is a routine check, nothing bad.",
    "Cents matter here.",
    "I need it as text, not as a table.",
)


def _drafts(desk: Desk[Company]) -> Iterator[Draft]:
    rng = desk.random("query-approvals")
    company = desk.model
    people = [e for e in company.employees if e.is_active and e.refund_limit_cents > 0]
    rng.shuffle(people)
    for i, employee in enumerate(people):
        for day in (_DAYS[i % len(_DAYS)], _DAYS[(i + 1) % len(_DAYS)]):
            found = _approved(company, employee, day)
            if len(found) >= 2 and _has_one_largest(found):
                yield _draft(desk, employee, day, found, rng)
                break


def _approved(company: Company, employee: Employee, day: date) -> list[Refund]:
    start = datetime(day.year, day.month, day.day, tzinfo=TIME_ZONE)
    return [
        refund
        for refund in company.refunds
        if refund.approved_by_id == employee.id and refund.created_at >= start
    ]


def _has_one_largest(found: list[Refund]) -> bool:
    amounts = sorted(refund.amount_cents for refund in found)
    return amounts[-1] > amounts[-2]


def _draft(
    desk: Desk[Company], employee: Employee, day: date, found: list[Refund], rng: Random
) -> Draft:
    largest = max(found, key=lambda refund: refund.amount_cents)
    total = sum(refund.amount_cents for refund in found)
    top, limit = money(largest.amount_cents), money(employee.refund_limit_cents)
    session = desk.session(GENERIC_SURFACE)
    queried_employee(session, employee)
    session.call("describe_type", type="refund")
    session.call(
        "find_records", type="refund", field="approved_by_id", value=employee.id, limit=_MOST
    )
    asker = asked_by(desk.model, rng, "billing", "escalations")
    return Draft(
        title=f"Refunds approved by {employee.name} since {day.isoformat()}",
        keys=(employee.id,),
        slots={"colleague": employee.name, "day": spoken_day(day)},
        calls=session.calls,
        response=f"{employee.name} approved {counted(len(found), 'refund')} since "
        f"{spoken_day(day)}, {money(total)} in all. The largest is {largest.id} with {top}. The "
        f"limit is {limit}, and no refund is above it.",
        criteria=(
            says_any("colleague", f"Names {employee.name}.", employee.name, employee.id),
            says_how_many(
                "count", f"Says that there are {len(found)}.", len(found), "refund|approv"
            ),
            says_any("since", "Names the first day that counts.", day.isoformat()),
            says_amount("total", "the sum", total),
            pairs("largest", f"Names the largest, {largest.id}, with {top}.", largest.id, top),
            says_amount("limit", "the limit", employee.refund_limit_cents),
            says_matching("verdict", "Says that the limit was not exceeded.", _WITHIN),
            changes_nothing(),
        ),
        requester=requester(asker),
    )


_WITHIN = (
    r"\b(?:no(?:ne| refund| single)?|not|never)\b[^.]{0,30}\b(?:above|over|exceed\w*|beyond)"
    r"|\b(?:within|under|below)\b[^.]{0,20}\blimit|\blimit\b[^.]{0,30}\b(?:covers|kept|respected)"
)

QUERY_APPROVALS: Scenario[Company] = Scenario(
    name="query-approvals",
    category=Category.REASONING,
    difficulty=Difficulty.HARD,
    system_prompt=BACK_OFFICE,
    intent="Know what {colleague} has approved since {day}, and that the limit was kept.",
    phrasings=_PHRASINGS,
    details=_DETAILS,
    drafts=_drafts,
    num_tasks=12,
    is_unseen=True,
    tool_surface=GENERIC_SURFACE,
)
