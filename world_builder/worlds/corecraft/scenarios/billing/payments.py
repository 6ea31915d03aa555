"""The scenarios `payment-trouble` and `payment-email`: attempts that failed, and what they mean."""

from collections.abc import Iterator
from random import Random

from world_builder.expressions import money
from world_builder.rubrics import Criterion
from world_builder.tasks import Category, Difficulty
from world_builder.templates import Desk, Draft, Scenario
from world_builder.templates.criteria import (
    changes_nothing,
    greets,
    is_email,
    says_all,
    says_amount,
    says_any,
    says_date,
    says_how_many,
    says_matching,
    says_right_not_wrong,
    signs_off,
)
from world_builder.worlds.corecraft.company import Company, Order, Payment
from world_builder.worlds.corecraft.policies import ORDER_DESK
from world_builder.worlds.corecraft.scenarios.cases import by_turns
from world_builder.worlds.corecraft.scenarios.common import (
    asked_by,
    counted,
    found_customer,
    is_only_name,
    listed,
    requester,
    spoken_day,
)

_SIGNATURE = "CoreCraft Support"
_ATTEMPT = "fail|declin|attempt|reject|tr(?:y|ies)|unsuccessful"
_REASONS = {
    "card declined by the bank": (
        r"declined by (?:the|your|their) bank|bank (?:declined|refused)",
        r"not declined",
    ),
    "insufficient funds": (r"insufficient|not enough (?:money|funds)", r"(?<!in)sufficient"),
    "security code does not match": (r"security code|cvc|cvv", r"code (?:does match|matche[sd])"),
    "3-D Secure was not confirmed": (r"3-?d[ -]?secure|3ds", r"secure (?:was|is) confirmed"),
    "card expired": (r"expired", r"not expired|still active"),
}
"""By reason of a failure: what names it in an answer, and what turns it round."""


def _attempts(company: Company, order: Order) -> list[Payment]:
    return [p for p in company.payments_of(order.id) if p.status == "failed"]


def _paid(company: Company, order: Order) -> Payment | None:
    """The payment that counts; None while every attempt has failed."""
    return next((p for p in company.payments_of(order.id) if p.status != "failed"), None)


def _troubled(company: Company, rng: Random) -> list[Order]:
    """Orders with a failed attempt: unpaid ones, one attempt, two attempts by turns."""
    orders = [
        order
        for order in company.orders
        if _attempts(company, order) and is_only_name(company, company.customer(order.customer_id))
    ]
    rng.shuffle(orders)
    orders.sort(key=lambda order: _paid(company, order) is not None)
    return by_turns(orders, lambda o: (len(_attempts(company, o)), _paid(company, o) is None))


def _says_reasons(failed: list[Payment]) -> Iterator[Criterion]:
    for i, reason in enumerate(sorted({str(payment.failure_reason) for payment in failed}), 1):
        yield says_right_not_wrong(f"reason-{i}", f"Gives the reason: {reason}.", *_REASONS[reason])


_TROUBLE_PHRASINGS = (
    "{customer} had trouble paying {order}. How many attempts failed, for which reason (or "
    "reasons), and is the order paid by now? If so, when and with which payment?",
    "Payment history of {order} please ({customer}): failed tries and why, and how it stands now "
    "incl. the id of the payment that counts.",
    "what went wrong with the payment for {order}? customer {customer}. number of failed attempts, "
    "bank's reasons, paid in the end or not, payment id + day if yes",
    "Before I ring {customer} back about {order}: tell me what the bank answered on each failed "
    "try, how many there were, and whether money has come in since (day, payment id).",
    "{order} / {customer}. Declines: count, reasons. Paid since? Which payment, which day?",
    "I see red lines on {order} of {customer} but the screen is cut off. Which reasons do the "
    "failed payments carry, how many of them are there, and what is the state of things today?",
    "{customer} swears the card is fine. What do our records say for {order}? I'd like the count "
    "of failures, the reasons given, and whether a later payment went through (id and day).",
    "Please explain the money side of {order} to me. The customer, {customer}, only says that 'it "
    "didn't work'. How often did it not work, why, and did it work later - when, under which "
    "payment id?",
    "A quick look into payments for {order} ({customer}): was anything captured in the end, and "
    "what stopped the tries before it? Number of them too.",
)
_TROUBLE_DETAILS = (
    "I don't need card numbers.",
    "They are on hold, well, not really, but soon.",
    "It is about that one order only.",
    "Our bank's portal shows me nothing.",
)


