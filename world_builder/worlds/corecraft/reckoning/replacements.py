"""Which part makes a machine fit: the cheapest one of a kind, active and in stock."""

from collections.abc import Iterable
from dataclasses import dataclass

from world_builder.worlds.corecraft.company import Build, Company, Product
from world_builder.worlds.corecraft.reckoning.compatibility import incompatibilities
from world_builder.worlds.corecraft.reckoning.stock import stock_of

Parts = tuple[tuple[Product, int], ...]
_WARNING = "stop selling"


@dataclass(frozen=True, slots=True, kw_only=True)
class Replacement:
    """The part to take, and the machine with it."""

    product: Product
    parts: Parts
    passed_over: tuple[Product, ...]
    """Cheaper parts of the kind that are on sale and leave something that does not fit."""


def parts_of(company: Company, build: Build) -> Parts:
    """A build's parts as products with their numbers."""
    return tuple((company.product(part.product_id), part.qty) for part in build.parts)


def with_part(parts: Parts, product: Product) -> Parts:
    """The machine with the product in place of its part of that kind, or added."""
    if all(part.category != product.category for part, _ in parts):
        return (*parts, (product, 1))
    return tuple(
        (product if part.category == product.category else part, qty) for part, qty in parts
    )


def on_sale(company: Company, category: str, qty: int = 1) -> list[Product]:
    """Active products of a kind with enough in stock, cheapest first."""
    found = [p for p in company.products_in(category) if p.status == "active" and p.stock >= qty]
    return sorted(found, key=lambda product: (product.price_cents, product.id))


def cheapest_fit(company: Company, parts: Parts, category: str) -> Replacement | None:
    """The cheapest part of a kind with which everything fits; None when there is none."""
    qty = max((qty for part, qty in parts if part.category == category), default=1)
    passed_over: list[Product] = []
    for product in on_sale(company, category, qty):
        changed = with_part(parts, product)
        if not incompatibilities(changed):
            return Replacement(product=product, parts=changed, passed_over=tuple(passed_over))
        passed_over.append(product)
    return None


def warned_of(company: Company) -> frozenset[str]:
    """Ids of products of which Slack says otherwise than the catalogue whether they may be sold:
    somebody, whoever it was, wrote not to, or a decision leaves none."""
    warnings = [m.text for m in company.messages if _WARNING in m.text.lower()]
    return frozenset(
        product.id
        for product in company.products
        if any(product.name in text for text in warnings)
        or (product.stock and not stock_of(company, product).count)
    )


def are_free_of(parts: Iterable[tuple[Product, int]], product_ids: frozenset[str]) -> bool:
    """Whether none of the products is among the parts."""
    return not any(part.id in product_ids for part, _ in parts)
