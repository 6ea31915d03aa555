"""The tool that checks whether parts make one working computer, and its rules in CEL.

`reckoning.compatibility` says the same in Python; tests hold the two against each other.
"""

from world_builder.operations import Let, Rule, Rules, Severity, object_schema
from world_builder.tools import Tool
from world_builder.worlds.corecraft import rules
from world_builder.worlds.corecraft.reckoning.compatibility import NEEDED_CATEGORIES
from world_builder.worlds.corecraft.tools.arguments import (
    CALCULATIONS,
    ITEMS,
    KNOWN_ITEMS,
    ONCE_EACH,
    PARTS,
    STRANGE,
)

_KINDS = ("cpu", "gpu", "motherboard", "memory", "storage", "psu", "case", "cooler")


def _sum(category: str, spec: str) -> str:
    return f"sum({category}_parts.map(p, p.product.specs.{spec} * p.qty))"


def _first(category: str) -> str:
    return f"{category}_parts[0].product.specs"


def _name(category: str) -> str:
    return f"{{{category}_parts[0].product.name}}"


def _both(one: str, other: str, broken: str) -> str:
    """CEL: both categories are there, and `broken` holds."""
    return f"{one}_parts.size() > 0 && {other}_parts.size() > 0 && {broken}"


FITTING = (
    PARTS,
    *(
        Let(name=f"{kind}_parts", value=f"parts.filter(p, p.product.category == '{kind}')")
        for kind in _KINDS
    ),
    Let(name="load_w", value=f"{_sum('cpu', 'power_w')} + {_sum('gpu', 'power_w')}"),
    Let(
        name="needed_w",
        value=f"((load_w + {rules.BASE_LOAD_W}) * {100 + rules.PSU_HEADROOM_PERCENT} + 99) / 100",
    ),
    Let(
        name="recommended_w",
        value="gpu_parts.size() == 0 ? 0 "
        ": maximum(gpu_parts.map(p, p.product.specs.recommended_psu_w))",
    ),
    Let(name="modules", value=_sum("memory", "modules")),
    Let(name="memory_gb", value=_sum("memory", "capacity_gb")),
    Let(
        name="nvmes",
        value="sum(storage_parts.filter(p, p.product.specs.interface == 'NVMe').map(p, p.qty))",
    ),
    Let(
        name="satas",
        value="sum(storage_parts.filter(p, p.product.specs.interface == 'SATA').map(p, p.qty))",
    ),
)
"""The figures that the rules compare, over `args.items`."""

