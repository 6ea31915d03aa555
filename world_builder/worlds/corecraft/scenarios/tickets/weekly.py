"""The scenario `weekly-report`: the tickets of seven days by category, and how many ended."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from random import Random

from world_builder.checks import Format, FormatKind
from world_builder.frozen import Json
from world_builder.rubrics import Criterion
from world_builder.tasks import Category, Difficulty
from world_builder.templates import Desk, Draft, Scenario, Session
from world_builder.templates.criteria import (
    CORRECTNESS,
    FORMAT,
    changes_nothing,
    criterion,
    says_matching,
)
from world_builder.templates.phrases import count_pattern
from world_builder.worlds.corecraft.company import Company, Ticket
from world_builder.worlds.corecraft.policies import BACK_OFFICE
from world_builder.worlds.corecraft.reckoning.tickets import ENDED
from world_builder.worlds.corecraft.rules import TICKET_CATEGORIES, TIME_ZONE
from world_builder.worlds.corecraft.scenarios.cases import by_turns
from world_builder.worlds.corecraft.scenarios.common import counted, requester, staff
from world_builder.worlds.corecraft.scenarios.tickets.wording import in_one_line

_NUM = 18
_FEWEST = 8
"""Fewer tickets make no report."""
_NUM_WEEKS = 16
_NUM_DONE = 4
"""How many of the cases are weeks of which every ticket ended."""

_PHRASINGS = (
    "Weekly report on tickets, {week}: a table by category with the number created, then the "
    "total, then how many of them are resolved or closed by now and what percentage that is (full "
    "percent). Categories without a ticket stay out.",
    "How many tickets came in, category by category, in {week}? As a table without empty "
    "categories, please. And two figures below: all of them together, and of these the resolved "
    "or closed ones, as a number and in percent (rounded to whole).",
    "table pls: tickets created in {week} per category (skip zeros). + total + how many of those "
    "are resolved/closed today, count and % w/o decimals",
    "For the Monday round I have to show what {week} brought us. Please count the tickets by "
    "their day of creation, put the categories that occur with their numbers in a table, state "
    "the sum, and tell how many have since been resolved or closed, with the share of the sum in "
    "whole percent.",
    "Report period: {week}, both days included.\n"
    "Table: category, tickets created.\n"
    "Not in the table: categories with none.\n"
    "Below: total; number resolved or closed; that as a percentage, rounded.",
    "I'd like to compare weeks. Begin with {week}: tickets by category (created in that time) in "
    "tabular form, leaving out what did not occur, the grand total, and the part that is ended by "
    "now (status resolved or closed) as a count and a rounded percentage.",
    "Who can tell me what kept us busy in {week}? Categories and counts of new tickets in a table "
    "(only those above zero), their total, plus the number of them that are finished, meaning "
    "resolved or closed, and how much percent of the total this is, no decimals.",
    "Management wants figures: tickets that were created in {week}. One table row for each "
    "category that had any, with its count. Under the table the total number and the closing "
    "quota, which is resolved plus closed out of all: give the count and the percentage to the "
    "nearest whole number.",
    "From midnight to midnight, New York time: {week}. Count the created tickets by category for "
    "me (table, zero rows omitted). Sum? And of the sum, how many stand at resolved or closed "
    "today, in numbers and as rounded percent?",
    "Please draw up the ticket statistics of {week}. They consist of a category table with counts "
    "by creation date, no empty rows; the total; and the number with the whole percentage of "
    "tickets that have been resolved or closed since.",
)
_DETAILS = (
    "The order of the rows is up to you.",
    "Last week's sheet was counted by hand and wrong.",
    "I put it into the slides myself.",
    "No comments on the figures, please.",
    "Priorities and channels come next month.",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Week:
    """Seven days and the tickets created in them."""

    first_day: date
    tickets: tuple[Ticket, ...]

    @property
    def last_day(self) -> date:
        return self.first_day + timedelta(days=6)

    @property
    def told(self) -> str:
        days = (self.first_day, self.last_day)
        first, last = (f"{day:%A}, {day:%B} {day.day}" for day in days)
        return f"the seven days from {first} to {last}, {self.last_day.year}"

    @property
    def by_category(self) -> dict[str, int]:
        """Categories that occur, in the order of the rules."""
        counts = Counter(ticket.category for ticket in self.tickets)
        return {name: counts[name] for name in TICKET_CATEGORIES if counts[name]}

    @property
    def num_ended(self) -> int:
        return sum(ticket.status in ENDED for ticket in self.tickets)

    @property
    def percent_ended(self) -> int:
        """Rounded half up."""
        return (200 * self.num_ended + len(self.tickets)) // (2 * len(self.tickets))


def _drafts(desk: Desk[Company]) -> Iterator[Draft]:
    rng = desk.random("weekly-report")
    for week in _cases(desk.model, rng):
        yield _draft(desk, week, rng)


def _cases(company: Company, rng: Random) -> list[_Week]:
    """Mostly weeks with tickets that wait still; those with tickets at a midnight first."""
    last_start = company.now.date() - timedelta(days=7)
    starts = [last_start - timedelta(days=ago) for ago in range(7 * _NUM_WEEKS)]
    weeks = [_week(company, start) for start in starts]
    found = [week for week in weeks if len(week.tickets) >= _FEWEST]
    rng.shuffle(found)
    found.sort(key=lambda week: not _has_edge(company, week))
    found = by_turns(found, lambda week: week.first_day.weekday())
    waiting = [week for week in found if week.num_ended < len(week.tickets)]
    done = [week for week in found if week.num_ended == len(week.tickets)]
    return [*waiting[: _NUM - _NUM_DONE], *done[:_NUM_DONE], *waiting[_NUM - _NUM_DONE :]]


def _week(company: Company, start: date) -> _Week:
    end = start + timedelta(days=6)
    tickets = tuple(t for t in company.tickets if start <= _day(t.created_at) <= end)
    return _Week(first_day=start, tickets=tickets)


def _day(moment: datetime) -> date:
    return moment.astimezone(TIME_ZONE).date()


def _has_edge(company: Company, week: _Week) -> bool:
    """Whether a ticket lies within four hours of the first or last midnight."""
    start = datetime.combine(week.first_day, datetime.min.time(), TIME_ZONE)
    ends = (start, start + timedelta(days=7))
    span = timedelta(hours=4)
    return any(abs(t.created_at - end) < span for t in company.tickets for end in ends)


def _draft(desk: Desk[Company], week: _Week, rng: Random) -> Draft:
    company = desk.model
    session = desk.session()
    for name in TICKET_CATEGORIES:
        _count(session, week, week.by_category.get(name, 0), category=name)
    for status in ENDED:
        num = sum(ticket.status == status for ticket in week.tickets)
        _count(session, week, num, status=status)
    leads = staff(company, "support", "returns", "escalations", roles=("team_lead", "manager"))
    return Draft(
        title=f"Tickets of {week.told}",
        keys=(f"week {week.first_day}",),
        slots={"week": week.told},
        calls=session.calls,
        response=_report(week),
        criteria=tuple(_criteria(week)),
        requester=requester(rng.choice(leads)),
    )


def _count(session: Session, week: _Week, expected: int, **choice: Json) -> None:
    """Counts the week's tickets of a choice. Raises LookupError when the search finds others."""
    end = week.last_day + timedelta(days=1)
    found = session.call(
        "search_tickets",
        **choice,
        created_after=week.first_day.isoformat(),
        created_before=end.isoformat(),
        limit=1,
    )
    if found["count"] != expected:
        raise LookupError(f"{choice} from {week.first_day}: {found['count']}, not {expected}")


