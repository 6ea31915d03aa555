"""The scenario of what two visits cost a patient and the insurer."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from random import Random

from world_builder.expressions import money
from world_builder.rubrics import Criterion
from world_builder.tasks import Category, Difficulty
from world_builder.templates import Desk, Draft, Scenario, Session
from world_builder.templates.criteria import (
    changes_nothing,
    is_short,
    says_reason,
)
from world_builder.worlds.clinic import rules
from world_builder.worlds.clinic.model import Patient, Practice, Service
from world_builder.worlds.clinic.policies import INSURANCE_DESK
from world_builder.worlds.clinic.reckoning import copay, needs_referral
from world_builder.worlds.clinic.scenarios.common import (
    agree,
    at_desk,
    found_patient,
    is_only_name,
    spoken_day,
    with_article,
)
from world_builder.worlds.clinic.scenarios.criteria import (
    MAX_WORDS,
    says_money,
    says_price,
    says_total,
)
from world_builder.worlds.clinic.voices import STAFF


@dataclass(frozen=True, slots=True, kw_only=True)
class _Quote:
    """Two services that a patient wants to know the price of."""

    plan: str
    services: tuple[str, str]
    is_child: bool = False
    shift: int = 5
    """Working days from today."""


_QUOTES = (
    _Quote(plan="lakeside_saver", services=("Ultrasound scan", "Bone density scan")),
    _Quote(plan="cedar_basic", services=("Skin check", "Mole removal")),
    _Quote(
        plan="northgate_family", services=("Annual check-up", "Eye test"), is_child=True, shift=2
    ),
    _Quote(plan="self_pay", services=("Hearing test", "Hearing aid fitting")),
    _Quote(
        plan="northgate_family", services=("Annual check-up", "Contact lens fitting"), is_child=True
    ),
    _Quote(plan="cedar_plus", services=("Eye test", "Contact lens fitting")),
    _Quote(plan="lakeside_saver", services=("New patient visit", "Physiotherapy assessment")),
)


def _quotes(desk: Desk[Practice]) -> Iterator[Draft]:
    practice, rng = desk.model, desk.random("co-payment")
    children = [p for p in practice.patients if rules.is_child(p.date_of_birth, rules.TODAY)]
    oldest = min(children, key=lambda p: p.date_of_birth)
    seen: set[str] = set()
    for quote in _QUOTES:
        day = rules.working_days_after(rules.TODAY, quote.shift)
        people = [
            p
            for p in practice.patients
            if p.plan == quote.plan
            and p.id not in seen
            and is_only_name(practice, p)
            and (p == oldest if quote.is_child and quote.shift > 2 else p != oldest)
            and rules.is_child(p.date_of_birth, rules.TODAY) == quote.is_child
        ]
        patient = rng.choice(people)
        seen.add(patient.id)
        yield _quote(desk, patient, quote, day, rng)


def _quote(desk: Desk[Practice], patient: Patient, quote: _Quote, day: date, rng: Random) -> Draft:
    practice, session = desk.model, desk.session()
    services = [practice.service_named(name) for name in quote.services]
    found_patient(session, patient)
    for specialty in dict.fromkeys(service.specialty for service in services):
        session.call("look_up_directory", specialty=specialty)
    shares = [_told(session, practice, patient, service, day) for service in services]
    total = sum(shares)
    insurer = 0 if quote.plan == "self_pay" else sum(s.price_cents for s in services) - total
    first, second = (service.name for service in services)
    needing = [s for s in services if needs_referral(patient, s)]
    papers, paper_criterion = _papers(needing, len(services))
    return Draft(
        title=f"What {patient.name} pays for {first} and {second}",
        keys=(patient.id,),
        slots={
            "name": patient.name,
            "first": with_article(first),
            "second": with_article(second),
            "day": spoken_day(day, rng),
        },
        calls=session.calls,
        response=(
            f"The {first} costs the patient {money(shares[0])} and the {second} "
            f"{money(shares[1])}, together {money(total)}. The insurer pays {money(insurer)}. "
            f"{papers}."
        ),
        criteria=(
            says_price("first", first, shares[0]),
            says_price("second", second, shares[1]),
            says_total("total", "what the patient pays together", total),
            says_money("insurer", "what the insurer pays", insurer),
            paper_criterion,
            is_short(MAX_WORDS),
            changes_nothing(),
        ),
        requester=at_desk(practice, rng, "insurance desk", "front desk"),
        difficulty=Difficulty.HARD if quote.is_child or quote.plan == "lakeside_saver" else None,
    )


def _told(
    session: Session, practice: Practice, patient: Patient, service: Service, day: date
) -> int:
    """The co-payment as the tool tells it, compared with the figures."""
    answer = session.call(
        "quote_visit", patient_id=patient.id, service_id=service.id, day=day.isoformat()
    )
    own = copay(patient, service, day)
    agree(f"co-payment of {patient.id} for {service.id}", answer["copay_cents"], own)
    agree("need of a referral", answer["needs_referral"], needs_referral(patient, service))
    return own


def _papers(needing: list[Service], num: int) -> tuple[str, Criterion]:
    key, right = "papers", "Says which of the two need a referral."
    if not needing:
        no = r"no referrals?\b|(?:not|n['’]t) (?:need|require)|neither|without (?:a )?referral"
        return "Neither needs a referral", says_reason(right, no, key)
    if len(needing) == num:
        both = r"\bboth\b|\beach\b|\ball\b|two referrals|either (?:one )?(?:needs|requires)"
        return "Both need a referral", says_reason(right, both, key)
    name = needing[0].name
    only = rf"only[^.\n]{{0,40}}{name}|{name}[^.\n]{{0,40}}(?:needs|requires|referral)"
    return f"Only the {name} needs a referral", says_reason(right, only, key)


CO_PAYMENT: Scenario[Practice] = Scenario(
    name="co-payment",
    category=Category.REASONING,
    difficulty=Difficulty.MEDIUM,
    system_prompt=INSURANCE_DESK,
    intent="Tell {name} the price of two visits before either is booked.",
    phrasings=(
        "{name} wants {first} and {second}, both on {day}. What does each cost the patient, what "
        "is that together, what do we bill the insurer, and which of the two needs a referral?",
        "Quote please: {name}, {day}, {first} plus {second}. Co-payment each, the two added up, "
        "the insurer's part, referral needed or not.",
        "how much will {name} have to pay on {day} for {first} and {second}? separately and in "
        "total, plus the insurer's total and if a referral is needed for any of it",
        "I need figures for {name} for {day}. It would be {first} first, then {second}. Own "
        "share of each, sum of the shares, sum the plan pays. Do the two need referrals?",
        "Could you work out {name}'s bill? On {day} there would be {first} and {second}. I'd "
        "like to read the patient's share per visit, both together, what is left for the "
        "insurer, and where a referral is required.",
        "Money question: {first} and {second}, same day ({day}), patient {name}. Each share, "
        "then their sum, then the insurer, then whether referrals are wanted.",
        "The family of {name} is saving up. What should they bring on {day} for {first} and for "
        "{second}, and in all? What goes to the insurer? And will one or both need a referral?",
        "Before I promise anything to {name}: shares for {first} and {second} if done on {day}, "
        "the total of those, the total paid by the plan, and any referral that has to be there.",
    ),
    details=(
        "Nothing should be booked yet.",
        "The price list on the wall is from last year, so don't take it from there.",
    ),
    drafts=_quotes,
    num_tasks=7,
    voices=STAFF,
)
