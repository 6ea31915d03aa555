"""Scenarios that look facts up: price and stock, the status of an order, the latest order."""

from world_builder.expressions import money
from world_builder.tasks import Category, Difficulty
from world_builder.worlds.tutorial.policies import ORDER_DESK
from world_builder.worlds.tutorial.shop import Book, Customer, Order
from world_builder.worlds.tutorial.tasks.cases import latest_orders, orders_with
from world_builder.worlds.tutorial.tasks.criteria import (
    changes_nothing,
    is_short,
    leaves_out,
    says_amount,
    says_any,
    says_count,
    says_date,
    says_status,
    status_words,
    with_examples,
)
from world_builder.worlds.tutorial.tasks.drafting import Desk, Draft, Scenario, call, pick

_STOCK_PROMPTS = (
    "Do you have {title}? Who wrote it, what does it cost and how many copies are left?",
    "hi, author, price + stock of {title} please",
    "A customer on the phone wants {title}. Author, price, and how many have we got?",
    "Is {title} still available? I need the price, the number of copies and the author.",
    "looking for {title}, whats the price n how many in stock? and who is it by",
)
_STOCK_PROMPTS_BY_ID = (
    "What is {id}, what's its price and how many are on the shelf?",
    "need title, price and stock count for {id} pls",
    "Someone wrote down {id}. Which title is that, how much is it, and how many do we have?",
)


def _stock(desk: Desk) -> list[Draft]:
    sold_out = [book for book in desk.shop.books if not book.stock]
    in_stock = [book for book in desk.shop.books if book.stock and not book.is_final_sale]
    books = [*in_stock[:2], sold_out[0], *in_stock[2:6], sold_out[1]]
    return [_stock_draft(i, book) for i, book in enumerate(books)]


