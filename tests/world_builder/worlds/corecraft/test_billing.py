"""Rubrics about money and rules: other right wordings pass, plausible mistakes do not."""

import re

import pytest

from tests.world_builder.worlds.corecraft.answers import answer_of, first, ids_in, tasks_of, unmet
from tests.world_builder.worlds.corecraft.company import company
from world_builder.templates import Scenario
from world_builder.worlds.corecraft.company import Company
from world_builder.worlds.corecraft.scenarios.billing import (
    COMPANY_STATEMENT,
    GOODWILL,
    LOYALTY_WHAT_IF,
    PAYMENT_EMAIL,
    PAYMENT_TROUBLE,
    REFUND_LIMIT,
    REFUND_REPORT,
    REFUNDABLE_REST,
    RULE_CHECK,
    RULE_EMAIL,
    SCENARIOS,
    STORE_CREDIT,
    WHO_DECIDES,
)


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
def test_there_are_as_many_tasks_as_wanted(scenario: Scenario[Company]) -> None:
    assert len(tasks_of(scenario)) == scenario.num_tasks


def test_payment_trouble_wants_every_reason_and_the_state() -> None:
    tasks = tasks_of(PAYMENT_TROUBLE)
    unpaid, paid = first(tasks, "is not paid"), first(tasks, "is paid: ")
    told = answer_of(unpaid)
    assert not unmet(unpaid, told.replace("is not paid", "remains unpaid"))
    assert "state" in unmet(unpaid, told.replace("is not paid", "is paid"))
    told = answer_of(paid)
    (pay,) = ids_in(told, "pay")
    assert unmet(paid, told.replace(pay, "the card payment")) == {"payment"}


def test_payment_emails_show_no_more_of_a_card_than_its_end() -> None:
    task = tasks_of(PAYMENT_EMAIL)[0]
    told = answer_of(task)
    last4 = re.search(r"ending in (\d{4})", told)
    assert last4
    assert not unmet(task, told.replace("on the card ending in", "with the card that ends in"))
    assert unmet(task, told.replace(last4[1], "1111")) == {"card"}


def test_money_that_is_left_decides_a_refund() -> None:
    tasks = tasks_of(REFUNDABLE_REST)
    kinds = [answer_of(task).split(",")[0] for task in tasks]
    assert min(kinds.count("Yes"), kinds.count("No")) >= 5
    no = first(tasks, "more than what is left")
    told = answer_of(no).replace("No, ", "Yes, ").replace("cannot go back", "can go back")
    assert "decision" in unmet(no, told)
    assert any("disputed" in answer_of(task) for task in tasks)


def test_limits_name_only_who_is_in_and_may() -> None:
    tasks = tasks_of(REFUND_LIMIT)
    task = first(tasks, "Marguerite Haldane (up to")
    away = next(e for e in company().employees if e.out_of_office and e.team == "support")
    assert away.name not in answer_of(task)
    assert "only-able" in unmet(task, f"{answer_of(task)} Or ask {away.name}.")
    at_the_limit = first(tasks, "leaves $0.00")
    told = answer_of(at_the_limit)
    assert not unmet(at_the_limit, told.replace("You can approve", "Yes, you may approve"))
    assert "decision" in unmet(at_the_limit, told.replace("You can", "You cannot"))


def test_reports_add_up_by_reason() -> None:
    for task in tasks_of(REFUND_REPORT):
        told = answer_of(task)
        amounts = re.findall(r"\| \$([\d,]+\.\d\d) \|", told)
        total = re.search(r"In all \d+ refunds?, \$([\d,]+\.\d\d)", told)
        assert total
        cents = [int(re.sub(r"\D", "", amount)) for amount in amounts]
        assert sum(cents) == int(re.sub(r"\D", "", total[1]))
    assert "table" in unmet(task, told.replace("|", " "))


def test_store_credit_ties_each_count_to_its_way() -> None:
    for task in tasks_of(STORE_CREDIT):
        told = answer_of(task)
        numbers = re.findall(r"(\d+) refunds? went", told)
        assert len(numbers) == 2
        if numbers[0] == numbers[1]:
            continue
        one, other = (f"{n} refund{'s' * (n != '1')} went" for n in numbers)
        swapped = told.replace(one, "X").replace(other, one).replace("X", other)
        assert {"as-credit", "original"} <= unmet(task, swapped)


def test_old_rules_are_denied_and_current_ones_confirmed() -> None:
    tasks = tasks_of(RULE_CHECK)
    true = [task for task in tasks if answer_of(task).startswith("That still holds")]
    assert 5 <= len(true) <= 15
    told = answer_of(true[0])
    assert not unmet(true[0], told.replace("That still holds", "Yes, this is current"))
    assert "verdict" in unmet(true[0], told.replace("That still holds", "That no longer holds"))
    old = first(tasks, "agents approve up to $150.00")
    assert "rule" in unmet(old, answer_of(old).replace("$150.00", "$100.00"))


def test_rule_emails_speak_of_one_tier() -> None:
    tasks = tasks_of(RULE_EMAIL)
    tiers = {re.search(r"our (\w+) tier", answer_of(task))[1] for task in tasks}  # type: ignore[index]
    assert tiers == {"standard", "silver", "gold", "platinum"}
    task = first(tasks, "our standard tier")
    told = answer_of(task).replace("If anything", "As platinum you would pay less. If anything")
    assert unmet(task, told) == {"own-tier-only"}


def test_what_if_compares_with_what_was_charged() -> None:
    for task in tasks_of(LOYALTY_WHAT_IF):
        amounts = re.findall(r"\$([\d,]+\.\d\d)", answer_of(task))
        total, *_, saved, charged = (int(re.sub(r"\D", "", amount)) for amount in amounts)
        assert charged - saved == total
        assert saved > 0


def test_who_decides_covers_present_away_and_gone() -> None:
    tasks = tasks_of(WHO_DECIDES)
    told = [answer_of(task) for task in tasks]
    assert all(any(part in t for t in told) for part in ("at work", "is away", "no longer works"))
    away = first(tasks, "is away")
    assert "presence" in unmet(away, answer_of(away).replace("is away until", "is in until"))


def test_goodwill_is_given_once_and_within_its_limit() -> None:
    tasks = tasks_of(GOODWILL)
    given, refused = first(tasks, "gives $"), first(tasks, "at most $25.00")
    assert {"booked", "payment"} <= unmet(given, answer_of(given), calls=())
    claim = answer_of(refused).replace("cannot be given", "was given")
    assert "decision" in unmet(refused, claim)
    assert any("already given once" in answer_of(task) for task in tasks)


def test_statements_leave_out_what_does_not_belong() -> None:
    tasks = tasks_of(COMPANY_STATEMENT)
    task = next(t for t in tasks if any(c.id == "only-these" for c in t.rubric.criteria))
    check = next(c.check for c in task.rubric.criteria if c.id == "only-these")
    assert check is not None
    stray = check.texts[0]  # type: ignore[union-attr]
    assert "only-these" in unmet(task, f"{answer_of(task)} {stray} was left out.")
    told = answer_of(task).replace("so the net is", "which leaves a balance of")
    assert not unmet(task, told)
