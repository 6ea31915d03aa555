"""Whether an order may still be stopped or sent elsewhere, by whom, and what then goes back.

Worked out from typed values, apart from the tools' expressions, so that the two check each other.
"""

from dataclasses import dataclass

from world_builder.worlds.corecraft.company import Build, Company, Employee, Order, Payment
from world_builder.worlds.corecraft.rules import REFUND_LIMIT_CENTS

OPEN_STATUSES = ("pending_payment", "processing")
"""Statuses in which an order can be cancelled or sent elsewhere."""
LEADING_ROLES = ("team_lead", "manager")
"""Roles that may cancel an order whose build is on the bench."""
_ON_THE_BENCH = ("assembling", "testing")
_CHARGED = ("captured", "partially_refunded", "disputed")
_LADDER = ("agent", "senior_agent", "team_lead", "manager")


@dataclass(frozen=True, slots=True, kw_only=True)
class StopRuling:
    """What an employee may do for a customer who wants out of an order."""

    problem: str | None
    """`gone` (shipped, delivered or cancelled), `on_the_bench`, `disputed`, `above_limit`; None
    when the order may be cancelled and all that was charged refunded."""
    build: Build | None
    """The build that the order is for and that a cancellation ends."""
    payment: Payment | None
    """The payment that was charged; None when nothing was."""

    @property
    def may_cancel(self) -> bool:
        return self.problem not in ("gone", "on_the_bench")

    @property
    def amount_cents(self) -> int:
        """What was charged and would go back whole."""
        return self.payment.amount_cents - self.payment.refunded_cents if self.payment else 0


def is_open(order: Order) -> bool:
    """Whether nothing has left the warehouse and nobody has stopped it."""
    return order.status in OPEN_STATUSES


def charged(company: Company, order_id: str) -> Payment | None:
    """The payment that was charged for an order; None while none was."""
    paid = [p for p in company.payments_of(order_id) if p.status in _CHARGED]
    return paid[0] if paid else None


def build_of(company: Company, order: Order) -> Build | None:
    """The build that an order is for, unless it was cancelled."""
    for build in company.builds:
        if build.order_id == order.id and build.status != "cancelled":
            return build
    return None


def stop_ruling(company: Company, order: Order, employee: Employee) -> StopRuling:
    """What the employee may do about an order that its customer no longer wants."""
    payment, build = charged(company, order.id), build_of(company, order)
    return StopRuling(
        problem=_problem(order, employee, payment, build), build=build, payment=payment
    )


def _problem(
    order: Order, employee: Employee, payment: Payment | None, build: Build | None
) -> str | None:
    if not is_open(order):
        return "gone"
    if build and build.status in _ON_THE_BENCH and employee.role not in LEADING_ROLES:
        return "on_the_bench"
    if payment and payment.status == "disputed":
        return "disputed"
    if payment and payment.amount_cents - payment.refunded_cents > employee.refund_limit_cents:
        return "above_limit"
    return None


def first_role(amount_cents: int) -> str | None:
    """The lowest role whose limit covers an amount; None when no limit does."""
    covering = (role for role in _LADDER if REFUND_LIMIT_CENTS[role] >= amount_cents)
    return next(covering, None)


def leaders_of(company: Company, team: str, *, least_limit_cents: int = 0) -> list[Employee]:
    """Team leads and managers of a team who are at work today and may refund that much."""
    return [
        employee
        for employee in company.employees
        if employee.team == team
        and employee.role in LEADING_ROLES
        and employee.is_active
        and employee.out_of_office is None
        and employee.refund_limit_cents >= least_limit_cents
    ]
