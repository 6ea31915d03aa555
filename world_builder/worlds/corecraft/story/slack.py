"""Slack: channels, and messages of which few matter and those decide.

What leads and managers settle stands in `decisions`.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from random import Random

from world_builder.worlds.corecraft.company import Employee, SlackChannel, SlackMessage
from world_builder.worlds.corecraft.rules import NOW
from world_builder.worlds.corecraft.story import slack_texts as texts
from world_builder.worlds.corecraft.story.decisions import decisions
from world_builder.worlds.corecraft.story.ledger import DailyIds, later, on_weekday, some_time
from world_builder.worlds.corecraft.story.posts import Source, office_moment, post

_NUM_NOISE, _NUM_TALKS, _NUM_OUTDATED = 150, 62, 24
_ARCHIVED, _ARCHIVED_FROM = "#holiday-2024", date(2024, 10, 14)
_HOLIDAY_FROM = date(2024, 11, 18)


def build_channels(staff: tuple[Employee, ...]) -> tuple[SlackChannel, ...]:
    """The channels with their members; leads and managers are in all of them."""
    return tuple(
        SlackChannel(
            id=f"chan-{i:02}",
            name=name,
            purpose=purpose,
            member_ids=tuple(e.id for e in staff if e.is_active and _is_member(e, teams)),
            created_on=(
                _ARCHIVED_FROM if name == _ARCHIVED else date(2019, 1, 14) + timedelta(days=i * 61)
            ),
            is_archived=name == _ARCHIVED,
        )
        for i, (name, purpose, teams) in enumerate(texts.CHANNELS, 1)
    )


def _is_member(employee: Employee, teams: tuple[str, ...]) -> bool:
    return not teams or employee.team in teams or employee.role in ("manager", "team_lead")


def build_messages(
    channels: tuple[SlackChannel, ...], source: Source, rng: Random
) -> tuple[SlackMessage, ...]:
    """All messages in the order of their time."""
    by_name = {channel.name: channel for channel in channels}
    posts = [*_noise(by_name, source, rng), *decisions(by_name, source, rng)]
    threads = [*([message] for message in posts), *_talks(by_name, source, rng)]
    threads.sort(key=lambda thread: thread[0].sent_at)
    waiting = [(message, i) for i, thread in enumerate(threads) for message in thread]
    ids, first_ids = DailyIds(), dict[int, str]()
    done: list[SlackMessage] = []
    for message, i in sorted(waiting, key=lambda w: (w[0].sent_at, w[1])):
        made = replace(message, id=ids.next("msg", message.sent_at))
        if i in first_ids:
            made = replace(made, reply_to_id=first_ids[i])
        first_ids.setdefault(i, made.id)
        done.append(made)
    return tuple(done)


def _noise(
    channels: dict[str, SlackChannel], source: Source, rng: Random
) -> Iterator[SlackMessage]:
    for _ in range(_NUM_NOISE):
        name = rng.choice(("#general", "#random", "#random", "#support-desk", "#build-lab"))
        yield post(channels[name], None, office_moment(rng), rng.choice(texts.NOISE), source, rng)
    for _ in range(_NUM_OUTDATED):
        name = rng.choice(("#support-desk", "#returns-desk", "#product-questions"))
        channel, moment = channels[name], office_moment(rng)
        juniors = [e for e in source.at_work(channel, moment) if e.role == "agent"]
        author = rng.choice(juniors).id
        yield post(channel, author, moment, rng.choice(texts.OUTDATED), source, rng)
    for i, text in enumerate(texts.HOLIDAY):
        day = on_weekday(_HOLIDAY_FROM + timedelta(days=i * 6 + rng.randrange(5)))
        moment = some_time(day, rng, start=8, end=18)
        yield post(channels[_ARCHIVED], None, moment, text, source, rng)


def _talks(
    channels: dict[str, SlackChannel], source: Source, rng: Random
) -> Iterator[list[SlackMessage]]:
    """Questions with one answer or two, each by somebody else than the one before."""
    for _ in range(_NUM_TALKS):
        name = rng.choice(("#support-desk", "#product-questions", "#stock-room", "#returns-desk"))
        moment: datetime = office_moment(rng)
        questions, answers = rng.choices(texts.TALKS, (5, 3, 1))[0]
        thread = [post(channels[name], None, moment, rng.choice(questions), source, rng)]
        for answer in rng.sample(answers, rng.choice((1, 1, 2))):
            moment = min(later(moment, rng, 2, 90), NOW - timedelta(minutes=1))
            before = thread[-1].author_id
            thread.append(post(channels[name], None, moment, answer, source, rng, but=before))
        yield thread
