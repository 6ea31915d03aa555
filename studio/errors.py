"""What can go wrong in the studio, named by what the person can do about it.

Raised by `repository`, `history` and `services`; `error_pages` answers them. A form with problems
is no exception: its route renders it again with status 422.
"""

from world_builder.validation import Problem


class StudioError(Exception):
    """A request that cannot be done; the message says what to mend. `status` is the HTTP status."""

    status = 400
    title = "This cannot be done"


class NotFound(StudioError):
    """There is nothing of that name."""

    status = 404
    title = "Not found"


class Conflict(StudioError):
    """Somebody else changed it meanwhile, or the name is taken; nothing was saved."""

    status = 409
    title = "Changed meanwhile"


class Invalid(StudioError):
    """Data that cannot be saved, with every problem."""

    status = 422
    title = "Some entries need mending"

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__("; ".join(f"{p.path}: {p.message}" for p in problems))
        self.problems = problems
