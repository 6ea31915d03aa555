"""Policies for people: the list and the rendered Markdown."""

from dataclasses import dataclass

from markdown_it import MarkdownIt
from markupsafe import Markup
from sqlmodel import Session

from studio.repository import POLICIES
from studio.repository.usage import policy_usage

_MARKDOWN = MarkdownIt("commonmark", {"html": False}).enable("table").disable("image")


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyRow:
    """A policy in the list."""

    name: str
    title: str
    num_words: int
    num_tasks: int
    """Tasks that name it as their system prompt."""


def list_policies(session: Session, world_id: int) -> tuple[PolicyRow, ...]:
    """All policies in the world's order."""
    used = policy_usage(session, world_id)
    return tuple(
        PolicyRow(
            name=item.ref.key, title=item.title,
            num_words=len(str(item.payload.get("text") or "").split()),
            num_tasks=used.get(item.ref.key, 0),
        )
        for item in POLICIES.all(session, world_id)
    )  # fmt: skip


def rendered(text: str) -> Markup:
    """Markdown as HTML; HTML inside it is shown as text, images are not loaded."""
    return Markup(_MARKDOWN.render(text))  # noqa: S704 - the renderer escapes: html is off
