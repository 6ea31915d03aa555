"""The tools that change things: what they do, and what they refuse in words that teach."""

from typing import Any

import pytest

from tests.world_builder.worlds.corecraft.company import answer, base, call, company, refusal
from world_builder.frozen import Json
from world_builder.state import WorldState
from world_builder.worlds.corecraft.company import Order, Payment, Ticket
from world_builder.worlds.corecraft.rules import NOW

AGENT, LEAD, MANAGER, LEFT = "emp-006", "emp-002", "emp-001", "emp-045"


def changed(state: WorldState) -> dict[str, str]:
    """Ids of what changed, with what happened to each."""
    return {change.id: change.kind.value for change in state.diff().changes}


def paid(order: Order) -> Payment:
    return next(p for p in company().payments_of(order.id) if p.status != "failed")


def calm_order() -> Order:
    """Delivered, paid, not disputed, nothing refunded."""
    return next(
        o
        for o in company().orders
        if o.status == "delivered" and not company().refunds_of(o.id)
        and paid(o).status == "captured" and 3000 < o.lines[0].unit_price_cents < 14000
    )  # fmt: skip


def for_line(order: Order, **more: Json) -> dict[str, Any]:
    return {
        "order_id": order.id,
        "product_id": order.lines[0].product_id,
        "qty": 1,
        "reason": "defective",
        "condition": "defective",
        "amount_cents": 2000,
        "approved_by_id": AGENT,
        **more,
    }


def open_ticket() -> Ticket:
    return next(
        t for t in company().tickets
        if t.status == "open" and t.assignee_id and not company().escalations_of(t.id)
    )  # fmt: skip


def test_a_refund_moves_the_payment() -> None:
    order, state = calm_order(), WorldState(base())
    found = answer("create_refund", state, **for_line(order))
    assert found["payment_status"] == "partially_refunded"
    (created,) = (i for i, kind in changed(state).items() if kind == "created")
    assert created.startswith("rfd-250915-")
    assert changed(state) == {created: "created", paid(order).id: "updated"}


def test_store_credit_reaches_the_customer() -> None:
    order, state = calm_order(), WorldState(base())
    before = company().customer(order.customer_id).store_credit_cents
    answer("create_refund", state, **for_line(order, destination="store_credit"))
    after = state.get("customer", order.customer_id)
    assert after is not None
    assert after["store_credit_cents"] == before + 2000


def test_an_item_comes_back_once() -> None:
    order, state = calm_order(), WorldState(base())
    answer("create_refund", state, **for_line(order, qty=order.lines[0].qty))
    assert "can still come back" in refusal("create_refund", state, **for_line(order))


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ({"amount_cents": 0}, "more than 0"),
        ({"amount_cents": 16000}, "may approve up to $150.00"),
        ({"amount_cents": 9_000_000, "approved_by_id": MANAGER}, "can still be refunded"),
        ({"approved_by_id": LEFT}, "no longer works here"),
        ({"approved_by_id": "emp-999"}, "search_employees"),
        ({"product_id": "prod-9999"}, "has no product"),
        ({"qty": None}, "qty"),
        ({"reason": "goodwill", "product_id": None, "amount_cents": 2600}, "at most $25.00"),
        ({"reason": "changed_mind", "product_id": None}, "needs a product_id"),
        ({"reason": "because"}, "reason"),
    ],
)
def test_refunds_that_the_books_forbid(more: dict[str, Any], told: str) -> None:
    order = next(o for o in company().orders if o.status == "delivered" and o.total_cents > 60000
                 and o.lines[0].unit_price_cents > 20000 and paid(o).status == "captured"
                 and not company().refunds_of(o.id))  # fmt: skip
    arguments = {k: v for k, v in for_line(order, **more).items() if v is not None}
    assert told in refusal("create_refund", **arguments)


def test_a_disputed_payment_is_not_refunded() -> None:
    order = next(o for o in company().orders if paid_is(o, "disputed") and o.status == "delivered")
    assert "disputed" in refusal("create_refund", **for_line(order))


def paid_is(order: Order, status: str) -> bool:
    return any(p.status == status for p in company().payments_of(order.id))


