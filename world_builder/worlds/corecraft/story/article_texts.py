"""The knowledge base, written by hand: what holds today, and what once held.

Figures of current articles come from `rules`; those of deprecated ones are the old ones.
"""

from dataclasses import dataclass

from world_builder.expressions import money
from world_builder.worlds.corecraft import rules


@dataclass(frozen=True, slots=True, kw_only=True)
class ArticleText:
    """One article; `old` is the same subject as it read before, if it did."""

    topic: str
    title: str
    body: str
    old_title: str = ""
    old_body: str = ""


_DAYS, _SHIP = rules.RETURN_DAYS, rules.SHIPPING_CENTS
_FEE = rules.RESTOCKING_PERCENT

ARTICLES = (
    ArticleText(
        topic="returns",
        title="Return windows by loyalty tier",
        body=f"An item may come back by a change of mind within {_DAYS['standard']} days of "
        f"delivery (standard and silver), {_DAYS['gold']} days (gold) or {_DAYS['platinum']} days "
        "(platinum). The day of delivery of that item's parcel counts as day 0. Clearance items "
        "are final sale.",
        old_title="Return window",
        old_body="Any item may come back within 14 days of the order date, whatever its condition.",
    ),
    ArticleText(
        topic="returns",
        title="Opened items and the restocking fee",
        body=f"An opened item that comes back by a change of mind costs a restocking fee of {_FEE} "
        "% of what was paid for it; platinum members do not pay it. Opened processors and opened "
        "memory cannot come back by a change of mind at all.",
        old_title="Restocking fee",
        old_body="We keep 10 % of every return to cover handling.",
    ),
    ArticleText(
        topic="returns",
        title="Clearance items",
        body="Clearance items are sold for good: no return by a change of mind and no loyalty "
        "discount. A clearance item that is defective, damaged in transit or not what was ordered "
        "is treated like any other.",
        old_title="Outlet items",
        old_body="Outlet items cannot be returned for any reason, defects included.",
    ),
    ArticleText(
        topic="returns",
        title="Wrong item in the parcel",
        body=f"If we sent the wrong item, it comes back within {rules.DEFECT_REFUND_DAYS} days at "
        "no cost to the customer, and what was paid for it is refunded in full.",
    ),
    ArticleText(
        topic="refunds",
        title="Damage in transit",
        body=f"Damage on the way must be reported within {rules.TRANSIT_DAMAGE_DAYS} days of "
        "delivery. The customer keeps the carton for the carrier. The line is refunded in full.",
        old_title="Damaged parcels",
        old_body="Damage must be reported on the day of delivery, to the carrier and not to us.",
    ),
    ArticleText(
        topic="refunds",
        title="Late delivery",
        body="If expedited or overnight shipping arrives after the promised day, the shipping "
        "charge is refunded. Standard shipping is a best effort and is not refunded.",
        old_title="Delivery guarantee",
        old_body="Every late delivery earns a refund of shipping and a voucher of $20.",
    ),
    ArticleText(
        topic="refunds",
        title="Who may approve a refund",
        body=f"Agents approve up to {money(rules.REFUND_LIMIT_CENTS['agent'])} alone, senior "
        f"agents up to {money(rules.REFUND_LIMIT_CENTS['senior_agent'])}, team leads up to "
        f"{money(rules.REFUND_LIMIT_CENTS['team_lead'])}, managers up to "
        f"{money(rules.REFUND_LIMIT_CENTS['manager'])}. Above your limit, escalate to the level "
        "manager; never split a refund to stay below it.",
        old_title="Refund limits",
        old_body="Agents may approve up to $100, everybody else any amount.",
    ),
    ArticleText(
        topic="refunds",
        title="Goodwill",
        body=f"A goodwill refund is at most {money(rules.GOODWILL_LIMIT_CENTS)} and is given once "
        "per order. It needs a reason that the next colleague understands. It is no substitute for "
        "a refund that is due.",
    ),
    ArticleText(
        topic="refunds",
        title="Where refunds go",
        body="Refunds go back to the original payment unless the customer asks for store credit. "
        "Store credit is there at once, cards take three to five business days.",
    ),
    ArticleText(
        topic="warranty",
        title="How long the warranty runs",
        body="The warranty runs for the months named on the product, from the day of delivery. "
        f"Platinum members get {rules.PLATINUM_WARRANTY_MONTHS} months on top. Accidents and "
        "liquids are not covered.",
        old_title="Warranty",
        old_body="All parts carry 24 months of warranty from the order date.",
    ),
    ArticleText(
        topic="warranty",
        title="Defect: refund or warranty",
        body=f"A defect reported within {rules.DEFECT_REFUND_DAYS} days of delivery is refunded. "
        "Later it is a warranty case: replacement first, repair where no replacement is in stock.",
    ),
    ArticleText(
        topic="warranty",
        title="Smoke, heat and burn marks",
        body="Anything that smokes, melts or burns is a safety matter, whatever its age. The "
        "customer unplugs it and keeps it. Escalate to the level safety at once, with priority "
        f"urgent; it must be taken up within {rules.ESCALATION_HOURS['safety']} hours.",
    ),
    ArticleText(
        topic="shipping",
        title="Shipping services and prices",
        body=f"Standard {money(_SHIP['standard'])} (free from "
        f"{money(rules.FREE_STANDARD_FROM_CENTS)} of goods after discount, and for gold and "
        f"platinum), expedited {money(_SHIP['expedited'])} (half for gold, free for platinum), "
        f"overnight {money(_SHIP['overnight'])} (half for platinum). Cases and monitors add "
        f"{money(rules.OVERSIZE_CENTS)} once per order, not for platinum.",
        old_title="Shipping prices",
        old_body="Standard shipping is free from $75. Express costs $24.95. Monitors ship free.",
    ),
    ArticleText(
        topic="shipping",
        title="Promised days",
        body=f"Standard takes {rules.DELIVERY_BUSINESS_DAYS['standard']} business days from the "
        f"day of shipping, expedited {rules.DELIVERY_BUSINESS_DAYS['expedited']}, overnight "
        f"{rules.DELIVERY_BUSINESS_DAYS['overnight']}. Saturdays and Sundays do not count.",
        old_title="Delivery times",
        old_body="Standard takes 7 days, expedited 3 days, weekends included.",
    ),
    ArticleText(
        topic="shipping",
        title="E-mails about a shipment",
        body="An e-mail about a shipment has five parts: the order number; the carrier with the "
        "tracking number; the status now; the expected or actual day; the next step for the "
        "customer.",
    ),
    ArticleText(
        topic="shipping",
        title="Lost parcels",
        body=f"A parcel without a scan for more than {rules.LOST_AFTER_DAYS} days counts as lost. "
        "Escalate the ticket to tier_2, set the priority to high, and tell the customer that we "
        "have opened a search.",
        old_title="Missing parcels",
        old_body="Ask the customer to wait 30 days before we open a search.",
    ),
    ArticleText(
        topic="loyalty",
        title="What each tier includes",
        body=f"Silver {rules.DISCOUNT_PERCENT['silver']} %, gold {rules.DISCOUNT_PERCENT['gold']} "
        f"%, platinum {rules.DISCOUNT_PERCENT['platinum']} % off goods. Never off clearance items "
        "and never off the assembly fee. Longer return windows for gold and platinum.",
        old_title="Loyalty discounts",
        old_body="Silver 5 %, gold 10 %, platinum 12 % off everything in the cart.",
    ),
    ArticleText(
        topic="loyalty",
        title="Store credit",
        body="Store credit never expires and can pay for anything, shipping included. It cannot be "
        "turned back into money.",
    ),
    ArticleText(
        topic="escalation",
        title="Levels and times",
        body=f"tier_2 goes to the escalations lead and is taken up within "
        f"{rules.ESCALATION_HOURS['tier_2']} hours; manager goes to the manager of the assignee's "
        f"team within {rules.ESCALATION_HOURS['manager']} hours; safety goes to the safety officer "
        f"within {rules.ESCALATION_HOURS['safety']} hours. One open escalation per ticket.",
        old_title="Escalations",
        old_body="Write to the channel #escalations and wait for somebody to react.",
    ),
    ArticleText(
        topic="escalation",
        title="Tickets that have been open too long",
        body=f"A ticket of high or urgent priority that has been open for more than "
        f"{rules.LONG_OPEN_HOURS} hours is escalated to tier_2.",
        old_title="Old tickets",
        old_body="Tickets older than seven days are closed automatically.",
    ),
    ArticleText(
        topic="escalation",
        title="Opening a ticket again",
        body=f"A resolved ticket may be opened again within {rules.REOPEN_DAYS} days of its last "
        "change. Later the customer gets a new ticket; closed tickets stay closed.",
    ),
    ArticleText(
        topic="builds",
        title="Assembly fee and quotes",
        body=f"Putting a build together costs {money(rules.ASSEMBLY_CENTS)}; platinum members do "
        f"not pay it. A quote holds for {rules.QUOTE_DAYS} days, the day of the quote being day 0.",
        old_title="Build service",
        old_body="Assembly costs $79 and quotes hold for 30 days.",
    ),
    ArticleText(
        topic="builds",
        title="Cancelling an order with a build",
        body="While a build is only ordered, anybody may cancel. Once it is being assembled or "
        "tested, a team lead or a manager has to. A completed build that was shipped cannot be "
        "cancelled.",
    ),
    ArticleText(
        topic="builds",
        title="Compatibility checks before a quote",
        body="Every quote is checked: socket, memory type and slots, board in case, card length, "
        "cooler height and heat, radiator, drives and ports, power. Never quote parts that do not "
        "fit.",
    ),
    ArticleText(
        topic="compatibility",
        title="How much power a machine needs",
        body=f"Add the power of processor and graphics card and {rules.BASE_LOAD_W} W for the "
        f"rest, then {rules.PSU_HEADROOM_PERCENT} % headroom. The supply must reach that and also "
        "the wattage that the maker of the graphics card recommends.",
        old_title="Power supply rule of thumb",
        old_body="Twice the wattage of the graphics card is always enough.",
    ),
    ArticleText(
        topic="compatibility",
        title="Memory: type and slots",
        body="DDR4 and DDR5 do not fit into each other's slots. Count modules, not kits: two kits "
        "of two modules need four slots. A board also has a largest total.",
    ),
    ArticleText(
        topic="compatibility",
        title="Cards, coolers and cases",
        body="Compare the length of the card with the case's limit, the height of an air cooler "
        "with the case's limit, and the radiator of a water cooler with the largest radiator it "
        "takes.",
    ),
    ArticleText(
        topic="billing",
        title="Failed payments",
        body="A declined card leaves a failed payment with the bank's reason. The customer may try "
        "again; nothing is charged. Tell only the last four digits of a card, never more.",
    ),
    ArticleText(
        topic="billing",
        title="Disputed payments",
        body="While a payment is disputed we do not refund it: the bank decides. Tell billing, and "
        "do not discuss the dispute with the customer beyond that it is being looked at.",
    ),
    ArticleText(
        topic="communication",
        title="How we write",
        body="Greet by first name, answer the question in the first sentence, give amounts with "
        "cents and days with the month's name, say what happens next, sign as CoreCraft Support. "
        "No blame, no jargon, no promise that the system did not confirm.",
        old_title="Letter style",
        old_body="Address customers as Sir or Madam and sign with your full name and extension.",
    ),
    ArticleText(
        topic="communication",
        title="What counts as a decision",
        body="Policies count, then current articles, then a decision that a team lead or manager "
        "has written in Slack. Everything else in Slack is talk. Deprecated articles never count.",
    ),
)
