"""Violations planted in products and builds."""

from collections.abc import Callable
from typing import Any

from tests.world_builder.worlds.corecraft_drafts import Draft, Plant, plant, twin

_Record = dict[str, Any]


def _without(name: str) -> Callable[[_Record], dict[str, object]]:
    """The specifications of a product but for one."""
    return lambda p: {"specs": {key: value for key, value in p["specs"].items() if key != name}}


PRODUCTS: tuple[Plant, ...] = (
    ("is a cpu without socket", plant("product", _without("socket"), category="cpu")),
    (
        "is active but came out on",
        plant("product", {"released_on": "2026-02-01"}, status="active"),
    ),
    (
        "is preorder but came out on",
        plant("product", {"released_on": "2024-02-01"}, status="preorder"),
    ),
    ("is preorder but 3 are in stock", plant("product", {"stock": 3}, status="preorder")),
    (
        "but is restocked on 2026-03-03",
        plant("product", {"restock_on": "2026-03-03"}, status="preorder"),
    ),
    ("is preorder and on clearance", plant("product", {"is_clearance": True}, status="preorder")),
    (
        "is discontinued but restocked on",
        plant("product", {"restock_on": "2026-03-03"}, status="discontinued"),
    ),
    (
        "yet 2 are not on clearance",
        plant("product", {"stock": 2, "is_clearance": False}, status="discontinued"),
    ),
    ("was to be restocked on", plant("product", {"restock_on": "2025-09-01"}, status="active")),
)


def _ordered(build: _Record) -> bool:
    return build["order_id"] is not None


def _in_work(build: _Record) -> bool:
    return build["status"] in ("assembling", "testing")


def _order_of_build(**changes: object) -> Callable[[Draft], str]:
    def edit(draft: Draft) -> str:
        build = draft.one("build", status="testing")
        draft.put("order", draft.get("order", build["order_id"]), **changes)
        return str(build["id"])

    return edit


def _technician_left(draft: Draft) -> str:
    build = draft.one("build", _in_work)
    draft.put("employee", draft.get("employee", build["technician_id"]), is_active=False)
    return str(build["id"])


def _weak_supply(draft: Draft) -> str:
    """A build in work whose supply turns out to be too weak."""
    build = draft.one("build", _in_work)
    part = next(
        p for p in build["parts"] if draft.get("product", p["product_id"])["category"] == "psu"
    )
    product = draft.get("product", part["product_id"])
    draft.put("product", product, specs={**product["specs"], "rated_w": 100})
    return str(build["id"])


def _no_case(draft: Draft) -> str:
    build = draft.one("build", _in_work)
    rest = [p for p in build["parts"] if _category(draft, p) != "case"]
    return draft.put("build", build, parts=rest)


def _category(draft: Draft, part: _Record) -> str:
    return str(draft.get("product", part["product_id"])["category"])


BUILDS: tuple[Plant, ...] = (
    ("has no parts", plant("build", {"parts": []})),
    ("has prod-", plant("build", lambda b: {"parts": [*b["parts"], b["parts"][0]]})),
    ("has the name of bld-", twin("build", "bld-999")),
    ("assembly is 1 cents", plant("build", {"assembly_cents": 1})),
    ("parts are 1 cents", plant("build", {"parts_cents": 1})),
    ("is ordered but its due_on is None", plant("build", {"due_on": None}, status="ordered")),
    ("is ordered but its order_id is None", plant("build", {"order_id": None}, status="ordered")),
    ("its due_on is 2025-09-20", plant("build", {"due_on": "2025-09-20"}, status="quoted")),
    ("its technician is None", plant("build", {"technician_id": None}, _in_work)),
    ("its technician is emp-022", plant("build", {"technician_id": "emp-022"}, status="quoted")),
    ("emp-002 is a team_lead", plant("build", {"technician_id": "emp-002"}, _in_work)),
    ("who builds it, does not work here", _technician_left),
    ("is for cust-0001, but ord-", plant("build", {"customer_id": "cust-0001"}, _ordered)),
    ("its parts are not the lines of ord-", _order_of_build(lines=[])),
    ("is testing but ord-", _order_of_build(status="cancelled")),
    ("has the order of bld-", twin("build", "bld-999", status="ordered")),
    ("outside the quote's days", plant("build", {"quoted_on": "2024-01-08"}, _ordered)),
    ("was due on 2024-01-08", plant("build", {"due_on": "2024-01-08"}, _ordered)),
    ("was ordered without a case", _no_case),
    ("parts break the rule psu_power", _weak_supply),
)
