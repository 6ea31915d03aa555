"""How long a quote for a build holds, and what a machine costs a customer."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from world_builder.worlds.corecraft import rules
from world_builder.worlds.corecraft.company import Build, Product


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """The parts of a price, in cents."""

    parts_cents: int
    discount_cents: int
    assembly_cents: int
    shipping_cents: int

    @property
    def total_cents(self) -> int:
        return self.parts_cents - self.discount_cents + self.assembly_cents + self.shipping_cents


def last_day_of(quoted_on: date) -> date:
    """The last day on which a quote of a day holds."""
    return quoted_on + timedelta(days=rules.QUOTE_DAYS)


def last_day(build: Build) -> date:
    """The last day on which the quote of a build holds."""
    return last_day_of(build.quoted_on)


def holds(build: Build, today: date) -> bool:
    """Whether the quote of a build holds on a day."""
    return build.status == "quoted" and today <= last_day(build)


def cost_of(parts: Iterable[tuple[Product, int]], tier: str, service: str) -> Cost:
    """What parts cost a customer of a tier, put together and sent by a service."""
    listed = list(parts)
    goods = sum(part.price_cents * qty for part, qty in listed)
    regular = sum(part.price_cents * qty for part, qty in listed if not part.is_clearance)
    discount = rules.discount_cents(regular, tier)
    is_oversize = any(part.is_oversize for part, _ in listed)
    return Cost(
        parts_cents=goods,
        discount_cents=discount,
        assembly_cents=0 if tier == "platinum" else rules.ASSEMBLY_CENTS,
        shipping_cents=rules.shipping_cents(
            service, tier, goods - discount, is_oversize=is_oversize
        ),
    )
