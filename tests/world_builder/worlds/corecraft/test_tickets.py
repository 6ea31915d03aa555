"""Scenarios that tell of tickets: right answers in other words pass, plausible mistakes do not."""

import re
from datetime import date, timedelta
from itertools import pairwise

import pytest

from tests.world_builder.worlds.corecraft.answers import answer_of, first, tasks_of, unmet
from tests.world_builder.worlds.corecraft.company import company
from world_builder.tasks import Task
from world_builder.templates import Scenario
from world_builder.worlds.corecraft.company import Company, Employee, Ticket
from world_builder.worlds.corecraft.reckoning.tickets import (
    calendar_days,
    is_at_work,
    is_open,
    open_escalation,
    tickets_by_assignee,
)
from world_builder.worlds.corecraft.rules import NOW
from world_builder.worlds.corecraft.scenarios.tickets.apology import APOLOGY_EMAIL
from world_builder.worlds.corecraft.scenarios.tickets.escalations import ESCALATION_STATUS
from world_builder.worlds.corecraft.scenarios.tickets.handover import HANDOVER_NOTE
from world_builder.worlds.corecraft.scenarios.tickets.load import TICKET_LOAD
from world_builder.worlds.corecraft.scenarios.tickets.open_tickets import OPEN_TICKETS_OF
from world_builder.worlds.corecraft.scenarios.tickets.repeats import REPEAT_CONTACTS
from world_builder.worlds.corecraft.scenarios.tickets.reply_draft import REPLY_DRAFT
from world_builder.worlds.corecraft.scenarios.tickets.summary import TICKET_SUMMARY
from world_builder.worlds.corecraft.scenarios.tickets.weekly import WEEKLY_REPORT

TICKET = re.compile(r"tick-\d{6}-\d{3}")
OTHER_STATUSES = {"pending_customer": "pending customer", "escalated": "**escalated**"}


def ticket_of(task: Task) -> Ticket:
    """The ticket that a task's title or answer names first."""
    found = TICKET.search(f"{task.title} {answer_of(task)}")
    assert found is not None
    return company().ticket(found[0])


def status_of(ticket: Ticket) -> str:
    """The status in another spelling."""
    return OTHER_STATUSES.get(ticket.status, ticket.status)


def us_date(day: date) -> str:
    return f"{day.month}/{day.day}/{day.year}"


def employee_named(name: str) -> Employee:
    return next(e for e in company().employees if e.name == name)


def test_a_summary_may_be_a_card_and_must_be_right() -> None:
    for task in tasks_of(TICKET_SUMMARY):
        ticket = ticket_of(task)
        product = company().product(ticket.product_id).name if ticket.product_id else "none"
        assignee = company().employee(ticket.assignee_id).name if ticket.assignee_id else "nobody"
        last = ticket.messages[-1]
        num = ("one", "two", "three")[len(ticket.messages) - 1]
        card = (
            f"**{ticket.id}**\n- Customer: {company().customer(ticket.customer_id).name}\n"
            f"- Order: {ticket.order_id or 'none'}\n- Product: {product}\n"
            f"- Category: {ticket.category}\n- Status / priority: {status_of(ticket)} / "
            f"{ticket.priority}\n- Assigned to: {assignee}\n"
            f"- Messages: {num}, last by {last.author} ({last.at:%Y-%m-%d %H:%M})"
        )
        fields = card.replace(f"{last.author} (", f"{last.author}\n- Last on: ").rstrip(")")
        assert unmet(task, fields) == set(), fields
        assert unmet(task, card) == set(), card
        day = f"{last.at - timedelta(days=1):%Y-%m-%d}"
        assert unmet(task, card.replace(f"{last.at:%Y-%m-%d}", day)) == {"last-message"}
        assert "product" in unmet(task, card.replace(product, "Vantor Nothing 1"))


def test_an_assignee_is_not_met_by_having_written_last() -> None:
    task = first(tasks_of(TICKET_SUMMARY), "the last by Jonas Lindqvist")
    wrong = re.sub(r"and Jonas Lindqvist has it", "and Theo Merriweather has it", answer_of(task))
    wrong = wrong.replace("Jonas Lindqvist is the assignee", "Theo Merriweather is the assignee")
    assert "assignee" in unmet(task, wrong)


def test_open_tickets_may_be_numbered_and_never_hold_an_ended_one() -> None:
    numbers = set()
    for task in tasks_of(OPEN_TICKETS_OF):
        customer = re.search(r"cust-\d{4}", answer_of(task))
        assert customer is not None
        tickets = company().tickets_of(customer[0])
        waiting = [t for t in tickets if is_open(t)]
        rows = [f"{i}. {t.id} ({t.category}) - {status_of(t)}" for i, t in enumerate(waiting, 1)]
        head = f"Customer {customer[0]}: {len(tickets)} tickets overall, {len(waiting)} still open."
        if not waiting:
            head = f"Customer {customer[0]} has no open tickets; total on file: {len(tickets)}."
        assert unmet(task, "\n".join((head, *rows))) == set(), head
        numbers.add(len(waiting))
        for ended in (t for t in tickets if not is_open(t)):
            also = f"- {ended.id}, {ended.category}, {ended.status}"
            assert "ended" in unmet(task, "\n".join((head, *rows, also)))
    assert 0 in numbers
    assert len(numbers) > 2


