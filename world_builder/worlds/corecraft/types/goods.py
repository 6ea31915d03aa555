"""Entity types of what is sold: products with their specifications, and builds."""

from world_builder.entities import EntityType
from world_builder.worlds.corecraft.rules import (
    BUILD_PURPOSES,
    BUILD_STATUSES,
    PRODUCT_CATEGORIES,
    PRODUCT_STATUSES,
)
from world_builder.worlds.corecraft.types.fields import (
    choice,
    day,
    flag,
    group,
    integer,
    link,
    long_text,
    many,
    money,
    text,
)

SOCKETS = ("AM4", "AM5", "LGA1700", "LGA1851")
MEMORY_TYPES = ("DDR4", "DDR5")
FORM_FACTORS = ("ATX", "Micro-ATX", "Mini-ITX")

SPECS = group(
    "specs",
    choice("socket", SOCKETS, required=False),
    many("sockets", choice("socket", SOCKETS), "Fits sockets").model_copy(
        update={"required": False}
    ),
    text("chipset", required=False),
    choice("form_factor", FORM_FACTORS, required=False),
    many("form_factors", choice("form_factor", FORM_FACTORS), "Takes boards").model_copy(
        update={"required": False}
    ),
    choice("memory_type", MEMORY_TYPES, required=False),
    integer("memory_slots", required=False),
    integer("max_memory_gb", required=False),
    integer("modules", "Memory modules in the kit", required=False),
    integer("capacity_gb", "Capacity, GB (whole kit)", required=False),
    integer("speed_mts", "Speed, MT/s", required=False),
    integer("cores", required=False),
    integer("power_w", "Power drawn, W", required=False),
    integer("rated_w", "Power supplied, W", required=False),
    integer("recommended_psu_w", "Recommended supply, W", required=False),
    integer("max_cooling_w", "Heat it can carry, W", required=False),
    flag("has_graphics", "Graphics built in", required=False),
    integer("length_mm", required=False),
    integer("height_mm", required=False),
    integer("radiator_mm", "Radiator, mm (0: air)", required=False),
    integer("max_gpu_length_mm", required=False),
    integer("max_cooler_height_mm", required=False),
    integer("max_radiator_mm", required=False),
    choice("interface", ("NVMe", "SATA"), required=False),
    integer("m2_slots", "M.2 slots", required=False),
    integer("sata_ports", "SATA ports", required=False),
    text("efficiency", required=False),
    text("screen", required=False),
    title="Specifications",
)

PRODUCT = EntityType(
    name="product",
    title="Product",
    plural="Products",
    description="A part we sell, with the figures that decide what fits what.",
    id_format="prod-{n:4}",
    title_field="name",
    fields=(
        text("name").model_copy(update={"unique": True}),
        text("brand"),
        choice("category", PRODUCT_CATEGORIES),
        money("price_cents", "List price"),
        integer("stock", "Free to sell"),
        choice("status", PRODUCT_STATUSES),
        flag("is_clearance", "On clearance", note="Final sale and never discounted."),
        integer("warranty_months"),
        day("released_on"),
        day("restock_on", required=False, note="When more come in; empty when not known."),
        SPECS,
    ),
)

BUILD = EntityType(
    name="build",
    title="Build",
    plural="Builds",
    description="A computer put together for a customer, from quote to delivery.",
    id_format="bld-{n:3}",
    title_field="name",
    fields=(
        text("name"),
        link("customer_id", "customer", "Customer"),
        link("order_id", "order", "Order", required=False, note="Empty while only quoted."),
        choice("purpose", BUILD_PURPOSES),
        choice("status", BUILD_STATUSES),
        many("parts", group("part", link("product_id", "product"), integer("qty", minimum=1))),
        money("parts_cents", "Parts, list prices"),
        money("assembly_cents", "Assembly fee"),
        day("quoted_on"),
        day("due_on", required=False),
        link("technician_id", "employee", "Technician", required=False),
        long_text("notes", required=False),
    ),
)