def _trouble_drafts(desk: Desk[Company]) -> Iterator[Draft]:
    rng = desk.random("payment-trouble")
    for order in _troubled(desk.model, rng):
        yield _trouble_draft(desk, order, rng)


def _trouble_draft(desk: Desk[Company], order: Order, rng: Random) -> Draft:
    company = desk.model
    customer = company.customer(order.customer_id)
    failed, paid = _attempts(company, order), _paid(company, order)
    session = desk.session()
    found_customer(session, customer)
    session.call("search_payments", order_id=order.id)
    reasons = sorted({str(payment.failure_reason) for payment in failed})
    state, judged = _state(order, paid)
    return Draft(
        title=f"Failed payments of {order.id}",
        keys=(order.id,),
        slots={"order": order.id, "customer": customer.name},
        calls=session.calls,
        response=f"{counted(len(failed), 'attempt')} failed for {order.id}: "
        f"{listed(reasons)}. {state}",
        criteria=(
            says_how_many(
                "failed", f"Says how many attempts failed: {len(failed)}.", len(failed), _ATTEMPT
            ),
            *_says_reasons(failed),
            says_any("order", f"Names the order: {order.id}.", order.id),
            *judged,
            changes_nothing(),
        ),
        requester=requester(asked_by(company, rng, "support", "billing")),
    )


def _state(order: Order, paid: Payment | None) -> tuple[str, tuple[Criterion, ...]]:
    if paid is None:
        return (
            f"{order.id} is not paid: no payment has gone through.",
            (
                says_right_not_wrong(
                    "state", "Says that the order is not paid.",
                    r"\bunpaid|not (?:yet )?(?:been )?paid|no payment|n['’]t (?:been )?paid|still "
                    r"(?:open|due|to come|owed|outstanding)", r"\b(?:is|was|has been) paid\b",
                ),
                says_matching("none", "Says that no payment has gone through.",
                              r"no (?:\w+ )?payment|none|not a single|nothing (?:was|has been)"),
            ),
        )  # fmt: skip
    day = spoken_day(paid.created_at)
    return (
        f"The order is paid: {paid.id} went through on {day}.",
        (
            says_right_not_wrong(
                "state", "Says that the order is paid.",
                r"\bpaid\b|went through|captured|came in|succeeded",
                r"\bunpaid|\bnot (?:yet )?paid",
            ),
            says_any("payment", f"Names the payment that counts: {paid.id}.", paid.id),
            says_date("day", "the day on which it was paid", paid.created_at.date().isoformat()),
        ),
    )  # fmt: skip


PAYMENT_TROUBLE: Scenario[Company] = Scenario(
    name="payment-trouble",
    category=Category.INFORMATION_RETRIEVAL,
    difficulty=Difficulty.EASY,
    system_prompt=ORDER_DESK,
    intent="Know why paying {order} failed, and whether money has come in.",
    phrasings=_TROUBLE_PHRASINGS,
    details=_TROUBLE_DETAILS,
    drafts=_trouble_drafts,
    num_tasks=18,
)

