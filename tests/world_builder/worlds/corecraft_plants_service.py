"""Violations planted in tickets, escalations, resolutions, people, Slack, articles and times."""

from collections.abc import Callable
from typing import Any

from tests.world_builder.worlds.corecraft_drafts import Draft, Plant, moved, plant, twin

_Record = dict[str, Any]
_Edit = Callable[[Draft], str]
_PAST, _FUTURE = "2024-01-03T10:00:00-05:00", "2025-09-15T14:30:00-04:00"


def _answered(ticket: _Record) -> bool:
    return ticket["order_id"] is not None and len(ticket["messages"]) > 1


def _of_product(ticket: _Record) -> bool:
    return ticket["order_id"] is not None and ticket["product_id"] is not None


def _said(i: int, **changes: object) -> Callable[[_Record], dict[str, object]]:
    """The messages of a ticket with one changed."""

    def change(ticket: _Record) -> dict[str, object]:
        messages = list(ticket["messages"])
        messages[i] = {**messages[i], **changes}
        return {"messages": messages}

    return change


TICKETS: tuple[Plant, ...] = (
    ("not by cust-0001", plant("support_ticket", {"customer_id": "cust-0001"}, _answered)),
    ("prod-0163 is not in ord-", plant("support_ticket", {"product_id": "prod-0163"}, _of_product)),
    (
        "was written before ord-",
        plant(
            "support_ticket", lambda t: {"created_at": _PAST, **_said(0, at=_PAST)(t)}, _answered
        ),
    ),
    (
        "its messages are not in the order of time",
        plant("support_ticket", lambda t: {"messages": t["messages"][::-1]}, _answered),
    ),
    ("its first message is not of", plant("support_ticket", _said(0, at=_PAST), _answered)),
    ("has a message after its last change", plant("support_ticket", {"updated_at": _PAST})),
    ("its first message is by Ann Nobody", plant("support_ticket", _said(0, author="Ann Nobody"))),
    (
        "Ann Nobody is neither its customer nor one of us",
        plant("support_ticket", _said(1, author="Ann Nobody"), _answered),
    ),
    ("is open but nobody has it", plant("support_ticket", {"assignee_id": None}, status="open")),
    ("is new but was answered", plant("support_ticket", {"status": "new"}, _answered)),
)


def _with_ticket(kind: str, **changes: object) -> _Edit:
    """Changes the ticket of the first record of a kind, and blames the record."""

    def edit(draft: Draft) -> str:
        record = draft.one(kind)
        ticket = draft.get("support_ticket", record["ticket_id"])
        draft.put("support_ticket", ticket, **changes)
        return str(record["id"])

    return edit


def _unresolved(escalation: _Record) -> bool:
    return bool(escalation["status"] != "resolved")


def _owner_left(draft: Draft) -> str:
    escalation = draft.one("escalation", _unresolved)
    draft.put("employee", draft.get("employee", escalation["assigned_to_id"]), is_active=False)
    return str(escalation["id"])


def _calm_safety(draft: Draft) -> str:
    escalation = draft.one("escalation", _unresolved)
    ticket = draft.get("support_ticket", escalation["ticket_id"])
    draft.put("support_ticket", ticket, priority="low")
    return draft.put("escalation", escalation, level="safety")


ESCALATIONS: tuple[Plant, ...] = (
    (
        "has two open escalations, esc-",
        twin("escalation", "esc-250915-900", {"status": "open"}, status="open", blames="ticket_id"),
    ),
    (
        "is escalated without an open escalation",
        plant("support_ticket", {"status": "escalated"}, status="open"),
    ),
    ("is open but esc-", plant("support_ticket", {"status": "open"}, status="escalated")),
    ("hours after it was made", plant("escalation", {"due_at": _PAST})),
    (
        "is resolved but resolved_at is None",
        plant("escalation", {"resolved_at": None}, status="resolved"),
    ),
    ("before it was made", plant("escalation", {"resolved_at": _PAST}, status="resolved")),
    ("was made before its ticket", _with_ticket("escalation", created_at=_FUTURE)),
    (
        "is of level tier_2 but emp-001 has it",
        plant("escalation", {"assigned_to_id": "emp-001"}, level="tier_2"),
    ),
    (
        "emp-040 is no manager of",
        plant("escalation", {"assigned_to_id": "emp-040"}, level="manager"),
    ),
    ("who has it, does not work here", _owner_left),
    ("is a safety matter, but tick-", _calm_safety),
)


def _with_refund(resolution: _Record) -> bool:
    return resolution["refund_id"] is not None


def _change_refund(**changes: object) -> _Edit:
    def edit(draft: Draft) -> str:
        resolution = draft.one("resolution", _with_refund)
        draft.put("refund", draft.get("refund", resolution["refund_id"]), **changes)
        return str(resolution["id"])

    return edit


def _refund_of_other_ticket(draft: Draft) -> str:
    resolution = draft.one("resolution", _with_refund)
    other = draft.one("support_ticket", lambda t: t["id"] != resolution["ticket_id"])
    draft.put("refund", draft.get("refund", resolution["refund_id"]), ticket_id=other["id"])
    return str(resolution["id"])


RESOLUTIONS: tuple[Plant, ...] = (
    (
        "is closed without a resolution",
        plant("support_ticket", {"status": "closed"}, status="open"),
    ),
    (
        "came before the customer's last message",
        plant("resolution", {"created_at": _PAST}, blames="ticket_id"),
    ),
    (
        "came after its last change",
        plant("resolution", {"created_at": _FUTURE}, blames="ticket_id"),
    ),
    ("is open but res-", plant("support_ticket", {"status": "open"}, status="resolved")),
    ("end it at one moment", twin("resolution", "res-250915-900", blames="ticket_id")),
    ("is of kind repair but its refund is", plant("resolution", {"kind": "repair"}, kind="refund")),
    (
        "is of kind refund but its refund is None",
        plant("resolution", {"kind": "refund"}, refund_id=None),
    ),
    ("is for cust-0001, not for", _change_refund(customer_id="cust-0001")),
    ("belongs to tick-", _refund_of_other_ticket),
    ("is only requested", _change_refund(status="requested")),
    ("is followed up on 2024-01-03", plant("resolution", {"follow_up_on": "2024-01-03"})),
)


