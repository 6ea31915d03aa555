"""How a request wants to be answered, and the answers to a change.

Every mutation answers three ways: an htmx request gets a fragment with a notice, a plain form is
redirected (303) with the notice shown on the next page, an API client gets JSON.
"""

import base64
import json
from dataclasses import asdict, dataclass
from enum import StrEnum

from fasthx import get_hx_request
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

NOTICE_COOKIE = "corecraft_notice"


class Answer(StrEnum):
    """The form an answer takes."""

    PAGE = "page"
    FRAGMENT = "fragment"
    JSON = "json"


class Tone(StrEnum):
    GOOD = "good"
    BAD = "bad"
    WARN = "warn"
    NEUTRAL = "neutral"


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """A message for the person, with an undo when there is something to undo."""

    text: str
    tone: Tone = Tone.GOOD
    undo_url: str | None = None


def answer_for(request: Request) -> Answer:
    """A fragment for htmx, a page for browsers (`Accept: text/html`), JSON for everyone else."""
    if is_htmx(request):
        is_whole = request.headers.get("HX-Request-Type") == "full"
        return Answer.PAGE if is_whole else Answer.FRAGMENT
    return Answer.PAGE if "text/html" in request.headers.get("accept", "") else Answer.JSON


def is_htmx(request: Request) -> bool:
    return get_hx_request(request, request.headers.get("HX-Request")) is not None


def redirect(request: Request, url: str, notice: Notice | None = None) -> Response:
    """Sends a browser to another page, with a notice to show there."""
    if is_htmx(request):
        response: Response = Response(headers={"HX-Redirect": url})
    else:
        response = RedirectResponse(url, status_code=303)
    if notice is not None:
        response.set_cookie(
            NOTICE_COOKIE, _packed(notice), max_age=60, httponly=True, samesite="lax"
        )
    return response


def waiting_notice(request: Request) -> Notice | None:
    """The notice that a redirect left for this page, or None."""
    packed = request.cookies.get(NOTICE_COOKIE)
    if not packed:
        return None
    try:
        data = json.loads(base64.urlsafe_b64decode(packed.encode()))
        undo_url = data["undo_url"]
        is_ours = undo_url is None or (undo_url.startswith("/") and not undo_url.startswith("//"))
        safe_url = undo_url if is_ours else None
        return Notice(text=str(data["text"]), tone=Tone(data["tone"]), undo_url=safe_url)
    except (ValueError, KeyError, TypeError, AttributeError):
        return None


def _packed(notice: Notice) -> str:
    return base64.urlsafe_b64encode(json.dumps(asdict(notice)).encode()).decode()
