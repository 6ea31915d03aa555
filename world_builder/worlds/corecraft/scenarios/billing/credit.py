"""The scenarios `refund-report` and `store-credit`: what went back, and how."""

from collections import Counter
from collections.abc import Iterator
from datetime import date, timedelta
from random import Random

from world_builder.expressions import money
from world_builder.rubrics import Criterion
from world_builder.tasks import Category, Difficulty
from world_builder.templates import Desk, Draft, Scenario
from world_builder.templates.criteria import (
    changes_nothing,
    is_table,
    leaves_out,
    pairs,
    says_amount,
    says_any,
    says_how_many,
    says_matching,
)
from world_builder.templates.phrases import count_pattern
from world_builder.worlds.corecraft.company import Company, Customer, Refund
from world_builder.worlds.corecraft.policies import BACK_OFFICE, RETURNS_DESK
from world_builder.worlds.corecraft.rules import REFUND_REASONS
from world_builder.worlds.corecraft.scenarios.cases import by_turns
from world_builder.worlds.corecraft.scenarios.common import (
    asked_by,
    counted,
    found_customer,
    is_only_name,
    requester,
    spoken_day,
)

_REPORT_PHRASINGS = (
    "Report on refunds that were created from {first} to {last}, both days included, and that are "
    "approved or processed: a table by reason with number and sum, then the grand total.",
    "refunds {first} - {last} (incl.), only approved + processed. table reason / how many / how "
    "much. total number and total money under it",
    "What did we give back between {first} and {last}? Count both days. Leave out what is only "
    "requested or was denied. One row per reason in a table, number and amount, and the overall "
    "number and amount.",
    "For the Monday numbers I need a table of refunds by reason, period {first} through {last}, "
    "approved or processed ones. Columns: reason, number, sum. And below: how many in all, how "
    "much in all.",
    "Please break the refunds of {first} to {last} down by reason as a table (with counts and "
    "amounts). They must be approved or already processed; creation day decides. Give the total of "
    "both figures too.",
    "Why do people get money back? Show me for {first} until {last}, inclusive: each reason that "
    "occurs with its number of refunds and the money, tabular, plus sums. Undecided and denied "
    "refunds don't count.",
    "table pls: refund reasons, {first} up to and including {last}, count, amount. status approved "
    "or processed. then totals",
    "I've to explain the refund costs from {first} to {last} (first and last day count). Split "
    "them by reason in a table, how often and how much, skip denied and requested, and add it all "
    "up at the end.",
    "Finance wants the refunds created from {first} through {last} by reason. A small table will "
    "do: reason, count, dollars; approved and processed only. Total count and total dollars in a "
    "line after it.",
)
_REPORT_DETAILS = (
    "Reasons that don't occur need no row.",
    "Cents, please, no rounding.",
    "I paste it straight into a slide.",
    "Restocking fees are of no interest here.",
)
_SPANS = (7, 10, 5, 14, 6)


def _report_drafts(desk: Desk[Company]) -> Iterator[Draft]:
    rng = desk.random("refund-report")
    company = desk.model
    today = company.now.date()
    for i in range(40):
        last = today - timedelta(days=3 * i + 1)
        first = last - timedelta(days=_SPANS[i % len(_SPANS)] - 1)
        found = _given(company, first, last)
        if 3 <= len(found) <= 24 and len({r.reason for r in found}) >= 2:
            yield _report_draft(desk, first, last, found, rng)


def _given(company: Company, first: date, last: date) -> list[Refund]:
    return [
        refund
        for refund in company.refunds
        if first <= refund.created_at.date() <= last and refund.status in ("approved", "processed")
    ]


def _report_draft(
    desk: Desk[Company], first: date, last: date, found: list[Refund], rng: Random
) -> Draft:
    session = desk.session()
    for status in ("approved", "processed"):
        session.call(
            "search_refunds", status=status, created_after=first.isoformat(),
            created_before=(last + timedelta(days=1)).isoformat(), limit=50,
        )  # fmt: skip
    counts = Counter(refund.reason for refund in found)
    rows = [
        (reason, counts[reason], sum(r.amount_cents for r in found if r.reason == reason))
        for reason in REFUND_REASONS
        if counts[reason]
    ]
    total = sum(refund.amount_cents for refund in found)
    lines = [f"| {_words(reason)} | {num} | {money(cents)} |" for reason, num, cents in rows]
    absent = [reason for reason in REFUND_REASONS if not counts[reason]]
    return Draft(
        title=f"Refunds by reason, {first.isoformat()} to {last.isoformat()}",
        keys=(f"{first.isoformat()}/{last.isoformat()}",),
        slots={"first": spoken_day(first), "last": spoken_day(last)},
        calls=session.calls,
        response="\n".join(["| reason | refunds | amount |", "| --- | --- | --- |", *lines, ""])
        + f"\nIn all {counted(len(found), 'refund')}, {money(total)}.",
        criteria=(
            is_table(),
            *(_row(reason, num, cents) for reason, num, cents in rows),
            says_how_many("num", f"Says that there are {len(found)} in all.", len(found), "refund|"
                          "total|all"),
            says_amount("total", "the sum of all", total),
            *_no_others(absent),
            changes_nothing(),
        ),
        requester=requester(asked_by(desk.model, rng, "returns", "billing")),
    )  # fmt: skip


def _words(reason: str) -> str:
    return reason.replace("_", " ")


