"""Scenarios that change orders: cancel one, send one elsewhere, place one."""

from world_builder.expressions import money
from world_builder.frozen import Json
from world_builder.rubrics import Criterion
from world_builder.tasks import Category, Difficulty
from world_builder.tools import ToolCall
from world_builder.worlds.tutorial.policies import ORDER_DESK
from world_builder.worlds.tutorial.rules import price_paid, shipping
from world_builder.worlds.tutorial.shop import Book, Customer, Order, Shop
from world_builder.worlds.tutorial.tasks.cases import orders_with, twin_days
from world_builder.worlds.tutorial.tasks.criteria import (
    changes_nothing,
    changes_only,
    says_address,
    says_amount,
    says_any,
    says_count,
    says_no,
    says_too_far,
    state_is,
    status_words,
)
from world_builder.worlds.tutorial.tasks.drafting import Desk, Draft, Scenario, call, pick

_CANCEL_PROMPTS = (
    "I'm {name}. Please cancel my order of {total} and tell me its number and what I get back.",
    "{name} here, cancel the order that came to {total} pls. which number was it? refund?",
    "Kindly cancel the {total} order of {name}; I need the order id and the sum refunded.",
    "{name} called: the order over {total} isn't needed any more. Cancel it, give me id + refund.",
    "hi, can u stop my order? its the one for {total}, name is {name}. confirm order id + refund",
    "Bought by mistake: {name}, {total} altogether. Don't send it! Which order is it, how much"
    " comes back to me?",
)


def _cancellations(desk: Desk) -> list[Draft]:
    shop = desk.shop
    told = [o for o in orders_with(shop, "packing") if _is_told_by_total(shop, o)]
    packing = sorted(told, key=lambda order: order not in twin_days(shop))
    shipped = [o for o in orders_with(shop, "shipped") if _is_told_by_total(shop, o)]
    orders = [packing[0], shipped[0], packing[2], packing[1], packing[3], shipped[1], packing[4]]
    return [_cancel_draft(i, shop, order) for i, order in enumerate([*orders, shipped[2]])]


def _is_told_by_total(shop: Shop, order: Order) -> bool:
    totals = [o.total_cents for o in shop.orders_of(order.customer_id)]
    return totals.count(order.total_cents) == 1


def _cancel_draft(i: int, shop: Shop, order: Order) -> Draft:
    customer, total = shop.customer(order.customer_id), money(order.total_cents)
    calls: tuple[ToolCall, ...] = (
        call("find_customers", text=customer.name),
        call("find_orders", customer_id=customer.id),
    )
    criteria: tuple[Criterion, ...]
    if order.status == "packing":
        calls = (*calls, call("cancel_order", id=order.id))
        response = pick(
            (
                f"{order.id} is cancelled, and {total} will be refunded.",
                f"The refund is {total}; I cancelled {order.id}.",
            ),
            i,
        )
        criteria = (
            state_is(
                "cancelled",
                f"{order.id} is cancelled.",
                f"lookup('order', '{order.id}').status == 'cancelled'",
            ),
            says_any("order", f"Names the order: {order.id}.", order.id),
            says_amount("refund", "the refund", order.total_cents),
            changes_only("Changes no other order.", ids=(order.id,)),
        )
    else:
        response = (
            f"{order.id} cannot be cancelled, because it is already {status_words(order.status)}."
        )
        criteria = (
            says_no("Says that the order cannot be cancelled."),
            says_any("order", f"Names the order: {order.id}.", order.id),
            says_too_far(order.status),
            changes_nothing(),
        )
    return Draft(
        title=f"Cancel {order.id}",
        prompt=pick(_CANCEL_PROMPTS, i).format(name=customer.name, total=total),
        calls=calls,
        response=response,
        criteria=criteria,
    )


_ADDRESS_PROMPTS = (
    "Please send {id} to {address} instead, and tell me where it was going before.",
    "we moved! {id} should go to {address}. which address did you have until now?",
    "Change of address for {id}: {address}. Name the old address too, please.",
    "{id} needs to be delivered to {address}, can you change it? and what's on it right now?",
    "could u redirect {id} to {address}? also tell me the address it had",
)


def _redirections(desk: Desk) -> list[Draft]:
    packing, shipped, delivered = (
        orders_with(desk.shop, status) for status in ("packing", "shipped", "delivered")
    )
    orders = [
        packing[4],
        packing[5],
        shipped[3],
        packing[6],
        delivered[-1],
        packing[7],
        packing[8],
        shipped[4],
    ]
    return [
        _redirect_draft(i, order, desk.shop.spare_addresses[i]) for i, order in enumerate(orders)
    ]


def _redirect_draft(i: int, order: Order, address: str) -> Draft:
    street = address.split(",")[0]
    calls: tuple[ToolCall, ...] = (call("get_order", id=order.id),)
    old = says_address("old-address", "the address until now", order.ship_to)
    criteria: tuple[Criterion, ...]
    if order.status == "packing":
        calls = (*calls, call("change_address", id=order.id, ship_to=address))
        response = pick(
            (
                f"It now goes to {address}. Before, it was going to {order.ship_to}.",
                f"Until now it was {order.ship_to}; I changed it to {address}.",
            ),
            i,
        )
        criteria = (
            state_is(
                "redirected",
                f"{order.id} goes to {street} and is still in packing.",
                f"lookup('order', '{order.id}').ship_to.contains('{street}') "
                f"&& lookup('order', '{order.id}').status == 'packing'",
            ),
            old,
            says_address("new-address", "the new address", address),
            changes_only("Changes no other order.", ids=(order.id,)),
        )
    else:
        response = (
            f"It cannot be sent elsewhere, because it is already {status_words(order.status)}. "
            f"The address stays {order.ship_to}."
        )
        criteria = (
            says_no("Says that the address cannot be changed."),
            says_too_far(order.status),
            old,
            changes_nothing(),
        )
    return Draft(
        title=f"Send {order.id} to {street}",
        prompt=pick(_ADDRESS_PROMPTS, i).format(id=order.id, address=address),
        calls=calls,
        response=response,
        criteria=criteria,
    )


