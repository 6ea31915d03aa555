"""Computers that work, and computers with exactly one fault."""

from collections import defaultdict
from random import Random

from world_builder.worlds.corecraft.company import Product
from world_builder.worlds.corecraft.reckoning.compatibility import incompatibilities

Machine = tuple[tuple[Product, int], ...]
Sold = defaultdict[str, list[Product]]
"""What is sold today, by category."""

FAULTS = {
    "socket": ("cpu", "motherboard"),
    "memory_type": ("memory", "motherboard"),
    "memory_slots": ("memory",),
    "form_factor": ("motherboard", "case"),
    "gpu_length": ("gpu", "case"),
    "cooler_height": ("cooler", "case"),
    "radiator": ("cooler", "case"),
    "cooler_heat": ("cpu", "cooler"),
    "psu_power": ("cpu", "gpu", "psu"),
    "psu_recommendation": ("gpu", "psu"),
    "m2_slots": ("storage",),
    "graphics": ("gpu",),
}
"""The faults that planted machines have, each a few times: where a part is changed for it."""
_TOGETHER = {"psu_power": ("psu_power", "psu_recommendation")}
"""A supply too weak for the machine is mostly too weak for the card's maker as well."""
_MANY_TRIES = 4000


def a_machine(rng: Random, products: tuple[Product, ...]) -> Machine:
    """Parts that fit together and are sold today."""
    return _found(rng, _sold(products), ())


def a_faulty_machine(rng: Random, products: tuple[Product, ...], fault: str) -> Machine:
    """Parts that break one rule and, but for `_TOGETHER`, no other."""
    sold = _sold(products)
    for _ in range(_MANY_TRIES):
        machine = list(_found(rng, sold, ()))
        able = [i for i, (part, _) in enumerate(machine) if part.category in FAULTS[fault]]
        if not able:
            continue
        i = rng.choice(able)
        part, qty = machine[i]
        if fault == "graphics":
            del machine[i]
        elif fault in ("m2_slots", "memory_slots"):
            machine[i] = (part, qty + rng.choice((1, 2, 3)))
        else:
            machine[i] = (rng.choice(sold[part.category]), qty)
        found = incompatibilities(machine)
        if found and found in ((fault,), _TOGETHER.get(fault)):
            return tuple(machine)
    raise LookupError(f"no machine with the fault {fault} was found")


def _found(rng: Random, sold: Sold, faults: tuple[str, ...]) -> Machine:
    for _ in range(_MANY_TRIES):
        machine = _draw(rng, sold)
        if incompatibilities(machine) == faults:
            return machine
    raise LookupError("no machine was found")


def _draw(rng: Random, sold: Sold) -> Machine:
    """Parts that at least share a socket; whether the rest fits is for the rules to say."""
    cpu = rng.choice(sold["cpu"])
    boards = [b for b in sold["motherboard"] if b.specs["socket"] == cpu.specs["socket"]]
    board = rng.choice(boards)
    memory_type = board.specs["memory_type"]
    kinds = [m for m in sold["memory"] if m.specs["memory_type"] == memory_type]
    chosen = [(cpu, 1), (board, 1), (rng.choice(kinds), 1)]
    if not cpu.specs["has_graphics"] or rng.random() < 0.7:
        chosen.append((rng.choice(sold["gpu"]), 1))
    rest = ("storage", "psu", "case", "cooler")
    return (*chosen, *((rng.choice(sold[category]), 1) for category in rest))


def _sold(products: tuple[Product, ...]) -> Sold:
    sold: Sold = defaultdict(list)
    for product in products:
        if product.status == "active":
            sold[product.category].append(product)
    return sold
