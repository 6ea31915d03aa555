"""Times, and ids counted by day, as the story needs them."""

from collections import defaultdict
from datetime import UTC, date, datetime, timedelta
from random import Random

from world_builder.worlds.corecraft.rules import TIME_ZONE

_OPENS, _CLOSES = 8, 20
"""Hours between which staff answers and decides."""


class DailyIds:
    """Ids such as `ord-250901-003`, counted per day in the order of asking."""

    def __init__(self) -> None:
        self._last: defaultdict[tuple[str, str], int] = defaultdict(int)

    def next(self, prefix: str, moment: datetime) -> str:
        """The next id of a kind on the day of a moment."""
        day = moment.strftime("%y%m%d")
        self._last[(prefix, day)] += 1
        return f"{prefix}-{day}-{self._last[(prefix, day)]:03}"


def at(day: date, hour: int, minute: int = 0, second: int = 0) -> datetime:
    """A moment of a day in New York time."""
    return datetime(day.year, day.month, day.day, hour, minute, second, tzinfo=TIME_ZONE)


def some_time(day: date, rng: Random, *, start: int = 8, end: int = 22) -> datetime:
    """A moment of the day between two hours."""
    return at(day, rng.randrange(start, end), rng.randrange(60), rng.randrange(60))


def after(moment: datetime, *, hours: int = 0, minutes: int = 0) -> datetime:
    """The moment so much time later, with New York's offset of its day."""
    passed = moment.astimezone(UTC) + timedelta(hours=hours, minutes=minutes)
    return passed.astimezone(TIME_ZONE)


def later(moment: datetime, rng: Random, least_minutes: int, most_minutes: int) -> datetime:
    """A moment so many minutes later."""
    return after(moment, minutes=rng.randrange(least_minutes, most_minutes))


def at_desk(moment: datetime, rng: Random) -> datetime:
    """The moment when staff is there, else a moment of the next two hours in which it is."""
    if _OPENS <= moment.hour < _CLOSES:
        return moment
    day = moment.date() + timedelta(days=moment.hour >= _CLOSES)
    return some_time(day, rng, start=_OPENS, end=_OPENS + 2)


def on_weekday(day: date) -> date:
    """The day, or the Friday before its weekend."""
    return day - timedelta(days=max(0, day.weekday() - 4))
