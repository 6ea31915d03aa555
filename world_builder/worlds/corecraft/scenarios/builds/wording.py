"""What the scenarios of builds share: who asks, how parts and their faults are said."""

import re
from collections import Counter
from collections.abc import Sequence
from random import Random

from world_builder.frozen import Json
from world_builder.rubrics import Criterion
from world_builder.templates import Session
from world_builder.templates.criteria import says_matching
from world_builder.worlds.corecraft.company import Build, Company, Customer, Employee, Product
from world_builder.worlds.corecraft.reckoning.faults import Fault
from world_builder.worlds.corecraft.scenarios.builds.figures import measure
from world_builder.worlds.corecraft.scenarios.common import is_only_name, listed, staff

KIND_WORDS = {
    "cpu": "processor",
    "gpu": "graphics card",
    "motherboard": "motherboard",
    "memory": "memory kit",
    "storage": "drive",
    "psu": "power supply",
    "case": "case",
    "cooler": "cooler",
}
SERVICE_WORDS = {
    "standard": "standard shipping",
    "expedited": "expedited shipping",
    "overnight": "overnight shipping",
}
STATUS_WORDS = {
    "ordered": "is ordered but not begun",
    "assembling": "is being assembled",
    "testing": "is being tested",
}
"""By status of an unfinished build: how a reference says it."""
STATUS_PATTERNS = {
    "ordered": r"\bordered\b|waiting|(?:not|n['’]t) (?:yet )?(?:been )?(?:begun|started)",
    "assembling": r"assembl|put together|being built",
    "testing": r"\btest(?:ing|ed|s)?\b|on test",
}
_LONGER = "Glass|Mini|Air|Cube|Tall|Trio|Duo|Wireless"
"""Words by which one product's name is longer than another's."""
_BOTH_OF_SUPPLY = {"psu_power", "psu_recommendation"}
_FORM_PATTERNS = {
    "ATX": r"(?<!micro-)(?<!micro )(?<!m)(?<!\w)atx\b",
    "Micro-ATX": r"\b(?:micro[- ]?|m|µ)atx\b",
    "Mini-ITX": r"\b(?:mini[- ]?|m)?itx\b",
}


def an_asker(company: Company, rng: Random, *teams: str) -> Employee:
    """Somebody who deals with builds and parts; of the teams, if any are given."""
    return rng.choice(staff(company, *(teams or ("builds", "support", "product"))))


def named(company: Company, customer: Customer) -> str:
    """A customer's name, with the e-mail address when somebody else bears it too."""
    if is_only_name(company, customer):
        return customer.name
    return f"{customer.name} ({customer.email})"


def found_by_name(session: Session, company: Company, customer: Customer) -> str:
    """The customer's id, looked up by what `named` says of her."""
    is_alone = is_only_name(company, customer)
    text = customer.name if is_alone else customer.email
    found = session.call("search_customers", text=text)["results"]
    ids = [row["id"] for row in found if isinstance(row, dict)] if isinstance(found, list) else []
    if customer.id not in ids:
        raise LookupError(f"the look-up of {text} does not show {customer.id}")
    return customer.id


def items_of(parts: Sequence[tuple[Product, int]]) -> list[Json]:
    """Parts as an argument of tools."""
    return [{"product_id": part.id, "qty": qty} for part, qty in parts]


def only_named(company: Company) -> list[Build]:
    """Builds that their customer's name and their own tell from all others."""
    names = Counter((build.customer_id, build.name) for build in company.builds)
    return [build for build in company.builds if names[build.customer_id, build.name] == 1]


def machine_name(build: Build) -> str:
    """What a build is called, without the customer's name."""
    return build.name.rpartition(" for ")[0]


def parts_text(parts: Sequence[tuple[Product, int]]) -> str:
    """Parts in a sentence, numbers above one in front.

    >>> parts_text([])
    ''
    """
    names = [f"{qty} x {part.name}" if qty > 1 else part.name for part, qty in parts]
    return listed(names) if names else ""


