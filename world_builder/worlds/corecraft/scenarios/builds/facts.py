"""The scenario `product-facts`: price, stock, warranty and specifications of one product."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

from world_builder.expressions import money
from world_builder.rubrics import Criterion
from world_builder.tasks import Category, Difficulty
from world_builder.templates import Desk, Draft, Scenario
from world_builder.templates.criteria import (
    changes_nothing,
    says_amount,
    says_matching,
    says_right_not_wrong,
)
from world_builder.worlds.corecraft.company import Company, Product
from world_builder.worlds.corecraft.policies import BUILD_DESK
from world_builder.worlds.corecraft.reckoning.stock import count_said, messages_on
from world_builder.worlds.corecraft.scenarios.builds.figures import (
    beside,
    measure,
    near,
    says_count_of,
    says_measure,
)
from world_builder.worlds.corecraft.scenarios.builds.wording import an_asker
from world_builder.worlds.corecraft.scenarios.cases import by_turns
from world_builder.worlds.corecraft.scenarios.common import counted, listed, requester

_NUM = 18
_STOCK_WORDS = (
    r"stock|hav(?:e|ing)|available|left|units?|pieces?|on hand|there (?:is|are)|free|on the shelf"
)
_NONE = r"\b(?:none|no|not|zero|0)\b|n['’]t\b"


@dataclass(frozen=True, slots=True)
class _Fact:
    """A specification that people ask for."""

    spec: str
    asked: str
    label: str
    unit: str = ""
    words: str = ""
    """What must stand beside the figure, where the figure alone would not tell."""


_CARD, _TOWER = r"card|gpu|graphics", r"cooler|tower|height|high|tall"
_FACTS: dict[str, tuple[_Fact, ...]] = {
    "cpu": (
        _Fact("socket", "the socket", "Socket"),
        _Fact("cores", "the number of cores", "Cores", words=r"cores?"),
        _Fact("power_w", "the power it draws", "Power drawn", "W"),
    ),
    "gpu": (
        _Fact("length_mm", "the length", "Length", "mm"),
        _Fact("power_w", "the power it draws", "Power drawn", "W", r"draw|power|consum|tdp|uses?"),
        _Fact(
            "recommended_psu_w",
            "the power supply that its maker recommends",
            "Recommended power supply",
            "W",
            r"recommend|supply|psu|maker|asks?|wants?",
        ),
    ),
    "motherboard": (
        _Fact("m2_slots", "the number of M.2 slots", "M.2 slots", words=r"m\.?2"),
        _Fact("sata_ports", "the number of SATA ports", "SATA ports", words=r"sata"),
        _Fact("max_memory_gb", "the most memory it takes", "Most memory", "GB"),
    ),
    "memory": (
        _Fact("modules", "the number of modules", "Modules", words=r"modules?|sticks?|dimms?"),
        _Fact("speed_mts", "the speed", "Speed", "MT/s"),
    ),
    "psu": (
        _Fact("rated_w", "the rated power", "Rated power", "W"),
        _Fact("efficiency", "the efficiency class", "Efficiency"),
    ),
    "case": (
        _Fact("max_gpu_length_mm", "the longest card it takes", "Longest card", "mm", _CARD),
        _Fact("max_cooler_height_mm", "the highest cooler", "Highest cooler", "mm", _TOWER),
        _Fact("max_radiator_mm", "the largest radiator", "Largest radiator", "mm", r"radiator"),
    ),
    "cooler": (
        _Fact("height_mm", "the height", "Height", "mm"),
        _Fact("max_cooling_w", "the heat it carries", "Heat it carries", "W"),
    ),
    "monitor": (
        _Fact("screen", "the size and resolution of the screen", "Screen"),
        _Fact("power_w", "the power it draws", "Power drawn", "W"),
    ),
}

_PHRASINGS = (
    "Somebody on the phone is asking about the {product}. What does it cost, how many have we "
    "got, how long is the warranty? And from the data sheet: {facts}.",
    "{product}: list price, stock, warranty months, {facts}. Catalogue figures, please.",
    "I am filling in a comparison sheet by hand and the line of the {product} is still empty. It "
    "has columns for {facts}, and then what we charge, the number in stock and the warranty.",
    "could you read me the catalogue entry of the {product}? need {facts} + price, stock, "
    "warranty.",
    "There are several that sound like it, so make sure it is exactly the {product}. I need to "
    "know {facts}. Also the list price, how many are free to sell, and for how many months it is "
    "under warranty.",
    'A customer wrote: "Hello, I have my eye on the {product}. Could you tell me {facts}? And '
    'of course the price, whether you have it and how many, and the warranty." What are the '
    "facts? I'll write the answer myself.",
    "price of {product}? how many in stock? warranty? and {facts}?",
    "Please look up one product for me, the {product}, and tell me the warranty in months, the "
    "stock, the price before any discount, and {facts}.",
    "What do we know about the {product}? I am after {facts}; with it, money, pieces on the "
    "shelf, length of the warranty.",
    "For tomorrow's shelf labels: {product}. The label shows {facts}, the list price and the "
    "warranty. The stock figure I want for myself.",
)
_DETAILS = (
    "A bare list is fine.",
    "Nothing about similar models, that only confuses people.",
    "I had a figure from memory, but I don't trust it.",
    "No opinion needed on whether it is any good.",
)


def _drafts(desk: Desk[Company]) -> Iterator[Draft]:
    rng = desk.random("product-facts")
    products = _settled(desk.model)
    rng.shuffle(products)
    products.sort(key=lambda product: not _longer_names(desk.model, product))
    for product in by_turns(products, lambda p: p.category):
        session = desk.session()
        session.call("search_products", text=product.name)
        asker = an_asker(desk.model, rng)
        yield Draft(
            title=f"Facts about the {product.name}",
            keys=(product.id,),
            slots={
                "product": product.name,
                "facts": listed([fact.asked for fact in _FACTS[product.category]]),
            },
            calls=session.calls,
            response=_answer(product, rng),
            criteria=_criteria(product),
            requester=requester(asker),
        )


def _settled(company: Company) -> list[Product]:
    """Products of which nobody counted another stock than the catalogue's."""
    return [
        product
        for product in company.products
        if product.category in _FACTS
        and all(count_said(message) is None for message in messages_on(company, product))
    ]


