"""What fits and what would: right answers in other words pass, plausible wrong ones do not."""

from collections import Counter
from dataclasses import dataclass, replace

from tests.world_builder.worlds.corecraft.answers import (
    arguments,
    goods_of,
    product_sought,
    tasks_of,
    unmet,
)
from tests.world_builder.worlds.corecraft.company import company
from tests.world_builder.worlds.corecraft.machines import (
    another_like,
    bill,
    build_in,
    faults_told,
    misread,
    misread_key,
)
from world_builder.expressions import money
from world_builder.tasks import Task
from world_builder.workbench import reference_of
from world_builder.worlds.corecraft.company import Product
from world_builder.worlds.corecraft.reckoning.faults import Fault, faults_of
from world_builder.worlds.corecraft.reckoning.power import Power, power_of
from world_builder.worlds.corecraft.reckoning.quotes import Cost, cost_of
from world_builder.worlds.corecraft.reckoning.replacements import Parts, parts_of
from world_builder.worlds.corecraft.reckoning.upgrades import (
    CardUpgrade,
    MemoryUpgrade,
    card_upgrade,
    memory_upgrade,
)
from world_builder.worlds.corecraft.scenarios.builds.cards import CARD_UPGRADE
from world_builder.worlds.corecraft.scenarios.builds.fixing import FIX_BUILD
from world_builder.worlds.corecraft.scenarios.builds.memory import MEMORY_UPGRADE
from world_builder.worlds.corecraft.scenarios.builds.supplies import PSU_CHECK

