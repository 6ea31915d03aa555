"""The scenario `rule-email`: a customer learns a rule by the tier they are in."""

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

from world_builder.expressions import money
from world_builder.rubrics import Criterion
from world_builder.tasks import Category, Difficulty
from world_builder.templates import Desk, Draft, Scenario
from world_builder.templates.criteria import (
    changes_nothing,
    greets,
    is_email,
    says_matching,
    signs_off,
)
from world_builder.worlds.corecraft import rules
from world_builder.worlds.corecraft.company import Company, Customer
from world_builder.worlds.corecraft.policies import ORDER_DESK
from world_builder.worlds.corecraft.scenarios.cases import by_turns
from world_builder.worlds.corecraft.scenarios.common import (
    asked_by,
    found_customer,
    is_only_name,
    requester,
)

_MONEY = {name: money(cents) for name, cents in rules.SHIPPING_CENTS.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Question:
    """Something a customer asks whose answer depends on the tier."""

    topic: str
    """As the colleague puts it."""
    answers: dict[str, tuple[str, str]]
    """By tier: the answer as a reference says it, and what says it in an answer."""


_OFF = rules.DISCOUNT_PERCENT


def _days(topic_days: dict[str, int]) -> dict[str, tuple[str, str]]:
    return {
        tier: (f"You have {num} days from delivery to send back an unwanted item.",
               rf"\b{num}\b[- ]days?")
        for tier, num in topic_days.items()
    }  # fmt: skip


_FEE_ANSWER = (
    f"We keep {rules.RESTOCKING_PERCENT} % of what you paid as a restocking fee.",
    rf"(?<!\d){rules.RESTOCKING_PERCENT}\s*(?:%|percent)",
)
_QUESTIONS = (
    _Question(topic="how long they have to send back something they don't want",
              answers=_days(rules.RETURN_DAYS)),
    _Question(
        topic="what they get off our goods",
        answers={
            "standard": ("Your tier has no discount on goods yet.", r"\bno\b.{0,24}discount|0 ?%"),
            **{tier: (f"You get {_OFF[tier]} % off goods.", rf"(?<!\d){_OFF[tier]}\s*(?:%|percent)")
               for tier in ("silver", "gold", "platinum")},
        },
    ),
    _Question(
        topic="what expedited shipping costs them (nothing oversized)",
        answers={
            "standard": (f"Expedited shipping costs you {_MONEY['expedited']}.", r"\$19\.95"),
            "silver": (f"Expedited shipping costs you {_MONEY['expedited']}.", r"\$19\.95"),
            "gold": ("Expedited shipping costs you $9.98, half the price.", r"\$9\.98"),
            "platinum": ("Expedited shipping is free for you.", r"\bfree\b|no charge|\$0\.00"),
        },
    ),
    _Question(
        topic="what we charge them for putting a build together",
        answers={
            **{tier: (f"Assembly costs you {money(rules.ASSEMBLY_CENTS)}.", r"\$99(?:\.00)?\b")
               for tier in ("standard", "silver", "gold")},
            "platinum": ("Assembly is free for you.", r"\bfree\b|no (?:fee|charge)|\$0\.00"),
        },
    ),
    _Question(
        topic="whether sending back an opened mouse they don't like would cost a fee, and how much",
        answers={
            **dict.fromkeys(("standard", "silver", "gold"), _FEE_ANSWER),
            "platinum": ("You pay no restocking fee.", r"\bno\b.{0,24}fee|without.{0,12}fee|free"),
        },
    ),
)  # fmt: skip
_MAIL_PHRASINGS = (
    "{customer} ({mail}) wants to know {topic}. Please write the e-mail: their tier, the answer, "
    "and an offer to help further.",
    "mail to {customer}, {mail}. question: {topic}. say which tier they are in and what that means "
    "here, close with the next step",
    "Could you answer {customer} at {mail} by e-mail? They asked {topic}. The answer depends on "
    "the loyalty tier, so name it, and tell them how to go on if they have more questions.",
    "An e-mail for {mail}, {customer}: {topic}. By their own tier, please, not in general, and "
    "finish with what they can do next.",
    "I promised {customer} a line about {topic}. Address {mail}. Mention the tier that it rests on "
    "and what to do with further questions.",
    "Draft: to {mail} ({customer}). Subject matter: {topic}. Friendly, two or three sentences, "
    "with the tier and an invitation to reply.",
    "What would we write to {customer}, {mail}, who asks {topic}? Put it as an e-mail that I can "
    "send: tier, answer, next step.",
    "{customer} left a voicemail asking {topic}. Send me the text of an e-mail to {mail}, with the "
    "right tier, the right answer and how to reach us.",
    "Please reply to {mail} for me ({customer}). The question is {topic}. State their tier, answer "
    "by it, and say that they may simply write back.",
)
_MAIL_DETAILS = (
    "Don't list what other tiers get.",
    "They joined a while ago and may have moved up.",
    "Short is kind.",
    "It is a general question, no order behind it.",
)


def _mail_drafts(desk: Desk[Company]) -> Iterator[Draft]:
    rng = desk.random("rule-email")
    company = desk.model
    people = [c for c in company.customers if is_only_name(company, c)]
    rng.shuffle(people)
    cases = [(c, _QUESTIONS[i % len(_QUESTIONS)]) for i, c in enumerate(people)]
    for customer, question in by_turns(cases, lambda c: (c[1].topic, c[0].loyalty_tier)):
        yield _mail_draft(desk, customer, question, rng)


def _mail_draft(desk: Desk[Company], customer: Customer, question: _Question, rng: Random) -> Draft:
    session = desk.session()
    found_customer(session, customer)
    tier = customer.loyalty_tier
    answer, pattern = question.answers[tier]
    others = [t for t in rules.TIERS if t not in (tier, "standard")]
    return Draft(
        title=f"E-mail to {customer.name} about a rule",
        keys=(customer.id,),
        slots={"customer": customer.name, "mail": customer.email, "topic": question.topic},
        calls=session.calls,
        response=f"Hello {customer.first_name},\n\nyou are in our {tier} tier. {answer} If "
        "anything is unclear, simply write back.\n\nBest regards,\nCoreCraft Support",
        criteria=(
            is_email(110),
            greets(customer.first_name),
            says_matching("tier", f"Names the tier: {tier}.", rf"\b{tier}\b"),
            _no_other_tier(others),
            says_matching("answer", f"Answers: {answer}", pattern),
            says_matching("next-step", "Invites the customer to write back.",
                          r"write|reply|contact|let us know|reach|get in touch|ask"),
            signs_off("CoreCraft Support"),
            changes_nothing(),
        ),
        requester=requester(asked_by(desk.model, rng, "support")),
    )  # fmt: skip


def _no_other_tier(others: list[str]) -> Criterion:
    pattern = rf"^(?![\s\S]*\b(?:{'|'.join(others)})\b)[\s\S]*\w"
    return says_matching("own-tier-only", "Speaks of no other tier.", pattern)


RULE_EMAIL: Scenario[Company] = Scenario(
    name="rule-email",
    category=Category.COMMUNICATION,
    difficulty=Difficulty.MEDIUM,
    system_prompt=ORDER_DESK,
    intent="{customer} learns {topic}, by the rules of their own tier.",
    phrasings=_MAIL_PHRASINGS,
    details=_MAIL_DETAILS,
    drafts=_mail_drafts,
    num_tasks=18,
)
