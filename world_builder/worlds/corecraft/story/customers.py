"""The customers: mostly different people, some with names that are easily mixed up."""

import re
from collections.abc import Collection
from datetime import date, timedelta
from random import Random

from world_builder.worlds.corecraft.company import Address, Customer
from world_builder.worlds.corecraft.story.names import (
    CITIES,
    COMPANIES,
    CUSTOMER_NOTES,
    FIRST_NAMES,
    LAST_NAMES,
    MAIL_HOSTS,
    STREETS,
)

NUM_CUSTOMERS = 262
_TIERS = ("standard",) * 11 + ("silver",) * 6 + ("gold",) * 4 + ("platinum",) * 2
_SAME_NAMES = 5
"""Pairs of customers who share their whole name."""
_NEAR_NAMES = (
    ("Jon", "Marlowe"), ("John", "Marlowe"), ("Ana", "Ortega"), ("Anna", "Ortega"),
    ("Steven", "Huang"), ("Stephen", "Huang"), ("Catherine", "Birch"), ("Katherine", "Birch"),
)  # fmt: skip


def build_customers(rng: Random, taken: Collection[str]) -> tuple[Customer, ...]:
    """All customers, in the order of ids; nobody has one of the names taken."""
    names = _names(rng, taken)
    rng.shuffle(names)
    companies = [*rng.sample(COMPANIES, len(COMPANIES)), *([None] * (NUM_CUSTOMERS - 20))]
    rng.shuffle(companies)
    return tuple(
        _customer(i, name, company, rng)
        for i, (name, company) in enumerate(zip(names, companies, strict=True), 1)
    )


def an_address(rng: Random) -> Address:
    """A place to live."""
    city, state, code = rng.choice(CITIES)
    return Address(
        street=f"{rng.randrange(3, 980)} {rng.choice(STREETS)}", city=city, state=state, zip=code
    )


def _names(rng: Random, taken: Collection[str]) -> list[tuple[str, str]]:
    pairs: dict[tuple[str, str], None] = {}
    while len(pairs) < NUM_CUSTOMERS - len(_NEAR_NAMES) - _SAME_NAMES:
        first, last = rng.choice(FIRST_NAMES), rng.choice(LAST_NAMES)
        if f"{first} {last}" not in taken:
            pairs[(first, last)] = None
    names = list(pairs)
    return [*names, *_NEAR_NAMES, *rng.sample(names, _SAME_NAMES)]


def _customer(number: int, name: tuple[str, str], company: str | None, rng: Random) -> Customer:
    first, last = name
    plain = re.sub(r"[^a-z]", "", last.lower().replace("ö", "o"))
    host = rng.choice(MAIL_HOSTS)
    return Customer(
        id=f"cust-{number:04}",
        name=f"{first} {last}",
        email=f"{first.lower()}.{plain}{number}@{host}",
        phone=f"555-{rng.randrange(100, 999)}-{number:04}",
        loyalty_tier=rng.choice(_TIERS),
        joined_on=date(2021, 5, 3) + timedelta(days=rng.randrange(950)),
        company=company,
        address=an_address(rng),
        notes=rng.choice(CUSTOMER_NOTES) if rng.random() < 0.12 else None,
    )
