"""Machines for scenarios to check: quotes as they are, and lists of parts that people bring."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from random import Random

from world_builder.worlds.corecraft.company import Build, Company, Customer
from world_builder.worlds.corecraft.reckoning.compatibility import Kit
from world_builder.worlds.corecraft.reckoning.faults import Fault, faults_of
from world_builder.worlds.corecraft.reckoning.replacements import (
    Parts,
    Replacement,
    are_free_of,
    cheapest_fit,
    on_sale,
    parts_of,
    warned_of,
    with_part,
)
from world_builder.worlds.corecraft.scenarios.builds.wording import only_named

FIXES = {
    "socket": ("motherboard", "cpu"),
    "memory_type": ("memory",),
    "form_factor": ("case",),
    "gpu_length": ("case",),
    "cooler_height": ("cooler", "case"),
    "radiator": ("case", "cooler"),
    "cooler_socket": ("cooler",),
    "cooler_heat": ("cooler",),
    "psu_power": ("psu",),
    "psu_recommendation": ("psu",),
    "graphics": ("gpu", "cpu"),
}
"""By broken rule: kinds of parts that people would change to mend it."""
_MOST_FAULTS = 2
_SWAPS = ("", "case", "cooler", "", "motherboard", "case", "", "memory", "psu")
"""Kinds of parts that go wrong in lists, by turns; empty: nothing does."""
_KEPT = ("case", "cooler", "psu")
"""Kinds of parts that people would change if they had to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """Parts for a customer, what is wrong with them, and the part that mends it."""

    parts: Parts
    customer: Customer
    build: Build | None
    """The quote; None for a list of parts."""
    faults: tuple[Fault, ...]
    kind: str
    """The kind of part that may change."""
    fix: Replacement | None
    """None when nothing is wrong."""

    @property
    def last_parts(self) -> Parts:
        """The parts that work."""
        return self.fix.parts if self.fix else self.parts


def quoted_machines(company: Company, rng: Random) -> Iterator[Machine]:
    """Quotes that fit, and quotes that one part mends: one machine for each kind that does."""
    warned = warned_of(company)
    for build in only_named(company):
        if build.status == "quoted":
            customer = company.customer(build.customer_id)
            parts = parts_of(company, build)
            for machine in _machines(company, parts, customer, build, rng):
                if are_free_of((*parts, *machine.last_parts), warned):
                    yield machine


def listed_machines(company: Company, rng: Random) -> Iterator[Machine]:
    """Lists of parts, each with a part that somebody chose badly, or as they should be."""
    warned = warned_of(company)
    builds = [build for build in company.builds if build.status != "quoted"]
    rng.shuffle(builds)
    customers = rng.sample(company.customers, len(builds))
    for number, (build, customer) in enumerate(zip(builds, customers, strict=True)):
        parts = parts_of(company, build)
        if not are_free_of(parts, warned):
            continue
        kind = _SWAPS[number % len(_SWAPS)]
        if kind:
            found = iter(_spoilt(company, parts, customer, kind, rng))
        else:
            found = _machines(company, parts, customer, None, rng)
        good = (m for m in found if are_free_of((*m.parts, *m.last_parts), warned))
        yield from islice(good, 1)


def _machines(
    company: Company, parts: Parts, customer: Customer, build: Build | None, rng: Random
) -> Iterator[Machine]:
    """A machine for each kind of part that mends it, or one that needs no mending."""
    faults = faults_of(parts)
    if not faults:
        kind = rng.choice(_KEPT)
        yield Machine(parts=parts, customer=customer, build=build, faults=(), kind=kind, fix=None)
    for kind in _kinds(faults, rng) if len(faults) <= _MOST_FAULTS else ():
        fix = cheapest_fit(company, parts, kind)
        if fix is not None and not _is_poorer(parts, fix):
            yield Machine(
                parts=parts, customer=customer, build=build, faults=faults, kind=kind, fix=fix
            )


def _kinds(faults: tuple[Fault, ...], rng: Random) -> list[str]:
    """Kinds of parts that may mend all faults, in any order."""
    allowed = [FIXES.get(fault.rule, ()) for fault in faults]
    kinds = [kind for kind in allowed[0] if all(kind in some for some in allowed)] if faults else []
    rng.shuffle(kinds)
    return kinds


def _is_poorer(parts: Parts, fix: Replacement) -> bool:
    """Whether the part that fits holds less memory than the one it replaces."""
    return Kit(fix.parts).total("memory", "capacity_gb") < Kit(parts).total("memory", "capacity_gb")


def _spoilt(
    company: Company, parts: Parts, customer: Customer, category: str, rng: Random
) -> list[Machine]:
    """The parts with another one of a kind that breaks something, two faults before one."""
    products = on_sale(company, category)
    found: list[Machine] = []
    for product in rng.sample(products, len(products)):
        found += _machines(company, with_part(parts, product), customer, None, rng)
    return sorted((m for m in found if m.faults), key=lambda machine: -len(machine.faults))
