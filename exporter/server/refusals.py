"""What the server says when it cannot do what a trainer or a policy asks of a rollout.

One place for statuses and words; `control`, `app` and `routing` decide when.
"""

from typing import Final

from exporter.server.affinity import home_of
from exporter.server.asgi import Reply, refusal
from exporter.server.board import Board
from exporter.server.rollouts import at_capacity

_SOON: Final = {"retry-after": "1"}
_LATER: Final = {"retry-after": "5"}


NO_ROOM_FOR_GROUP: Final = "no_room_for_group"


def full(capacity: int) -> Reply:
    """No rollout can begin before another one ends."""
    return refusal(429, "at_capacity", at_capacity(capacity), _SOON)


def no_room(size: int) -> Reply:
    """A group does not fit, though a smaller one may."""
    message = (
        f"there is no room for a group of {size}, which lives in one process: DELETE the finished "
        "rollouts, wait, ask for smaller groups, or start the server with a higher --capacity"
    )
    return refusal(429, NO_ROOM_FOR_GROUP, message, _SOON)


def draining() -> Reply:
    """The server is about to stop."""
    message = "the server is draining: it takes no new rollout; ask another one, or this one later"
    return refusal(503, "draining", message, _LATER)


def restarting() -> Reply:
    """The worker that a request needs is being started again."""
    message = "a worker process is being started again; ask again in a moment"
    return refusal(503, "worker_restarts", message, _SOON)


def too_slow() -> Reply:
    """A worker did not answer in time; what was asked may have been done or not."""
    return refusal(504, "worker_too_slow", "a worker process did not answer in time")


def bad_start(error: Exception) -> Reply:
    """The body of a request for a world does not fit it."""
    return refusal(422, "bad_start", f"a rollout cannot start so: {error}")


def gone(rollout_id: str, board: Board) -> Reply:
    """The answer to whoever asks for a rollout that is not there."""
    home = home_of(rollout_id, board)
    if home is not None and home.has_ended(board):
        return lost_rollout()
    message = "there is no such rollout: it never was, was deleted, or was idle too long"
    return refusal(404, "not_found", message)


def lost_rollout() -> Reply:
    """The process that held the rollout is no more: nobody can say what its state was."""
    message = (
        "the worker process that held this rollout ended, and its world with it: leave the "
        "rollout out, do not score it, and make another one"
    )
    return refusal(410, "rollout_lost", message)


def lost_single() -> Reply:
    """The process that held the world at `/mcp` is no more."""
    message = (
        "the worker process that held this world ended, and its state with it: leave the rollout "
        "out, do not score it, and begin again with POST /reset"
    )
    return refusal(410, "rollout_lost", message)