def test_cancelling_stops_the_build_too() -> None:
    build = next(b for b in company().builds if b.status == "testing")
    cancel: dict[str, Any] = {"id": build.order_id, "status": "cancelled"}
    assert "only a team lead or a manager" in refusal("update_order", **cancel, employee_id=AGENT)
    state = WorldState(base())
    found = answer("update_order", state, **cancel, employee_id=LEAD)
    assert found["cancelled_build"] == build.id
    assert changed(state) == {build.order_id: "updated", build.id: "updated"}


def test_what_was_shipped_is_not_changed() -> None:
    order = next(o for o in company().orders if o.status == "shipped")
    told = refusal("update_order", id=order.id, status="cancelled", employee_id=LEAD)
    assert "has not been shipped" in told
    assert "say what to change" in refusal("update_order", id=order.id, employee_id=LEAD)


def test_a_reply_is_added_to_the_messages() -> None:
    ticket, state = open_ticket(), WorldState(base())
    answer("update_ticket", state, id=ticket.id, reply="Hello!", employee_id=AGENT)
    after = state.get("support_ticket", ticket.id)
    assert after is not None
    messages: Any = after["messages"]
    assert len(messages) == len(ticket.messages) + 1
    assert messages[-1] == {"at": NOW.isoformat(), "author": "Hollis Redfern", "text": "Hello!"}


@pytest.mark.parametrize(
    ("level", "owner", "hours"),
    [("tier_2", "emp-037", "14:00"), ("safety", "emp-039", "16:00"), ("manager", None, "22:00")],
)
def test_escalations_go_to_whoever_is_in_charge(level: str, owner: str | None, hours: str) -> None:
    ticket, state = open_ticket(), WorldState(base())
    found: Any = answer(
        "create_escalation", state, ticket_id=ticket.id, level=level, reason="x", employee_id=AGENT
    )
    team = company().employee(str(ticket.assignee_id)).team
    manager = next(e.id for e in company().employees if (e.team, e.role) == (team, "manager"))
    assert found["escalation"]["assigned_to_id"] == (owner or manager)
    assert hours in found["escalation"]["due_at"]
    assert "already has the open escalation" in refusal(
        "create_escalation", state, ticket_id=ticket.id, level="safety", reason="x",
        employee_id=AGENT,
    )  # fmt: skip
    resolve: dict[str, Any] = {"ticket_id": ticket.id, "kind": "information", "summary": "x"}
    assert "only they resolve it" in refusal("create_resolution", state, **resolve,
                                             employee_id=AGENT)  # fmt: skip
    done = answer("create_resolution", state, **resolve, employee_id=owner or manager)
    assert done["resolved_escalation"] == found["escalation"]["id"]


def test_closed_tickets_stay_closed_and_old_ones_are_not_opened() -> None:
    closed = next(t for t in company().tickets if t.status == "closed")
    assert "stays closed" in refusal("update_ticket", id=closed.id, status="open",
                                     employee_id=AGENT)  # fmt: skip
    old = next(
        t for t in company().tickets
        if t.status == "resolved" and (NOW - t.updated_at).days > 14
    )  # fmt: skip
    assert "for 14 days" in refusal("update_ticket", id=old.id, status="open", employee_id=AGENT)


def test_a_resolution_by_refund_names_one_of_the_customer() -> None:
    ticket = open_ticket()
    other = next(r for r in company().refunds if r.customer_id != ticket.customer_id)
    given: dict[str, Any] = {
        "ticket_id": ticket.id,
        "kind": "refund",
        "summary": "x",
        "employee_id": AGENT,
    }
    assert "needs a refund_id" in refusal("create_resolution", **given)
    assert "no refund of this ticket" in refusal("create_resolution", **given, refund_id=other.id)


def test_only_parts_that_fit_are_quoted() -> None:
    given: dict[str, Any] = {"customer_id": "cust-0001", "name": "Desk", "purpose": "gaming"}
    fine = next(b for b in company().builds if b.status == "completed")
    parts: Any = [{"product_id": p.product_id, "qty": p.qty} for p in fine.parts]
    sold = all(company().product(p.product_id).status != "discontinued" for p in fine.parts)
    result = call("create_build", **given, items=parts)
    assert result.is_error is not sold
    cpu, board = company().products_in("cpu")[0], company().products_in("motherboard")[-1]
    wrong: Any = [{"product_id": cpu.id, "qty": 1}, {"product_id": board.id, "qty": 1}]
    assert "needs socket" in refusal("create_build", **given, items=wrong)
