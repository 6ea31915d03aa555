"""Scenarios that work something out: a quote, the cheapest book, whether a copy may come back."""

from itertools import cycle

from world_builder.checks import Matches, Number
from world_builder.expressions import money
from world_builder.rubrics import Criterion
from world_builder.tasks import Category, Difficulty
from world_builder.worlds.tutorial.policies import ORDER_DESK, RETURNS_DESK
from world_builder.worlds.tutorial.rules import GENRES, TIERS, price_paid, shipping
from world_builder.worlds.tutorial.shop import Book, Customer
from world_builder.worlds.tutorial.tasks.criteria import (
    changes_nothing,
    either,
    leaves_out,
    says_amount,
    says_any,
    with_examples,
)
from world_builder.worlds.tutorial.tasks.drafting import Desk, Draft, Scenario, call, pick
from world_builder.worlds.tutorial.tasks.verdicts import (
    ReturnCase,
    decision_criteria,
    decision_sentence,
    eligibility_cases,
)

_QUOTE_PROMPTS = (
    "What would {name} pay in all for {qty} of {title}? List the discount and the shipping too.",
    "{name} wants a quote: {qty} x {title}. total, discount and shipping please, don't order yet",
    "Please work out the price of {title}, {qty} pcs, for {name}: discount, shipping, total.",
    "quote for {name} - {qty} of {title}, need the discount amount, shipping cost and total",
    "How much for {qty} of {title} if {name} buys? Break out what comes off and the shipping.",
    "Before I promise anything to {name}: {title}, number of copies {qty}. Goods less loyalty, plus"
    " postage - give me each figure and the sum.",
)


def _quotes(desk: Desk) -> list[Draft]:
    shop = desk.shop
    by_tier = [[c for c in shop.customers[2:] if c.tier == tier] for tier in TIERS]
    customers = [c for row in zip(*by_tier, strict=False) for c in row]
    books = [book for book in shop.books if book.stock][::2]
    cases = zip(cycle(customers), books, (1, 2, 3, 1, 2, 1, 3, 1), strict=False)
    return [_quote_draft(i, *case) for i, case in enumerate(cases)]


def _quote_draft(i: int, customer: Customer, book: Book, qty: int) -> Draft:
    goods = qty * price_paid(book.price_cents, customer.tier)
    discount, freight = qty * book.price_cents - goods, shipping(goods, customer.tier)
    off = f"a {customer.tier} discount of {money(discount)}" if discount else "no discount"
    sent = f"{money(freight)} shipping" if freight else "free shipping"
    total = money(goods + freight)
    response = pick(
        (
            f"The total is {total}, with {off} and {sent}.",
            f"With {off} and {sent}, that comes to {total}.",
            f"There is {off}, then {sent}: {total} in all.",
        ),
        i,
    )
    return Draft(
        title=f"Quote for {customer.name}",
        prompt=pick(_QUOTE_PROMPTS, i).format(name=customer.name, qty=qty, title=book.title),
        calls=(
            call("find_customers", text=customer.name),
            call("find_books", text=book.title),
            call("quote_order", customer_id=customer.id, book_id=book.id, qty=qty),
        ),
        response=response,
        criteria=(
            says_amount("total", "the total", goods + freight),
            _says_discount(discount),
            _says_shipping(freight),
            changes_nothing(),
        ),
    )


_NOTHING_OFF = (
    r"\bno\b.{0,20}discount|without .{0,20}discount|discount\D{0,12}(?:none|\$0(?!\.[1-9]))"
)
_FREE = r"\bfree\b|no (?:charge|shipping|delivery)|without shipping|\$0(?!\.[1-9])(?!\.0[1-9])"


def _says_discount(cents: int) -> Criterion:
    if cents:
        return says_amount("discount", "the loyalty discount", cents)
    text = "Says that there is no loyalty discount."
    return either("discount", text, Matches(pattern=_NOTHING_OFF))


def _says_shipping(cents: int) -> Criterion:
    if cents:
        return either(
            "shipping", f"States the shipping: {money(cents)}.", Number(value=cents / 100)
        )
    return either("shipping", "Says that shipping is free.", Matches(pattern=_FREE))


