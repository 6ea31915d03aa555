"""Answers errors as a page, a notice or JSON; no traceback and no secret ever reaches a page."""

import logging
from dataclasses import dataclass

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from sqlmodel import Session
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from studio import htmx
from studio.errors import Invalid, NotFound, StudioError
from studio.htmx import Answer, Notice, Tone
from studio.pages import notice_only, render, to_json
from studio.shell import Shell, make_shell
from world_builder.validation import Problem

log = logging.getLogger("studio")

_EXPECTED = "{!r} was sent; the API's description at /docs says what is expected"
_TITLES = {404: "Not found", 405: "Not possible here", 413: "Too large"}


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorPage:
    """The page of an error (`errors/error.html`)."""

    shell: Shell
    message: str
    problems: tuple[Problem, ...]


def install(app: FastAPI) -> None:
    """Makes the app answer every error here."""
    app.add_exception_handler(StudioError, _studio_error)
    app.add_exception_handler(RequestValidationError, _bad_request)
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(Exception, _crash)


def answer_error(
    request: Request, status: int, title: str, message: str, problems: tuple[Problem, ...] = ()
) -> Response:
    """The error in the form that the request asks for."""
    answer = htmx.answer_for(request)
    if answer is Answer.JSON:
        body = {"error": title, "message": message, "problems": [to_json(p) for p in problems]}
        return JSONResponse(body, status_code=status)
    if answer is Answer.FRAGMENT:
        return notice_only(request, Notice(text=f"{title}: {message}", tone=Tone.BAD), status)
    with request.app.state.studio.database.read() as session:
        shell = _shell(request, session, title)
    page = ErrorPage(shell=shell, message=message, problems=problems)
    return render(request, "errors/error.html", page, status=status)


def _shell(request: Request, session: Session, title: str) -> Shell:
    """The shell of the world that the address names; a bare one when there is no such world."""
    world = request.path_params.get("world")
    try:
        return make_shell(request, session, title, world=world)
    except NotFound:
        return make_shell(request, session, title)


def _studio_error(request: Request, error: Exception) -> Response:
    if not isinstance(error, StudioError):
        raise error
    problems = error.problems if isinstance(error, Invalid) else ()
    return answer_error(request, error.status, error.title, str(error), problems)


def _bad_request(request: Request, error: Exception) -> Response:
    if not isinstance(error, RequestValidationError):
        raise error
    problems = tuple(
        Problem(
            path=".".join(str(part) for part in one["loc"][1:]),
            message="is missing" if one["type"] == "missing" else str(one["msg"]),
            hint="add it" if one["type"] == "missing" else _EXPECTED.format(one.get("input")),
        )
        for one in error.errors()
    )
    message = "; ".join(f"{p.path}: {p.message}" for p in problems)
    return answer_error(request, 422, Invalid.title, message, problems)


def _http_error(request: Request, error: Exception) -> Response:
    if not isinstance(error, HTTPException):
        raise error
    title = _TITLES.get(error.status_code, "This cannot be done")
    return answer_error(request, error.status_code, title, str(error.detail))


def _crash(request: Request, error: Exception) -> Response:
    log.error("%s %s failed", request.method, request.url.path, exc_info=error)
    message = "The studio made a mistake. Nothing was saved by this request; the log says more."
    return answer_error(request, 500, "Internal error", message)