FEWEST = 3
"""The least number of tasks of each kind that a scenario has."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Repair:
    """What a machine lacks, what mends it, and what it costs then."""

    parts: Parts
    fix: Product | None
    cost: Cost

    @property
    def faults(self) -> tuple[Fault, ...]:
        return faults_of(self.parts)

    def told(self, faults: tuple[Fault, ...]) -> str:
        if self.fix is None:
            return f"All parts are compatible.\n\n{bill(self.cost)}"
        return (
            f"It can't be sold as it is:\n{faults_told(faults)}\n\nCheapest fix in stock: "
            f"{self.fix.name}, {money(self.fix.price_cents)}.\n\n{bill(self.cost)}"
        )


def repair_of(task: Task) -> Repair:
    checked = next(c for c in reference_of(task).calls if c.tool == "check_build_compatibility")
    priced = arguments(task, "calculate_price")
    parts, last = goods_of(checked.arguments["items"]), goods_of(priced["items"])
    before = [product.id for product, _ in parts]
    tier = company().customer(str(priced["customer_id"])).loyalty_tier
    return Repair(
        parts=tuple(parts),
        fix=next((product for product, _ in last if product.id not in before), None),
        cost=cost_of(last, tier, str(priced["shipping_service"])),
    )


def test_a_machine_is_mended_and_priced() -> None:
    num_faulty = 0
    for task in tasks_of(FIX_BUILD):
        repair = repair_of(task)
        told = repair.told(repair.faults)
        assert not unmet(task, told), told
        total, wrong = (money(repair.cost.total_cents + cents) for cents in (0, 1500))
        assert unmet(task, told.replace(total, wrong)) == {"total"}
        if repair.fix is None:
            denied = told.replace("All parts are compatible", "The parts do not fit together")
            assert unmet(task, denied) == {"verdict"}
            continue
        num_faulty += 1
        dearer = another_like(repair.fix, but=tuple(product for product, _ in repair.parts))
        sold = replace(repair, fix=dearer).told(repair.faults)
        assert unmet(task, sold) == {"fix", "fix-price"}, sold
        affirmed = told.replace("It can't be sold as it is", "Yes, it can be sold, though")
        assert unmet(task, affirmed) == {"verdict"}
        misread_told = repair.told(misread(repair.faults))
        assert unmet(task, misread_told) == {misread_key(repair.faults)}, misread_told
    assert FEWEST <= len(tasks_of(FIX_BUILD)) - num_faulty <= num_faulty


def power_told(supply: Product, power: Power, *, is_enough: bool) -> str:
    """The power of a machine as another colleague would put it."""
    maker = f"Card maker recommends: {power.recommended_w:,} W"
    spare = f"{'Shortfall' if power.margin_w < 0 else 'Spare'}: {abs(power.margin_w)} W"
    return (
        f"**Verdict:** {'sufficient' if is_enough else 'insufficient'}.\n- Supply: {supply.name}, "
        f"rated {power.rated_w:,} W\n- Needed with headroom: {power.needed_w:,} W\n- "
        f"{maker if power.recommended_w else 'No graphics card in it'}\n- "
        f"{spare if power.margin_w else 'No margin'}"
    )


def test_a_supply_is_judged() -> None:
    seen: Counter[str] = Counter()
    for task in tasks_of(PSU_CHECK):
        parts = parts_of(company(), build_in(task.title))
        supply = next(part for part, _ in parts if part.category == "psu")
        power = power_of(parts)
        told = power_told(supply, power, is_enough=power.is_enough)
        assert not unmet(task, told), told
        turned = power_told(supply, power, is_enough=not power.is_enough)
        assert unmet(task, turned) == {"verdict"}, turned
        other = another_like(supply)
        assert "supply" in unmet(task, told.replace(supply.name, other.name))
        more = replace(power, rated_w=power.rated_w + 40)
        assert unmet(task, power_told(supply, more, is_enough=power.is_enough)) == {
            "rated",
            "margin",
        }
        if power.recommended_w:
            crossed = replace(power, needed_w=power.recommended_w, recommended_w=power.needed_w)
            assert unmet(task, power_told(supply, crossed, is_enough=power.is_enough)) == {
                "needed",
                "recommended",
            }
        seen.update(
            {
                "weak": not power.is_enough,
                "exact": power.margin_w == 0,
                "cardless": not power.recommended_w,
            }
        )
    assert min(seen.values()) >= FEWEST


def memory_told(found: MemoryUpgrade, *, is_fine: bool) -> str:
    """An upgrade of memory as another colleague would put it."""
    verdict = "That works" if is_fine else "It won't work"
    return (
        f"{verdict}.\n- Type: the board is {found.board_type}, the kit {found.kit_type}\n- Free "
        f"slots: {found.free_slots}\n- Modules to place: {found.needed_slots}\n- New total: "
        f"{found.total_gb} GB\n- Limit of the board: {found.max_gb} GB"
    )


def test_memory_is_added_only_where_it_fits() -> None:
    seen: Counter[str] = Counter()
    for task in tasks_of(MEMORY_UPGRADE):
        parts = parts_of(company(), build_in(task.title))
        kit, num = product_sought(task), 2 if "two kits" in task.title else 1
        found = memory_upgrade(parts, kit, num)
        is_fine = not found.problems
        told = memory_told(found, is_fine=is_fine)
        assert not unmet(task, told), told
        assert unmet(task, memory_told(found, is_fine=not is_fine)) == {"verdict"}
        kits_for_modules = replace(found, needed_slots=num)
        if num != found.needed_slots:
            assert unmet(task, memory_told(kits_for_modules, is_fine=is_fine)) == {"needed-slots"}
        kit_alone = replace(found, total_gb=kit.specs["capacity_gb"] * num)
        assert unmet(task, memory_told(kit_alone, is_fine=is_fine)) == {"total"}
        if "type" in found.problems:
            same = replace(found, board_type=found.kit_type)
            assert unmet(task, memory_told(same, is_fine=is_fine)) == {"type"}
        seen.update(found.problems or ["fine"])
    assert min(seen[kind] for kind in ("type", "slots", "fine")) >= FEWEST
    assert seen["capacity"]


def card_told(found: CardUpgrade, problems: tuple[str, ...], *, is_fine: bool) -> str:
    """Another card as another colleague would put it; `problems` is what it blames."""
    power, step = found.power, found.difference_cents
    price = f"{money(abs(step))} {'dearer' if step > 0 else 'cheaper'}" if step else "just the same"
    verdict = "Yes, it fits" if is_fine else "No, that does not work"
    blame = ", so it is too long" if "length" in problems else ""
    gives = "is too weak with" if "power" in problems else "delivers"
    return (
        f"{verdict}. Measured {found.length_mm} mm against {found.max_length_mm} mm in the "
        f"case{blame}. We would need {power.needed_w} W, the maker asks for {power.recommended_w} "
        f"W, and the supply {gives} {power.rated_w} W. The {found.old.name} comes out; the price "
        f"is {price}."
    )


def test_a_card_is_judged_by_length_and_power() -> None:
    seen: Counter[tuple[str, ...]] = Counter()
    for task in tasks_of(CARD_UPGRADE):
        found = card_upgrade(parts_of(company(), build_in(task.title)), product_sought(task))
        problems, is_fine = found.problems, not found.problems
        told = card_told(found, problems, is_fine=is_fine)
        assert not unmet(task, told), told
        assert "verdict" in unmet(task, card_told(found, problems, is_fine=not is_fine))
        if problems:
            blames = ("power",) if "length" in problems else ("length",)
            assert unmet(task, card_told(found, blames, is_fine=False)) == {"obstacle"}
        higher = replace(found, power=replace(found.power, needed_w=found.power.needed_w + 30))
        assert unmet(task, card_told(higher, problems, is_fine=is_fine)) == {"needed"}
        dearer = replace(found, difference_cents=found.difference_cents + 3000)
        assert unmet(task, card_told(dearer, problems, is_fine=is_fine)) == {"difference"}
        assert "old" in unmet(task, told.replace(found.old.name, another_like(found.old).name))
        seen[problems] += 1
    assert seen[()] >= FEWEST
    assert min(sum(seen[p] for p in seen if kind in p) for kind in ("length", "power")) >= FEWEST
