"""The scenario of an e-mail that takes a visit back and offers another time."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from random import Random

from world_builder.tasks import Category, Difficulty
from world_builder.templates import Desk, Draft, Scenario, Session
from world_builder.templates.criteria import (
    changes_nothing,
    greets,
    has_subject,
    is_email,
    says_date,
    says_matching,
    signs_off,
)
from world_builder.worlds.clinic import rules
from world_builder.worlds.clinic.model import Appointment, Practice, Room, Service
from world_builder.worlds.clinic.policies import INBOX
from world_builder.worlds.clinic.reckoning import first_fit, free_slots
from world_builder.worlds.clinic.scenarios import common
from world_builder.worlds.clinic.scenarios.common import (
    at_desk,
    called,
    found,
    found_patient,
    service_of,
    spoken_day,
)
from world_builder.worlds.clinic.scenarios.criteria import (
    MAX_WORDS,
    NO_FEE,
    says_name,
    says_time,
)
from world_builder.worlds.clinic.scenarios.mail import CLOSING, SENDER, booked_ahead
from world_builder.worlds.clinic.voices import STAFF


@dataclass(frozen=True, slots=True, kw_only=True)
class _Offer:
    """The earliest other time for a visit that the clinic gives up."""

    visit: Appointment
    days: tuple[date, ...]
    """The days asked about, the last of them with a free time."""
    start: str
    room: Room


def _offers(desk: Desk[Practice]) -> Iterator[Draft]:
    practice, rng = desk.model, desk.random("offer-letter")
    seen: set[str] = set()
    ahead = [v for v in booked_ahead(practice, rng) if v.day <= date(2025, 11, 7)]
    offers = [offer for visit in ahead if (offer := _offer(practice, visit)) is not None]
    offers.sort(key=lambda offer: -len(offer.days))
    for offer in offers:
        if offer.visit.practitioner_id not in seen:
            seen.add(offer.visit.practitioner_id)
            yield _offer_letter(desk, offer, rng)


def _offer(practice: Practice, visit: Appointment) -> _Offer | None:
    """The first free time after the day of a visit, with the same practitioner."""
    who, service = practice.practitioner(visit.practitioner_id), service_of(practice, visit)
    patient = practice.patient(visit.patient_id)
    referral = next((r for r in practice.referrals if r.id == visit.referral_id), None)
    days: list[date] = []
    day = rules.working_days_after(visit.day, 1)
    while len(days) < 4:
        if referral is not None and day > referral.valid_until:
            return None
        days.append(day)
        slots = free_slots(practice, who, service, day)
        fit = first_fit(practice, patient, slots, day, service.minutes)
        if fit is not None:
            return _Offer(visit=visit, days=tuple(days), start=fit[0], room=fit[1])
        day = rules.working_days_after(day, 1)
    return None


def _offer_letter(desk: Desk[Practice], offer: _Offer, rng: Random) -> Draft:
    practice, session, visit = desk.model, desk.session(), offer.visit
    patient, service = practice.patient(visit.patient_id), service_of(practice, visit)
    who = practice.practitioner(visit.practitioner_id)
    found_patient(session, patient)
    found(session, "find_appointments", visit.id, patient_id=patient.id, status="booked")
    session.call("look_up_directory", ids=[who.id, service.id])
    _asked(session, practice, offer, service)
    old, new = visit.day.isoformat(), offer.days[-1].isoformat()
    return Draft(
        title=f"Offer {patient.name} another time for {visit.id}",
        keys=(visit.id,),
        slots={"name": patient.name, "who": called(who, rng), "day": spoken_day(visit.day, rng)},
        calls=session.calls,
        response=(
            f"Subject: Your visit on {old}\n\nDear {patient.first_name},\n\n"
            f"We are sorry. Your visit on {old} at {visit.start} cannot take place; this costs you "
            f"nothing.\n\n{who.name} could see you on {new} at {offer.start} in the "
            f"{offer.room.name}. We book this time once you agree.\n\n{CLOSING}"
        ),
        criteria=(
            is_email(MAX_WORDS),
            has_subject("visit", "appointment", "time", old),
            greets(patient.first_name),
            says_date("old-day", "the day that falls through", old),
            says_time("old-start", "the time that falls through", visit.start),
            says_matching(
                "off",
                "Says that the visit cannot take place.",
                r"can ?not|can['’]t|won['’]t|will not|unable|have to (?:cancel|give up|call off"
                r"|postpone)|(?:is|be|been) cancel|must (?:cancel|give up)|give up",
            ),
            says_matching("no-cost", "Says that this costs nothing.", NO_FEE),
            says_name("practitioner", "who could see the patient", who.surname),
            says_date("new-day", "the day offered", new),
            says_time("new-start", "the time offered", offer.start),
            says_name("room", "the room offered", offer.room.name, offer.room.id),
            says_matching(
                "agree",
                "Says that it is booked only once the patient agrees.",
                r"agree|confirm|let us know|tell us|reply|answer|if (?:this|that|it) suits|once you"
                r"|would (?:this|that|it) suit",
            ),
            signs_off(SENDER),
            changes_nothing(),
        ),
        requester=at_desk(practice, rng, "front desk", "practice manager"),
        difficulty=Difficulty.EXPERT if len(offer.days) > 1 else None,
    )


def _asked(session: Session, practice: Practice, offer: _Offer, service: Service) -> None:
    """Asks for the free times of one day after the other; days off need no asking."""
    who = practice.practitioner(offer.visit.practitioner_id)
    for day in offer.days:
        own = free_slots(practice, who, service, day)
        common.free_slots(session, service, who, day, own)


OFFER_LETTER: Scenario[Practice] = Scenario(
    name="offer-letter",
    category=Category.COMMUNICATION,
    difficulty=Difficulty.HARD,
    system_prompt=INBOX,
    intent="{name} learns in time that {day} falls through, and has another time to agree to.",
    phrasings=(
        "{who} has to be at a meeting on {day}, so we must give up the visit of {name}. Write "
        "the e-mail: what falls through, that it is free of charge, and the first free time with "
        "{who} after that day, with its room. Don't change the book, I do that when there's an "
        "answer.",
        "Please draft an e-mail to {name}. The visit with {who} on {day} can't be kept by us. "
        "Offer the earliest later day and time that {who} has, name the room, mention that "
        "nothing is to be paid, and ask for consent. Nothing is to be booked or cancelled yet.",
        "e-mail to {name} pls: {day} with {who} is off (our fault, no fee). offer the next free "
        "time w/ {who} on a later day + room, they need to say yes first. leave the book as it is",
        "We need to ask {name} to come on another day than {day}; {who} is double-committed "
        "then. Would you look for the first opening on the days after, same practitioner, and "
        "phrase an e-mail with the old time, the new proposal and its room, and no costs? It's "
        "only a proposal, so leave everything booked as it is.",
        "There's a fire drill on {day} and of all people {name} is due with {who} right then. "
        "Could you write to the patient that the visit can't happen, costs nothing, and could be "
        "made up at {who}'s first free time on a later day (with the room)? Just the e-mail, no "
        "bookings.",
        "I want to get a message out to {name} before lunch. {who} can't do {day}. Find the "
        "earliest alternative with {who} from the following day on and put it into an e-mail "
        "together with the time that is lost, the room of the new one, a word on the cost, and a "
        "request to agree. Don't touch the appointments.",
        "Kind e-mail wanted for {name}, whose visit on {day} we can't honour because {who} is "
        "needed elsewhere. Include: original day and hour, no fee, the next time {who} has after "
        "that day, where, and that we only book it with a yes. Touch nothing in the book.",
        "Please prepare what I send to {name}: sorry, not {day}; free of charge; instead {who}'s "
        "first free time on any later day, plus the room; we wait for a yes. As an e-mail. The "
        "book stays untouched for now.",
    ),
    drafts=_offers,
    num_tasks=6,
    voices=STAFF,
)
