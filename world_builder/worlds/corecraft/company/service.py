"""Tickets, escalations, resolutions and articles as typed values."""

from dataclasses import dataclass
from datetime import date, datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketMessage:
    at: datetime
    author: str
    """The name of whoever wrote it, customer or employee."""
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticket:
    id: str
    customer_id: str
    order_id: str | None = None
    product_id: str | None = None
    subject: str
    channel: str
    category: str
    priority: str
    status: str
    created_at: datetime
    updated_at: datetime
    assignee_id: str | None = None
    messages: tuple[TicketMessage, ...]
    internal_note: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Escalation:
    id: str
    ticket_id: str
    level: str
    reason: str
    status: str
    raised_by_id: str
    assigned_to_id: str
    created_at: datetime
    due_at: datetime
    resolved_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolution:
    id: str
    ticket_id: str
    kind: str
    summary: str
    refund_id: str | None = None
    resolved_by_id: str
    created_at: datetime
    follow_up_on: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Article:
    id: str
    title: str
    topic: str
    status: str
    body: str
    published_on: date
    updated_on: date
    author_id: str
    replaced_by_id: str | None = None