_PLACE_PROMPTS = (
    "Order {qty} of {title} for {name}, to {address}. I need the order id and the total.",
    "{name} here. please send {qty} x {title} to {address}, whats my order no and the total?",
    "Put in an order for {name}: {title}, {qty} pcs, ship to {address}. Report id and total.",
    "new order pls: {qty} {title}, customer {name}, goes to {address}. id + total back to me",
    "{name} would like {qty} of {title} sent to {address}. Place it; tell me number and price.",
)


def _purchases(desk: Desk) -> list[Draft]:
    shop = desk.shop
    customers = shop.customers[1:9]
    by_stock = sorted((b for b in shop.books if b.stock), key=lambda b: (b.stock, b.id))
    few, many = by_stock[:2], by_stock[2:]
    books = [many[0], many[3], few[0], many[6], many[9], many[12], many[15], few[1]]
    copies = [1, 2, few[0].stock + 2, 2, 3, 1, 2, few[1].stock + 1]
    cases = zip(customers, books, copies, shop.spare_addresses[-8:], strict=True)
    return [_purchase_draft(i, desk, *case) for i, case in enumerate(cases)]


def _purchase_draft(
    i: int, desk: Desk, customer: Customer, book: Book, qty: int, address: str
) -> Draft:
    calls: tuple[ToolCall, ...] = (call("find_books", text=book.title),)
    if qty > book.stock:
        response, criteria = _not_enough(book)
    else:
        wanted: dict[str, Json] = {
            "customer_id": customer.id,
            "book_id": book.id,
            "qty": qty,
            "ship_to": address,
        }
        find = call("find_customers", text=customer.name)
        calls = (find, *calls, call("place_order", **wanted))
        new_id = str(desk.values(calls)[-1]["order_id"])
        response, criteria = _bought(i, customer, book, qty, address, new_id)
    return Draft(
        title=f"Order {book.title} for {customer.name}",
        prompt=pick(_PLACE_PROMPTS, i).format(
            qty=qty, title=book.title, name=customer.name, address=address
        ),
        calls=calls,
        response=response,
        criteria=criteria,
    )


def _not_enough(book: Book) -> tuple[str, tuple[Criterion, ...]]:
    response = f"I cannot place this order, because only {book.stock} copies are in stock."
    return response, (
        says_no("Says that the order cannot be placed."),
        says_count("stock", "how many copies are in stock", book.stock),
        changes_nothing(),
    )


def _bought(
    i: int, customer: Customer, book: Book, qty: int, address: str, new_id: str
) -> tuple[str, tuple[Criterion, ...]]:
    goods = qty * price_paid(book.price_cents, customer.tier)
    cents = goods + shipping(goods, customer.tier)
    total, street = money(cents), address.split(",")[0]
    response = pick(
        (
            f"The order {new_id} is placed, and the total is {total}.",
            f"The total is {total}. The order is {new_id}.",
        ),
        i,
    )
    made = f"created.exists(c, c.type == 'order' && c.after.customer_id == '{customer.id}'"
    return response, (
        state_is(
            "ordered",
            f"{customer.name} has one new order, of {qty} of {book.id}.",
            f"created.size() == 1 && {made} && c.after.lines.size() == 1 "
            f"&& c.after.lines[0].book_id == '{book.id}' && c.after.lines[0].qty == {qty})",
        ),
        state_is(
            "sent-to",
            f"The new order goes to {street}.",
            f"{made} && c.after.ship_to.contains('{street}'))",
        ),
        says_any("order-id", f"Names the new order: {new_id}.", new_id),
        says_amount("total", "the total", cents),
        changes_only(
            "Changes nothing but the order and the book's stock.", ids=(book.id,), new=("order",)
        ),
    )


SCENARIOS: tuple[Scenario, ...] = (
    Scenario(
        name="cancel-order",
        category=Category.MULTI_STEP_WORKFLOW,
        difficulty=Difficulty.MEDIUM,
        system_prompt=ORDER_DESK,
        intent="Stop an order known only by name and amount, while it can be stopped.",
        drafts=_cancellations,
    ),
    Scenario(
        name="change-address",
        category=Category.MULTI_STEP_WORKFLOW,
        difficulty=Difficulty.MEDIUM,
        system_prompt=ORDER_DESK,
        intent="Have a parcel sent to the right place, and be sure what it said before.",
        drafts=_redirections,
    ),
    Scenario(
        name="place-order",
        category=Category.MULTI_STEP_WORKFLOW,
        difficulty=Difficulty.HARD,
        system_prompt=ORDER_DESK,
        intent="Buy copies at the customer's own price, if there are enough.",
        drafts=_purchases,
    ),
)
