"""Scenarios that carry tickets on: what must be done, what must be left, and how it is told."""

import re
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from tests.world_builder.worlds.corecraft.answers import answer_of, bench, tasks_of
from tests.world_builder.worlds.corecraft.company import company
from world_builder.checking import CheckContext, check_rubric
from world_builder.frozen import Json
from world_builder.rubrics import VerdictValue
from world_builder.tasks import ReferenceSolution, Task
from world_builder.tools import ToolCall
from world_builder.workbench import reference_of
from world_builder.worlds.corecraft.company import Ticket
from world_builder.worlds.corecraft.reckoning.tickets import (
    away_until,
    covering,
    hours_open,
    open_escalation,
    reopening,
    tier_2_obstacles,
)
from world_builder.worlds.corecraft.rules import NOW
from world_builder.worlds.corecraft.scenarios.tickets.closing import CLOSE_WITH_INFORMATION
from world_builder.worlds.corecraft.scenarios.tickets.reassign import REASSIGN_ABSENT
from world_builder.worlds.corecraft.scenarios.tickets.reopen import REOPEN_TICKET
from world_builder.worlds.corecraft.scenarios.tickets.safety import SAFETY_REPORT
from world_builder.worlds.corecraft.scenarios.tickets.stale import STALE_TICKET

TICKET = re.compile(r"tick-\d{6}-\d{3}")


def ticket_of(task: Task) -> Ticket:
    found = TICKET.search(task.title)
    assert found is not None
    return company().ticket(found[0])


def acts(task: Task) -> bool:
    """Whether the reference changes anything."""
    return any(bench().writes(call) for call in reference_of(task).calls)


def unmet(task: Task, response: str, calls: tuple[ToolCall, ...]) -> set[str]:
    """Ids of the criteria that an answer after these calls misses."""
    solution = ReferenceSolution(response=response, calls=calls)
    trajectory = bench().run(task, solution)
    assert not any(call.is_error for call in trajectory.calls)
    verdicts, left = check_rubric(CheckContext(task=task, trajectory=trajectory, base=bench().base))
    assert not left
    return {v.criterion_id for v in verdicts if v.value is not VerdictValue.MET}


def made(tool: str, **arguments: Json) -> ToolCall:
    return ToolCall(tool=tool, arguments=arguments)


def altered(task: Task, tool: str, **values: Json) -> tuple[ToolCall, ...]:
    """The reference's calls with other arguments for one tool."""
    return tuple(
        ToolCall(tool=tool, arguments={**call.arguments, **values}) if call.tool == tool else call
        for call in reference_of(task).calls
    )


def split(tasks: tuple[Task, ...]) -> tuple[list[Task], list[Task]]:
    """The tasks that end in a change and the others; each at least a third."""
    done = [task for task in tasks if acts(task)]
    left = [task for task in tasks if not acts(task)]
    assert min(len(done), len(left)) * 3 >= len(tasks)
    return done, left


def test_what_is_due_for_tier_2_is_worked_out_from_four_conditions() -> None:
    done, left = split(tasks_of(STALE_TICKET))
    assert all(tier_2_obstacles(company(), ticket_of(task)) == () for task in done)
    reasons = {tier_2_obstacles(company(), ticket_of(task)) for task in left}
    assert reasons == {("ended",), ("escalated",), ("priority",), ("age",)}
    young = [t for t in map(ticket_of, left) if tier_2_obstacles(company(), t) == ("age",)]
    assert max(hours_open(company(), ticket) for ticket in young) > 60


def test_a_due_ticket_is_escalated_with_age_and_priority() -> None:
    for task in split(tasks_of(STALE_TICKET))[0]:
        ticket = ticket_of(task)
        hours = hours_open(company(), ticket)
        told = (
            f"Done: {ticket.id} has been escalated to tier_2. Priority {ticket.priority}, created "
            f"{hours:.1f} hours ago. It is now on Ibrahim Khoury's desk; due 9/16/2025."
        )
        since = f"{ticket.priority} priority ticket, open since {ticket.created_at:%B %d}"
        assert unmet(task, told, altered(task, "create_escalation", reason=since)) == set()
        vague = altered(task, "create_escalation", reason="Customer is waiting.")
        assert unmet(task, told, vague) == {"reason"}
        higher = altered(task, "create_escalation", level="manager")
        assert "escalation" in unmet(task, told, higher)
        assert {"escalation", "reason", "status"} <= unmet(task, told, ())


