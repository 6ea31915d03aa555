"""Times, and ids counted by day, as the story needs them."""

from collections import defaultdict
from datetime import date, datetime, timedelta
from random import Random

from world_builder.worlds.corecraft.rules import TIME_ZONE


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


def later(moment: datetime, rng: Random, least_minutes: int, most_minutes: int) -> datetime:
    """A moment so many minutes later, in New York's wall time."""
    return wall(moment + timedelta(minutes=rng.randrange(least_minutes, most_minutes)))


def wall(moment: datetime) -> datetime:
    """The moment with New York's offset of that day."""
    return moment.astimezone(TIME_ZONE)
