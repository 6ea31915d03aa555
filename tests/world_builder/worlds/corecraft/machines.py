"""Machines of the build lab as another colleague would speak of them than the references do."""

from dataclasses import replace

from tests.world_builder.worlds.corecraft.answers import ids_in
from tests.world_builder.worlds.corecraft.company import company
from world_builder.expressions import money
from world_builder.worlds.corecraft.company import Build, Product
from world_builder.worlds.corecraft.reckoning.faults import Fault
from world_builder.worlds.corecraft.reckoning.quotes import Cost

OTHER_WORDS = {
    "Micro-ATX": "mATX",
    "Mini-ITX": "mITX",
    " and ": ", ",
    " mm": " millimetres",
    " GB": " gigabytes",
}


def build_in(text: str) -> Build:
    """The first build that a text names."""
    build_id = ids_in(text, "bld")[0]
    return next(build for build in company().builds if build.id == build_id)


def another_like(product: Product, *, but: tuple[Product, ...] = ()) -> Product:
    """A product of the same kind that costs something else, dearer if there is one."""
    others = [
        other
        for other in company().products_in(product.category)
        if other.price_cents != product.price_cents and other not in but
    ]
    return max(others, key=lambda other: other.price_cents > product.price_cents)


def figure_told(figure: str) -> str:
    """A figure of a fault in other words.

    >>> figure_told("600 W"), figure_told("ATX and Micro-ATX")
    ('600 watts', 'ATX, mATX')
    """
    for words, others in OTHER_WORDS.items():
        figure = figure.replace(words, others)
    return f"{figure.removesuffix(' W')} watts" if figure.endswith(" W") else figure


def faults_told(faults: tuple[Fault, ...]) -> str:
    """What is wrong, a line for each side."""
    return "\n".join(_fault_told(fault) for fault in faults)


def _fault_told(fault: Fault) -> str:
    if fault.rule == "graphics":
        return f"- {fault.part.name}: comes without graphics, and a card is missing too"
    limit = fault.other.name if fault.other else "Needed"
    return f"- {fault.part.name}: {figure_told(fault.has)}\n- {limit}: {figure_told(fault.takes)}"


def misread(faults: tuple[Fault, ...]) -> tuple[Fault, ...]:
    """The faults with another limit in the first one, or with another processor to blame."""
    if faults[0].rule == "graphics":
        return (replace(faults[0], part=another_like(faults[0].part)), *faults[1:])
    number, _, unit = faults[0].takes.partition(" ")
    takes = f"{int(number) + 7} {unit}" if number.isdigit() else "something else"
    return (replace(faults[0], takes=takes), *faults[1:])


def misread_key(faults: tuple[Fault, ...]) -> str:
    """The criterion on what is misread in the first fault."""
    rule = faults[0].rule.replace("_", "-")
    return f"{rule}-parts" if rule == "graphics" else f"{rule}-takes"


def amount_told(cents: int) -> str:
    return money(cents) if cents else "no charge"


def bill(cost: Cost) -> str:
    """What a customer pays, line by line."""
    discount = money(cost.discount_cents) if cost.discount_cents else "none"
    return (
        f"- Parts: {money(cost.parts_cents)}\n- Loyalty discount: {discount}\n"
        f"- Assembly: {amount_told(cost.assembly_cents)}\n"
        f"- Shipping: {amount_told(cost.shipping_cents)}\n- To pay: {money(cost.total_cents)}"
    )
