"""How an answer in the scenario `ticket-load` is read: counts, the least loaded, the oldest."""

from collections.abc import Sequence

from world_builder.rubrics import Criterion
from world_builder.templates.criteria import CORRECTNESS, says_matching, says_right_not_wrong
from world_builder.templates.phrases import count_pattern
from world_builder.worlds.corecraft.company import Employee, Ticket
from world_builder.worlds.corecraft.reckoning.tickets import is_at_work
from world_builder.worlds.corecraft.scenarios.tickets.wording import MONTHS, day_pattern, whole

_ZERO = r"(?:(?<![\w.,-])0(?![\w.,-])|\b(?:none|zero|nothing|no (?:open )?tickets?)\b)"
_LEAST = (
    r"fewe(?:st|r)|least|lowest|smallest|shortest|emptiest|lightest|next (?:one|ticket)|free(?:st)?"
)


def says_oldest(ticket: Ticket, owner: Employee) -> Criterion:
    """Ticket, owner and day in one line, or shortly after the word oldest."""
    facts = (
        whole(ticket.id),
        rf"{whole(owner.name)}|\b{owner.first_name}\b",
        day_pattern(ticket.created_at.date()),
    )
    line = "(?m:^" + "".join(rf"(?=[^\n]*(?:{fact}))" for fact in facts) + ")"
    block = r"\b(?:oldest|longest)\b" + "".join(rf"(?=[\s\S]{{0,160}}(?:{f}))" for f in facts)
    told = f"Names the oldest ticket, {ticket.id}, with its owner and day."
    return says_matching("oldest", told, f"{line}|{block}", CORRECTNESS)


def stands_near(employee: Employee, num: int) -> str:
    """A pattern of a person next to a count that is no day of a date."""
    person = rf"(?:{whole(employee.name)}|\b{employee.first_name}\b)"
    counted = count_pattern(num) if num else _ZERO
    number = rf"{counted}(?!,? ?20\d\d|\s+(?:{MONTHS}))"
    gap = rf"(?:(?!\b(?:{MONTHS}|since)|\n)[^\d]){{0,40}}?"
    return rf"{person}{gap}{number}|{number}{gap}{person}"


def says_fewest(group: Sequence[Employee], chosen: Employee) -> Criterion:
    """The chosen one stands by a word for the least, and nobody else does."""

    def stands_by(employee: Employee) -> str:
        others = "|".join(e.first_name for e in group if e is not employee)
        person = rf"\b{employee.first_name}\b"
        gap = rf"(?:(?!\b(?:{others})\b|[.\n;])[\s\S]){{0,70}}?"
        return rf"{person}{gap}\b(?:{_LEAST})\b|\b(?:{_LEAST})\b{gap}{person}"

    wrong = "|".join(stands_by(e) for e in group if e is not chosen and is_at_work(e))
    told = f"Says that of those at work {chosen.name} has the fewest."
    if not wrong:
        return says_matching("fewest", told, stands_by(chosen))
    return says_right_not_wrong("fewest", told, stands_by(chosen), wrong)
