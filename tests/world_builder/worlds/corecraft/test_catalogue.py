"""Products and their stock: right answers in other words pass, plausible wrong ones do not."""

import re
from collections import Counter

from tests.world_builder.worlds.corecraft.answers import (
    answer_of,
    criterion_ids,
    product_sought,
    tasks_of,
    unmet,
)
from tests.world_builder.worlds.corecraft.company import company
from world_builder.expressions import money
from world_builder.tasks import Task
from world_builder.worlds.corecraft.company import Product
from world_builder.worlds.corecraft.reckoning.replacements import on_sale
from world_builder.worlds.corecraft.reckoning.stock import Stock, count_said, stock_of
from world_builder.worlds.corecraft.scenarios.builds.availability import STOCK_ANSWER
from world_builder.worlds.corecraft.scenarios.builds.comparison import COMPARE_PARTS
from world_builder.worlds.corecraft.scenarios.builds.facts import PRODUCT_FACTS
from world_builder.worlds.corecraft.scenarios.builds.wishes import WISHES, Wish

FEWEST = 2
"""The least number of tasks of each kind that a scenario has."""
FACTS = {
    "socket": "Socket {}",
    "cores": "{} cores",
    "power_w": "draws {} watts",
    "length_mm": "{} millimetres long",
    "recommended_psu_w": "maker recommends a {}-watt supply",
    "m2_slots": "M.2: {}",
    "sata_ports": "SATA: {}",
    "max_memory_gb": "{}GB of memory at most",
    "modules": "{} sticks",
    "speed_mts": "{} MHz",
    "rated_w": "{} watts",
    "efficiency": "class {}",
    "max_gpu_length_mm": "cards up to {}mm",
    "max_cooler_height_mm": "towers up to {}mm",
    "max_radiator_mm": "radiators up to {}mm",
    "height_mm": "{} millimetres high",
    "max_cooling_w": "good for {} watts",
    "screen": "{}",
}


def facts_of(product: Product, specs: list[str]) -> dict[str, str]:
    """What a sheet says of a product, by criterion."""
    years, months = divmod(product.warranty_months, 12)
    facts = {
        "price": f"{product.price_cents / 100:,.2f} dollars",
        "stock": f"{product.stock} on the shelf" if product.stock else "none available",
        "warranty": f"{product.warranty_months} months" if months else f"{years} years of warranty",
    }
    for spec in specs:
        told = FACTS[spec].format(product.specs[spec]).replace('"', "-inch")
        facts[spec.replace("_", "-")] = told
    return facts


def mistakable_for(product: Product) -> Product:
    """Another product of the kind: of a longer name where there is one."""
    others = [o for o in company().products_in(product.category) if o.id != product.id]
    return max(others, key=lambda other: other.name.startswith(product.name))


def test_facts_of_a_product() -> None:
    for task in tasks_of(PRODUCT_FACTS):
        product = product_sought(task)
        specs = [spec for spec in FACTS if spec.replace("_", "-") in criterion_ids(task)]
        assert len(specs) >= 2
        facts = facts_of(product, specs)
        assert criterion_ids(task) == {*facts, "no-change"}
        sheet = "\n".join(f"* {told}" for told in facts.values())
        assert not unmet(task, sheet), sheet
        other = facts_of(mistakable_for(product), specs)
        differing = {key for key in facts if facts[key] != other[key]}
        assert differing
        wrong = "\n".join(f"* {told}" for told in other.values())
        assert unmet(task, wrong) == differing, f"{sheet}\n{wrong}"


def stock_told(product: Product, stock: Stock) -> str:
    """Whether a product is there as another colleague would put it."""
    if stock.decision is None:
        if stock.count:
            return f"{product.id}: {stock.count} units in the catalogue, which nobody overruled."
        return f"None left of {product.id}, no longer sold, per the catalogue."
    author = company().employee(stock.decision.author_id).name
    source = f"{author}, {stock.decision.sent_at:%b} {stock.decision.sent_at.day}"
    if stock.count:
        return (
            f"Yes, {product.id} is available: {stock.count} pieces ({source}). The system still "
            f"has {product.stock}."
        )
    assert stock.back_on
    old = f", not on {product.restock_on} as the system has it" if product.restock_on else ""
    return f"Out of stock. {product.id} comes back on {stock.back_on:%m/%d/%Y} ({source}){old}."


def catalogue_told(product: Product) -> str:
    """What somebody answers who looks into the catalogue alone."""
    if product.stock:
        return f"Yes, {product.id} is available: {product.stock} pieces, by the catalogue."
    day = f"comes on {product.restock_on}" if product.restock_on else "has no day"
    return f"{product.id} is out of stock and {day}, by the catalogue."


