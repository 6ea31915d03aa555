"""The scenario `stock-answer`: is a product there, or when does it come, and who says so?"""

from collections.abc import Iterator
from random import Random

from world_builder.rubrics import Criterion
from world_builder.tasks import Category, Difficulty
from world_builder.templates import Desk, Draft, Scenario
from world_builder.templates.criteria import (
    changes_nothing,
    says_any,
    says_date,
    says_matching,
    says_right_not_wrong,
)
from world_builder.worlds.corecraft.company import Company, Employee, Product
from world_builder.worlds.corecraft.policies import BUILD_DESK
from world_builder.worlds.corecraft.reckoning.replacements import warned_of
from world_builder.worlds.corecraft.reckoning.stock import STOCK_ROOM, Stock, stock_of
from world_builder.worlds.corecraft.scenarios.builds.figures import beside
from world_builder.worlds.corecraft.scenarios.builds.wording import an_asker
from world_builder.worlds.corecraft.scenarios.cases import by_turns
from world_builder.worlds.corecraft.scenarios.common import iso_day, requester, spoken_day

_NUM = 18
_OUT = r"out of stock|sold out|unavailable|(?:not|n['’]t) (?:\w+ )?(?:in stock|available|there)"
_NOT_THERE = (
    rf"{_OUT}|\bnone\b|no stock|nothing (?:in|left)|(?:not|n['’]t) (?:\w+ )?have"
    r"|\b(?:zero|no|0)\b (?:in stock|units?|pieces?|available|left|free)"
    r"|stock:?\W{0,4}(?:is )?(?:0|zero|nil)\b"
)
_THERE = r"\byes\b|in stock|\bthere (?:are|is)\b|\bwe have\b|available|can (?:be )?s(?:ell|old)"
_STOCK = r"stock|hav(?:e|ing)|available|left|units?|pieces?|there (?:is|are)|free|sell|sold|count"
_CATALOGUE = r"catalogu?e|system|product (?:record|data|entry|page)|records?|listing"
_NEVER = (
    r"discontinued|no longer (?:sold|made|offered)|for (?:good|ever)|\bnever\b|off the range"
    r"|(?:not|n['’]t) (?:come|coming|be|return)"
)

_PHRASINGS = (
    "Is the {product} there? How many can we sell, or if there is none: from which day, or never "
    "again? Tell me what your answer rests on. If it is a decision, who wrote it and when; if it "
    "is the catalogue, say so. And the product id for the warehouse.",
    "A customer wants the {product} today. What may I say about stock, or about the day it comes? "
    "I need the number or the day (or that it is gone for good), the source, that is catalogue or "
    "else the colleague who decided and on what day, and the id.",
    "{product}: stock? if 0, date? who says so and since when, or just the catalogue? + id of the "
    "product.",
    "the catalogue and slack don't always agree, so please look at both for the {product}. do we "
    "have it and how many, or when do we get it (or never)? name your source: catalogue, or person "
    "+ day of the message. id too.",
    "I promised a call-back about availability of the {product}. Give me the figure that counts by "
    "our rules, free pieces or day of arrival, or that none will come. I also want to know whether "
    "the catalogue says it or somebody with a say, with name and date, plus the id.",
    "Please settle an argument. One of us says the {product} is there, the other says it is not. "
    "Which is it, how many or from when, if ever? Whose word is that (name and day), or is it just "
    "what the catalogue has? Put the product id in.",
    "For the product page of the {product}: may we write that it is in stock, with what number? "
    "Otherwise with what date, or as gone? I need the id, and the basis: a decision with author "
    "and day, or the catalogue entry.",
    '"When can I have the {product}?" Find out if it is on the shelf (number) or when it will be '
    "(day), or whether it won't be any more. By which authority: catalogue, or decided by whom on "
    "which day? The id helps too.",
    "Stock question. Item: {product}. I need its id, available or not, count or expected day (it "
    "may also be off the range for ever), and the evidence: the catalogue, or the lead or manager "
    "who decided otherwise and the day they did.",
    "What holds for the {product} right now, number on hand or day of return, if it does return? "
    "Quote the id. Then tell me if you have that from the catalogue or from a decision, and for a "
    "decision whose it was and of which day.",
)
_DETAILS = (
    "There was talk about it at lunch, which proves nothing.",
    "Price and warranty don't interest them.",
    "I can wait five minutes, not longer.",
    "They would take only one piece.",
    "I have not looked anywhere yet.",
)