def test_a_ticket_that_is_not_due_stays_and_the_reason_is_told() -> None:
    for task in split(tasks_of(STALE_TICKET))[1]:
        ticket = ticket_of(task)
        (obstacle,) = tier_2_obstacles(company(), ticket)
        why = {
            "ended": f"the ticket has been {ticket.status} already",
            "escalated": "there is an open escalation already",
            "priority": f"the rule is for high and urgent only, this one has {ticket.priority} "
            "priority",
            "age": "72 hours have not passed; that will be the case on "
            f"{ticket.created_at + timedelta(hours=72):%Y-%m-%d}",
        }[obstacle]
        told = (
            f"{ticket.id} does not qualify: {why}. Priority: {ticket.priority}. Age: "
            f"{int(hours_open(company(), ticket))} h. Nothing was changed."
        )
        assert unmet(task, told, ()) == set(), told
        claimed = f"Yes, I escalated {told}"
        assert "told" in unmet(task, claimed, ())
        for other in {"ended", "escalated", "priority"} - {obstacle}:
            wrong = {
                "ended": "it is over",
                "escalated": "someone has it",
                "priority": "of its rank",
            }
            assert "reason" in unmet(task, told.replace(why, wrong[other]), ())


def test_dangers_reach_the_safety_officer_with_a_reply() -> None:
    done, left = split(tasks_of(SAFETY_REPORT))
    told = (
        "It is a safety case. Priority is urgent now, Darius Vandermeer has the escalation, due at "
        "4 pm, and the customer has a reply."
    )
    reply = (
        "Please disconnect it from the wall and do not throw it away. We will phone you within the "
        "next 2 hours."
    )
    for task in done:
        assert unmet(task, told, altered(task, "update_ticket", reply=reply)) == set()
        silent = reply.replace("and do not throw it away", "and relax")
        assert unmet(task, told, altered(task, "update_ticket", reply=silent)) == {"reply-keep"}
        slow = reply.replace("2 hours", "2 days")
        assert unmet(task, told, altered(task, "update_ticket", reply=slow)) == {"reply-call"}
        assert "ticket" in unmet(task, told, altered(task, "update_ticket", priority="high"))
        level = altered(task, "create_escalation", level="tier_2")
        assert "escalation" in unmet(task, told, level)
    known = [task for task in left if open_escalation(company(), ticket_of(task)) is not None]
    assert 2 <= len(known) < len(left)


def test_what_is_harmless_or_known_stays_as_it_is() -> None:
    for task in split(tasks_of(SAFETY_REPORT))[1]:
        ticket = ticket_of(task)
        escalation = open_escalation(company(), ticket)
        if escalation is None:
            told = f"Not a safety case. {answer_of(task).partition('.')[2]}"
            assert unmet(task, told, ()) == set()
            assert "decision" in unmet(task, f"Yes. {told}", ())
        else:
            told = (
                f"Already with safety: {escalation.id}, Darius Vandermeer, due "
                f"{escalation.due_at:%d %B}."
            )
            assert unmet(task, told, ()) == set()
        note = made("update_ticket", id=ticket.id, priority="urgent", employee_id="emp-004")
        assert "no-change" in unmet(task, told, (note,))


def test_tickets_go_to_people_who_are_there() -> None:
    done, left = split(tasks_of(REASSIGN_ABSENT))
    for task in done:
        moved = [c for c in reference_of(task).calls if c.tool == "update_ticket"]
        ids = [str(call.arguments["id"]) for call in moved]
        target = company().employee(str(moved[0].arguments["assignee_id"]))
        told = f"{target.name} now has these {len(ids)} tickets:\n" + "\n".join(
            f"- {i}" for i in ids
        )
        assert unmet(task, told, reference_of(task).calls) == set()
        assert "ticket-1" in unmet(task, told, reference_of(task).calls[: -len(moved)])
        assert unmet(task, f"I could not move them. {told}", reference_of(task).calls) == {"told"}
        away = altered(task, "update_ticket", assignee_id="emp-038")
        assert {f"ticket-{i}" for i in range(1, len(ids) + 1)} <= unmet(task, told, away)
    assert {len([c for c in reference_of(t).calls if c.tool == "update_ticket"]) for t in done} > {
        2,
        3,
    }
    for task in left:
        ids = TICKET.findall(answer_of(task))
        assert len(ids) == len(set(ids)) > 0


