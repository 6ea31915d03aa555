"""The patients: namesakes, children, people with somebody who speaks for them."""

from collections.abc import Iterator
from datetime import date, timedelta
from random import Random

from world_builder.worlds.clinic.model import Contact, Patient
from world_builder.worlds.clinic.rules import CONTACT_WAYS, PLANS, TODAY
from world_builder.worlds.clinic.story.names import FIRST_NAMES, MAIL_HOSTS, SURNAMES

NUM_PATIENTS = 112
NUM_NAMESAKES = 4
"""The first so many pairs of patients share a full name."""
_CHILDREN_AGED_DAYS = (18 * 365 + 2, 3200, 4300, 5200, 6000)
"""The first turns 18 on a day in November 2025."""
_RELATIONS = ("spouse", "partner", "sibling", "friend")
_NUM_STEP_FREE = 18
_FIRST_PHONE = 100


def full_names(rng: Random) -> Iterator[str]:
    """Names of which no two share a first name or a surname."""
    first, last = list(FIRST_NAMES), list(SURNAMES)
    rng.shuffle(first)
    rng.shuffle(last)
    return (f"{a} {b}" for a, b in zip(first, last, strict=False))


def build_patients(rng: Random, names: Iterator[str]) -> tuple[Patient, ...]:
    """All patients; namesakes stand together at the start, children at the end."""
    fresh = [next(names) for _ in range(NUM_PATIENTS - NUM_NAMESAKES)]
    everyone = [*(fresh[i // 2] for i in range(2 * NUM_NAMESAKES)), *fresh[NUM_NAMESAKES:]]
    plans = [plan for plan in PLANS for _ in range(NUM_PATIENTS // len(PLANS) + 1)]
    rng.shuffle(plans)
    step_free = set(rng.sample(range(NUM_PATIENTS), _NUM_STEP_FREE))
    numbers = rng.sample(range(_FIRST_PHONE, _FIRST_PHONE + 200), NUM_PATIENTS)
    return tuple(
        _patient(n, name, plans[n], f"555-0{numbers[n]}", n in step_free, rng)
        for n, name in enumerate(everyone)
    )


def _patient(
    n: int, name: str, plan: str, phone: str, needs_step_free: bool, rng: Random
) -> Patient:
    child = n - (NUM_PATIENTS - len(_CHILDREN_AGED_DAYS))
    born = _birth_date(child, rng)
    first, last = name.lower().split()
    mark = f"{born:%y}" if n < 2 * NUM_NAMESAKES and n % 2 else ""
    return Patient(
        id=f"pat-{1000 + 7 * n + rng.randrange(7)}",
        name=name,
        date_of_birth=born,
        phone=phone,
        email=f"{first}.{last}{mark}@{rng.choice(MAIL_HOSTS)}",
        plan="northgate_family" if child >= 0 else plan,
        preferred_contact=rng.choice(CONTACT_WAYS),
        needs_step_free=needs_step_free,
        contacts=_contacts(child >= 0, name, rng),
    )


def _birth_date(child: int, rng: Random) -> date:
    if child == 0:
        return date(TODAY.year - 18, 11, 6)
    if child > 0:
        return TODAY - timedelta(days=_CHILDREN_AGED_DAYS[child] + rng.randrange(200))
    return date(1936, 1, 1) + timedelta(days=rng.randrange(66 * 365))


def _contacts(is_child: bool, name: str, rng: Random) -> tuple[Contact, ...]:
    """One or two parents of a child; of a grown-up now and then somebody."""
    own, surname = name.split()
    others = [first for first in FIRST_NAMES if first != own]
    if is_child:
        parents = rng.sample(others, rng.choice((1, 2)))
        return tuple(Contact(name=f"{p} {surname}", relation="parent") for p in parents)
    if rng.random() < 0.3:
        contact = f"{rng.choice(others)} {surname}"
        return (Contact(name=contact, relation=rng.choice(_RELATIONS)),)
    return ()