def kind_of(stock: Stock) -> str:
    if stock.decision:
        return "count" if stock.count else "back"
    return "talk" if stock.talk else "catalogue"


def decided_otherwise(product: Product, stock: Stock) -> set[str]:
    """The criterion on the count or day, where the catalogue has another one."""
    if stock.count:
        return {"count"} if stock.count != product.stock else set()
    return {"back"} if stock.back_on != product.restock_on else set()


def test_decisions_count_before_the_catalogue() -> None:
    seen: Counter[str] = Counter()
    for task in tasks_of(STOCK_ANSWER):
        product = product_sought(task)
        stock = stock_of(company(), product)
        told = stock_told(product, stock)
        assert not unmet(task, told), told
        if stock.decision:
            wanted = {"author", "decided"} | decided_otherwise(product, stock)
            missed = unmet(task, catalogue_told(product)) - {"verdict"}
            assert missed == wanted, catalogue_told(product)
            author = company().employee(stock.decision.author_id)
            other = next(e for e in company().employees if e.name != author.name)
            assert unmet(task, told.replace(author.name, other.name)) == {"author"}
            seen["otherwise"] += len(wanted) > 2
        seen[kind_of(stock)] += 1
    assert min(seen[kind] for kind in ("count", "back", "talk", "catalogue")) >= FEWEST
    assert seen["otherwise"] >= 2 * FEWEST


def test_talk_does_not_count() -> None:
    for task in tasks_of(STOCK_ANSWER):
        product = product_sought(task)
        stock = stock_of(company(), product)
        if stock.decision or not stock.talk:
            continue
        author, said = company().employee(stock.talk.author_id), count_said(stock.talk)
        day = f"{stock.talk.sent_at:%B} {stock.talk.sent_at.day}"
        assert author.role not in ("team_lead", "manager")
        assert said not in (None, stock.count)
        believed = f"{product.id}: {said} in stock, as {author.name} decided on {day}."
        assert unmet(task, believed) == {"count", "source"}, believed


def test_there_or_not_is_no_matter_of_taste() -> None:
    for task in tasks_of(STOCK_ANSWER):
        product = product_sought(task)
        stock = stock_of(company(), product)
        opposite = "It is out of stock" if stock.count else "Yes, we have some left"
        assert "verdict" in unmet(task, f"{opposite}. {stock_told(product, stock)}")
        if not stock.count and not stock.back_on:
            waits = f"{product.id} is out of stock by the catalogue; ask again in October."
            assert unmet(task, waits) == {"never"}


def wish_of(task: Task) -> tuple[Wish, int]:
    """What is to be compared, and up to which price."""
    asked = re.fullmatch(r"Table of (.+) up to \$([\d,]+\.\d\d)", task.title)
    assert asked
    (wish,) = (wish for wish in WISHES if wish.kind == asked[1])
    return wish, int(re.sub(r"\D", "", asked[2]))


def row_told(wish: Wish, product: Product, *, cents: int = 0, value: str = "") -> str:
    """A row of the table in another layout; `cents` and `value` plant errors."""
    price = f"{(product.price_cents + cents) / 100:.2f}"
    return f"| {product.name} | {price} | {value or wish.value_of(product)} |"


def table_told(wish: Wish, rows: list[str]) -> str:
    head = f"Here you are:\n\n| Part | USD | {wish.spec_words} |\n| --- | ---: | :-: |\n"
    return head + "\n".join(rows)


def test_a_table_holds_the_parts_and_nothing_else() -> None:
    for task in tasks_of(COMPARE_PARTS):
        wish, bound = wish_of(task)
        fits = sorted(
            (p for p in company().products_in(wish.category) if wish.is_met_by(p)),
            key=lambda product: product.price_cents,
        )
        sold = [p for p in on_sale(company(), wish.category) if p in fits]
        wanted = [product for product in sold if product.price_cents <= bound]
        rows = [row_told(wish, product) for product in wanted]
        assert not unmet(task, table_told(wish, rows)), rows
        traps = [p for p in fits if p not in wanted]
        trapped = [row_told(wish, p) for p in fits if p in wanted or p == traps[0]]
        assert unmet(task, table_told(wish, trapped)) == {"table"}, trapped
        assert unmet(task, table_told(wish, rows[::-1])) == {"order"}
        for number, product in enumerate(wanted, 1):
            for wrong in (
                row_told(wish, product, cents=-1000),
                row_told(wish, product, value="17"),
            ):
                changed = [wrong if p is product else row_told(wish, p) for p in wanted]
                assert unmet(task, table_told(wish, changed)) == {f"row-{number}"}, wrong
        assert answer_of(task).count(money(wanted[0].price_cents)) == 1
