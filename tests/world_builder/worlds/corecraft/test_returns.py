"""Rubrics of the returns desk that are about answers: right wordings pass, mistakes do not."""

import re
from datetime import date

from tests.world_builder.worlds.corecraft.answers import answer_of, first, tasks_of, unmet
from tests.world_builder.worlds.corecraft.company import company
from world_builder.expressions import money
from world_builder.tasks import Task
from world_builder.workbench import reference_of
from world_builder.worlds.corecraft.reckoning.returns import arrived_on
from world_builder.worlds.corecraft.scenarios.returns import (
    DAMAGE_CLAIM,
    REFUND_AMOUNT,
    REFUND_STATUS,
    RETURN_ELIGIBILITY,
    RETURN_LETTER,
    WARRANTY_CLAIM,
    WARRANTY_END,
)

AMOUNT = re.compile(r"\$[\d,]+\.\d\d")
DAY = re.compile(r"[A-Z][a-z]+ \d{1,2}, \d{4}")


def order_id_of(task: Task) -> str:
    """The order that the reference reads."""
    calls = reference_of(task).calls
    return next(str(c.arguments["id"]) for c in calls if c.tool == "get_order")


def share(tasks: tuple[Task, ...], begin: str) -> float:
    """The share of references that begin so."""
    return sum(answer_of(task).startswith(begin) for task in tasks) / len(tasks)


def stated(task: Task, key: str) -> str:
    """The amount that a criterion wants."""
    text = next(c.text for c in task.rubric.criteria if c.id == key)
    found = AMOUNT.search(text)
    assert found
    return found[0]


def with_fee(tasks: tuple[Task, ...]) -> Task:
    return next(t for t in tasks if re.search(r"fee (?:is|of) \$", answer_of(t)))


def test_eligibility_is_granted_as_often_as_refused() -> None:
    tasks = tasks_of(RETURN_ELIGIBILITY)
    assert share(tasks, "Yes") == 0.5
    task = first(tasks, "Yes")
    told = answer_of(task)
    assert not unmet(task, told.replace("Yes, the", "It is still possible: the"))
    assert "decision" in unmet(task, told.replace("Yes,", "No,").replace("can come", "cannot come"))


def test_refund_status_is_told_from_the_record() -> None:
    tasks = tasks_of(REFUND_STATUS)
    refunds = {refund.id: refund for refund in company().refunds}
    seen = set()
    for task in tasks:
        found = re.search(r"rfd-\d{6}-\d{3}", answer_of(task))
        assert found
        refund = refunds[found[0]]
        seen.add(refund.status)
        where = {"store_credit": "as store credit", "original_payment": "to the card they used"}
        told = (
            f"- {refund.id}, order {refund.order_id}\n- status: {refund.status}\n"
            f"- {money(refund.amount_cents)} {where[refund.destination]}\n"
            f"- opened {refund.created_at:%Y-%m-%d}"
        )
        assert not unmet(task, told)
        wrong = "approved" if refund.status != "approved" else "processed"
        assert unmet(task, told.replace(refund.status, wrong)) == {"status"}
    assert seen == {"processed", "approved", "requested", "denied"}


def test_an_approved_refund_may_be_called_not_yet_processed() -> None:
    task = first(tasks_of(REFUND_STATUS), "approved")
    told = answer_of(task)
    assert not unmet(task, told.replace("approved", "approved but not yet processed"))
    assert unmet(task, told.replace("approved", "approved and already processed")) == {"status"}


def test_platinum_warranties_are_a_year_longer() -> None:
    tasks = tasks_of(WARRANTY_END)
    long = 0
    for task in tasks:
        months = re.search(r"(\d+) months", answer_of(task))
        assert months
        customer = company().customer(company().order(order_id_of(task)).customer_id)
        if customer.loyalty_tier == "platinum":
            long += 1
            wrong = answer_of(task).replace(months[0], f"{int(months[1]) - 12} months")
            assert unmet(task, wrong) == {"months"}
    assert long >= 5
    assert share(tasks, "Yes") == 0.5


def test_a_warranty_that_has_not_begun_has_no_end() -> None:
    task = first(tasks_of(WARRANTY_END), "not been delivered")
    told = answer_of(task)
    assert not unmet(task, told.replace("No: the item has", "It does not run, as the parcel has"))
    assert unmet(task, f"{told} It will end on September 20, 2028.") == {"no-end"}


def test_a_warranty_needs_the_year_of_its_end() -> None:
    task = first(tasks_of(WARRANTY_END), "Yes, until")
    told = answer_of(task)
    assert unmet(task, re.sub(r"(until [A-Z][a-z]+ \d+), \d{4}", r"\1", told)) == {"ends"}


def test_claims_have_all_four_remedies() -> None:
    tasks = tasks_of(WARRANTY_CLAIM)
    words = [re.match(r"\w+", answer_of(task)) for task in tasks]
    assert {word[0] for word in words if word} == {"Refund", "Replacement", "Repair", "Nothing"}
    for task, word in zip(tasks, words, strict=True):
        assert word
        other = "Refund" if word[0] != "Refund" else "Replacement"
        assert unmet(task, answer_of(task).replace(word[0], other, 1)) == {"verdict"}


