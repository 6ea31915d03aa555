"""Products: the figures that each category must have, and what stock and status say."""

from collections.abc import Iterator

from world_builder.worlds.corecraft.consistency.records import Checks, Record, Records, day

_SPECS: dict[str, tuple[str, ...]] = {
    "cpu": ("socket", "cores", "power_w", "has_graphics"),
    "gpu": ("capacity_gb", "power_w", "length_mm", "recommended_psu_w"),
    "motherboard": (
        "socket",
        "form_factor",
        "memory_type",
        "memory_slots",
        "max_memory_gb",
        "m2_slots",
        "sata_ports",
    ),
    "memory": ("memory_type", "modules", "capacity_gb", "speed_mts"),
    "storage": ("interface", "capacity_gb"),
    "psu": ("rated_w",),
    "case": ("form_factors", "max_gpu_length_mm", "max_cooler_height_mm", "max_radiator_mm"),
    "cooler": ("sockets", "max_cooling_w", "height_mm", "radiator_mm"),
    "monitor": ("screen",),
}
"""Specifications without which a part of a category cannot be advised or checked."""


def missing_specs(product: Record) -> list[str]:
    """Names of the specifications that a product lacks."""
    needed = _SPECS.get(product["category"], ())
    return [name for name in needed if product["specs"].get(name) is None]


def _specs(product: Record, _: Records) -> Iterator[str]:
    for name in missing_specs(product):
        yield f"is a {product['category']} without {name}"


def _preorder(product: Record, records: Records) -> Iterator[str]:
    released_on, is_preorder = product["released_on"], product["status"] == "preorder"
    if is_preorder != (day(released_on) > records.now.date()):
        yield f"is {product['status']} but came out on {released_on}"
    if is_preorder and product["stock"]:
        yield f"is preorder but {product['stock']} are in stock"
    if is_preorder and product.get("restock_on") != released_on:
        yield f"comes out on {released_on} but is restocked on {product.get('restock_on')}"
    if is_preorder and product["is_clearance"]:
        yield "is preorder and on clearance"


def _stock(product: Record, records: Records) -> Iterator[str]:
    restock_on, is_over = product.get("restock_on"), product["status"] == "discontinued"
    if is_over and restock_on is not None:
        yield f"is discontinued but restocked on {restock_on}"
    if is_over and product["stock"] and not product["is_clearance"]:
        yield f"is discontinued, yet {product['stock']} are not on clearance"
    if restock_on is not None and day(restock_on) < records.now.date():
        yield f"was to be restocked on {restock_on}"


CHECKS: Checks = {"product": (_specs, _preorder, _stock)}
