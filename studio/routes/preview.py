"""`/worlds/<world>/tasks/<task>/preview`: an answer judged by the task's rubric, as it stands.

htmx gets the checks' verdicts at once and the judge's as a stream of events, each as it comes; a
plain form and an API client get all of them together. Nothing is saved.
"""

from collections.abc import AsyncGenerator
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from fastapi.sse import format_sse_event
from jinja2 import Environment
from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse, StreamingResponse

from studio import htmx
from studio.database import Database
from studio.deps import Db, FormBody, Parts, Studio
from studio.errors import Invalid
from studio.htmx import Answer
from studio.pages import render, to_json
from studio.routes.json_body import JsonBody
from studio.routes.task_forms import FormEdit, read_edit
from studio.routes.task_pages import edit_page
from studio.services import preview as previews
from studio.services import tasks
from studio.services.preview import AnswerKind, Asked, Preview, Run
from studio.services.tasks import Opened
from world_builder.errors import WorldError
from world_builder.frozen import Frozen, Json
from world_builder.rubrics import Verdict
from world_builder.validation import parse

router = APIRouter(prefix="/worlds/{world}/tasks/{task_id}", tags=["tasks"])


def _opened(db: Db, world: str, task_id: str) -> Opened:
    with db.read() as session:
        return tasks.open_task(session, world, task_id)


Task = Annotated[Opened, Depends(_opened)]


@router.post("/preview", response_class=Response)
async def judge(
    request: Request, studio: Parts, task: Task, world: str, form: FormBody, body: JsonBody
) -> Response:
    """The verdicts on the reference, on the reference with a planted error, or on a given text.

    JSON: `{"kind": "reference" | "broken" | "paste", "error": "...", "text": "...", "with_calls":
    true, "task": {...}}`; without `task` the stored one is judged.
    """
    given = read_edit(form, task.stored.payload, task.stored.version)
    data, asked = (given.data, given.asked) if body is None else _asked(body, task)
    try:
        run = await run_in_threadpool(previews.run_answer, task.snapshot, data, asked)
    except WorldError as error:
        failed = previews.failed(asked, str(error))
        return await _answer(request, studio, world, task, given, failed)
    decided = await run_in_threadpool(previews.decide, run, is_asking=True)
    shown = previews.show(run, decided)
    if shown.open_ids and htmx.answer_for(request) is Answer.FRAGMENT:
        events = _events(studio, world, given, run, decided)
        return StreamingResponse(events, media_type="text/event-stream")
    async for verdict in previews.ask_judge(run, decided, studio.settings):
        decided[verdict.criterion_id] = verdict
    return await _answer(request, studio, world, task, given, previews.show(run, decided))


class AskedBody(Frozen):
    """What an API client asks of the preview."""

    kind: AnswerKind = AnswerKind.REFERENCE
    error: str = ""
    text: str = ""
    with_calls: bool = True
    task: dict[str, Json] | None = None
    """None takes the stored task."""


def _asked(body: dict[str, Json], task: Opened) -> tuple[dict[str, Json], Asked]:
    read, problems = parse(AskedBody, body, path="body")
    if read is None:
        raise Invalid(problems)
    asked = Asked(kind=read.kind, error=read.error, text=read.text, with_calls=read.with_calls)
    return dict(task.stored.payload) if read.task is None else read.task, asked


async def _answer(
    request: Request, studio: Studio, world: str, task: Opened, given: FormEdit, shown: Preview
) -> Response:
    answer = htmx.answer_for(request)
    if answer is Answer.JSON:
        return JSONResponse(to_json(shown))
    if answer is Answer.FRAGMENT:
        text = _fragment(studio.templates, world, given, shown)
        return Response(text, media_type="text/html", headers={"Vary": "HX-Request"})
    return await run_in_threadpool(_page, request, studio.database, world, task, given, shown)


def _page(
    request: Request, db: Database, world: str, task: Opened, given: FormEdit, shown: Preview
) -> Response:
    problems = tasks.problems_of(task.snapshot, given.data)
    with db.read() as session:
        page = edit_page(
            request, session, world, task, editor=given.editor, data=given.data,
            version=given.version, shown=shown, lines=given.lines, problems=problems,
            json_ids=given.json_ids,
        )  # fmt: skip
    return render(request, "tasks/edit.html", page)


async def _events(
    studio: Studio, world: str, given: FormEdit, run: Run, decided: dict[str, Verdict]
) -> AsyncGenerator[bytes, None]:
    """The preview with what checks decided, then each verdict of the judge, then the score."""
    templates = studio.templates
    yield _event(_fragment(templates, world, given, previews.show(run, decided)))
    async for verdict in previews.ask_judge(run, decided, studio.settings):
        decided[verdict.criterion_id] = verdict
        shown = previews.show(run, decided)
        row = next(r for r in shown.rows if r.criterion_id == verdict.criterion_id)
        context = {"row": row, "preview": shown}
        yield _event(templates.get_template("tasks/_verdict_event.html").render(context))
    yield _event(_fragment(templates, world, given, previews.show(run, decided)))


def _event(text: str) -> bytes:
    return format_sse_event(data_str=text)


def _fragment(templates: Environment, world: str, given: FormEdit, shown: Preview) -> str:
    """The panel, and the signs beside the criteria."""
    url = f"/worlds/{world}/tasks/{given.data.get('id')}/preview"
    return templates.get_template("tasks/_preview.html").render(url=url, preview=shown)
