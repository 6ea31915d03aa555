"""The scenario `late-or-not`: was an order late, and is its shipping charge due back?"""

from collections.abc import Iterator
from random import Random

from world_builder.tasks import Category, Difficulty
from world_builder.templates import Desk, Draft, Scenario
from world_builder.templates.criteria import changes_nothing
from world_builder.worlds.corecraft.company import Company
from world_builder.worlds.corecraft.policies import ORDER_DESK
from world_builder.worlds.corecraft.scenarios.cases import by_turns
from world_builder.worlds.corecraft.scenarios.common import asked_by, requester
from world_builder.worlds.corecraft.scenarios.shipping.lateness import (
    Arrival,
    arrival_criteria,
    arrival_lines,
    arrivals,
    shipping_criteria,
    shipping_text,
)

_NUM = 18
_PHRASINGS = (
    "Did {order} come late? One line per parcel with its id: promised day, day of arrival, "
    "calendar days late if it was. Then: is the shipping charge due back now, how much, or why "
    "not?",
    "The customer of {order} says we were slow and wants the shipping money. Were we? List every "
    "parcel on a line of its own (id, what was promised, what happened, calendar days late) and "
    "tell me if the charge is due back today, with the sum or the reason against it.",
    "{order} - late or not? a line per parcel pls: id / promised / arrived / calendar days late. "
    "below that shipping due back y/n + amount or reason",
    "I only need your judgement, book nothing. Shipping of {order}: is it owed back because of "
    "the delivery day? Show the promised and the real day parcel by parcel, a line each and with "
    "the shipment id, plus by how many calendar days it was late, if it was. End with the "
    "amount, or with what stands against it.",
    "Somebody wrote 'arrived around midnight, does that count?' on a card for {order}. I can't "
    "tell if it is even true. Put each parcel (id) in its own line with the day it was promised "
    "for, the day it arrived and the calendar days it was late or 'on time', and conclude with "
    "late or not and whether the shipping charge is due back: sum, or reason why not.",
    "Shipping refund question, {order}. Per parcel id one row: promised, came, late by how many "
    "calendar days. Do the rules give the shipping charge back as things stand? Then the sum; "
    "else the reason.",
    "can you check if {order} got there by the day we promised. if there are two parcels check "
    "both, each in a separate line with id, both days and how many calendar days late. and is "
    "the cust owed the shipping (how much) or not (why)",
    "Is there anything to give back for {order} on account of its delivery day? I mean the "
    "shipping charge: name the amount or the obstacle. Above it I want a row for each parcel, "
    "naming the parcel, its promised and its actual day and the delay in calendar days.",
    "For a reply I am drafting: was {order} late by our own rules, each parcel counted by itself "
    "and in calendar days? Parcel id, promised day, arrival day and lateness in one line per "
    "parcel please. Also whether shipping is due back at this moment: the amount if yes, what is "
    "against it if no.",
    "A voucher was demanded over {order}, which I won't give. But maybe the shipping charge is "
    "due back? Write one line for every parcel (its id, day promised, day delivered, calendar "
    "days between if it was late). Then decide, with amount or reason.",
)
_DETAILS = (
    "I have no opinion yet.",
    "The customer is friendly about it.",
    "A colleague told me that late is late, whatever the service, but I'd like to hear it from "
    "you.",
    "It is not urgent.",
    "Nothing has been promised so far.",
)


def _drafts(desk: Desk[Company]) -> Iterator[Draft]:
    rng = desk.random("late-or-not")
    for arrival in _cases(desk.model, rng):
        yield _draft(desk, arrival, rng)


def _cases(company: Company, rng: Random) -> list[Arrival]:
    """Due, late without money and on time in equal parts, minutes around midnight first."""
    found = arrivals(company)
    rng.shuffle(found)
    found.sort(key=lambda arrival: (not arrival.is_at_midnight, not arrival.is_mixed))
    return by_turns(found, _kind)


def _kind(arrival: Arrival) -> tuple[str | None, bool, bool]:
    service = arrival.order.shipping_service
    if arrival.problem in (None, "on_time"):
        return arrival.problem, service in ("standard", "expedited"), len(arrival.parcels) > 1
    return arrival.problem, False, False


def _draft(desk: Desk[Company], arrival: Arrival, rng: Random) -> Draft:
    session = desk.session()
    session.call("get_order", id=arrival.order.id)
    session.call("search_knowledge_base", text="late delivery", status="current")
    return Draft(
        title=f"Was {arrival.order.id} late?",
        keys=(arrival.order.id,),
        slots={"order": arrival.order.id},
        calls=session.calls,
        response=f"{arrival_lines(arrival)}\n\n{shipping_text(desk.model, arrival)}",
        criteria=(*arrival_criteria(arrival), *shipping_criteria(arrival), changes_nothing()),
        requester=requester(asked_by(desk.model, rng, "support", "returns")),
    )


LATE_OR_NOT: Scenario[Company] = Scenario(
    name="late-or-not",
    category=Category.REASONING,
    difficulty=Difficulty.MEDIUM,
    system_prompt=ORDER_DESK,
    intent="Know whether {order} came after its promised day and whether its shipping charge has "
    "to go back, before anything is told to the customer.",
    phrasings=_PHRASINGS,
    details=_DETAILS,
    drafts=_drafts,
    num_tasks=_NUM,
)
