"""The scenario `build-progress`: how far a customer's build is, and whether it is overdue."""

from collections.abc import Iterator
from random import Random

from world_builder.rubrics import Criterion
from world_builder.tasks import Category, Difficulty
from world_builder.templates import Desk, Draft, Scenario
from world_builder.templates.criteria import (
    changes_nothing,
    says_any,
    says_date,
    says_matching,
    says_right_not_wrong,
)
from world_builder.templates.phrases import count_pattern
from world_builder.worlds.corecraft.company import Build, Company, Customer
from world_builder.worlds.corecraft.policies import BUILD_DESK
from world_builder.worlds.corecraft.reckoning.lab import days_left
from world_builder.worlds.corecraft.scenarios.builds.figures import beside
from world_builder.worlds.corecraft.scenarios.builds.wording import (
    STATUS_PATTERNS,
    STATUS_WORDS,
    an_asker,
    found_by_name,
    machine_name,
    named,
    only_named,
)
from world_builder.worlds.corecraft.scenarios.cases import by_turns
from world_builder.worlds.corecraft.scenarios.common import (
    counted,
    requester,
    spoken_day,
)

_NUM = 18
_LATE_WORDS = r"overdue|late|over|past|ago|behind|delayed|should have been"
_LEFT_WORDS = r"left|remain\w*|to go|more|away|until|from now|early|ahead|in hand|still|\bin\b"
_IS_LATE = r"\b(?:is|are|was|already|now) (?:\w+ days? |already )?(?:overdue|late|behind)\b"
_ON_TIME = (
    r"(?:not|n['’]t|never) (?:yet |at all )?(?:overdue|late|behind|past)|on time|in time|on track"
)

_PHRASINGS = (
    "How far is the {machine} of {customer}? I need the id of the build, its status, who works on "
    "it, the day it is due, the order it belongs to, and whether it is overdue: by how many days, "
    "or how many are left.",
    "{customer} is on hold and wants news of the {machine} we are putting together. Where does it "
    "stand, which technician has it, what day is it due, are we late and by how much, or how many "
    "days do we still have? Give me build and order number too, I have to note them.",
    "{machine}, customer {customer}: build id, order id, status, technician, due day, days over "
    "or days to go.",
    "can you check a build for me? customer: {customer}. it's called {machine}. want to know if "
    "it's overdue (+ days, or days left), status, technician if there is one, due date, build no "
    "and order no.",
    "Please report on one machine for the morning round. Name of it: {machine}. Buyer: {customer}. "
    "The report has six lines: build, order, state, technician, due, overdue or not with the "
    "number of days either way.",
    "Does anybody know what is going on with the {machine} for {customer}? I can't find it on the "
    "bench list. Id, order, state it is in, whose hands it is in, when it should be ready, and "
    "whether that day has passed (how many days ago, or how many remain).",
    "I promised {customer} an answer about the {machine}. Before I write it, tell me where the "
    "build is in the process and with whom, its number and the order's, the due day and how many "
    "days we are over it or still have.",
    "Status of the {machine} that {customer} is waiting for? With ids (build, order), technician, "
    "due day, and if it is late, how late; if not, how long until it is due.",
    "A courier is booked for the {machine}, the one of {customer}. Is it ready, being built, still "
    "waiting? Who is on it? Due when, and how many days late or early are we today? Both numbers, "
    "build and order, for the paperwork.",
    "One look-up. {customer} has a {machine} with us. Tell me the build's id, which order it "
    "hangs on, its present status, the technician's name or that there is none, the due date, "
    "and days overdue or days left.",
)
_DETAILS = (
    "The customer has been patient so far.",
    "Other builds of theirs don't matter now.",
    "Nobody should change anything in it.",
    "I did not find a note about it in the ticket.",
    "A sentence or two will do.",
)


def _drafts(desk: Desk[Company]) -> Iterator[Draft]:
    rng = desk.random("build-progress")
    company = desk.model
    builds = [b for b in only_named(company) if b.due_on and b.status in STATUS_WORDS]
    rng.shuffle(builds)
    builds.sort(key=lambda build: abs(days_left(company, build)))
    kinds = by_turns(builds, lambda b: (b.status, days_left(company, b) < 0))
    for build in kinds:
        yield _draft(desk, build, rng)