def test_a_refused_handover_names_the_absence_and_the_cover() -> None:
    kinds = set()
    for task in split(tasks_of(REASSIGN_ABSENT))[1]:
        ids = TICKET.findall(answer_of(task))
        target = next(e for e in company().employees if task.title.endswith(e.name))
        until, cover = away_until(target), covering(company(), target)
        kinds.add(until is None)
        why = f"{target.name} has left the company"
        if until is not None and cover is not None:
            why = f"{target.name} is out of office until {until:%B %d} ({cover.name} covers)"
        told = f"Not moved: {why}. Affected, {len(ids)} in all: {', '.join(ids)}."
        assert unmet(task, told, ()) == set(), told
        if cover is not None:
            assert unmet(task, told.replace(cover.name, "Nobody"), ()) == {"cover"}
        move = made("update_ticket", id=ids[0], assignee_id="emp-004", employee_id="emp-002")
        assert "no-change" in unmet(task, told, (move,))
    assert kinds == {True, False}


def test_tickets_open_again_only_within_their_days() -> None:
    done, left = split(tasks_of(REOPEN_TICKET))
    for task in done:
        ticket = ticket_of(task)
        ruling = reopening(company(), ticket)
        assert ruling.problem is None
        assignee = company().employee(ticket.assignee_id or "")
        told = (
            f"Reopened. Last change: {ticket.updated_at:%Y-%m-%d}; possible until "
            f"{ruling.last_day:%b %d}. {assignee.name} looks after it."
        )
        assert unmet(task, told, reference_of(task).calls) == set(), told
        mute = altered(task, "update_ticket", reply="We have received your message.")
        assert {"reply", "reply-point"} & unmet(task, told, mute)
        assert "status" in unmet(
            task, told, altered(task, "update_ticket", status="pending_customer")
        )
    assert (
        min(abs((NOW.date() - reopening(company(), ticket_of(t)).last_day).days) for t in done) < 2
    )
    assert {reopening(company(), ticket_of(task)).problem for task in left} == {
        "closed",
        "too_late",
    }
    for task in left:
        ticket = ticket_of(task)
        why = "closed is closed" if ticket.status == "closed" else "14 days have passed"
        told = (
            f"This one can't be reopened: {why}. Last change: {ticket.updated_at:%b %d, %Y}. "
            "A new ticket has to be made for the customer."
        )
        assert unmet(task, told, ()) == set(), told
        assert "told" in unmet(task, f"I reopened it. {told}", ())


def test_questions_are_answered_before_the_ticket_is_resolved() -> None:
    tasks = tasks_of(CLOSE_WITH_INFORMATION)
    kinds = {task.prompt.count("warranty") > 0 for task in tasks}
    assert kinds == {True, False}
    for task in tasks:
        calls = reference_of(task).calls
        text = str(calls[-2].arguments["reply"])
        told = f"Answered and resolved. The reply was:\n{text}"
        assert unmet(task, told, calls) == set()
        wrong = re.sub(r" (\d{1,2}), ", lambda m: f" {int(m[1]) % 28 + 1}, ", text)
        wrong = wrong.replace("$", "$7")
        if wrong != text:
            assert any(
                key.startswith("reply-")
                for key in unmet(task, told, altered(task, "update_ticket", reply=wrong))
            )
        assert any(key.startswith("reply-") for key in unmet(task, told, (*calls[:-2], calls[-1])))
        assert "ticket" in unmet(task, told, calls[:-1])
        other = altered(task, "create_resolution", kind="no_action")
        assert "resolution" in unmet(task, told, other)


@pytest.mark.parametrize(("hours", "is_due"), [(71.9, False), (72.0, False), (72.1, True)])
def test_seventy_two_hours_are_not_enough(hours: float, is_due: bool) -> None:
    plain: Any = next(
        t for t in company().tickets if t.status == "open" and t.priority == "high"
        and open_escalation(company(), t) is None
    )  # fmt: skip
    ticket = replace(plain, created_at=NOW - timedelta(hours=hours))
    assert (tier_2_obstacles(company(), ticket) == ()) is is_due
