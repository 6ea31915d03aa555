"""Whether a power supply is enough for a machine: what it needs, what the card's maker asks for."""

from collections.abc import Iterable
from dataclasses import dataclass

from world_builder.worlds.corecraft.company import Product
from world_builder.worlds.corecraft.reckoning.compatibility import Kit, recommended_w, required_w


@dataclass(frozen=True, slots=True, kw_only=True)
class Power:
    """The figures of one machine, in watts."""

    load_w: int
    """Processor and graphics card."""
    needed_w: int
    """With the base load and headroom."""
    recommended_w: int
    """What the maker of the card asks for; 0 without a card."""
    rated_w: int

    @property
    def least_w(self) -> int:
        """What the supply must reach."""
        return max(self.needed_w, self.recommended_w)

    @property
    def margin_w(self) -> int:
        """Watts to spare; negative when they are lacking."""
        return self.rated_w - self.least_w

    @property
    def is_enough(self) -> bool:
        return self.margin_w >= 0


def power_of(parts: Iterable[tuple[Product, int]]) -> Power:
    """The power of parts with a supply among them. Raises IndexError without one."""
    kit = Kit(tuple(parts))
    return Power(
        load_w=kit.total("cpu", "power_w") + kit.total("gpu", "power_w"),
        needed_w=required_w(kit),
        recommended_w=recommended_w(kit),
        rated_w=kit.products("psu")[0].specs["rated_w"],
    )
