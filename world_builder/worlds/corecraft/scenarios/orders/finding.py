"""How people refer to an order without its number, and how a reference finds it.

A hint fits one order of its customer only; near misses are what makes it worth asking.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

from world_builder.expressions import money
from world_builder.templates import Session
from world_builder.worlds.corecraft.company import Company, Customer, Order, Ticket
from world_builder.worlds.corecraft.scenarios.common import is_only_name, spoken_day

_AROUND = timedelta(days=10)
"""How far other orders must lie from a day that is only nearly right."""
_MOST = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Hint:
    """A way to say which order of a customer is meant."""

    kind: str
    """`product`, `around`, `day`, `total` or `twin` (two orders on one day)."""
    text: str
    """`the order with the Hollin Barn`."""


def hints(company: Company, order: Order, rng: Random) -> dict[str, Hint]:
    """Every way to name an order that fits no other order of its customer, by kind."""
    return {hint.kind: hint for hint in _hints(company, order, rng)}


def a_hint(company: Company, order: Order, rng: Random) -> Hint | None:
    """One way to name an order: by what sets it apart from another of the same day, else any, its
    total only for want of others; None when nothing fits it alone.
    """
    found = hints(company, order, rng)
    if "twin" in found:
        return found["twin"]
    kinds = sorted(found.keys() - {"total"}) or sorted(found)
    return found[rng.choice(kinds)] if kinds else None


def _hints(company: Company, order: Order, rng: Random) -> Iterator[Hint]:
    others = [other for other in company.orders_of(order.customer_id) if other.id != order.id]
    day = order.placed_at.date()
    same_day = [other for other in others if other.placed_at.date() == day]
    told = _own_product(company, order, others, rng)
    if told:
        yield Hint(kind="product", text=f"the order with the {told}")
    if not same_day:
        yield Hint(kind="day", text=f"the order of {spoken_day(day)}")
    said = _near(day, company.now.date(), rng)
    if all(abs(other.placed_at.date() - said) >= _AROUND for other in others):
        yield Hint(kind="around", text=f"the order from around {spoken_day(said)}")
    if all(other.total_cents != order.total_cents for other in others):
        yield Hint(kind="total", text=f"the order that came to {money(order.total_cents)}")
    told = _own_product(company, order, same_day, rng)
    if same_day and told:
        yield Hint(kind="twin", text=f"the order of {spoken_day(day)} with the {told}")


def _own_product(company: Company, order: Order, others: list[Order], rng: Random) -> str | None:
    """The name of a product that none of the other orders holds."""
    taken = {line.product_id for other in others for line in other.lines}
    own = [line.product_id for line in order.lines if line.product_id not in taken]
    return company.product(rng.choice(own)).name if own else None


def _near(day: date, today: date, rng: Random) -> date:
    """A day that somebody remembers nearly right."""
    return min(day + timedelta(days=rng.choice((-2, -1, 1, 2))), today - timedelta(days=1))


def known_as(company: Company, customer: Customer, rng: Random) -> str:
    """A customer by name, with town or e-mail address where the name alone does not do."""
    by_town, by_mail = f"{customer.name} from {customer.address.city}", customer.email
    forms = [by_town, f"{customer.name} ({by_mail})"]
    if is_only_name(company, customer):
        forms += [customer.name] * 3
    return rng.choice(forms)


def found_by_name(session: Session, customer: Customer) -> str:
    """The id of a customer, looked up by name. Raises LookupError when it is not among them."""
    rows = session.call("search_customers", text=customer.name)["results"]
    return among(rows, customer.id)


def found_orders(session: Session, customer: Customer, *wanted: Order) -> None:
    """Looks the orders of a customer up; raises LookupError when a wanted one is not shown."""
    customer_id = found_by_name(session, customer)
    rows = session.call("search_orders", customer_id=customer_id, limit=_MOST)["results"]
    for order in wanted:
        among(rows, order.id)


def opened(session: Session, customer: Customer, order: Order) -> None:
    """Finds an order by its customer and looks into it."""
    found_orders(session, customer, order)
    session.call("get_order", id=order.id)


def told_ticket(company: Company, session: Session, ticket: Ticket, rng: Random) -> str:
    """The ticket's id, or its subject with whoever wrote it; looks the latter up."""
    customer = company.customer(ticket.customer_id)
    subjects = [t.subject for t in company.tickets_of(customer.id)]
    is_told = is_only_name(company, customer) and subjects.count(ticket.subject) == 1
    if not is_told or rng.random() < 0.6:
        return ticket.id
    found_by_name(session, customer)
    among(session.call("search_tickets", customer_id=customer.id, limit=30)["results"], ticket.id)
    return f"the ticket '{ticket.subject}' of {customer.name}"


def among(rows: object, wanted: str) -> str:
    """The id that must be among the rows of a look-up. Raises LookupError when it is not."""
    if not isinstance(rows, list) or all(row["id"] != wanted for row in rows):
        raise LookupError(f"the look-up does not show {wanted}")
    return wanted
