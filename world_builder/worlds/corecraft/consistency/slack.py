"""Slack: who may write where, and that threads stay in their channel and in the order of time."""

from collections.abc import Iterator
from datetime import timedelta

from world_builder.worlds.corecraft.consistency.records import (
    Checks,
    Record,
    Records,
    day,
    moment,
    repeated,
)
from world_builder.worlds.corecraft.rules import ARCHIVE_AFTER_DAYS


def _author(message: Record, records: Records) -> Iterator[str]:
    channel = records.of("slack_channel")[message["channel_id"]]
    if message["author_id"] not in channel["member_ids"]:
        yield f"{message['author_id']} wrote it but is no member of {channel['name']}"
    if day(message["sent_at"]) < day(channel["created_on"]):
        yield f"was sent before {channel['name']} was made"


def _thread(message: Record, records: Records) -> Iterator[str]:
    if message.get("reply_to_id") is None:
        return
    first = records.of("slack_message")[message["reply_to_id"]]
    if first["channel_id"] != message["channel_id"]:
        yield f"answers {first['id']}, which is in another channel"
    if moment(first["sent_at"]) > moment(message["sent_at"]):
        yield f"answers {first['id']}, which was sent later"
    if first.get("reply_to_id") is not None:
        yield f"answers {first['id']}, which is an answer itself"


def _members(channel: Record, records: Records) -> Iterator[str]:
    for employee_id in repeated(channel["member_ids"]):
        yield f"has {employee_id} as a member twice"
    for employee_id in channel["member_ids"]:
        if not records.of("employee")[employee_id]["is_active"]:
            yield f"{employee_id}, a member, does not work here"


def _name(channel: Record, records: Records) -> Iterator[str]:
    if not channel["name"].startswith("#"):
        yield f"{channel['name']} is no name of a channel"
    for other in records.where("slack_channel", "name", channel["name"]):
        if other["id"] < channel["id"]:
            yield f"has the name of {other['id']}"


def _archive(channel: Record, records: Records) -> Iterator[str]:
    for message in records.where("slack_message", "channel_id", channel["id"]):
        silence = records.now - moment(message["sent_at"])
        if channel["is_archived"] and silence < timedelta(days=ARCHIVE_AFTER_DAYS):
            yield f"is archived, yet {message['id']} is less than {ARCHIVE_AFTER_DAYS} days old"


CHECKS: Checks = {
    "slack_message": (_author, _thread),
    "slack_channel": (_members, _name, _archive),
}