_CHEAPEST_PROMPTS = (
    "Which {genre} book that we have in stock is the cheapest? Title, author and price.",
    "cheapest {genre} title we can send today? who by and how much. just the one",
    "A student asks for the least expensive {genre} book on the shelf: title, author, price.",
    "I've little money and want a {genre} book now. What's your cheapest in stock, by whom?"
    " And the price?",
    "For a gift on a budget: the lowest-priced {genre} book you could send right away. Name, writer"
    " and cost, nothing else.",
)


def _cheapest(desk: Desk) -> list[Draft]:
    return [_cheapest_draft(i, desk, genre) for i, genre in enumerate(GENRES)]


def _cheapest_draft(i: int, desk: Desk, genre: str) -> Draft:
    shelf = [book for book in desk.shop.books if book.genre == genre]
    best = min((book for book in shelf if book.stock), key=lambda book: book.price_cents)
    price = money(best.price_cents)
    response = pick(
        (
            f"The cheapest one is {best.title} by {best.author}, at {price}.",
            f"At {price}, {best.title} by {best.author} is the cheapest one.",
        ),
        i,
    )
    others = tuple(book.title for book in shelf if book != best)
    return Draft(
        title=f"Cheapest {genre} book in stock",
        prompt=pick(_CHEAPEST_PROMPTS, i).format(genre=genre),
        calls=(call("find_books", genre=genre, in_stock=True),),
        response=response,
        criteria=(
            says_any("book", f"Names {best.title}.", best.title, best.id),
            says_any("author", f"Names the author: {best.author}.", best.author),
            with_examples(
                says_amount("price", "its price", best.price_cents),
                response,
                response.replace(price, money(best.price_cents - 100)),
            ),
            leaves_out("only-one", f"Names no other {genre} book.", *others),
            changes_nothing(),
        ),
    )


_ELIGIBLE_PROMPTS = (
    "Can one copy of {book} from {order} come back? The customer just doesn't want it. Tell me"
    " when it was delivered and the refund, or which rule is in the way.",
    "{order}, {book}: customer changed their mind about one copy. returnable? give delivery date +"
    " refund or the reason why not",
    "May a customer return one {book} out of {order} (no defect)? I need a clear answer, the"
    " delivery date, and the refund or the rule.",
    "someone asks to send back 1 x {book}, {order}, simply not liked. is that ok? when was it"
    " delivered, how much back / why not",
    "Check for me, don't book anything: one copy of {book}, {order}, unwanted. Fine by the rules?"
    " Delivery date, refund or reason.",
    "A reader finished {book}, part of {order}, and would rather have the money. Do we take that"
    " back? Say which day it arrived and what we'd pay, or what forbids it.",
)


def _eligible(desk: Desk) -> list[Draft]:
    return [_eligible_draft(i, desk, case) for i, case in enumerate(eligibility_cases(desk.shop))]


def _eligible_draft(i: int, desk: Desk, case: ReturnCase) -> Draft:
    order, line = case.order, case.line
    answer = "No" if case.problem else "Yes"
    response = f"{answer}, {decision_sentence(desk.shop, case, i)}"
    return Draft(
        title=f"Can {line.book_id} from {order.id} come back?",
        prompt=pick(_ELIGIBLE_PROMPTS, i).format(book=line.book_id, order=order.id),
        calls=(
            call("get_order", id=order.id),
            call("check_return", order_id=order.id, book_id=line.book_id),
        ),
        response=response,
        criteria=(*decision_criteria(case), changes_nothing()),
    )


SCENARIOS: tuple[Scenario, ...] = (
    Scenario(
        name="quote",
        category=Category.REASONING,
        difficulty=Difficulty.MEDIUM,
        system_prompt=ORDER_DESK,
        intent="Know the price with discount and shipping before anything is ordered.",
        drafts=_quotes,
    ),
    Scenario(
        name="cheapest",
        category=Category.REASONING,
        difficulty=Difficulty.EASY,
        system_prompt=ORDER_DESK,
        intent="One book of a genre for the least money that can be sent now.",
        drafts=_cheapest,
    ),
    Scenario(
        name="return-eligible",
        category=Category.REASONING,
        difficulty=Difficulty.MEDIUM,
        system_prompt=RETURNS_DESK,
        intent="Know whether the policy lets a copy come back, before promising anything.",
        drafts=_eligible,
    ),
)
