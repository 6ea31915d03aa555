"""Fills the shop from a seed: books, people, orders and returns that fit together.

Draws from `word_lists`, follows the script of `stories`. Scenarios and tools are not its matter.
"""

from collections.abc import Callable, Hashable
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import TypeVar

from world_builder.worlds.tutorial import word_lists as words
from world_builder.worlds.tutorial.rules import GENRES, price_paid, shipping
from world_builder.worlds.tutorial.shop import Book, Customer, Line, Order, ReturnRequest, Shop
from world_builder.worlds.tutorial.stories import AGES, ORDERS_BY_CUSTOMER, STATUS_OF, Story

_T = TypeVar("_T")
_FIRST_DAY = datetime(2025, 1, 15, 10, tzinfo=UTC)
_BOOKS_PER_GENRE = 4
_NUM_FINAL_SALE = 4
_NUM_SPARE_ADDRESSES = 12
_TIERS = ("basic",) * 5 + ("silver",) * 5 + ("gold",) * 4


def build_shop(seed: int) -> Shop:
    """The shop of a seed."""
    rng = Random(f"larkspur/{seed}")
    now = _FIRST_DAY + timedelta(days=rng.randrange(700))
    books = _books(rng)
    customers = _customers(rng)
    addresses = _distinct(
        len(customers) + _NUM_SPARE_ADDRESSES, lambda: _address(rng), lambda a: a.split()[1]
    )
    told = _orders(rng, now.date(), books, customers, addresses)
    return Shop(
        seed=seed,
        now=now,
        books=books,
        customers=customers,
        orders=tuple(order for order, _ in told),
        returns=_returns(rng, now.date(), told),
        spare_addresses=tuple(addresses[len(customers) :]),
    )


def _distinct(count: int, draw: Callable[[], _T], key: Callable[[_T], Hashable]) -> list[_T]:
    """So many draws, no two with the same key."""
    found: dict[Hashable, _T] = {}
    while len(found) < count:
        drawn = draw()
        found.setdefault(key(drawn), drawn)
    return list(found.values())


def _ids(rng: Random, count: int, form: str, low: int, high: int) -> list[str]:
    return [form.format(n) for n in sorted(rng.sample(range(low, high), count))]


def _books(rng: Random) -> tuple[Book, ...]:
    num = len(GENRES) * _BOOKS_PER_GENRE
    genres = [genre for genre in GENRES for _ in range(_BOOKS_PER_GENRE)]
    rng.shuffle(genres)
    prices = rng.sample(range(640, 3900, 20), num)
    stocks = rng.sample(range(3, 48), num)
    for i in _scarce(genres, prices):
        stocks[i] = 0
    final_sale = rng.sample([i for i in range(num) if stocks[i]], _NUM_FINAL_SALE)
    names = _titles_and_authors(rng, genres)
    ids = _ids(rng, num, "bk-{:03}", 100, 900)
    return tuple(
        Book(
            id=ids[i],
            title=names[i][0],
            author=names[i][1],
            genre=genres[i],
            price_cents=prices[i],
            stock=stocks[i],
            is_final_sale=i in final_sale,
        )
        for i in range(num)
    )


def _scarce(genres: list[str], prices: list[int]) -> list[int]:
    """The cheapest book of every other genre: sold out, so that `cheapest` is not enough."""
    return [
        min((i for i, g in enumerate(genres) if g == genre), key=prices.__getitem__)
        for genre in GENRES[::2]
    ]


def _titles_and_authors(rng: Random, genres: list[str]) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for genre in genres:
        while True:
            drawn = (_title(rng, genre), f"{rng.choice(words.FIRST_NAMES)} {_surname(rng)}")
            texts = [" ".join(pair) for pair in found]
            if not any(_is_within(drawn[0], t) for t in texts) and not any(
                _is_within(title, " ".join(drawn)) for title, _ in found
            ):
                break
        found.append(drawn)
    return found


def _title(rng: Random, genre: str) -> str:
    noun, other = rng.sample(words.NOUNS, 2)
    return rng.choice(words.TITLE_PATTERNS[genre]).format(
        adj=rng.choice(words.ADJECTIVES),
        noun=noun,
        other=other,
        place=_place(rng),
        name=rng.choice(words.FIRST_NAMES),
    )


def _is_within(query: str, text: str) -> bool:
    """Whether a text search for the query finds the text."""
    return all(word in text.lower() for word in query.lower().replace(":", "").split())


def _surname(rng: Random) -> str:
    return _compound(rng, words.SURNAME_ENDS)


def _place(rng: Random) -> str:
    return _compound(rng, words.PLACE_ENDS)


def _compound(rng: Random, ends: tuple[str, ...]) -> str:
    """A stem and an end that read well together: no letter doubled at the seam."""
    stem = rng.choice(words.STEMS)
    return stem + rng.choice([end for end in ends if end[0] != stem[-1]])


