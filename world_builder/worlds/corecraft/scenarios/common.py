"""What all families of scenarios share: who asks, and how things are said."""

from collections.abc import Sequence
from datetime import date, datetime
from random import Random

from world_builder.frozen import Json
from world_builder.templates import Requester, Session
from world_builder.worlds.corecraft.company import Company, Customer, Employee

TEAM_NAMES = {
    "support": "customer support",
    "returns": "returns desk",
    "builds": "build lab",
    "warehouse": "warehouse",
    "billing": "billing",
    "escalations": "escalations",
    "product": "product team",
}


def requester(employee: Employee) -> Requester:
    """An employee as whoever asks."""
    return Requester(name=employee.name, role=TEAM_NAMES[employee.team], seed=employee.id)


def staff(
    company: Company, *teams: str, roles: Sequence[str] = (), least_limit_cents: int = 0
) -> list[Employee]:
    """Employees at work today: of the teams (none: any) and roles (none: any).

    Names that two employees share are left out, so that a name says who it is.
    """
    names = [employee.name for employee in company.employees]
    return [
        employee
        for employee in company.employees
        if employee.is_active
        and employee.out_of_office is None
        and (not teams or employee.team in teams)
        and (not roles or employee.role in roles)
        and employee.refund_limit_cents >= least_limit_cents
        and names.count(employee.name) == 1
    ]


def asked_by(company: Company, rng: Random, *teams: str) -> Employee:
    """Somebody of the teams, at random."""
    return rng.choice(staff(company, *teams))


def is_only_name(company: Company, customer: Customer) -> bool:
    """Whether no other customer has the name."""
    return company.num_customers_named(customer.name) == 1


def found_employee(session: Session, employee: Employee) -> str:
    """The id of an employee, looked up by name as a reference must; raises when not unique."""
    rows = session.call("search_employees", text=employee.name)["results"]
    return _only(rows, employee.id)


def found_customer(session: Session, customer: Customer) -> str:
    """The id of a customer, looked up by e-mail address."""
    rows = session.call("search_customers", text=customer.email)["results"]
    return _only(rows, customer.id)


def _only(rows: Json, wanted: str) -> str:
    if not isinstance(rows, list) or not any(
        isinstance(row, dict) and row["id"] == wanted for row in rows
    ):
        raise LookupError(f"the look-up does not show {wanted}")
    return wanted


def spoken_day(day: date | datetime) -> str:
    """A day as people write it.

    >>> spoken_day(date(2025, 9, 3))
    'September 3, 2025'
    """
    return f"{day:%B} {day.day}, {day.year}"


def short_day(day: date | datetime) -> str:
    """A day without its year.

    >>> short_day(date(2025, 9, 3))
    'Sep 3'
    """
    return f"{day:%b} {day.day}"


def iso_day(moment: date | datetime) -> str:
    """The day of a moment, as criteria name it.

    >>> iso_day(datetime(2025, 9, 3, 14, 5))
    '2025-09-03'
    """
    return f"{moment:%Y-%m-%d}"


def counted(num: int, noun: str, plural: str = "") -> str:
    """A count with its noun.

    >>> counted(1, "order"), counted(3, "order"), counted(2, "copy", "copies")
    ('1 order', '3 orders', '2 copies')
    """
    return f"{num} {noun if num == 1 else plural or noun + 's'}"


def listed(items: Sequence[str]) -> str:
    """Items in a sentence.

    >>> listed(["a"]), listed(["a", "b"]), listed(["a", "b", "c"])
    ('a', 'a and b', 'a, b and c')
    """
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} and {items[-1]}"


def product_names(company: Company, product_ids: Sequence[str]) -> list[str]:
    return [company.product(product_id).name for product_id in product_ids]