def test_a_table_of_escalations_may_hold_more_columns_but_no_more_rows() -> None:
    for task in tasks_of(ESCALATION_STATUS):
        ids = re.findall(r"esc-\d{6}-\d{3}", answer_of(task))
        found = [e for e in company().escalations if e.id in ids]
        rows = [
            f"| {e.id} | {e.ticket_id} | {e.level} | {company().employee(e.assigned_to_id).name} | "
            f"{us_date(e.due_at.date())} {e.due_at:%H:%M} |"
            for e in found
        ]
        table = "\n".join(
            (f"Total: {len(ids)}", "", "| Id | Ticket | Level | With | Due |", "|-|-|-|-|-|", *rows)
        )
        assert unmet(task, table) == set(), table
        other = next(e for e in company().escalations if e.status != "resolved" and e not in found)
        strange = f"\n| {other.id} | {other.ticket_id} | {other.level} | x | 9/1/2025 |"
        assert {"table", "others"} <= unmet(task, table + strange)
        assert "count" in unmet(task, table.replace(f"Total: {len(ids)}", f"Total: {len(ids) + 1}"))


def test_who_has_the_fewest_must_be_at_work() -> None:
    num_absent_emptiest = 0
    waiting = tickets_by_assignee(company())
    for task in tasks_of(TICKET_LOAD):
        rows = re.findall(r"^- (.+): (\d+)$", answer_of(task), re.MULTILINE)
        people = [employee_named(name) for name, _ in rows]
        assert [len(waiting[e.id]) for e in people] == [int(num) for _, num in rows]
        there = [e for e in people if is_at_work(e)]
        chosen = min(there, key=lambda e: len(waiting[e.id]))
        oldest = min((t for e in people for t in waiting[e.id]), key=lambda t: t.created_at)
        owner = company().employee(oldest.assignee_id or "")
        table = ["| Colleague | Open |", "|---|---|", *(f"| {n} | {num} |" for n, num in rows), ""]
        told = [f"{e.first_name} is not at work." for e in people if e not in there]
        last = f"Oldest: {oldest.id} (created {oldest.created_at:%Y-%m-%d}), on {owner.name}'s desk"
        right = "\n".join((*table, f"Next ticket to {chosen.name}.", *told, last))
        assert unmet(task, right) == set(), right
        lines = right.replace(" (created", "\nCreated:").replace("), on", "\nOn")
        assert unmet(task, lines) == set(), lines
        wrong = next((e for e in there if e is not chosen), None)
        if wrong is not None:
            swapped = right.replace(f"to {chosen.name}", f"to {wrong.name}")
            assert "fewest" in unmet(task, swapped)
        num_absent_emptiest += any(len(waiting[e.id]) < len(waiting[chosen.id]) for e in people)
    assert num_absent_emptiest >= 4


def test_a_reply_tells_the_facts_and_nothing_internal() -> None:
    for task in tasks_of(REPLY_DRAFT):
        first_name = company().customer(ticket_of(task).customer_id).first_name
        letter = answer_of(task).replace(f"Hello {first_name},", f"Dear {first_name},")
        letter = re.sub(r"(Best|Kind) regards,", "With best wishes and regards,", letter)
        assert unmet(task, letter) == set()
        assert unmet(task, letter.replace("CoreCraft Support", "Your Jonas")) == {"sign-off"}
        note = letter.replace("\n\nWith", "\n\nThis has priority low with us, says Slack.\n\nWith")
        assert unmet(task, note) == {"nothing-internal"}


@pytest.mark.parametrize(
    ("part", "right", "wrong"),
    [
        ("is approved", "has been approved", "was denied"),
        ("back to the original payment", "back the way you paid", "to a gift card"),
        ("runs until", "is valid through", "has no end; once it was"),
        ("was delivered on", "arrived on", "got lost on"),
    ],
)
def test_a_fact_may_be_worded_otherwise(part: str, right: str, wrong: str) -> None:
    task = first(tasks_of(REPLY_DRAFT), part)
    assert unmet(task, answer_of(task).replace(part, right)) == set()
    if "until" not in part:
        assert unmet(task, answer_of(task).replace(part, wrong))


def test_a_handover_may_be_a_table_and_starts_with_the_oldest() -> None:
    for task in tasks_of(HANDOVER_NOTE):
        names = re.match(r"(.+), these are the tickets of (.+):", answer_of(task))
        assert names is not None
        tickets = [company().ticket(i) for i in TICKET.findall(answer_of(task))]
        rows = [_handover_row(ticket) for ticket in tickets]
        head = ("| Ticket | Customer | Subject | Age (days) | Next |", "|---|---|---|---|---|")
        note = "\n".join((f"Hi {names[1]}, from {names[2]}'s desk:", "", *head, *rows))
        assert unmet(task, note) == set(), note
        turned = "\n".join((f"Hi {names[1]}, from {names[2]}:", "", *head, *reversed(rows)))
        assert unmet(task, turned) == {"order"}
        assert "rows" in unmet(task, note.rpartition("\n")[0])


