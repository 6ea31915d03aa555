"""Renders typed page contexts: as a page, as a fragment or as JSON, by what the request asks.

A page's context is a frozen dataclass with a `shell`; its fields are all that the template sees
besides the globals `ui`, `static` and `url_quote`.
"""

import hashlib
from dataclasses import fields
from functools import lru_cache
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import quote

from jinja2 import Environment, FileSystemLoader, StrictUndefined, meta, nodes, select_autoescape
from jinja2_fragments import render_block
from pydantic import TypeAdapter
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response

from studio import htmx
from studio.htmx import Answer, Notice
from studio.shell import Shell
from world_builder.wording import counted, words

ROOT = Path(__file__).parent.parent
TEMPLATES, STATIC = ROOT / "templates", ROOT / "static"


class Page(Protocol):
    """The context of a page: a frozen dataclass."""

    @property
    def shell(self) -> Shell: ...


def render(
    request: Request,
    template: str,
    page: Page,
    *,
    block: str = "content",
    status: int = 200,
    notice: Notice | None = None,
    focus: str | None = None,
) -> Response:
    """The page for a browser, its `block` for htmx (with the notice), its data for an API client.

    `focus` is the selector of the element that takes the focus after a fragment was swapped in.
    """
    answer = htmx.answer_for(request)
    headers = {"Vary": "HX-Request, HX-Request-Type, Accept"}
    if answer is Answer.JSON:
        return JSONResponse(page_data(page), status_code=status, headers=headers)
    environment: Environment = request.app.state.studio.templates
    context = {field.name: getattr(page, field.name) for field in fields(page)}  # type: ignore[arg-type]
    if request.app.state.studio.settings.is_checking_pages:
        check_context(environment, template, set(context))
    if answer is Answer.FRAGMENT:
        text = render_block(environment, template, block, context) + _notices(environment, notice)
        if focus is not None:
            headers["HX-Trigger"] = f'{{"focus-on": {{"target": "{focus}"}}}}'
        return HTMLResponse(text, status_code=status, headers=headers)
    text = environment.get_template(template).render(context)
    response = HTMLResponse(text, status_code=status, headers=headers)
    if htmx.NOTICE_COOKIE in request.cookies:
        response.delete_cookie(htmx.NOTICE_COOKIE)
    return response


def done(
    request: Request,
    url: str,
    *,
    notice: Notice,
    data: object = None,
    status: int = 200,
) -> Response:
    """The answer to a change that ends on another page: redirect, or `data` as JSON."""
    if htmx.answer_for(request) is Answer.JSON:
        body = to_json(data) if data is not None else {"message": notice.text}
        return JSONResponse(body, status_code=status, headers={"Location": url})
    return htmx.redirect(request, url, notice)


def notice_only(request: Request, notice: Notice, status: int = 200) -> Response:
    """Tells an htmx request something and leaves the page as it is."""
    text = _notices(request.app.state.studio.templates, notice)
    return HTMLResponse(text, status_code=status, headers={"HX-Reswap": "none"})


def page_data(page: Page) -> dict[str, Any]:
    """What an API client gets of a page: everything but the shell."""
    data: dict[str, Any] = _adapter(type(page)).dump_python(page, mode="json", exclude={"shell"})
    return data


def to_json(value: object) -> Any:
    """Any typed value as JSON data."""
    return _adapter(type(value)).dump_python(value, mode="json")


def make_environment(templates: Path = TEMPLATES) -> Environment:
    """The template environment: strict about names, with the macros as the global `ui`."""
    environment = Environment(
        loader=FileSystemLoader(templates),
        autoescape=select_autoescape(),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals |= {"static": static_url, "url_quote": _url_quote, "counted": counted}
    environment.filters["words"] = words
    environment.globals["ui"] = environment.get_template("components/ui.html").module
    return environment


@lru_cache(maxsize=256)
def static_url(path: str) -> str:
    """The address of a static file with its content hash, so that it may be kept for good."""
    digest = hashlib.sha256((STATIC / path).read_bytes()).hexdigest()[:12]
    return f"/static/{path}?v={digest}"


def check_context(environment: Environment, template: str, declared: set[str]) -> None:
    """Raises AssertionError unless the template uses exactly the declared fields."""
    used = _used_names(environment, template) - set(environment.globals)
    missing, idle = used - declared, declared - used - {"shell"}
    if missing or idle:
        raise AssertionError(
            f"{template}: not declared {sorted(missing)}, never used {sorted(idle)}"
        )


@lru_cache(maxsize=256)
def _used_names(environment: Environment, template: str) -> frozenset[str]:
    if environment.loader is None:
        return frozenset()
    source, _, _ = environment.loader.get_source(environment, template)
    tree = environment.parse(source)
    used = set(meta.find_undeclared_variables(tree))
    inner: list[nodes.Include | nodes.Extends] = []  # an import sees no context
    inner += tree.find_all(nodes.Include)
    inner += tree.find_all(nodes.Extends)
    for node in inner:
        if isinstance(node.template, nodes.Const):
            used |= _used_names(environment, node.template.value)
    return frozenset(used)


_adapters: dict[Any, TypeAdapter[Any]] = {}


def _adapter(kind: Any) -> TypeAdapter[Any]:
    if kind not in _adapters:
        _adapters[kind] = TypeAdapter(kind)
    return _adapters[kind]


def _url_quote(text: object) -> str:
    return quote(str(text), safe="")


def _notices(environment: Environment, notice: Notice | None) -> str:
    if notice is None:
        return ""
    template = environment.get_template("errors/notice.html")
    return template.render(notice=notice)