def _longer_names(company: Company, product: Product) -> tuple[str, ...]:
    """Names of other products that begin with this one's."""
    return tuple(
        other.name
        for other in company.products
        if other.id != product.id and other.name.startswith(product.name)
    )


def _told(product: Product, fact: _Fact) -> str:
    return f"{product.specs[fact.spec]} {fact.unit}".strip()


def _answer(product: Product, rng: Random) -> str:
    facts = [(fact.label, _told(product, fact)) for fact in _FACTS[product.category]]
    told = "; ".join(f"{label} {told}" for label, told in facts)
    warranty = counted(product.warranty_months, "month")
    price = money(product.price_cents)
    if not product.stock:
        stock = "It is sold out at the moment."
    else:
        stock = rng.choice(("We have {} in stock.", "In stock: {}.")).format(product.stock)
    return rng.choice(
        (
            f"It costs {price}. {stock} The warranty is {warranty}. From the data sheet: {told}.",
            f"{told}. The list price is {price}, the warranty {warranty}. {stock}",
        )
    )


def _criteria(product: Product) -> tuple[Criterion, ...]:
    months = product.warranty_months
    years = rf"|\b{months // 12}(?: full)?[ -]years?\b"
    return (
        says_amount("price", "the list price", product.price_cents),
        _says_stock(product.stock),
        says_matching(
            "warranty",
            f"States the warranty: {counted(months, 'month')}.",
            measure(months, "months") + years,
        ),
        *(_says_fact(product, fact) for fact in _FACTS[product.category]),
        changes_nothing(),
    )


def _says_stock(stock: int) -> Criterion:
    if stock:
        text = f"States how many are in stock: {stock}."
        right = beside(stock, _STOCK_WORDS)
        return says_right_not_wrong("stock", text, right, r"out of stock|sold out")
    nothing = rf"out of stock|sold out|{near(_NONE, _STOCK_WORDS)}"
    return says_matching("stock", "Says that none is in stock.", nothing)


def _says_fact(product: Product, fact: _Fact) -> Criterion:
    value = product.specs[fact.spec]
    key, what = fact.spec.replace("_", "-"), fact.asked
    if fact.unit:
        return says_measure(key, what, value, fact.unit, fact.words)
    if isinstance(value, int):
        return says_count_of(key, what, value, fact.words)
    loose = re.escape(str(value)).replace(r"\ ", r"\s*").replace("x", "[x×]")
    pattern = loose.replace('"', r'(?:"|″|”|[ -]?in(?:ch(?:es)?)?\b)')
    return says_matching(key, f"States {what}: {_told(product, fact)}.", pattern)


PRODUCT_FACTS: Scenario[Company] = Scenario(
    name="product-facts",
    category=Category.INFORMATION_RETRIEVAL,
    difficulty=Difficulty.EASY,
    system_prompt=BUILD_DESK,
    intent="Have the catalogue's figures of exactly the {product}, not of one that sounds like it.",
    phrasings=_PHRASINGS,
    details=_DETAILS,
    drafts=_drafts,
    num_tasks=_NUM,
)