def _leader(**changes: object) -> _Edit:
    """Changes the support lead, and blames somebody of the team."""

    def edit(draft: Draft) -> str:
        draft.put("employee", draft.get("employee", "emp-002"), **changes)
        return str(draft.one("employee", manager_id="emp-002")["id"])

    return edit


def _named_like_staff(draft: Draft) -> str:
    return draft.put("customer", draft.one("customer"), name=draft.one("employee")["name"])


PEOPLE: tuple[Plant, ...] = (
    ("refund limit is 1 cents, not", plant("employee", {"refund_limit_cents": 1})),
    ("is a agent without a manager", plant("employee", {"manager_id": None}, role="agent")),
    ("is their own manager", plant("employee", lambda e: {"manager_id": e["id"]}, role="agent")),
    ("who leads them, is a agent", _leader(role="agent")),
    ("who leads them, does not work here", _leader(is_active=False)),
    ("manages support like emp-001", twin("employee", "emp-900", role="manager", team="support")),
    ("but is out of office", plant("employee", {"out_of_office": "Away."}, is_active=False)),
    (
        "has the slack_handle of emp-001",
        plant("employee", {"slack_handle": "@marguerite.h"}, name="Milo Brannigan"),
    ),
    ("milo is no Slack handle", plant("employee", {"slack_handle": "milo"}, name="Milo Brannigan")),
    ("has the email of cust-", twin("customer", "cust-9999")),
    ("so nobody knows who wrote", _named_like_staff),
    ("store credit is 123 cents", plant("customer", {"store_credit_cents": 123})),
)


def _reply(message: _Record) -> bool:
    return message["reply_to_id"] is not None


def _reply_elsewhere(message: _Record) -> bool:
    return _reply(message) and bool(message["channel_id"] != "chan-01")


def _to_a_reply(draft: Draft) -> str:
    reply = draft.one("slack_message", _reply)
    return draft.put("slack_message", reply, id="msg-250915-900", reply_to_id=reply["id"])


def _member_left(draft: Draft) -> str:
    channel = draft.one("slack_channel")
    draft.put("employee", draft.get("employee", channel["member_ids"][0]), is_active=False)
    return str(channel["id"])


SLACK: tuple[Plant, ...] = (
    ("emp-045 wrote it but is no member of #", plant("slack_message", {"author_id": "emp-045"})),
    ("was sent before #", plant("slack_message", {"sent_at": "2018-01-02T10:00:00-05:00"})),
    (
        "which is in another channel",
        plant(
            "slack_message",
            {"channel_id": "chan-01"},
            _reply_elsewhere,
        ),
    ),
    ("which was sent later", plant("slack_message", {"sent_at": _PAST}, _reply)),
    ("which is an answer itself", _to_a_reply),
    (
        "as a member twice",
        plant("slack_channel", lambda c: {"member_ids": [*c["member_ids"], c["member_ids"][0]]}),
    ),
    ("a member, does not work here", _member_left),
    ("general is no name of a channel", plant("slack_channel", {"name": "general"})),
    ("has the name of chan-01", twin("slack_channel", "chan-99", id="chan-01")),
    ("is archived, yet msg-", plant("slack_channel", {"is_archived": True}, name="#random")),
)


def _deprecated(**newer: object) -> _Edit:
    """Changes what replaces the first deprecated article."""

    def edit(draft: Draft) -> str:
        old = draft.one("knowledge_base_article", status="deprecated")
        new = draft.get("knowledge_base_article", old["replaced_by_id"])
        draft.put("knowledge_base_article", new, **newer)
        return str(old["id"])

    return edit


ARTICLES: tuple[Plant, ...] = (
    (
        "is deprecated but is replaced by None",
        plant("knowledge_base_article", {"replaced_by_id": None}, status="deprecated"),
    ),
    (
        "is current but is replaced by kb-",
        plant("knowledge_base_article", lambda a: {"replaced_by_id": a["id"]}, status="current"),
    ),
    ("which replaces it, is draft", _deprecated(status="draft")),
    ("which replaces it, is about", _deprecated(topic="communication")),
    ("which replaces it, is older", _deprecated(published_on="2023-06-20")),
    ("before it was published", plant("knowledge_base_article", {"updated_on": "2022-01-01"})),
    (
        "wrote it before being hired",
        plant("knowledge_base_article", {"published_on": "2017-01-01"}),
    ),
    ("has the title of kb-", twin("knowledge_base_article", "kb-999")),
)

TIMES: tuple[Plant, ...] = (
    (
        "placed_at is 2025-09-15T14:30:00-04:00, in the future",
        plant("order", {"placed_at": _FUTURE}),
    ),
    ("joined_on is 2025-09-16, in the future", plant("customer", {"joined_on": "2025-09-16"})),
    ("messages[0].at is", plant("support_ticket", _said(0, at=_FUTURE))),
    (
        "not in New York's time",
        plant(
            "order",
            lambda o: {"placed_at": moved(o["placed_at"], hours=4).replace("-04:00", "+00:00")},
            lambda o: "-04:00" in o["placed_at"],
        ),
    ),
    (
        "on another day than its id says",
        plant(
            "payment", lambda p: {"created_at": moved(p["created_at"], days=1)}, status="captured"
        ),
    ),
)