def _stock_draft(i: int, book: Book) -> Draft:
    by_id = i % 3 == 1
    prompts = _STOCK_PROMPTS_BY_ID if by_id else _STOCK_PROMPTS
    price, left = money(book.price_cents), _copies(book.stock)
    known_by = book.title if by_id else f"by {book.author}"
    response = pick(
        (
            f"It is {known_by} and costs {price}; {left}.",
            f"It is {known_by}, and {left}. It costs {price}.",
            f"The price is {price}, and {left}. It is {known_by}.",
        ),
        i,
    )
    name = (
        says_any("title", f"Names the title: {book.title}.", book.title)
        if by_id
        else says_any("author", f"Names the author: {book.author}.", book.author)
    )
    wrong = response.replace(price, money(book.price_cents + 100))
    return Draft(
        title=f"Price and stock of {book.title}",
        prompt=pick(prompts, i // 3 if by_id else i).format(title=book.title, id=book.id),
        calls=(call("get_book", id=book.id) if by_id else call("find_books", text=book.title),),
        response=response,
        criteria=(
            with_examples(says_amount("price", "the price", book.price_cents), response, wrong),
            says_count("stock", "how many copies are in stock", book.stock),
            name,
            is_short(),
            changes_nothing(),
        ),
    )


def _copies(stock: int) -> str:
    return f"{stock} copies are in stock" if stock else "it is out of stock"


_STATUS_PROMPTS = (
    "Where is {id}? Tell me the status, the day it was placed and the total.",
    "status of {id} pls, and when did i order it, and what did i pay",
    "I'd like to know how {id} is getting on: status, order date and amount, please.",
    "Customer asks about {id}. Give me its status, the order date and the total.",
    "{id}?? whats happening with it. when was it placed and how much was it again",
    "My records for {id} are gone. Has it left you yet, on which day did I buy, what did it come to"
    " altogether?",
)


def _status(desk: Desk) -> list[Draft]:
    shipped, packing, delivered, cancelled = (
        orders_with(desk.shop, status)
        for status in ("shipped", "packing", "delivered", "cancelled")
    )
    orders = [
        shipped[0],
        packing[0],
        delivered[-1],
        shipped[1],
        cancelled[0],
        delivered[-2],
        shipped[2],
        packing[1],
    ]
    return [_status_draft(i, order) for i, order in enumerate(orders)]


def _status_draft(i: int, order: Order) -> Draft:
    status, total = status_words(order.status), money(order.total_cents)
    response = pick(
        (
            f"The order is {status}. It was placed on {order.placed_on} and came to {total}.",
            f"Placed on {order.placed_on} for {total}, the order is {status}.",
            f"The total is {total}. The order was placed on {order.placed_on} and is {status}.",
        ),
        i,
    )
    return Draft(
        title=f"Status of {order.id}",
        prompt=pick(_STATUS_PROMPTS, i).format(id=order.id),
        calls=(call("get_order", id=order.id),),
        response=response,
        criteria=(
            says_status(order.status),
            says_date("placed", "the day it was placed", order.placed_on),
            says_amount("total", "the total", order.total_cents),
            changes_nothing(),
        ),
    )


_LATEST_PROMPTS = (
    "What is the most recent order of {name}? Only that one: id, date, status and total.",
    "{name} is on the line about the latest order. id, day placed, total and status? no others",
    "find the newest order by {name} and give me just its number, date, amount and status",
    "Please look up the last order that {name} placed (no older ones): id, date, total, status.",
    "whats {name}s latest order?? need id + date + status + total, only the newest",
    "{name} bought something again lately. Which number, on which day, for how much, and how far"
    " along is it? Leave earlier purchases out.",
)


def _latest(desk: Desk) -> list[Draft]:
    found = latest_orders(desk.shop)
    cases = [found[0], *found[2:4], found[1], *found[4:8]]
    return [_latest_draft(i, desk, *case) for i, case in enumerate(cases)]


def _latest_draft(i: int, desk: Desk, customer: Customer, order: Order) -> Draft:
    status, total = status_words(order.status), money(order.total_cents)
    response = pick(
        (
            f"The latest order is {order.id}, placed on {order.placed_on}. It is {status} and "
            f"came to {total}.",
            f"The newest one is {order.id}: {total}, {status}, placed on {order.placed_on}.",
        ),
        i,
    )
    others = _easily_confused(desk, customer, order)
    return Draft(
        title=f"Latest order of {customer.name}",
        prompt=pick(_LATEST_PROMPTS, i).format(name=customer.name),
        calls=(
            call("find_customers", text=customer.name),
            call("find_orders", customer_id=customer.id),
        ),
        response=response,
        criteria=(
            says_any("order", f"Names the latest order: {order.id}.", order.id),
            says_date("placed", "the day it was placed", order.placed_on),
            says_status(order.status),
            says_amount("total", "the total", order.total_cents),
            leaves_out("only-latest", "Names no other order.", *others),
            changes_nothing(),
        ),
    )


def _easily_confused(desk: Desk, customer: Customer, order: Order) -> tuple[str, ...]:
    """The other orders of the customer and of those who share the surname."""
    surname = customer.name.split()[-1]
    family = [c for c in desk.shop.customers if c.name.split()[-1] == surname]
    orders = [o for c in family for o in desk.shop.orders_of(c.id)]
    return tuple(o.id for o in orders if o.id != order.id)


SCENARIOS: tuple[Scenario, ...] = (
    Scenario(
        name="stock-check",
        category=Category.INFORMATION_RETRIEVAL,
        difficulty=Difficulty.EASY,
        system_prompt=ORDER_DESK,
        intent="Decide whether to buy: the price, and whether a copy is there.",
        drafts=_stock,
    ),
    Scenario(
        name="order-status",
        category=Category.INFORMATION_RETRIEVAL,
        difficulty=Difficulty.EASY,
        system_prompt=ORDER_DESK,
        intent="Know how an order is getting on, with the facts to recognise it by.",
        drafts=_status,
    ),
    Scenario(
        name="latest-order",
        category=Category.INFORMATION_RETRIEVAL,
        difficulty=Difficulty.MEDIUM,
        system_prompt=ORDER_DESK,
        intent="Pick up the customer's newest order without mixing it up with another's.",
        drafts=_latest,
    ),
)
