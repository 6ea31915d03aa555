"""Scenarios that write to a customer: the state of an order, the decision on a return."""

from world_builder.expressions import money
from world_builder.tasks import Category, Difficulty
from world_builder.worlds.tutorial.policies import ORDER_DESK, RETURNS_DESK
from world_builder.worlds.tutorial.shop import Order
from world_builder.worlds.tutorial.tasks.cases import orders_with
from world_builder.worlds.tutorial.tasks.criteria import (
    changes_nothing,
    greets,
    is_email,
    says_amount,
    says_any,
    says_date,
    says_status,
    status_words,
)
from world_builder.worlds.tutorial.tasks.drafting import Desk, Draft, Scenario, call, pick
from world_builder.worlds.tutorial.tasks.verdicts import (
    ReturnCase,
    decision_criteria,
    decision_sentence,
    letter_cases,
)

_SIGNATURE = "Best regards,\nLarkspur Books"
_MAX_WORDS = 80

_STATUS_PROMPTS = (
    "Write the customer of {id} a short e-mail with the order's status, its date and the total.",
    "pls draft an email to whoever placed {id}: status, order date, amount. keep it brief",
    "Compose a friendly mail about {id} to its customer. Mention id, status, order date, total.",
    "The customer of {id} hasn't heard from us. Send me the text of a short e-mail: where it is,"
    " when it was ordered, what it cost.",
    "email for the {id} customer please - by first name, with status + date placed + total",
    "Someone is waiting for {id}. Put a kind message together that I can mail: how far it has come,"
    " the day they bought and the amount.",
)


def _status_letters(desk: Desk) -> list[Draft]:
    shipped, packing, delivered = (
        orders_with(desk.shop, status) for status in ("shipped", "packing", "delivered")
    )
    orders = [
        packing[2],
        shipped[3],
        delivered[-3],
        packing[3],
        shipped[4],
        packing[4],
        delivered[-4],
        shipped[1],
    ]
    return [_status_letter(i, desk, order) for i, order in enumerate(orders)]


def _status_letter(i: int, desk: Desk, order: Order) -> Draft:
    first_name = desk.shop.customer(order.customer_id).first_name
    status, total = status_words(order.status), money(order.total_cents)
    body = pick(
        (
            f"Your order {order.id} is {status}. You placed it on {order.placed_on}, "
            f"and the total is {total}.",
            f"You placed order {order.id} on {order.placed_on} for {total}. It is {status}.",
        ),
        i,
    )
    return Draft(
        title=f"E-mail about {order.id}",
        prompt=pick(_STATUS_PROMPTS, i).format(id=order.id),
        calls=(call("get_order", id=order.id),),
        response=_letter(first_name, body),
        criteria=(
            is_email(_MAX_WORDS),
            greets(first_name),
            says_any("order", f"Names the order: {order.id}.", order.id),
            says_status(order.status),
            says_date("placed", "the day it was placed", order.placed_on),
            says_amount("total", "the total", order.total_cents),
            changes_nothing(),
        ),
    )


def _letter(first_name: str, body: str) -> str:
    return f"Dear {first_name},\n\n{body}\n\n{_SIGNATURE}"


_RETURN_PROMPTS = (
    "The customer of {order} wants to send back one copy of {book}, just a change of mind. Write"
    " the e-mail that answers: decision, delivery date if any, refund or reason.",
    "draft a reply by email to the customer of {order}: can one {book} come back, not liked? say"
    " when it was delivered and the refund or why not",
    "Please answer the customer of {order} by e-mail. Asked: returning a single {book}, unwanted."
    " Include delivery date, and refund or rule.",
    "email to customer, {order}: return of 1 x {book} because they changed their mind - decision,"
    " when delivered, how much back or which rule",
    "{book} out of {order} was not to the reader's taste. Tell them by mail whether we take it"
    " back: the day it arrived, and the money or what forbids it.",
    "I need a mail for the buyer of {order}, who regrets {book} (one, nothing wrong with it). Yes"
    " or no, arrival day, sum or grounds.",
)


def _return_letters(desk: Desk) -> list[Draft]:
    return [_return_letter(i, desk, case) for i, case in enumerate(letter_cases(desk.shop))]


def _return_letter(i: int, desk: Desk, case: ReturnCase) -> Draft:
    order, book = case.order, case.line.book_id
    first_name = desk.shop.customer(order.customer_id).first_name
    sentence = decision_sentence(desk.shop, case, i)
    return Draft(
        title=f"E-mail about the return of {book} from {order.id}",
        prompt=pick(_RETURN_PROMPTS, i).format(order=order.id, book=book),
        calls=(
            call("get_order", id=order.id),
            call("check_return", order_id=order.id, book_id=book),
        ),
        response=_letter(first_name, sentence),
        criteria=(
            is_email(_MAX_WORDS),
            greets(first_name),
            *decision_criteria(case),
            changes_nothing(),
        ),
    )


SCENARIOS: tuple[Scenario, ...] = (
    Scenario(
        name="order-email",
        category=Category.COMMUNICATION,
        difficulty=Difficulty.MEDIUM,
        system_prompt=ORDER_DESK,
        intent="A customer who has heard nothing gets a friendly, exact word on the order.",
        drafts=_status_letters,
    ),
    Scenario(
        name="return-email",
        category=Category.COMMUNICATION,
        difficulty=Difficulty.HARD,
        system_prompt=RETURNS_DESK,
        intent="The customer learns whether a copy may come back, and why or for how much.",
        drafts=_return_letters,
        is_held_out=True,
    ),
)
