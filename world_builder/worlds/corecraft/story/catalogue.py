"""The catalogue, written by hand: every product with the figures that decide what fits what.

Brands and models are invented; sockets, form factors and standards are real. One table per
category; `build_catalogue` numbers them and adds stock by the seed.
"""

from datetime import date, timedelta
from random import Random
from typing import Any

from world_builder.worlds.corecraft.company import Product
from world_builder.worlds.corecraft.rules import NOW
from world_builder.worlds.corecraft.story import parts, parts_more

Row = tuple[str, str, str, int, int, dict[str, Any]]
"""Category, brand, name, price in cents, warranty in months, specifications."""
_ALWAYS_SOLD = ("Zephyrine Brook 360",)
"""Products at their list price and in stock for every seed: too large for many cases."""


def build_catalogue(rng: Random) -> tuple[Product, ...]:
    """All products, in the order of ids."""
    return tuple(_product(i, row, rng) for i, row in enumerate(_rows(), 1))


def _rows() -> list[Row]:
    return [
        *(_cpu(*row) for row in parts.CPUS),
        *(_gpu(*row) for row in parts.GPUS),
        *(_board(*row) for row in parts.BOARDS),
        *(_memory(*row) for row in parts.MEMORY),
        *(_storage(*row) for row in parts_more.STORAGE),
        *(_psu(*row) for row in parts_more.PSUS),
        *(_case(*row) for row in parts_more.CASES),
        *(_cooler(*row) for row in parts_more.COOLERS),
        *(("monitor", b, n, p, w, {"screen": s, "power_w": e}) for b, n, p, w, s, e in
          parts_more.MONITORS),
        *(("peripheral", b, n, p, w, {}) for b, n, p, w in parts_more.PERIPHERALS),
    ]  # fmt: skip


def _cpu(
    brand: str, name: str, socket: str, cores: int, power: int, graphics: bool, price: int
) -> Row:
    specs = {"socket": socket, "cores": cores, "power_w": power, "has_graphics": graphics}
    return ("cpu", brand, f"{brand} {name}", price, 36, specs)


def _gpu(brand: str, name: str, memory: int, power: int, length: int, psu: int, price: int) -> Row:
    specs = {
        "capacity_gb": memory,
        "power_w": power,
        "length_mm": length,
        "recommended_psu_w": psu,
    }
    return ("gpu", brand, f"{brand} {name}", price, 36, specs)


def _board(
    brand: str, name: str, socket: str, chipset: str, form: str, memory: str, slots: int,
    most: int, m2: int, sata: int, price: int,
) -> Row:  # fmt: skip
    specs = {
        "socket": socket,
        "chipset": chipset,
        "form_factor": form,
        "memory_type": memory,
        "memory_slots": slots,
        "max_memory_gb": most,
        "m2_slots": m2,
        "sata_ports": sata,
    }
    return ("motherboard", brand, f"{brand} {name}", price, 36, specs)


def _memory(
    brand: str, name: str, kind: str, modules: int, total: int, speed: int, price: int
) -> Row:
    specs = {"memory_type": kind, "modules": modules, "capacity_gb": total, "speed_mts": speed}
    return ("memory", brand, f"{brand} {name}", price, 120, specs)


def _storage(brand: str, name: str, interface: str, capacity: int, price: int, months: int) -> Row:
    return (
        "storage", brand, f"{brand} {name}", price, months,
        {"interface": interface, "capacity_gb": capacity},
    )  # fmt: skip


def _psu(brand: str, name: str, rated: int, efficiency: str, price: int, months: int) -> Row:
    return (
        "psu", brand, f"{brand} {name}", price, months,
        {"rated_w": rated, "efficiency": efficiency},
    )  # fmt: skip


def _case(
    brand: str, name: str, forms: tuple[str, ...], gpu: int, cooler: int, radiator: int, price: int
) -> Row:
    specs = {
        "form_factors": list(forms),
        "max_gpu_length_mm": gpu,
        "max_cooler_height_mm": cooler,
        "max_radiator_mm": radiator,
    }
    return ("case", brand, f"{brand} {name}", price, 24, specs)


def _cooler(
    brand: str,
    name: str,
    sockets: tuple[str, ...],
    heat: int,
    height: int,
    radiator: int,
    price: int,
) -> Row:
    specs = {
        "sockets": list(sockets),
        "max_cooling_w": heat,
        "height_mm": height,
        "radiator_mm": radiator,
    }
    return ("cooler", brand, f"{brand} {name}", price, 72 if radiator == 0 else 60, specs)


def _product(number: int, row: Row, rng: Random) -> Product:
    category, brand, name, price, months, specs = row
    today = NOW.date()
    released = date(2021, 3, 1) + timedelta(days=rng.randrange(1400))
    status, stock, restock = "active", rng.choice((2, 4, 7, 9, 12, 15, 18, 23, 31, 46)), None
    is_clearance = False
    fate = max(rng.random(), 0.3 if name in _ALWAYS_SOLD else 0)
    if fate < 0.05:
        status, stock, released = "preorder", 0, today + timedelta(days=rng.randrange(8, 40))
        restock = released
    elif fate < 0.09:
        status, stock = "discontinued", rng.choice((0, 0, 1, 3))
        is_clearance = stock > 0
    elif fate < 0.19:
        stock = 0
        restock = today + timedelta(days=rng.randrange(2, 30)) if rng.random() < 0.75 else None
    elif fate < 0.28:
        is_clearance = True
    return Product(
        id=f"prod-{number:04}",
        name=name,
        brand=brand,
        category=category,
        price_cents=_cut(price) if is_clearance else price,
        stock=stock,
        status=status,
        is_clearance=is_clearance,
        warranty_months=months,
        released_on=released,
        restock_on=restock,
        specs=specs,
    )


def _cut(price: int) -> int:
    """A clearance price: about a quarter off, ending in 49 cents."""
    return price * 3 // 4 // 100 * 100 + 49
