"""The scenario `cheapest-in-time`: the cheapest shipping service that is there by a day."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import islice
from random import Random

from world_builder.expressions import money
from world_builder.rubrics import Criterion
from world_builder.tasks import Category, Difficulty
from world_builder.templates import Desk, Draft, Scenario
from world_builder.templates.criteria import (
    CORRECTNESS,
    changes_nothing,
    leaves_out,
    says_date,
    says_matching,
    says_right_not_wrong,
)
from world_builder.worlds.corecraft.company import Company, Customer
from world_builder.worlds.corecraft.policies import ORDER_DESK
from world_builder.worlds.corecraft.reckoning.order_prices import (
    Items,
    Quote,
    cheapest_in_time,
    promised_on,
    quoted,
)
from world_builder.worlds.corecraft.rules import SHIPPING_SERVICES
from world_builder.worlds.corecraft.scenarios.cases import by_turns, once_each
from world_builder.worlds.corecraft.scenarios.common import (
    asked_by,
    is_only_name,
    requester,
)
from world_builder.worlds.corecraft.scenarios.orders.finding import known_as
from world_builder.worlds.corecraft.scenarios.orders.items import (
    baskets,
    in_words,
    price,
    small_baskets,
    weekday,
)
from world_builder.worlds.corecraft.scenarios.orders.wording import (
    SHIPPING,
    TOTAL,
    critical,
    says_labelled,
)

_NUM = 18
_DAY = timedelta(days=1)
_FASTEST = "overnight"
_PHRASINGS = (
    "{who} needs {items} by {deadline}. If the parcel leaves us {shipped}, which service is the "
    "cheapest that is promised in time? Name it with the promised day, its shipping charge and the "
    "total of the order. If none is in time, say so and give me the same three figures for the "
    "fastest. Not the other services, please.",
    "By {deadline} at the latest, says {who}, and as cheap as possible. Goods: {items}, leaving "
    "{shipped}. Which shipping do I pick, when is it due, what does the shipping cost, what does "
    "all of it cost? Should nothing make it, tell me that and the figures of the fastest service. "
    "One service only in the answer.",
    "{who} / {items} / out of here {shipped} / must be there {deadline}. cheapest service that "
    "does it + promised day + shipping + total. if nothing does: say so and give the fastest "
    "instead, same figures. don't list the rest.",
    "Help me with a promise I haven't made yet. If we ship {items} to {who} {shipped}, is there a "
    "service whose promised day is {deadline} or earlier, and which of those costs least? I want "
    "its name, the day, the shipping and the total; failing that, a clear no with the day, "
    "shipping and total of the quickest. Leave the ones you rejected out.",
    "There's a birthday on {deadline}, so that is the last day for {items} to reach {who}. The "
    "warehouse can ship {shipped}. Pick the least expensive service that keeps the date by our "
    "promised times and tell me day, shipping charge and overall price. If it can't be done, I "
    "need to hear it, along with what the fastest one would promise and cost. No table of "
    "everything.",
    "Which is the cheapest way to get {items} to {who} no later than {deadline}, shipped "
    "{shipped}? Service, promised day, shipping, total. 'No service' is an answer too, then with "
    "the fastest one's day, shipping and total. A single service, no comparison.",
    "The customer, {who}, won't pay a cent more for shipping than needed but has to have {items} "
    "on {deadline} or before. We'd hand it to the carrier {shipped}. Work out which service that "
    "means, its promised day, the charge for shipping and the sum to pay. In case all of them are "
    "too slow, say that, and give these details for the one that comes closest. Only the chosen "
    "service.",
    "Count the business days for me, I always trip over weekends: {items}, shipped {shipped}, "
    "wanted by {deadline}, for {who}. Cheapest service in time with promised day, shipping and "
    "total. Or none, and then the fastest with the same. Keep the others to yourself.",
    "Deadline {deadline}. Shipped {shipped}. Customer: {who}. Goods: {items}. Question: the "
    "cheapest service that arrives by the deadline as promised, its day, its price and the total "
    "to pay. If there's no such service, write so and use the fastest one for these figures. One "
    "service.",
    "{who} asked in the chat: 'can I have {items} by {deadline} and what's the cheapest option?' "
    "It would be sent {shipped}. Tell me (not them) yes with service, promised day, shipping, "
    "total, or no with the same for our fastest service. Nothing on the services that don't "
    "matter.",
)
_DETAILS = (
    "By the promised days, not by luck.",
    "Someone said expedited takes three days with weekends included, I have my doubts.",
    "The goods are all in stock.",
    "They are home all week.",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """Goods that a customer needs by a day."""

    customer: Customer
    items: Items
    shipped_on: date
    deadline: date
    service: str | None
    """The cheapest in time; None when no service is."""

    @property
    def shown(self) -> str:
        """The service that the answer is about."""
        return self.service or _FASTEST

    def quote(self, service: str) -> Quote:
        return quoted(self.customer, self.items, service)


def _drafts(desk: Desk[Company]) -> Iterator[Draft]:
    rng = desk.random("cheapest-in-time")
    for case in _cases(desk.model, rng):
        yield _draft(desk, case, rng)


def _cases(company: Company, rng: Random) -> list[Case]:
    """Each service, and none, by turns; deadlines on the promised day and right before one."""
    customers = list(company.customers)
    rng.shuffle(customers)
    customers.sort(key=lambda customer: is_only_name(company, customer))
    goods = [*small_baskets(company, rng, 8), *islice(baskets(company, rng), 40)]
    tomorrow = company.now.date() + _DAY
    cases = []
    for i, customer in enumerate(customers[:140]):
        items = goods[i % len(goods)]
        for shipped_on in (tomorrow, tomorrow + rng.choice((1, 2, 3)) * _DAY):
            for deadline in _deadlines(shipped_on):
                best = cheapest_in_time(customer, items, shipped_on, deadline)
                if len(best) < 2:
                    cases.append(
                        Case(
                            customer=customer,
                            items=items,
                            shipped_on=shipped_on,
                            deadline=deadline,
                            service=best[0] if best else None,
                        )
                    )
    rng.shuffle(cases)
    turns = by_turns(cases, lambda c: (c.service, c.customer.loyalty_tier, c.shipped_on.weekday()))
    own = once_each(once_each(turns, lambda c: c.customer.id), lambda c: in_words(c.items))
    return by_turns(own, lambda case: case.service)


def _deadlines(shipped_on: date) -> list[date]:
    """The promised days and the days before them."""
    days = {promised_on(service, shipped_on) for service in SHIPPING_SERVICES}
    return sorted({day for promised in days for day in (promised, promised - _DAY)})


def _draft(desk: Desk[Company], case: Case, rng: Random) -> Draft:
    company, customer = desk.model, case.customer
    quote = case.quote(case.shown)
    session = desk.session()
    price(session, customer, case.items, case.shown, quote)
    day = promised_on(case.shown, case.shipped_on)
    return Draft(
        title=f"The cheapest service that is there by {case.deadline}",
        keys=(customer.id,),
        slots={
            "who": known_as(company, customer, rng),
            "items": in_words(case.items),
            "shipped": _shipping_day(company, case.shipped_on),
            "deadline": weekday(case.deadline),
        },
        calls=session.calls,
        response=_answer(case, quote, day, rng),
        criteria=(
            *_says_service(case),
            says_date("day", "the promised day", day.isoformat()),
            says_labelled("shipping", "the shipping", SHIPPING, quote.shipping_cents),
            says_labelled("total", "the total", TOTAL, quote.total_cents),
            *_leaves_other_totals(case, quote),
            changes_nothing(),
        ),
        requester=requester(asked_by(company, rng, "support", "warehouse", "product")),
    )


def _shipping_day(company: Company, day: date) -> str:
    told = weekday(day)
    return f"tomorrow ({told})" if day == company.now.date() + _DAY else f"on {told}"


_NO_SERVICE = r"\b(?:none of (?:the|our|them)|no (?:shipping )?service|no option)\b"
_NONE = (
    r"\b(?:none|no(?: shipping)? service|nothing|not one|neither|no option|no way|impossible)\b"
    r"|(?:\b(?:can ?not|not)|n['’]t)\b[^.]{0,60}\b(?:in time|by|make|made|met|done|possible)\b"
    r"|too (?:late|slow)|(?:^|[.!?:*]\s*)no\b"
)


def _says_service(case: Case) -> tuple[Criterion, ...]:
    name = rf"\b{case.shown}\b"
    if case.service is None:
        none = says_matching("none", "Says that no service is in time.", _NONE, CORRECTNESS)
        text = f"Names the fastest service: {case.shown}."
        return (critical(none), says_matching("service", text, name, CORRECTNESS))
    text = f"Says that {case.service} is the cheapest service in time."
    return (critical(says_right_not_wrong("decision", text, name, _NO_SERVICE)),)


def _leaves_other_totals(case: Case, quote: Quote) -> tuple[Criterion, ...]:
    totals = {case.quote(service).total_cents for service in SHIPPING_SERVICES}
    others = sorted(totals - {quote.total_cents})
    text = "Gives the total of no other service."
    return (leaves_out("no-others", text, *map(money, others)),) if others else ()


def _answer(case: Case, quote: Quote, day: date, rng: Random) -> str:
    shipping, total = money(quote.shipping_cents), money(quote.total_cents)
    if case.service is None:
        return (
            f"No service is promised by that day. The fastest is {_FASTEST}, due on "
            f"{day.isoformat()}. Its shipping is {shipping} and the total {total}."
        )
    forms = (
        f"The cheapest in time is {case.service}. It is promised for {day.isoformat()}. Shipping "
        f"is {shipping} and the total {total}.",
        f"Take {case.service}, promised for {day.isoformat()}. The shipping is {shipping}. That "
        f"makes a total of {total}.",
    )
    return rng.choice(forms)


CHEAPEST_IN_TIME: Scenario[Company] = Scenario(
    name="cheapest-in-time",
    category=Category.REASONING,
    difficulty=Difficulty.HARD,
    system_prompt=ORDER_DESK,
    intent="Pick the cheapest shipping service for {items} that {who} is promised by {deadline} "
    "when the parcel leaves {shipped}, or learn that there is none.",
    phrasings=_PHRASINGS,
    details=_DETAILS,
    drafts=_drafts,
    num_tasks=_NUM,
)
