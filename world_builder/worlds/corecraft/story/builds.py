"""Builds: quotes, among them some that would never work, and computers in the making."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

from world_builder.worlds.corecraft.company import (
    Build,
    Customer,
    Employee,
    Line,
    Order,
    Part,
    Product,
)
from world_builder.worlds.corecraft.rules import ASSEMBLY_CENTS, BUILD_PURPOSES, NOW, QUOTE_DAYS
from world_builder.worlds.corecraft.story.machines import (
    FAULTS,
    Machine,
    a_faulty_machine,
    a_machine,
)
from world_builder.worlds.corecraft.story.plans import OrderPlan

NUM_PER_FAULT = 3
_STATUSES = (
    *("quoted",) * 26, *("ordered",) * 8, *("assembling",) * 9, *("testing",) * 6,
    *("completed",) * 30, *("cancelled",) * 5,
)  # fmt: skip
_ORDER_STATUS = {
    "ordered": "processing",
    "assembling": "processing",
    "testing": "processing",
    "completed": "delivered",
    "cancelled": "cancelled",
}
_NAMES = (
    "Weekend rig", "Living room box", "Quiet editing desk", "First gaming PC", "Render node",
    "Dorm machine", "Flight simulator", "Small server", "Podcast station", "Lab workstation",
    "Office replacement", "Streaming setup", "Birthday PC", "Sim racing PC", "Map-making desk",
)  # fmt: skip
_NOTES = (
    "Wants all fans set to the quiet curve.",
    "Parts list came from a forum; please check it twice.",
    "No lights, please.",
    "Will be picked up by a courier.",
    "Customer brings her own drive with data on it.",
    "Needs two network ports.",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildPlan:
    """A build before it has an order."""

    number: int
    name: str
    customer: Customer
    machine: Machine
    purpose: str
    status: str
    quoted_on: date

    @property
    def assembly_cents(self) -> int:
        return 0 if self.customer.loyalty_tier == "platinum" else ASSEMBLY_CENTS

    def order(self, rng: Random) -> OrderPlan | None:
        """The order that it led to; None while it is only quoted."""
        status = _ORDER_STATUS.get(self.status)
        if status is None:
            return None
        lines = tuple(
            Line(product_id=part.id, qty=qty, unit_price_cents=part.price_cents)
            for part, qty in self.machine
        )
        return OrderPlan(
            customer=self.customer,
            day=self.quoted_on + timedelta(days=rng.randrange(0, 3)),
            lines=lines,
            service=rng.choice(("standard", "standard", "expedited")),
            status=status,
            assembly_cents=self.assembly_cents,
            build_number=self.number,
        )


def plan_builds(
    rng: Random, customers: tuple[Customer, ...], products: tuple[Product, ...]
) -> list[BuildPlan]:
    """All builds, oldest quote first; each fault stands in a few quotes."""
    faults = [*(fault for fault in FAULTS for _ in range(NUM_PER_FAULT))]
    wanted = [("quoted", fault) for fault in faults] + [(status, "") for status in _STATUSES]
    dated = sorted(((_quoted_on(rng, status), i) for i, (status, _) in enumerate(wanted)))
    plans = []
    for number, (day, i) in enumerate(dated, 1):
        status, fault = wanted[i]
        machine = a_faulty_machine(rng, products, fault) if fault else _of_day(rng, products, day)
        customer = rng.choice(customers)
        plans.append(
            BuildPlan(
                number=number,
                name=f"{rng.choice(_NAMES)} for {customer.name.split()[0]}",
                customer=customer,
                machine=machine,
                purpose=rng.choice(BUILD_PURPOSES),
                status=status,
                quoted_on=day,
            )
        )
    return plans


def finished(
    plans: list[BuildPlan], orders: Mapping[int, Order], staff: tuple[Employee, ...], rng: Random
) -> tuple[Build, ...]:
    """The builds with their orders, technicians and due dates."""
    technicians = [e for e in staff if e.role == "technician" and e.is_active]
    return tuple(_build(plan, orders.get(plan.number), technicians, rng) for plan in plans)


def _build(plan: BuildPlan, order: Order | None, technicians: list[Employee], rng: Random) -> Build:
    is_in_lab = plan.status in ("assembling", "testing", "completed")
    placed = order.placed_at.date() if order else None
    return Build(
        id=f"bld-{plan.number:03}",
        name=plan.name,
        customer_id=plan.customer.id,
        order_id=order.id if order else None,
        purpose=plan.purpose,
        status=plan.status,
        parts=tuple(Part(product_id=part.id, qty=qty) for part, qty in plan.machine),
        parts_cents=sum(part.price_cents * qty for part, qty in plan.machine),
        assembly_cents=plan.assembly_cents,
        quoted_on=plan.quoted_on,
        due_on=placed + timedelta(days=rng.choice((5, 6, 7, 8))) if placed else None,
        technician_id=rng.choice(technicians).id if is_in_lab else None,
        notes=rng.choice(_NOTES) if rng.random() < 0.25 else None,
    )


def _of_day(rng: Random, products: tuple[Product, ...], day: date) -> Machine:
    return a_machine(rng, tuple(p for p in products if p.released_on <= day))


def _quoted_on(rng: Random, status: str) -> date:
    """Quotes lie around the day on which they expire, builds in the lab a few days back."""
    today = NOW.date()
    if status == "quoted":
        return today - timedelta(days=rng.choice((1, 3, 6, 9, 12, 13, 14, 15, 16, 20, 27)))
    if status in ("ordered", "assembling", "testing"):
        return today - timedelta(days=rng.randrange(3, 9))
    return today - timedelta(days=rng.randrange(QUOTE_DAYS + 30, 300))
