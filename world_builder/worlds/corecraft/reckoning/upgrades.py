"""Whether memory or another graphics card can go into a machine that is there already."""

from dataclasses import dataclass

from world_builder.worlds.corecraft.company import Product
from world_builder.worlds.corecraft.reckoning.compatibility import Kit
from world_builder.worlds.corecraft.reckoning.power import Power, power_of
from world_builder.worlds.corecraft.reckoning.replacements import Parts, with_part


@dataclass(frozen=True, slots=True, kw_only=True)
class MemoryUpgrade:
    """Kits of memory added to what is on a board."""

    kit_type: str
    board_type: str
    free_slots: int
    needed_slots: int
    total_gb: int
    """With the new kits."""
    max_gb: int

    @property
    def problems(self) -> tuple[str, ...]:
        """Of `type`, `slots`, `capacity`; empty when the kits may be added."""
        broken = {
            "type": self.kit_type != self.board_type,
            "slots": self.needed_slots > self.free_slots,
            "capacity": self.total_gb > self.max_gb,
        }
        return tuple(name for name, is_broken in broken.items() if is_broken)


@dataclass(frozen=True, slots=True, kw_only=True)
class CardUpgrade:
    """Another graphics card in place of the one in a machine."""

    old: Product
    length_mm: int
    max_length_mm: int
    power: Power
    difference_cents: int
    """List price of the new card less that of the old one, today."""

    @property
    def problems(self) -> tuple[str, ...]:
        """Of `length`, `power`; empty when the card may go in."""
        broken = {
            "length": self.length_mm > self.max_length_mm,
            "power": not self.power.is_enough,
        }
        return tuple(name for name, is_broken in broken.items() if is_broken)


def memory_upgrade(parts: Parts, kit: Product, num_kits: int) -> MemoryUpgrade:
    """What becomes of a machine with so many kits more. Raises IndexError without a board."""
    machine = Kit(parts)
    board = machine.products("motherboard")[0].specs
    return MemoryUpgrade(
        kit_type=kit.specs["memory_type"],
        board_type=board["memory_type"],
        free_slots=board["memory_slots"] - machine.total("memory", "modules"),
        needed_slots=kit.specs["modules"] * num_kits,
        total_gb=machine.total("memory", "capacity_gb") + kit.specs["capacity_gb"] * num_kits,
        max_gb=board["max_memory_gb"],
    )


def card_upgrade(parts: Parts, card: Product) -> CardUpgrade:
    """What becomes of a machine with another card. Raises IndexError without card or case."""
    machine = Kit(parts)
    old, case = machine.products("gpu")[0], machine.products("case")[0]
    return CardUpgrade(
        old=old,
        length_mm=card.specs["length_mm"],
        max_length_mm=case.specs["max_gpu_length_mm"],
        power=power_of(with_part(parts, card)),
        difference_cents=card.price_cents - old.price_cents,
    )
