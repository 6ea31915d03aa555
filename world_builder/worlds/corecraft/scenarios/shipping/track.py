"""The scenario `track-parcel`: where a parcel is, from its number or from a name and a product."""

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

from world_builder.tasks import Category, Difficulty
from world_builder.templates import Desk, Draft, Scenario, Session
from world_builder.templates.criteria import (
    changes_nothing,
    says_any,
    says_date,
    says_matching,
)
from world_builder.worlds.corecraft.company import Company, Customer, Product, Shipment
from world_builder.worlds.corecraft.policies import ORDER_DESK
from world_builder.worlds.corecraft.scenarios.cases import by_turns
from world_builder.worlds.corecraft.scenarios.common import (
    asked_by,
    iso_day,
    requester,
    spoken_day,
)
from world_builder.worlds.corecraft.scenarios.shipping.wording import status_pattern

_NUM = 18
_PHRASINGS = (
    "Where is {clue} right now? Order number, carrier, status, the last scan with place and day, "
    "and the promised day.",
    "Somebody rang about {clue} and was cut off before I had an order number. Please find it: "
    "which order, who carries it, in what state, last seen where and when, promised for when.",
    "{clue}: order? carrier? status? last scan (town + day)? promised day?",
    "can u look up {clue}. need the order id, the carrier, what the status is, where and on "
    "which day it was scanned last and which day we promised",
    "I am standing at the counter with a customer who asks after {clue}. Tell me the order it "
    "belongs to, the carrier, how it stands, and two days: the promised one and that of the last "
    "scan, with its town.",
    "Trace {clue} for me. I want five things back: status, carrier, order, promised day, and the "
    "most recent scan, meaning town and date.",
    "For the morning list: {clue}. Put down the promised day first, then order, carrier and "
    "present status, and finish with the place and date of its newest scan.",
    "What do our records say about {clue}? Nothing long. The order behind it, the status, when "
    "and where it was last scanned, the carrier's name, the day it should be there.",
    "A note from the night shift only says 'check {clue}'. So: check it, and report order id, "
    "carrier, status, latest scan (where, what day) and the day it was promised for.",
    "When was {clue} promised, and how far has it got? Give the last town it was scanned in with "
    "the date, its status, the carrier, and the number of the order too.",
    "Half a sentence per item is enough. About {clue}: number of the order / carrier / status / "
    "last scan, town and day / day promised to the customer.",
)
_DETAILS = (
    "The tracking page of the carrier is down for me.",
    "No need to contact anybody, I only want to know.",
    "I'll pass it on by phone.",
    "It may well be all right, I just can't see it from here.",
    "They did not sound worried.",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Trail:
    """A parcel and what the asker knows of it; without a product, the tracking number."""

    parcel: Shipment
    customer: Customer
    product: Product | None
    has_namesake: bool

    @property
    def clue(self) -> str:
        if self.product is None:
            return f"the parcel {self.parcel.tracking_number}"
        return f"the {self.product.name} that {self.customer.name} ordered"


def _drafts(desk: Desk[Company]) -> Iterator[Draft]:
    rng = desk.random("track-parcel")
    for trail in _trails(desk.model, rng):
        yield _draft(desk, trail, rng)


def _trails(company: Company, rng: Random) -> list[_Trail]:
    """By kind of clue and status in turn; namesakes first, then the latest parcels."""
    names = [customer.name for customer in company.customers]
    trails = []
    apart = [s for s in company.shipments if s.events[-1].at.date() != s.promised_on]
    for i, parcel in enumerate(reversed(apart)):
        customer = company.customer(company.order(parcel.order_id).customer_id)
        has_namesake = names.count(customer.name) > 1
        product = company.product(rng.choice(parcel.product_ids)) if i % 2 or has_namesake else None
        if product is None or _is_only_one(company, customer, product):
            trails.append(
                _Trail(parcel=parcel, customer=customer, product=product, has_namesake=has_namesake)
            )
    rng.shuffle(trails)
    trails.sort(key=lambda trail: -trail.parcel.promised_on.toordinal() // 30)
    trails.sort(key=lambda trail: not trail.has_namesake)
    return by_turns(trails, lambda trail: (trail.product is None, trail.parcel.status))


def _is_only_one(company: Company, customer: Customer, product: Product) -> bool:
    """Whether name and product lead to one order."""
    orders = [o for bearer in _bearers(company, customer) for o in company.orders_of(bearer.id)]
    return sum(order.line(product.id) is not None for order in orders) == 1


def _bearers(company: Company, customer: Customer) -> list[Customer]:
    """Everybody of the customer's name."""
    return [other for other in company.customers if other.name == customer.name]


def _draft(desk: Desk[Company], trail: _Trail, rng: Random) -> Draft:
    parcel = trail.parcel
    scan = parcel.events[-1]
    session = desk.session()
    _follow(session, desk.model, trail)
    status = parcel.status.replace("_", " ")
    return Draft(
        title=f"Where is {trail.clue}?",
        keys=(parcel.order_id,),
        slots={"clue": trail.clue},
        calls=session.calls,
        response=rng.choice(_ANSWERS).format(
            order=parcel.order_id,
            carrier=parcel.carrier,
            status=status,
            place=scan.place,
            scanned=spoken_day(scan.at),
            promised=spoken_day(parcel.promised_on),
        ),
        criteria=(
            says_any("order", f"Names the order: {parcel.order_id}.", parcel.order_id),
            says_any("carrier", f"Names the carrier: {parcel.carrier}.", parcel.carrier),
            says_matching("status", f"Gives the status: {status}.", status_pattern(parcel)),
            says_any("place", f"Says where it was last scanned: {scan.place}.", _town(scan.place)),
            says_date("scanned", "the day of the last scan", iso_day(scan.at)),
            says_date("promised", "the promised day", parcel.promised_on.isoformat()),
            changes_nothing(),
        ),
        requester=requester(asked_by(desk.model, rng, "support", "warehouse", "returns")),
    )


_ANSWERS = (
    "It is in {order}, sent with {carrier}, status {status}. The last scan was in {place} on "
    "{scanned}. The promised day is {promised}.",
    "{order}, {carrier}, {status}. Last scanned in {place} on {scanned}. Promised for {promised}.",
    "The order is {order}. {carrier} has the status {status}, last scan {place} on {scanned}. We "
    "promised {promised}.",
)


def _follow(session: Session, company: Company, trail: _Trail) -> None:
    parcel, product = trail.parcel, trail.product
    if product is None:
        session.call("search_shipments", tracking_number=parcel.tracking_number)
        return
    session.call("search_products", text=product.name)
    session.call("search_customers", text=trail.customer.name)
    for bearer in _bearers(company, trail.customer):
        session.call("search_orders", customer_id=bearer.id, product_id=product.id)
    session.call("get_order", id=parcel.order_id)


def _town(place: str) -> str:
    return place.split(",")[0]


TRACK_PARCEL: Scenario[Company] = Scenario(
    name="track-parcel",
    category=Category.INFORMATION_RETRIEVAL,
    difficulty=Difficulty.EASY,
    system_prompt=ORDER_DESK,
    intent="Know where {clue} is, to answer whoever asks: order, carrier, status, last scan and "
    "promised day.",
    phrasings=_PHRASINGS,
    details=_DETAILS,
    drafts=_drafts,
    num_tasks=_NUM,
)
