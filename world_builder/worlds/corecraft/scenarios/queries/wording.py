"""What the scenarios on the generic surface share: counts with their noun, look-ups by query."""

from world_builder.frozen import Json
from world_builder.rubrics import Criterion
from world_builder.templates import Session
from world_builder.templates.criteria import says_matching
from world_builder.templates.phrases import count_pattern
from world_builder.worlds.corecraft.company import Employee


def says_how_many(key: str, text: str, num: int, noun: str) -> Criterion:
    """The response gives a count beside its noun, a pattern; a number alone is not enough."""
    count = count_pattern(num)
    near = r"(?:\W+\w+){0,3}?\W+"
    return says_matching(key, text, rf"(?:{count}){near}(?:{noun})|(?:{noun})\w*{near}(?:{count})")


def queried_employee(session: Session, employee: Employee) -> str:
    """The id of an employee, looked up by name; raises LookupError when it is not shown."""
    found = session.call("search_records", type="employee", text=employee.name)["results"]
    return only(found, employee.id)


def only(rows: Json, wanted: str) -> str:
    """The id, once it is sure that the rows show it. Raises LookupError."""
    shown = [row["id"] for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []
    if wanted not in shown:
        raise LookupError(f"{wanted} is not among {shown}")
    return wanted
