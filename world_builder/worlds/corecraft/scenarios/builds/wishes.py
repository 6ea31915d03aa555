"""What people compare: kinds of parts, what they must be, and the figure a table shows."""

from dataclasses import dataclass
from typing import Any

from world_builder.worlds.corecraft.company import Product

_SOCKETS = ("AM4", "AM5", "LGA1700", "LGA1851")
Demand = tuple[str, str, Any]
"""A specification, `is`, `has`, `least` or `most`, and a value."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody wants to see side by side."""

    category: str
    kind: str
    """The parts with what they must be, as a noun phrase."""
    demands: tuple[Demand, ...]
    spec: str
    """The specification that the table shows."""
    spec_words: str
    unit: str = ""
    words: str = ""
    """What a search would look for in the specifications."""

    def is_met_by(self, product: Product) -> bool:
        return all(_is_so(product.specs[spec], how, value) for spec, how, value in self.demands)

    def value_of(self, product: Product) -> str:
        """The figure that the table shows, without its unit."""
        if self.spec == "warranty_months":
            return str(product.warranty_months)
        return str(product.specs[self.spec])


def _is_so(actual: Any, how: str, value: Any) -> bool:
    if how == "is":
        return bool(actual == value)
    if how == "has":
        return value in actual
    return bool(actual >= value) if how == "least" else bool(actual <= value)


WISHES = (
    *(
        Wish(
            "motherboard",
            f"motherboards with socket {socket}",
            (("socket", "is", socket),),
            "m2_slots",
            "number of M.2 slots",
            words=socket,
        )
        for socket in _SOCKETS
    ),
    *(
        Wish(
            "cpu",
            f"processors for socket {socket}",
            (("socket", "is", socket),),
            "cores",
            "number of cores",
            words=socket,
        )
        for socket in _SOCKETS
    ),
    *(
        Wish(
            "motherboard",
            f"{form} motherboards for DDR5",
            (("form_factor", "is", form), ("memory_type", "is", "DDR5")),
            "sata_ports",
            "number of SATA ports",
            words=f"{form} DDR5",
        )
        for form in ("ATX", "Micro-ATX", "Mini-ITX")
    ),
    *(
        Wish(
            "gpu",
            f"graphics cards with at least {memory} GB of memory, no longer than {length} mm",
            (("capacity_gb", "least", memory), ("length_mm", "most", length)),
            "length_mm",
            "length",
            "mm",
        )
        for memory, length in ((12, 300), (16, 310), (16, 330), (8, 245))
    ),
    *(
        Wish(
            "memory",
            f"{kind} memory kits of at least {size} GB",
            (("memory_type", "is", kind), ("capacity_gb", "least", size)),
            "speed_mts",
            "speed",
            "MT/s",
            words=kind,
        )
        for kind, size in (("DDR4", 32), ("DDR5", 32), ("DDR5", 64))
    ),
    *(
        Wish(
            "psu",
            f"power supplies of at least {watts} W",
            (("rated_w", "least", watts),),
            "efficiency",
            "efficiency class",
        )
        for watts in (600, 750, 850)
    ),
    *(
        Wish(
            "case",
            f"cases that take {form} boards and cards of {length} mm",
            (("form_factors", "has", form), ("max_gpu_length_mm", "least", length)),
            "max_cooler_height_mm",
            "highest cooler it takes",
            "mm",
            words=form,
        )
        for form, length in (("ATX", 340), ("Mini-ITX", 330), ("Micro-ATX", 300))
    ),
    *(
        Wish(
            "cooler",
            f"coolers for socket {socket} that carry at least {heat} W",
            (("sockets", "has", socket), ("max_cooling_w", "least", heat)),
            "max_cooling_w",
            "heat it carries",
            "W",
            words=socket,
        )
        for socket, heat in (("AM5", 150), ("LGA1851", 200), ("AM4", 120))
    ),
    *(
        Wish(
            "storage",
            f"{interface} drives of at least {size} TB",
            (("interface", "is", interface), ("capacity_gb", "least", size * 1000)),
            "warranty_months",
            "warranty",
            "months",
            words=interface,
        )
        for interface, size in (("NVMe", 1), ("NVMe", 2), ("SATA", 1))
    ),
)
