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
from world_builder.worlds.corecraft.rules import (
    ASSEMBLY_CENTS,
    BUILD_PURPOSES,
    NOW,
    QUOTE_DAYS,
    add_business_days,
)
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
_IN_WORK = {"ordered": (3, 6), "assembling": (5, 8), "testing": (7, 10)}
"""Days ago on which builds in work were quoted: from, and before."""
_NAMES = {
    "gaming": (
        "First gaming PC",
        "Flight simulator",
        "Sim racing PC",
        "Weekend rig",
        "Birthday PC",
    ),
    "streaming": ("Streaming setup", "Podcast station", "Live concert box"),
    "workstation": ("Render node", "Lab workstation", "Map-making desk", "Quiet editing desk"),
    "home_office": ("Office replacement", "Dorm machine", "Bookkeeping PC"),
    "home_server": ("Small server", "Living room box", "Photo archive"),
}
"""Names by purpose."""
_NOTES = (
    "Wants all fans set to the quiet curve.",
    "Parts list came from a forum; please check it twice.",
    "No lights, please.",
    "Will be picked up by a courier.",
    "Customer brings a drive with data on it.",
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
    due_after: int
    """Business days from the order until it is due."""

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
            shipped_after=self.due_after + rng.choice((-1, -1, 0, 0, 1)),
        )


def plan_builds(
    rng: Random, customers: tuple[Customer, ...], products: tuple[Product, ...]
) -> list[BuildPlan]:
    """All builds, oldest quote first; each fault stands in a few quotes."""
    faults = [*(fault for fault in FAULTS for _ in range(NUM_PER_FAULT))]
    wanted = [("quoted", fault) for fault in faults] + [(status, "") for status in _STATUSES]
    dated = sorted(((_quoted_on(rng, status), i) for i, (status, _) in enumerate(wanted)))
    plans: list[BuildPlan] = []
    taken: set[tuple[str, str]] = set()
    for number, (day, i) in enumerate(dated, 1):
        status, fault = wanted[i]
        machine = a_faulty_machine(rng, products, fault) if fault else _of_day(rng, products, day)
        purpose = rng.choice(BUILD_PURPOSES)
        customer, name = _named(rng, customers, purpose, taken)
        plans.append(
            BuildPlan(
                number=number,
                name=name,
                customer=customer,
                machine=machine,
                purpose=purpose,
                status=status,
                quoted_on=day,
                due_after=rng.choice((4, 5, 5, 6)),
            )
        )
    return plans


def _named(
    rng: Random, customers: tuple[Customer, ...], purpose: str, taken: set[tuple[str, str]]
) -> tuple[Customer, str]:
    """A customer and a name of theirs that no other build has."""
    while True:
        customer = rng.choice(customers)
        name = f"{rng.choice(_NAMES[purpose])} for {customer.first_name}"
        if (customer.id, name) not in taken:
            taken.add((customer.id, name))
            return customer, name


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
        due_on=add_business_days(placed, plan.due_after) if placed else None,
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
    if status in _IN_WORK:
        return today - timedelta(days=rng.randrange(*_IN_WORK[status]))
    return today - timedelta(days=rng.randrange(QUOTE_DAYS + 30, 300))