_CPU, _BOARD, _CASE, _COOLER, _PSU = (
    _first(name) for name in ("cpu", "motherboard", "case", "cooler", "psu")
)
FITTING_RULES = (
    Rule(
        id="socket",
        when=_both("cpu", "motherboard", f"{_CPU}.socket != {_BOARD}.socket"),
        message=f"{_name('cpu')} needs socket {{{_CPU}.socket}}, {_name('motherboard')} has "
        f"{{{_BOARD}.socket}}",
    ),
    Rule(
        id="memory_type",
        when=_both(
            "memory", "motherboard", f"{_first('memory')}.memory_type != {_BOARD}.memory_type"
        ),
        message=f"{_name('memory')} is {{{_first('memory')}.memory_type}}, "
        f"{_name('motherboard')} takes {{{_BOARD}.memory_type}}",
    ),
    Rule(
        id="memory_slots",
        when=_both("memory", "motherboard", f"modules > {_BOARD}.memory_slots"),
        message=f"{{modules}} memory modules, {_name('motherboard')} has "
        f"{{{_BOARD}.memory_slots}} slots",
    ),
    Rule(
        id="memory_capacity",
        when=_both("memory", "motherboard", f"memory_gb > {_BOARD}.max_memory_gb"),
        message=f"{{memory_gb}} GB of memory, {_name('motherboard')} takes "
        f"{{{_BOARD}.max_memory_gb}} GB",
    ),
    Rule(
        id="form_factor",
        when=_both("motherboard", "case", f"!({_BOARD}.form_factor in {_CASE}.form_factors)"),
        message=f"{_name('motherboard')} is {{{_BOARD}.form_factor}}, {_name('case')} takes "
        f"{{join({_CASE}.form_factors, ' and ')}}",
    ),
    Rule(
        id="gpu_length",
        when=_both(
            "gpu",
            "case",
            f"gpu_parts.exists(p, p.product.specs.length_mm > {_CASE}.max_gpu_length_mm)",
        ),
        message=f"{_name('gpu')} is {{{_first('gpu')}.length_mm}} mm long, {_name('case')} takes "
        f"{{{_CASE}.max_gpu_length_mm}} mm",
    ),
    Rule(
        id="cooler_height",
        when=_both(
            "cooler",
            "case",
            f"{_COOLER}.radiator_mm == 0 && {_COOLER}.height_mm > {_CASE}.max_cooler_height_mm",
        ),
        message=f"{_name('cooler')} is {{{_COOLER}.height_mm}} mm high, {_name('case')} takes "
        f"{{{_CASE}.max_cooler_height_mm}} mm",
    ),
    Rule(
        id="radiator",
        when=_both(
            "cooler",
            "case",
            f"cooler_parts.exists(p, p.product.specs.radiator_mm > {_CASE}.max_radiator_mm)",
        ),
        message=f"{_name('cooler')} has a radiator of {{{_COOLER}.radiator_mm}} mm, "
        f"{_name('case')} takes {{{_CASE}.max_radiator_mm}} mm",
    ),
    Rule(
        id="cooler_socket",
        when=_both("cpu", "cooler", f"!({_CPU}.socket in {_COOLER}.sockets)"),
        message=f"{_name('cooler')} does not fit socket {{{_CPU}.socket}}",
    ),
    Rule(
        id="cooler_heat",
        when=_both(
            "cpu",
            "cooler",
            f"cpu_parts.exists(p, p.product.specs.power_w > {_COOLER}.max_cooling_w)",
        ),
        message=f"{_name('cpu')} gives off {{{_CPU}.power_w}} W, {_name('cooler')} carries "
        f"{{{_COOLER}.max_cooling_w}} W",
    ),
    Rule(
        id="psu_power",
        when=f"psu_parts.size() > 0 && {_PSU}.rated_w < needed_w",
        message=f"{_name('psu')} supplies {{{_PSU}.rated_w}} W, the machine needs {{needed_w}} W",
    ),
    Rule(
        id="psu_recommendation",
        when=f"psu_parts.size() > 0 && {_PSU}.rated_w < recommended_w",
        message=f"{_name('psu')} supplies {{{_PSU}.rated_w}} W, the maker of the graphics card "
        "asks for {recommended_w} W",
    ),
    Rule(
        id="m2_slots",
        when=f"motherboard_parts.size() > 0 && nvmes > {_BOARD}.m2_slots",
        message=f"{{nvmes}} NVMe drives, {_name('motherboard')} has {{{_BOARD}.m2_slots}} M.2 "
        "slots",
    ),
    Rule(
        id="sata_ports",
        when=f"motherboard_parts.size() > 0 && satas > {_BOARD}.sata_ports",
        message=f"{{satas}} SATA drives, {_name('motherboard')} has {{{_BOARD}.sata_ports}} ports",
    ),
    Rule(
        id="graphics",
        when=f"cpu_parts.size() > 0 && !{_CPU}.has_graphics && gpu_parts.size() == 0",
        message=f"{_name('cpu')} has no graphics built in and there is no graphics card",
    ),
)
_MISSING = tuple(
    Rule(
        id=f"no_{kind}",
        when=f"{kind}_parts.size() == 0",
        severity=Severity.WARNING,
        message=f"no {kind} in the list",
    )
    for kind in NEEDED_CATEGORIES
)

CHECK_BUILD_COMPATIBILITY = Tool(
    name="check_build_compatibility",
    title="Check a build",
    description="Whether parts make one working computer: every broken rule with its figures. "
    "Kinds of parts that are not listed are named as warnings.",
    group=CALCULATIONS,
    parameters=object_schema({"items": ITEMS}, ("items",)),
    operation=Rules(
        lets=(STRANGE, *FITTING),
        preconditions=(KNOWN_ITEMS, ONCE_EACH),
        rules=(*FITTING_RULES, *_MISSING),
    ),
)
