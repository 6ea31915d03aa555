"""What exactly is wrong with parts that do not fit together: the parts and the figures."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from world_builder.worlds.corecraft.company import Product
from world_builder.worlds.corecraft.reckoning.compatibility import (
    Kit,
    incompatibilities,
    recommended_w,
    required_w,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One broken rule."""

    rule: str
    """Its id in `compatibility.RULES`."""
    part: Product
    other: Product | None
    """The part that sets the limit; None when no single part does."""
    has: str
    """The figure of the part, with its unit: `340 mm`, `AM5`, `6 modules`."""
    takes: str
    """The limit that it breaks, in the same unit."""


def faults_of(parts: Iterable[tuple[Product, int]]) -> tuple[Fault, ...]:
    """Every broken rule with its figures, in the order of checking; empty when all fits."""
    kit = Kit(tuple(parts))
    return tuple(_FAULTS[rule](kit, rule) for rule in incompatibilities(kit.parts))


_Maker = Callable[[Kit, str], Fault]


def _first(kit: Kit, category: str) -> Product:
    return kit.products(category)[0]


def _limit(part: str, spec: str, other: str, limit: str, unit: str) -> _Maker:
    def make(kit: Kit, rule: str) -> Fault:
        one, bound = _first(kit, part), _first(kit, other)
        has, takes = _told(one.specs[spec], unit), _told(bound.specs[limit], unit)
        return Fault(rule=rule, part=one, other=bound, has=has, takes=takes)

    return make


def _told(value: object, unit: str) -> str:
    text = " and ".join(value) if isinstance(value, list) else str(value)
    return f"{text} {unit}".strip()


def _memory(spec: str, limit: str, has_unit: str, unit: str) -> _Maker:
    def make(kit: Kit, rule: str) -> Fault:
        board = _first(kit, "motherboard")
        has, takes = f"{kit.total('memory', spec)} {has_unit}", f"{board.specs[limit]} {unit}"
        return Fault(rule=rule, part=_first(kit, "memory"), other=board, has=has, takes=takes)

    return make


def _drives(interface: str, limit: str, unit: str) -> _Maker:
    def make(kit: Kit, rule: str) -> Fault:
        board = _first(kit, "motherboard")
        drive = next(p for p in kit.products("storage") if p.specs["interface"] == interface)
        has = f"{kit.count('storage', interface=interface)} drives"
        takes = f"{board.specs[limit]} {unit}"
        return Fault(rule=rule, part=drive, other=board, has=has, takes=takes)

    return make


def _power(kit: Kit, rule: str) -> Fault:
    supply = _first(kit, "psu")
    rated = f"{supply.specs['rated_w']} W"
    return Fault(rule=rule, part=supply, other=None, has=rated, takes=f"{required_w(kit)} W")


def _recommendation(kit: Kit, rule: str) -> Fault:
    supply, wanted = _first(kit, "psu"), recommended_w(kit)
    card = next(p for p in kit.products("gpu") if p.specs["recommended_psu_w"] == wanted)
    rated = f"{supply.specs['rated_w']} W"
    return Fault(rule=rule, part=supply, other=card, has=rated, takes=f"{wanted} W")


def _graphics(kit: Kit, rule: str) -> Fault:
    return Fault(rule=rule, part=_first(kit, "cpu"), other=None, has="", takes="")


_FAULTS: dict[str, _Maker] = {
    "socket": _limit("cpu", "socket", "motherboard", "socket", ""),
    "memory_type": _limit("memory", "memory_type", "motherboard", "memory_type", ""),
    "memory_slots": _memory("modules", "memory_slots", "modules", "slots"),
    "memory_capacity": _memory("capacity_gb", "max_memory_gb", "GB", "GB"),
    "form_factor": _limit("motherboard", "form_factor", "case", "form_factors", ""),
    "gpu_length": _limit("gpu", "length_mm", "case", "max_gpu_length_mm", "mm"),
    "cooler_height": _limit("cooler", "height_mm", "case", "max_cooler_height_mm", "mm"),
    "radiator": _limit("cooler", "radiator_mm", "case", "max_radiator_mm", "mm"),
    "cooler_socket": _limit("cpu", "socket", "cooler", "sockets", ""),
    "cooler_heat": _limit("cpu", "power_w", "cooler", "max_cooling_w", "W"),
    "psu_power": _power,
    "psu_recommendation": _recommendation,
    "m2_slots": _drives("NVMe", "m2_slots", "M.2 slots"),
    "sata_ports": _drives("SATA", "sata_ports", "SATA ports"),
    "graphics": _graphics,
}
