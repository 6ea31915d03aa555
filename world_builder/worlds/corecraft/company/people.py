"""Customers, employees and Slack as typed values."""

from dataclasses import dataclass
from datetime import date, datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    street: str
    city: str
    state: str
    zip: str

    @property
    def line(self) -> str:
        """The address on one line."""
        return f"{self.street}, {self.city}, {self.state} {self.zip}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Customer:
    id: str
    name: str
    email: str
    phone: str
    loyalty_tier: str
    joined_on: date
    company: str | None = None
    address: Address
    store_credit_cents: int = 0
    notes: str | None = None

    @property
    def first_name(self) -> str:
        return self.name.split()[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class Employee:
    id: str
    name: str
    email: str
    slack_handle: str
    job_title: str
    team: str
    role: str
    refund_limit_cents: int
    manager_id: str | None = None
    hired_on: date
    is_active: bool = True
    out_of_office: str | None = None

    @property
    def first_name(self) -> str:
        return self.name.split()[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class SlackChannel:
    id: str
    name: str
    """With its #."""
    purpose: str
    member_ids: tuple[str, ...]
    created_on: date
    is_archived: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SlackMessage:
    id: str
    channel_id: str
    author_id: str
    sent_at: datetime
    text: str
    reply_to_id: str | None = None
    is_pinned: bool = False