def _report(week: _Week) -> str:
    rows = [f"| {name} | {num} |" for name, num in week.by_category.items()]
    are = "is" if week.num_ended == 1 else "are"
    return "\n".join(
        (
            "| Category | Tickets |",
            "|---|---|",
            *rows,
            "",
            f"In all {counted(len(week.tickets), 'ticket')} were created.",
            f"Of these, {week.num_ended} {are} resolved or closed, which is "
            f"{week.percent_ended} %.",
        )
    )


def _criteria(week: _Week) -> Iterator[Criterion]:
    num_rows, total = len(week.by_category), len(week.tickets)
    check = Format(format=FormatKind.TABLE, minimum=num_rows, maximum=num_rows + 1)
    told = f"Gives a table of {num_rows} rows, with or without one for the total."
    yield criterion("table", told, check, FORMAT)
    for name, num in week.by_category.items():
        row = rf"\|[^|\n]*\b{name}\b[^|\n]*\|[^\n]*{count_pattern(num)}"
        yield in_one_line(name, f"Counts {counted(num, 'ticket')} in {name}.", row)
    number = count_pattern(total)
    pattern = (
        rf"\b(?:total|sum|all|altogether|overall|together)\b[^\n\d%]{{0,40}}{number}"
        rf"|{number}\W{{1,4}}(?:new )?tickets|{number}\W{{1,4}}(?:in (?:all|total)|altogether)"
    )
    yield says_matching("total", f"States the total: {total}.", pattern, CORRECTNESS)
    yield says_matching(
        "ended",
        f"Says that {week.num_ended} are resolved or closed.",
        rf"{count_pattern(week.num_ended)}[^\n]{{0,60}}\b(?:resolved|closed|ended|finished|done)"
        rf"|\b(?:resolved|closed|ended|finished|done)\b[^\n\d]{{0,40}}"
        rf"{count_pattern(week.num_ended)}",
        CORRECTNESS,
    )
    yield says_matching(
        "share",
        f"States their share: {week.percent_ended} %.",
        rf"(?<![\d.,]){week.percent_ended} ?(?:%|per ?cent)",
        CORRECTNESS,
    )
    yield changes_nothing()


WEEKLY_REPORT: Scenario[Company] = Scenario(
    name="weekly-report",
    category=Category.COMMUNICATION,
    difficulty=Difficulty.HARD,
    system_prompt=BACK_OFFICE,
    intent="Show what {week} brought, and how much of it is done.",
    phrasings=_PHRASINGS,
    details=_DETAILS,
    drafts=_drafts,
    num_tasks=_NUM,
)