def _drafts(desk: Desk[Company]) -> Iterator[Draft]:
    rng = desk.random("stock-answer")
    for product, stock in _cases(desk.model, rng):
        yield _draft(desk, product, stock, rng)


def _cases(company: Company, rng: Random) -> list[tuple[Product, Stock]]:
    """Decided days and counts, talk that does not count, and nothing said at all, by turns."""
    warned = warned_of(company)
    products = [product for product in company.products if product.id not in warned]
    rng.shuffle(products)
    found = [(product, stock_of(company, product)) for product in products]
    return by_turns(sorted(found, key=lambda case: _kind(*case)), lambda case: _kind(*case))


def _kind(product: Product, stock: Stock) -> tuple[str, bool]:
    """What decides, and whether it is better news than the catalogue's."""
    if stock.decision is None:
        told = "talk" if stock.talk else "catalogue" if stock.count else "gone"
        return told, False
    if stock.back_on is None:
        return "count", stock.count > product.stock
    return "back", product.restock_on is None or stock.back_on < product.restock_on


def _draft(desk: Desk[Company], product: Product, stock: Stock, rng: Random) -> Draft:
    company = desk.model
    session = desk.session()
    session.call("search_products", text=product.name)
    room = next(channel.id for channel in company.channels if channel.name == STOCK_ROOM)
    session.call("search_slack_messages", channel_id=room, text=product.name)
    for message in filter(None, (stock.decision, stock.talk)):
        session.call("search_employees", id=message.author_id)
    author = company.employee(stock.decision.author_id) if stock.decision else None
    return Draft(
        title=f"Is the {product.name} there?",
        keys=(product.id,),
        slots={"product": product.name},
        calls=session.calls,
        response=_answer(product, stock, author),
        criteria=(*_criteria(product, stock), *_source(stock, author), changes_nothing()),
        requester=requester(an_asker(company, rng)),
    )


def _answer(product: Product, stock: Stock, author: Employee | None) -> str:
    if stock.count:
        told = f"{product.id} is in stock: {stock.count} can be sold."
    elif stock.back_on:
        told = f"{product.id} is not in stock. It comes on {spoken_day(stock.back_on)}."
    else:
        told = f"{product.id} is not in stock. It is discontinued."
    if stock.decision is None or author is None:
        return f"{told} That is what the catalogue says."
    return f"{told} {author.name} decided that on {spoken_day(stock.decision.sent_at)}."


def _criteria(product: Product, stock: Stock) -> tuple[Criterion, ...]:
    named = says_any("product", f"Gives the product id: {product.id}.", product.id)
    if stock.count:
        text = "Says that it is in stock."
        told = f"States how many can be sold: {stock.count}."
        counted = beside(stock.count, _STOCK)
        return (
            named,
            says_right_not_wrong("verdict", text, f"{_THERE}|{counted}", _OUT),
            says_matching("count", told, counted),
        )
    gone = says_right_not_wrong("verdict", "Says that it is not in stock.", _NOT_THERE, r"\byes\b")
    if stock.back_on:
        return named, gone, says_date("back", "the day it comes", stock.back_on.isoformat())
    return named, gone, says_matching("never", "Says that it will not come again.", _NEVER)


def _source(stock: Stock, author: Employee | None) -> tuple[Criterion, ...]:
    if stock.decision is None or author is None:
        text = "Says that the answer rests on the catalogue."
        return (says_matching("source", text, _CATALOGUE),)
    day = iso_day(stock.decision.sent_at)
    return (
        says_any("author", f"Names who decided it: {author.name}.", author.name, author.id),
        says_date("decided", "the day of the decision", day),
    )


STOCK_ANSWER: Scenario[Company] = Scenario(
    name="stock-answer",
    category=Category.INFORMATION_RETRIEVAL,
    difficulty=Difficulty.MEDIUM,
    system_prompt=BUILD_DESK,
    intent="Say of the {product} what holds today, by the catalogue or by a newer decision of "
    "somebody who may decide, and not by talk.",
    phrasings=_PHRASINGS,
    details=_DETAILS,
    drafts=_drafts,
    num_tasks=_NUM,
)