def fault_text(fault: Fault) -> str:
    """A fault as a clause with its figures."""
    part, other = fault.part.name, fault.other.name if fault.other else ""
    has, takes = fault.has, listed(fault.takes.split(" and "))
    return {
        "socket": f"the {part} needs socket {has}, but the {other} has {takes}",
        "memory_type": f"the {part} is {has}, but the {other} takes {takes}",
        "memory_slots": f"the {part} comes to {has}, but the {other} has {takes}",
        "memory_capacity": f"the {part} comes to {has}, but the {other} takes {takes}",
        "form_factor": f"the {part} is {has}, but the {other} takes {takes} boards",
        "gpu_length": f"the {part} is {has} long, but the {other} takes {takes}",
        "cooler_height": f"the {part} is {has} high, but the {other} takes {takes}",
        "radiator": f"the {part} has a radiator of {has}, but the {other} takes {takes}",
        "cooler_socket": f"the {part} has socket {has}, but the {other} is made for {takes}",
        "cooler_heat": f"the {part} gives off {has}, but the {other} carries {takes}",
        "psu_power": f"the {part} supplies {has}, but the machine needs {takes}",
        "psu_recommendation": f"the {part} supplies {has}, but the maker of the {other} asks for "
        f"{takes}",
        "m2_slots": f"the {part} comes to {has}, but the {other} has {takes}",
        "sata_ports": f"the {part} comes to {has}, but the {other} has {takes}",
        "graphics": f"the {part} has no graphics of its own and there is no graphics card",
    }[fault.rule]


def faults_text(faults: Sequence[Fault]) -> str:
    """All faults in one sentence; a supply that fails twice is told once."""
    if {fault.rule for fault in faults} == _BOTH_OF_SUPPLY:
        power, asked = faults
        card = asked.other.name if asked.other else ""
        return f"{fault_text(power)} and the maker of the {card} asks for {asked.takes}"
    return "; ".join(fault_text(fault) for fault in faults)


def faults_criteria(faults: Sequence[Fault]) -> tuple[Criterion, ...]:
    """The parts and figures of all faults, each once."""
    found: dict[str, Criterion] = {}
    for fault in faults:
        for made in fault_criteria(fault):
            found.setdefault(made.text, made)
    if {fault.rule for fault in faults} == _BOTH_OF_SUPPLY:
        return tuple(made for made in found.values() if made.id != "psu-power-parts")
    return tuple(found.values())


def fault_criteria(fault: Fault) -> tuple[Criterion, ...]:
    """The parts of a fault, and its figures."""
    names = [fault.part.name, *([fault.other.name] if fault.other else [])]
    told = listed([f"the {name}" for name in names])
    both = "^" + "".join(rf"(?=[\s\S]*{name_pattern(name)})" for name in names)
    found = [says_matching(f"{_key(fault)}-parts", f"Names {told} as what does not fit.", both)]
    if fault.rule == "graphics":
        pattern = r"(?:no|without|lacks?|n['’]t|not)\b.{0,40}\b(?:graphics|video)"
        found.append(says_matching("graphics-why", "Says that it has no graphics.", pattern))
        return tuple(found)
    for side, figure in (("has", fault.has), ("takes", fault.takes)):
        text = f"Gives the figure behind it: {figure}."
        found.append(says_matching(f"{_key(fault)}-{side}", text, figure_pattern(figure)))
    return tuple(found)


def name_pattern(name: str) -> str:
    """A pattern for a product's name that does not find a longer one: Slate, but not Slate Air."""
    return rf"(?<!\w){re.escape(name)}(?! (?:{_LONGER})\b)(?!\w)"


def _key(fault: Fault) -> str:
    return fault.rule.replace("_", "-")


def figure_pattern(figure: str) -> str:
    """A pattern for a figure of a fault: `340 mm`, `6 modules`, `Micro-ATX and Mini-ITX`.

    The DDR5 in the name of a memory kit, DDR5-5600, is none.
    """
    number, _, unit = figure.partition(" ")
    if number.isdigit() and unit in ("mm", "W", "GB"):
        return measure(int(number), unit)
    if number.isdigit():
        noun = unit.removeprefix("M.2 ").removeprefix("SATA ").rstrip("s")
        return rf"(?<![\w$.,-]){number}\b.{{0,24}}?\b{noun}s?\b"
    words = (_FORM_PATTERNS.get(w, rf"\b{re.escape(w)}\b(?!-\d)") for w in figure.split(" and "))
    return "".join(rf"(?=[\s\S]*(?:{word}))" for word in words)