def _row(reason: str, num: int, cents: int) -> Criterion:
    """One row ties the reason to its number and its sum."""
    name = reason.replace("_", r"[ _-]")
    amount = money(cents).replace("$", r"\$").replace(".", r"\.").replace(",", ",?")
    row = rf"(?m)^[^\n]*{name}[^\n\w]+(?:[^\n]*\D)?{num}(?![\d.,])[^\n]*{amount}(?!\d)"
    told = f"{_words(reason)}: {num}, {money(cents)}"
    return says_matching(f"row-{reason.replace('_', '-')}", f"Has the row {told}.", row)


def _no_others(absent: list[str]) -> tuple[Criterion, ...]:
    names = [name for reason in absent for name in dict.fromkeys((reason, _words(reason)))]
    if not names:
        return ()
    return (leaves_out("only-these", "Has no row for a reason that does not occur.", *names),)


REFUND_REPORT: Scenario[Company] = Scenario(
    name="refund-report",
    category=Category.REASONING,
    difficulty=Difficulty.MEDIUM,
    system_prompt=BACK_OFFICE,
    intent="See what refunds from {first} to {last} were for and what they cost.",
    phrasings=_REPORT_PHRASINGS,
    details=_REPORT_DETAILS,
    drafts=_report_drafts,
    num_tasks=16,
)

_CREDIT_PHRASINGS = (
    "How much store credit does {customer} have ({mail})? And how many of their refunds were sent "
    "to store credit, how many to the original payment?",
    "{customer}, {mail}: balance of store credit, plus number of refunds that went to credit and "
    "number that went back to the payment",
    "{customer} asks what is left on the credit. The address is {mail}. Tell me the balance and "
    "from how many refunds it was filled; and the number of refunds that took the other way.",
    "Store credit of {mail} ({customer})? I also want the two counts: refunds as credit, refunds "
    "to the card or whatever they paid with.",
    "Please look at {customer}, mail {mail}. What's the store credit today, and of the refunds on "
    "record, how many are credit and how many original payment?",
    "credit question. customer {customer} / {mail}. amount on it right now? refunds: x to credit, "
    "y to original payment",
    "On the phone: {customer} ({mail}). Wants the sum that can be spent as store credit, and says "
    "that refunds were made in that form. How many were, how many were not?",
    "I have to write to {mail}, that's {customer}. Before I do: balance of the store credit, and "
    "the number of refunds by destination.",
    "Does {customer} with {mail} own any store credit, how much exactly, and how do their refunds "
    "divide into credit and original payment (numbers)?",
)
_CREDIT_DETAILS = (
    "Whatever the status of the refunds, count them all.",
    "No letter yet, only the figures.",
    "They plan to buy a keyboard with it.",
    "It can be zero, of course.",
)


def _credit_drafts(desk: Desk[Company]) -> Iterator[Draft]:
    rng = desk.random("store-credit")
    company = desk.model
    refunds: dict[str, list[Refund]] = {}
    for refund in company.refunds:
        refunds.setdefault(refund.customer_id, []).append(refund)
    people = [company.customer(i) for i in refunds if is_only_name(company, company.customer(i))]
    rng.shuffle(people)
    people.sort(key=lambda c: -len(refunds[c.id]))
    for customer in by_turns(people, lambda c: c.store_credit_cents > 0):
        yield _credit_draft(desk, customer, refunds[customer.id], rng)


def _credit_draft(
    desk: Desk[Company], customer: Customer, refunds: list[Refund], rng: Random
) -> Draft:
    session = desk.session()
    found_customer(session, customer)
    session.call("search_refunds", customer_id=customer.id, limit=50)
    as_credit = sum(refund.destination == "store_credit" for refund in refunds)
    back = len(refunds) - as_credit
    balance = money(customer.store_credit_cents)
    return Draft(
        title=f"Store credit of {customer.name}",
        keys=(customer.id,),
        slots={"customer": customer.name, "mail": customer.email},
        calls=session.calls,
        response=f"{customer.name} ({customer.id}) has {balance} of store credit. "
        f"{counted(as_credit, 'refund')} went to store credit. {counted(back, 'refund')} went to "
        "the original payment.",
        criteria=(
            pairs("balance", f"Says that the store credit is {balance}.", "credit", balance),
            says_any("customer", f"Names {customer.name}.", customer.name),
            says_any("id", f"Names the customer's id: {customer.id}.", customer.id),
            _says_way("as-credit", as_credit, "store credit", r"(?:store )?credit"),
            _says_way("original", back, "the original payment", r"original|payment|card"),
            changes_nothing(),
        ),
        requester=requester(asked_by(desk.model, rng, "support", "returns", "billing")),
    )


def _says_way(key: str, num: int, way: str, pattern: str) -> Criterion:
    count = count_pattern(num)
    gap = r"(?:(?![.;\n]|\d|\bnone\b|\bno\b)[\s\S]){0,40}?"
    text = f"Says how many refunds went to {way}: {num}."
    return says_matching(key, text, rf"(?:{count}){gap}(?:{pattern})|(?:{pattern}){gap}(?:{count})")


STORE_CREDIT: Scenario[Company] = Scenario(
    name="store-credit",
    category=Category.INFORMATION_RETRIEVAL,
    difficulty=Difficulty.EASY,
    system_prompt=RETURNS_DESK,
    intent="Know what {customer} can spend as store credit and where refunds went.",
    phrasings=_CREDIT_PHRASINGS,
    details=_CREDIT_DETAILS,
    drafts=_credit_drafts,
    num_tasks=16,
)