def test_an_accident_is_told_as_such() -> None:
    task = first(tasks_of(WARRANTY_CLAIM), "Nothing")
    told = answer_of(task)
    assert not unmet(task, told.replace("because liquids are not covered", "it was a tea spill"))
    assert unmet(task, told.replace("liquids are not", "liquids are")) == {"reason"}


def test_stock_decides_between_replacement_and_repair() -> None:
    tasks = tasks_of(WARRANTY_CLAIM)
    replaced, repaired = first(tasks, "Replacement"), first(tasks, "Repair")
    told = answer_of(replaced)
    assert not unmet(replaced, told.replace("The product is in stock", "We have 4 on the shelf"))
    assert unmet(replaced, told.replace("is in stock", "is out of stock")) == {"stock"}
    told = answer_of(repaired)
    assert not unmet(repaired, told.replace("The product is out of stock", "None is in stock"))
    assert unmet(repaired, told.replace("is out of stock", "is in stock")) == {"stock"}


def test_damage_counts_from_the_item_s_own_parcel() -> None:
    tasks = tasks_of(DAMAGE_CLAIM)
    assert share(tasks, "Yes") == 0.5
    for task in tasks:
        day = arrived_on(company(), order_id_of(task), product_id_of(task))
        assert day
        told = answer_of(task)
        assert DAY.search(told)
        wrong = told.replace(spoken(day), spoken(date(day.year, day.month, day.day % 27 + 1)))
        assert "arrived" in unmet(task, wrong)


def test_a_second_refund_for_one_item_is_refused_with_the_first() -> None:
    task = first(tasks_of(DAMAGE_CLAIM), "has a refund already")
    told = answer_of(task)
    assert not unmet(task, told.replace("No, it cannot be refunded", "No second refund"))
    assert unmet(task, re.sub(r", rfd-\d{6}-\d{3}", "", told)) == {"earlier"}


def test_amounts_are_told_to_the_cent() -> None:
    tasks = tasks_of(REFUND_AMOUNT)
    refused = [task for task in tasks if "cannot come back" in answer_of(task)]
    assert len(tasks) / 3 <= len(refused) <= len(tasks) * 2 / 3
    task = with_fee(tasks)
    amounts = {stated(task, key) for key in ("refund", "paid", "fee", "left")}
    assert len(amounts) == 4
    for amount in amounts:
        near = money(round(float(amount.strip("$").replace(",", "")) * 100) + 1)
        assert unmet(task, answer_of(task).replace(amount, near))


def test_amounts_may_stand_in_a_table() -> None:
    task = with_fee(tasks_of(REFUND_AMOUNT))
    payment = re.search(r"pay-\d{6}-\d{3}", answer_of(task))
    assert payment
    table = (
        f"| what | amount |\n|---|---|\n| paid | {stated(task, 'paid')} |\n"
        f"| restocking fee | {stated(task, 'fee')} |\n| refund | {stated(task, 'refund')} |\n"
        f"| left on {payment[0]} | {stated(task, 'left')} |"
    )
    assert not unmet(task, table)


def test_nothing_to_refund_may_be_said_in_figures() -> None:
    task = first(tasks_of(REFUND_AMOUNT), "cannot come back")
    told = answer_of(task)
    assert not unmet(task, told.replace("This cannot come back", "The refund is $0.00"))
    assert "decision" in unmet(task, told.replace("cannot come back", "can come back"))


def test_letters_decide_kindly_and_exactly() -> None:
    tasks = tasks_of(RETURN_LETTER)
    granted, late = first(tasks, "You may return"), first(tasks, "Returns were possible")
    assert sum("You may return" in answer_of(task) for task in tasks) == len(tasks) / 2
    told = answer_of(granted)
    assert not unmet(granted, told.replace("You may return", "Of course we take back"))
    assert "decision" in unmet(granted, told.replace("You may return", "You cannot return"))
    assert "greeting" in unmet(granted, told.replace("Hello ", "Hello dear customer, not "))
    told = answer_of(late)
    assert not unmet(late, told.replace("We cannot take back", "Sadly it is too late to return"))
    assert "last-day" in unmet(late, re.sub(r" The last day was [^.]+\.", "", told))


def test_letters_may_say_what_comes_later_or_would_help() -> None:
    tasks = tasks_of(RETURN_LETTER)
    granted, refused = first(tasks, "You may return"), first(tasks, "on clearance")
    later = "which is the last day. Parcels after that day cannot be accepted."
    assert not unmet(granted, answer_of(granted).replace("which is the last day.", later))
    help_ = "Should it be defective within 30 days, you can be refunded; write to us."
    told = answer_of(refused).replace("Should it ever be faulty, write to us at once.", help_)
    assert not unmet(refused, told)


def test_a_window_may_be_called_by_its_length() -> None:
    task = first(tasks_of(REFUND_AMOUNT), "the window of")
    told = re.sub(r"the window of (\d+) days", r"the \1-day window", answer_of(task))
    assert not unmet(task, told)
    assert unmet(task, re.sub(r"the (\d+)-day", "the 14-day", told)) == {"window"}


def product_id_of(task: Task) -> str:
    """The product that the reference reads."""
    calls = reference_of(task).calls
    return next(str(c.arguments["id"]) for c in calls if c.tool == "search_products")


def spoken(day: date) -> str:
    return f"{day:%B} {day.day}, {day.year}"