_EMAIL_PHRASINGS = (
    "Please write {customer} an e-mail about the failed payment for {order}: the bank's reason, "
    "the last four digits of the card that was refused, whether anything was charged, and what "
    "happens next.",
    "mail to {customer} re {order}: card was declined - which card (last 4), why, is the order "
    "paid now or not, next step. support signature",
    "{customer} asks if {order} was charged twice because a try failed. Put the facts into a calm "
    "e-mail: what failed on which card and why, what was charged in all, and their next step.",
    "Draft something I can send to {customer}. On {order} a payment failed; they should learn the "
    "reason, the card's last digits, the amount charged (if any) and what to do.",
    "An e-mail for the customer of {order}, {customer}, please. Subject is the payment that did "
    "not work: reason, last four of that card, what has been charged so far, what comes next.",
    "{order}: tell {customer} by mail why the payment failed and on which card (last four only!), "
    "what we have actually charged and how it goes on.",
    "Could you answer {customer} in writing? It's the payment of {order}. They want to know why "
    "the bank said no, to which card, how much left their account in the end, and whether they "
    "must do anything.",
    "I owe {customer} an e-mail on {order}. Content: failed attempt, reason, card ending in what, "
    "sum charged, next step. Warm but brief.",
    "Write to {customer}: payment for {order}, what the bank told us, for which card, and where "
    "that leaves the order - money taken or not - plus the next step.",
)
_EMAIL_DETAILS = (
    "No lecture about cards, please.",
    "They were a little embarrassed on the phone.",
    "Greet by first name, as always.",
    "Keep it under 110 words.",
)


def _email_drafts(desk: Desk[Company]) -> Iterator[Draft]:
    rng = desk.random("payment-email")
    for order in _troubled(desk.model, rng):
        if len(_attempts(desk.model, order)) == 1:
            yield _email_draft(desk, order, rng)


def _email_draft(desk: Desk[Company], order: Order, rng: Random) -> Draft:
    company = desk.model
    customer = company.customer(order.customer_id)
    (failed,), paid = _attempts(company, order), _paid(company, order)
    session = desk.session()
    found_customer(session, customer)
    session.call("get_order", id=order.id)
    total = money(order.total_cents)
    if paid is None:
        told = "Nothing has been charged, and the order waits for its payment."
        step = "Please try again with this or another card whenever it suits you."
        judged: tuple[Criterion, ...] = (
            says_matching("charged", "Says that nothing has been charged.",
                          r"nothing (?:has been|was) (?:charged|taken)|not been charged|no money"
                          r"|no charge|n['’]t been charged"),
            says_matching("next-step", "Asks to pay again.", r"try (?:it |to pay )?again|once more"
                          r"|another (?:card|try)|pay again|retry"),
        )  # fmt: skip
    else:
        told = f"After that the payment went through: {total} has been charged once."
        step = "You need to do nothing more."
        judged = (
            says_amount("amount", "what was charged", order.total_cents),
            says_matching("charged", "Says that it was charged once.",
                          r"\bonce\b|only (?:one|a single)|\bone (?:payment|charge)|not twice"),
            says_matching("next-step", "Says that nothing is left to do.",
                          r"nothing (?:more|else|further|to do|is left)|no (?:further )?action"
                          r"|need (?:to )?do nothing|do(?:n['’]t| not) (?:need|have) to do"),
        )  # fmt: skip
    return Draft(
        title=f"E-mail to {customer.name} about the payment of {order.id}",
        keys=(order.id,),
        slots={"order": order.id, "customer": customer.name},
        calls=session.calls,
        response=f"Hello {customer.first_name},\n\nthe payment for {order.id} failed on the card "
        f"ending in {failed.card_last4}; the bank's reason was: {failed.failure_reason}. {told} "
        f"{step}\n\nBest regards,\n{_SIGNATURE}",
        criteria=(
            is_email(130),
            greets(customer.first_name),
            says_any("order", f"Names the order: {order.id}.", order.id),
            says_all("card", f"Gives the last four digits: {failed.card_last4}.",
                     str(failed.card_last4)),
            *_says_reasons([failed]),
            *judged,
            signs_off(_SIGNATURE),
            changes_nothing(),
        ),
        requester=requester(asked_by(company, rng, "support", "billing")),
    )  # fmt: skip


PAYMENT_EMAIL: Scenario[Company] = Scenario(
    name="payment-email",
    category=Category.COMMUNICATION,
    difficulty=Difficulty.EASY,
    system_prompt=ORDER_DESK,
    intent="{customer} understands why the payment of {order} failed and what was charged.",
    phrasings=_EMAIL_PHRASINGS,
    details=_EMAIL_DETAILS,
    drafts=_email_drafts,
    num_tasks=18,
)
