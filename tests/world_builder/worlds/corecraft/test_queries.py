"""Rubrics of the scenarios on the generic surface."""

import re

import pytest

from tests.world_builder.worlds.corecraft.answers import answer_of, first, tasks_of, unmet
from world_builder.templates import Scenario
from world_builder.worlds.corecraft.company import Company
from world_builder.worlds.corecraft.scenarios.queries import (
    QUERY_APPROVALS,
    QUERY_ARTICLE_TRAIL,
    QUERY_ASSIGN,
    QUERY_DECISION,
    QUERY_ORDER_TRAIL,
    QUERY_REFUND_EMAIL,
    SCENARIOS,
)


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
def test_they_are_unseen_and_use_generic_tools_only(scenario: Scenario[Company]) -> None:
    tasks = tasks_of(scenario)
    tools = {c.tool for t in tasks if t.reference_solution for c in t.reference_solution.calls}
    assert scenario.is_unseen
    assert len(tasks) == scenario.num_tasks
    assert {task.tool_surface for task in tasks} == {"generic"}
    assert tools <= {"describe_type", "get_record", "find_records", "search_records",
                     "update_ticket"}  # fmt: skip


def test_the_trail_counts_failed_payments_and_parcels() -> None:
    tasks = tasks_of(QUERY_ORDER_TRAIL)
    clean = first(tasks, "with no failed payment")
    told = answer_of(clean)
    assert not unmet(clean, told.replace("with no failed payment", "and none failed before it"))
    assert unmet(clean, told.replace("no failed payment", "2 failed payments")) == {"failed"}
    two = first(tasks, "in 2 parcels")
    assert not unmet(two, answer_of(two).replace("in 2 parcels", "as two separate packages"))


def test_approvals_are_counted_from_the_day() -> None:
    task = tasks_of(QUERY_APPROVALS)[0]
    told = answer_of(task)
    number = re.search(r"approved (\d+) refunds", told)
    assert number
    wrong = told.replace(number[0], f"approved {int(number[1]) + 1} refunds")
    assert unmet(task, wrong) == {"count"}
    assert "verdict" in unmet(task, told.replace("and no refund is above it", "once exceeded"))


def test_old_articles_are_not_called_current() -> None:
    task = tasks_of(QUERY_ARTICLE_TRAIL)[0]
    told = answer_of(task).replace("No, ", "Yes, ").replace("is deprecated and no longer", "still")
    assert {"denied", "verdict"} <= unmet(task, told)


def test_only_a_lead_s_word_decides() -> None:
    tasks = tasks_of(QUERY_DECISION)
    kinds = [answer_of(task).split(",")[0] for task in tasks]
    assert min(kinds.count("Yes"), kinds.count("No")) >= 4
    no = first(tasks, "No, ")
    flipped = answer_of(no).replace("No, it cannot", "Yes, it can")
    assert "verdict" in unmet(no, flipped)


def test_refund_emails_keep_our_numbers_inside() -> None:
    task = tasks_of(QUERY_REFUND_EMAIL)[0]
    refund = next(c for c in task.rubric.criteria if c.id == "internal").check
    assert refund is not None
    leak = answer_of(task).replace("your refund", f"your refund {refund.texts[0]}")  # type: ignore[union-attr]
    assert unmet(task, leak) == {"internal"}


def test_tickets_are_handed_to_who_is_there() -> None:
    tasks = tasks_of(QUERY_ASSIGN)
    done, away, left = (
        first(tasks, part) for part in ("is now with", "is away until", "no longer works here")
    )
    assert {"assignee", "priority", "note"} <= unmet(done, answer_of(done), calls=())
    assert "until" in unmet(away, re.sub(r" until \d{4}-\d\d-\d\d", "", answer_of(away)))
    assert "decision" in unmet(left, answer_of(left).replace("cannot go", "can go"))