def _address(rng: Random) -> str:
    return f"{rng.randrange(51, 99)} {_surname(rng)} {rng.choice(words.STREETS)}, {_place(rng)}"


def _customers(rng: Random) -> tuple[Customer, ...]:
    twins = rng.choice(words.TWIN_NAMES)
    surname = _surname(rng)
    names = [f"{first} {surname}" for first in twins]
    while len(names) < len(_TIERS):
        name = f"{rng.choice(words.FIRST_NAMES)} {_surname(rng)}"
        if not any(_is_within(name, n) or _is_within(n, name) for n in names):
            names.append(name)
    ids = _ids(rng, len(names), "cus-{:03}", 100, 900)
    tiers = rng.sample(_TIERS, len(names))
    return tuple(
        Customer(id=i, name=name, email=f"{name.lower().replace(' ', '.')}@example.com", tier=tier)
        for i, name, tier in zip(ids, names, tiers, strict=True)
    )


def _orders(
    rng: Random,
    today: date,
    books: tuple[Book, ...],
    customers: tuple[Customer, ...],
    addresses: list[str],
) -> list[tuple[Order, Story]]:
    """The orders with their stories, in the order they were placed."""
    drafts = [
        (_dates(rng, today, story), customer, address, story)
        for customer, address, stories in zip(
            customers, addresses, ORDERS_BY_CUSTOMER, strict=False
        )
        for story in stories
    ]
    drafts.sort(key=lambda draft: (draft[0][0], draft[1].id))
    number = rng.randrange(1000, 7000)
    told = []
    for (placed, delivered), customer, address, story in drafts:
        number += rng.randrange(1, 10)
        lines = _lines(rng, books, customer, story)
        goods = sum(line.qty * line.price_cents for line in lines)
        freight = shipping(goods, customer.tier)
        order = Order(
            id=f"ord-{number:04}",
            customer_id=customer.id,
            placed_on=placed.isoformat(),
            status=STATUS_OF.get(story, "delivered"),
            delivered_on=delivered.isoformat() if delivered else None,
            ship_to=address,
            lines=lines,
            shipping_cents=freight,
            total_cents=goods + freight,
        )
        told.append((order, story))
    return told


def _dates(rng: Random, today: date, story: Story) -> tuple[date, date | None]:
    ages = AGES[story]
    placed_before = timedelta(days=rng.randint(*ages.placed))
    if ages.delivered is None:
        return today - placed_before, None
    delivered = today - timedelta(days=rng.randint(*ages.delivered))
    return delivered - placed_before, delivered


def _lines(
    rng: Random, books: tuple[Book, ...], customer: Customer, story: Story
) -> tuple[Line, ...]:
    """One or two lines; only the first can be a final-sale title or have come back."""
    final = [book for book in books if book.is_final_sale]
    other = [book for book in books if not book.is_final_sale]
    chosen = rng.sample(other, rng.choice((1, 1, 2)))
    if story is Story.FINAL_SALE:
        chosen[0] = rng.choice(final)
    copies = [rng.choice((1, 1, 2)) for _ in chosen]
    if story is Story.PARTLY_RETURNED:
        copies[0] = rng.choice((2, 3))
    return tuple(
        Line(book_id=book.id, qty=qty, price_cents=price_paid(book.price_cents, customer.tier))
        for book, qty in zip(chosen, copies, strict=True)
    )


def _returns(
    rng: Random, today: date, told: list[tuple[Order, Story]]
) -> tuple[ReturnRequest, ...]:
    old = [order for order, story in told if story is Story.OLD]
    recent = [
        (order, 1 if story is Story.PARTLY_RETURNED else order.lines[0].qty)
        for order, story in told
        if story in {Story.PARTLY_RETURNED, Story.FULLY_RETURNED}
    ]
    sent_back = [(order, order.lines[0].qty) for order in rng.sample(old, 2)] + recent
    drafts = [(_days_later(rng, order, today), order, qty) for order, qty in sent_back]
    drafts.sort(key=lambda draft: (draft[0], draft[1].id))
    ids = _ids(rng, len(drafts), "ret-{:03}", 100, 900)
    return tuple(
        ReturnRequest(
            id=i,
            order_id=order.id,
            book_id=order.lines[0].book_id,
            qty=qty,
            reason=rng.choice(("changed_mind", "wrong_book", "damaged")),
            refund_cents=qty * order.lines[0].price_cents,
            created_on=created_on.isoformat(),
        )
        for i, (created_on, order, qty) in zip(ids, drafts, strict=True)
    )


def _days_later(rng: Random, order: Order, today: date) -> date:
    delivered = date.fromisoformat(order.delivered_on or today.isoformat())
    return min(today, delivered + timedelta(days=rng.randint(2, 9)))