def _handover_row(ticket: Ticket) -> str:
    escalation = open_escalation(company(), ticket)
    step = "reply to the customer"
    if ticket.status == "pending_customer":
        step = "waiting on customer"
    if escalation is not None:
        step = f"with {company().employee(escalation.assigned_to_id).name}"
    age = calendar_days(ticket.created_at, NOW)
    name = company().customer(ticket.customer_id).name
    return f"| {ticket.id} | {name} | {ticket.subject} | {age} | {step} |"


def test_an_apology_promises_nothing_and_blames_nobody() -> None:
    num_with_others = 0
    for task in tasks_of(APOLOGY_EMAIL):
        ticket = ticket_of(task)
        customer = company().customer(ticket.customer_id)
        escalation = open_escalation(company(), ticket)
        owner = escalation.assigned_to_id if escalation else ticket.assignee_id or ""
        mail = (
            f"Subject: {ticket.id}: our apologies\n\nDear {customer.first_name},\n\nI am sorry for "
            f"the long wait. Your ticket {ticket.id} came in on {ticket.created_at:%d %B %Y}. "
            f"{company().employee(owner).name} is looking after it and will get back to you.\n\n"
            "Best regards,\nCoreCraft Support"
        )
        assert unmet(task, mail) == set(), mail
        for extra, key in (
            ("You will have an answer by Friday.", "no-promise"),
            ("It is the fault of a colleague who forgot it.", "no-blame"),
        ):
            assert unmet(task, mail.replace("\n\nBest", f" {extra}\n\nBest")) == {key}
        others = [t for t in company().tickets_of(customer.id) if is_open(t) and t is not ticket]
        num_with_others += bool(others)
        for other in others:
            assert unmet(task, mail.replace(ticket.id, other.id)) >= {"ticket", "others"}
    assert num_with_others >= 6


def test_repeat_contacts_are_told_at_the_edge_of_the_days() -> None:
    verdicts = []
    for task in tasks_of(REPEAT_CONTACTS):
        tickets = [company().ticket(i) for i in TICKET.findall(answer_of(task))]
        gaps = [calendar_days(a.created_at, b.created_at) for a, b in pairwise(tickets)]
        limit = re.search(r"within (\d+) days?", task.title)
        assert limit is not None
        is_repeat = min(gaps) <= int(limit[1])
        verdicts.append(is_repeat)
        rows = [
            f"| {t.id} | {t.created_at:%b %d, %Y} | {f'{gap} days' if gap else '-'} | {_end(t)} |"
            for t, gap in zip(tickets, (None, *gaps), strict=True)
        ]
        table = ("| Ticket | Created | Gap | End |", "|---|---|---|---|", *rows, "")
        right = "\n".join((*table, f"Verdict: {'yes' if is_repeat else 'no'}"))
        assert unmet(task, right) == set(), right
        wrong = "\n".join((*table, f"Verdict: {'no' if is_repeat else 'yes'}"))
        assert unmet(task, wrong) == {"verdict"}
    assert 4 <= sum(verdicts) <= 8


def _end(ticket: Ticket) -> str:
    if is_open(ticket):
        return f"{status_of(ticket)}, not resolved"
    return company().resolutions_of(ticket.id)[-1].kind


def test_weekly_figures_may_hold_a_row_for_the_total() -> None:
    shares = set()
    for task in tasks_of(WEEKLY_REPORT):
        rows = re.findall(r"^\| (\w+) \| (\d+) \|$", answer_of(task), re.MULTILINE)
        total = sum(int(num) for _, num in rows)
        ended = re.search(r"(\d+) (?:is|are) resolved", answer_of(task))
        assert ended is not None
        share = round(100 * int(ended[1]) / total)
        shares.add(share)
        table = ["| Kind | New | Share |", "|---|---|---|"]
        table += [f"| {name.capitalize()} | {n} | {int(n) / total:.1%} |" for name, n in rows]
        table += [
            f"| **Total** | **{total}** | |",
            "",
            f"Resolved or closed: {ended[1]} ({share}%)",
        ]
        right = "\n".join(table)
        assert unmet(task, right) == set(), right
        assert "total" in unmet(task, right.replace(f"**{total}**", f"**{total + 3}**"))
        assert unmet(task, right.replace(f"({share}%)", f"({share - 2}%)")) == {"share"}
    assert len(shares) > 8


@pytest.mark.parametrize("scenario", [TICKET_SUMMARY, TICKET_LOAD, HANDOVER_NOTE, WEEKLY_REPORT])
def test_nothing_is_changed_where_only_a_text_is_wanted(scenario: Scenario[Company]) -> None:
    for task in tasks_of(scenario):
        assert unmet(task, "") == {criterion.id for criterion in task.rubric.criteria}