def _draft(desk: Desk[Company], build: Build, rng: Random) -> Draft:
    company = desk.model
    customer = company.customer(build.customer_id)
    session = desk.session()
    customer_id = found_by_name(session, company, customer)
    session.call("search_builds", customer_id=customer_id)
    if build.technician_id:
        session.call("search_employees", id=build.technician_id)
    return Draft(
        title=f"How far the {machine_name(build)} of {customer.name} is",
        keys=(build.id,),
        slots={"machine": machine_name(build), "customer": named(company, customer)},
        calls=session.calls,
        response=_answer(company, build, customer, rng),
        criteria=_criteria(company, build),
        requester=requester(an_asker(company, rng, "support", "product")),
    )


def _answer(company: Company, build: Build, customer: Customer, rng: Random) -> str:
    left = days_left(company, build)
    if left < 0:
        time = f"so it is overdue by {counted(-left, 'day')}"
    elif left == 0:
        time = "which is today, so it is not overdue"
    else:
        time = f"so it is not overdue: {counted(left, 'day')} left"
    who = company.employee(build.technician_id).name if build.technician_id else ""
    told = STATUS_WORDS[build.status]
    state = f"{told} by {who}" if who else f"{told}, with no technician yet"
    due = spoken_day(build.due_on) if build.due_on else ""
    verb = "was" if left < 0 else "is"
    return rng.choice(
        (
            f"{build.id} {state}; it belongs to {build.order_id}. It {verb} due on {due}, {time}.",
            f"The build is {build.id} of {build.order_id}. It {state}. The due day {verb} {due}, "
            f"{time}.",
        )
    )


def _criteria(company: Company, build: Build) -> tuple[Criterion, ...]:
    left = days_left(company, build)
    status = STATUS_WORDS[build.status]
    return (
        says_any("build", f"Names the build: {build.id}.", build.id),
        says_any("order", f"Names the order: {build.order_id}.", build.order_id or ""),
        says_matching("status", f"Says that it {status}.", STATUS_PATTERNS[build.status]),
        _says_technician(company, build),
        says_date("due", "the day on which it is due", f"{build.due_on}"),
        _says_time(left),
        changes_nothing(),
    )


def _says_time(left: int) -> Criterion:
    if left < 0:
        text = f"Says that it is overdue by {counted(-left, 'day')}."
        yesterday = r"|\byesterday\b" if left == -1 else ""
        listed = rf"|overdue\W+yes\W+(?:by |for )?(?:{count_pattern(-left)})"
        right = beside(-left, _LATE_WORDS) + yesterday + listed
        return says_right_not_wrong("overdue", text, right, _ON_TIME)
    if left == 0:
        text = "Says that it is due today and so not overdue."
        return says_right_not_wrong("overdue", text, r"\btoday\b|\b0 days", _IS_LATE)
    text = f"Says that it is not overdue and {counted(left, 'day')} are left."
    tomorrow = r"|\btomorrow\b" if left == 1 else ""
    right = beside(left, _LEFT_WORDS) + tomorrow
    return says_right_not_wrong("overdue", text, right, _IS_LATE)


def _says_technician(company: Company, build: Build) -> Criterion:
    if build.technician_id:
        name = company.employee(build.technician_id).name
        return says_any("technician", f"Names the technician: {name}.", name, build.technician_id)
    pattern = (
        r"\bno(?:ne| one|body)?\b.{0,20}\btechnician|nobody|\bno one\b|unassigned"
        r"|(?:not|n['’]t) (?:yet )?(?:been )?assigned|without a technician"
        r"|(?:not|n['’]t) (?:yet )?have a technician"
        r"|technician\W{0,6}(?:is |has )?(?:none|not|n/a|[-–—])"
    )
    return says_matching("technician", "Says that no technician has it yet.", pattern)


BUILD_PROGRESS: Scenario[Company] = Scenario(
    name="build-progress",
    category=Category.INFORMATION_RETRIEVAL,
    difficulty=Difficulty.EASY,
    system_prompt=BUILD_DESK,
    intent="Be able to tell {customer} where the {machine} stands and whether it is late.",
    phrasings=_PHRASINGS,
    details=_DETAILS,
    drafts=_drafts,
    num_tasks=_NUM,
)
