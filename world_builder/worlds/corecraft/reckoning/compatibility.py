"""What keeps parts from making one working computer."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from world_builder.worlds.corecraft.company import Product
from world_builder.worlds.corecraft.rules import required_psu_w

NEEDED_CATEGORIES = ("cpu", "motherboard", "memory", "storage", "psu", "case", "cooler")


@dataclass(frozen=True)
class Kit:
    """Parts with their numbers, looked at by category."""

    parts: tuple[tuple[Product, int], ...]

    def one(self, category: str) -> dict[str, Any] | None:
        """The specifications of the part of a category; None without one."""
        found = self._pieces[category]
        return found[0][0].specs if found else None

    def products(self, category: str) -> list[Product]:
        return [product for product, _ in self._pieces[category]]

    def count(self, category: str, **specs: object) -> int:
        """How many pieces of a category have these specifications."""
        return sum(
            qty
            for product, qty in self._pieces[category]
            if all(product.specs.get(name) == value for name, value in specs.items())
        )

    def total(self, category: str, spec: str) -> int:
        """The sum of a figure over all pieces of a category."""
        return sum(product.specs[spec] * qty for product, qty in self._pieces[category])

    @cached_property
    def _pieces(self) -> defaultdict[str, list[tuple[Product, int]]]:
        pieces: defaultdict[str, list[tuple[Product, int]]] = defaultdict(list)
        for product, qty in self.parts:
            pieces[product.category].append((product, qty))
        return pieces


def required_w(kit: Kit) -> int:
    """The least rated power of the supply, in watts."""
    return required_psu_w(kit.total("cpu", "power_w"), kit.total("gpu", "power_w"))


def recommended_w(kit: Kit) -> int:
    """What the graphics card asks for, in watts; 0 without a card."""
    return max((p.specs["recommended_psu_w"] for p in kit.products("gpu")), default=0)


def incompatibilities(parts: Iterable[tuple[Product, int]]) -> tuple[str, ...]:
    """Ids of the broken rules, in the order in which they are checked; empty when all fits."""
    kit = Kit(tuple(parts))
    return tuple(name for name, is_broken in RULES.items() if is_broken(kit))


def missing_categories(parts: Sequence[tuple[Product, int]]) -> tuple[str, ...]:
    """Kinds of parts that a computer needs and these lack."""
    there = {product.category for product, _ in parts}
    return tuple(name for name in NEEDED_CATEGORIES if name not in there)


def _differs(one: str, spec: str, other: str) -> Callable[[Kit], bool]:
    def is_broken(kit: Kit) -> bool:
        a, b = kit.one(one), kit.one(other)
        return a is not None and b is not None and a[spec] != b[spec]

    return is_broken


def _lacks(part: str, spec: str, other: str, choices: str) -> Callable[[Kit], bool]:
    def is_broken(kit: Kit) -> bool:
        a, b = kit.one(part), kit.one(other)
        return a is not None and b is not None and a[spec] not in b[choices]

    return is_broken


def _exceeds(part: str, spec: str, other: str, limit: str) -> Callable[[Kit], bool]:
    def is_broken(kit: Kit) -> bool:
        bound = kit.one(other)
        return bound is not None and any(
            product.specs[spec] > bound[limit] for product in kit.products(part)
        )

    return is_broken


def _tall_cooler(kit: Kit) -> bool:
    cooler, case = kit.one("cooler"), kit.one("case")
    if cooler is None or case is None or cooler["radiator_mm"] > 0:
        return False
    return bool(cooler["height_mm"] > case["max_cooler_height_mm"])


def _few_slots(category: str, kind: str, slots: str) -> Callable[[Kit], bool]:
    def is_broken(kit: Kit) -> bool:
        board = kit.one("motherboard")
        return board is not None and kit.count(category, interface=kind) > board[slots]

    return is_broken


def _few_memory_slots(kit: Kit) -> bool:
    board = kit.one("motherboard")
    return board is not None and kit.total("memory", "modules") > board["memory_slots"]


def _too_much_memory(kit: Kit) -> bool:
    board = kit.one("motherboard")
    return board is not None and kit.total("memory", "capacity_gb") > board["max_memory_gb"]


def _weak_supply(kit: Kit) -> bool:
    supply = kit.one("psu")
    return supply is not None and supply["rated_w"] < required_w(kit)


def _below_recommendation(kit: Kit) -> bool:
    supply = kit.one("psu")
    return supply is not None and supply["rated_w"] < recommended_w(kit)


def _no_graphics(kit: Kit) -> bool:
    cpu = kit.one("cpu")
    return cpu is not None and not cpu["has_graphics"] and not kit.products("gpu")


RULES: dict[str, Callable[[Kit], bool]] = {
    "socket": _differs("cpu", "socket", "motherboard"),
    "memory_type": _differs("memory", "memory_type", "motherboard"),
    "memory_slots": _few_memory_slots,
    "memory_capacity": _too_much_memory,
    "form_factor": _lacks("motherboard", "form_factor", "case", "form_factors"),
    "gpu_length": _exceeds("gpu", "length_mm", "case", "max_gpu_length_mm"),
    "cooler_height": _tall_cooler,
    "radiator": _exceeds("cooler", "radiator_mm", "case", "max_radiator_mm"),
    "cooler_socket": _lacks("cpu", "socket", "cooler", "sockets"),
    "cooler_heat": _exceeds("cpu", "power_w", "cooler", "max_cooling_w"),
    "psu_power": _weak_supply,
    "psu_recommendation": _below_recommendation,
    "m2_slots": _few_slots("storage", "NVMe", "m2_slots"),
    "sata_ports": _few_slots("storage", "SATA", "sata_ports"),
    "graphics": _no_graphics,
}
"""Each rule by its id: true when it is broken."""
