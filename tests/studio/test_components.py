"""The design system: macros escape what they are given, vendored files are what VENDOR.md says,
templates obey the content security policy, and text keeps its contrast in both themes."""

import hashlib
import re
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from types import SimpleNamespace

import pytest
from jinja2 import Environment, FileSystemLoader, StrictUndefined

ROOT = Path(__file__).parents[2]
TEMPLATES = ROOT / "templates"
STATIC = ROOT / "static"
HOSTILE = "\"'><script>alert(1)</script><img src=x onerror=alert(1)>&amp;{{ 7 * 7 }}"
RAW_TEXT = ("script", "style")


class Page(HTMLParser):
    """Elements and text of a piece of markup, as a browser would see them."""

    def __init__(self, markup: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(markup)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data

    def values(self) -> list[str]:
        return [
            value for _, attrs in self.elements for value in attrs.values() if value is not None
        ]

    def with_attribute(self, name: str) -> list[tuple[str, dict[str, str | None]]]:
        return [(tag, attrs) for tag, attrs in self.elements if name in attrs]


@pytest.fixture(scope="module")
def env() -> Environment:
    env = Environment(
        loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined
    )
    env.globals["ui"] = env.get_template("components/ui.html").module
    return env


@pytest.fixture(scope="module")
def render(env: Environment) -> Callable[..., Page]:
    return lambda source, **context: Page(env.from_string(source).render(h=HOSTILE, **context))


def shell(*, world: bool = True) -> SimpleNamespace:
    link = SimpleNamespace(label=HOSTILE, url="/w", count=2614, is_current=True, key="g e")
    return SimpleNamespace(
        title=HOSTILE,
        world=SimpleNamespace(name="Tutorial", url="/worlds/tutorial", line="draft")
        if world
        else None,
        sections=[SimpleNamespace(label="World", links=[link])] if world else [],
        breadcrumbs=[SimpleNamespace(label=HOSTILE, url="/")],
        state=SimpleNamespace(label="in review", tone="warn"),
        saved=None,
        user=HOSTILE,
        notices=[SimpleNamespace(text=HOSTILE, tone="good", undo_url="/undo")],
    )


EXPRESSIONS = [
    "ui.button(h, key='a', attrs={'hx-post': h})",
    "ui.button(h, icon='check', icon_only=True)",
    "ui.link_button(h, h)",
    "ui.badge(h, 'good')",
    "ui.badge(h, url=h)",
    "ui.tag(h)",
    "ui.kbd(h)",
    "ui.ref(h, h)",
    "ui.verdict('met', h)",
    "ui.verdict_word('unmet', h)",
    "ui.section_label(h, h)",
    "ui.quote(h, [(0, 4), (8, 20)])",
    "ui.callout(h, 'warn')",
    "ui.breadcrumb([{'label': h, 'url': h}])",
    "ui.copy_button(h)",
    "ui.tabs([{'label': h, 'url': h, 'is_current': true, 'target': h}], h)",
    "ui.empty_state(h, h)",
    "ui.notice(h, undo_url=h)",
    "ui.progress(h, 3, 10, h)",
    "ui.stat(h, h, h, h, h)",
    "ui.step_list([{'title': h, 'state': 'failed', 'detail': h}])",
    "ui.problems([{'path': h, 'message': h, 'hint': h, 'field_id': h}])",
    "ui.search_field(value=h, label=h, url=h, target=h)",
    "ui.filter_chips([{'label': h, 'url': h}])",
    "ui.datalist([(h, h)])",
    "ui.wording([{'fate': 'kept', 'text': h}, {'fate': 'removed', 'text': h}])",
    "ui.pagination(1, 2, 2614, h, h, h, h)",
    "ui.key_values([(h, h)])",
    "ui.code_block(h, h)",
    "ui.json_block({'k': h}, h)",
    "ui.diff_table([{'path': h, 'before': h, 'after': 'x'}], h, h, h)",
    "ui.tool_call(h, {h: h}, 1, h, change='added', changed=(h,), detail=h)",
    "ui.missing_step(h)",
    "ui.message('user', h, h)",
    "ui.criterion(h, 'met', badges=h, remark=h)",
    "ui.criterion_edit('c1', h, h, 'unmet', error=h, remark=h, badges=h)",
    "ui.verdict_row(h, 'unscored', h, h, h)",
    "ui.flip_row(h, 'gained')",
    "ui.flip_row(h, 'unclear', [{'who': h, 'verdict': 'met', 'reason': h}])",
    "ui.world_change(h, h, 'updated', [{'path': h, 'before': h, 'after': h}])",
    "ui.pair_head(h, h, h)",
    "ui.sparkline([1, none, 3, 2], h, end_label=h)",
    "ui.histogram([{'label': h, 'value': 1}], h)",
    "ui.share_bar([1, 0, 2], 4, h)",
    "ui.bar_list([{'label': h, 'value': 1, 'url': h}], h)",
    "ui.heat_map(h, h, [h], [{'title': h, 'rows': [{'title': h, 'url': h, 'mark': h,"
    " 'cells': [{'value': 1, 'shade': 3, 'url': h}], 'total': {'value': 0, 'url': h}}]}])",
    "ui.chart('c', h, [{'label': h, 'values': [0.5]}], [1], x_label=h)",
]
CALLS = [
    "ui.panel(h, h, h, foot=h)",
    "ui.fold(h, h)",
    "ui.dialog('d', h, h)",
    "ui.oob_notices()",
    "ui.fieldset(h, h)",
    "ui.filter_bar(h, h, h, h)",
    "ui.table(h, [{'label': h, 'sort_url': h, 'sorted': 'ascending'}], sort_target=h)",
    "ui.rows(h)",
    "ui.criteria_list(h, h, h)",
    "ui.item(h, h)",
    "ui.pair(h)",
    "ui.pair_cell()",
]
KINDS = (
    "text long_text code integer number money boolean date datetime enum reference list object "
    "password search"
).split()


def assert_harmless(page: Page) -> None:
    tags = [
        tag
        for tag, attrs in page.elements
        if tag != "script" or attrs.get("type") != "application/json"
    ]
    assert "script" not in tags
    assert "img" not in tags
    assert not page.with_attribute("onerror")
    assert any("onerror" in text.lower() for text in [page.text, *page.values()]), (
        "the text itself must survive"
    )


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_macro_escapes_hostile_text(render: Callable[..., Page], expression: str) -> None:
    assert_harmless(render("{{ " + expression + " }}"))


@pytest.mark.parametrize("expression", CALLS)
def test_macro_with_a_body_escapes_hostile_text(
    render: Callable[..., Page], expression: str
) -> None:
    assert_harmless(render("{% call " + expression + " %}{{ h }}{% endcall %}"))


@pytest.mark.parametrize("kind", KINDS)
def test_field_keeps_bad_input_and_ties_the_error_to_the_control(
    render: Callable[..., Page], kind: str
) -> None:
    page = render(
        "{{ ui.field('order.total', h, k, h, help=h, error=h, options=[(h, h)], unit=h, url=h) }}",
        k=kind,
    )
    assert_harmless(page)
    ((_, control),) = page.with_attribute("aria-invalid")
    ids = {attrs["id"] for _, attrs in page.with_attribute("id")}
    assert set((control["aria-describedby"] or "").split()) <= ids
    assert any(attrs.get("for") == control["id"] for tag, attrs in page.elements if tag == "label")
    if kind not in ("boolean", "enum"):
        assert HOSTILE in (
            control.get("value"),
            page.text[page.text.find(HOSTILE) :][: len(HOSTILE)],
        )


@pytest.mark.parametrize(
    ("cents", "printed"),
    [(1999, "19.99"), (5, "0.05"), (0, "0.00"), (-105, "-1.05"), (None, ""), ("12,x", "12,x")],
)
def test_money_is_printed_from_integer_cents(
    render: Callable[..., Page], cents: int | str | None, printed: str
) -> None:
    page = render("{{ ui.field('price_cents', 'Price', 'money', cents) }}", cents=cents)
    assert next(attrs["value"] for tag, attrs in page.elements if tag == "input") == printed


def test_every_macro_is_covered_and_offered_by_ui(env: Environment) -> None:
    sources = [path for path in (TEMPLATES / "components").glob("*.html") if path.name != "ui.html"]
    defined = {
        name
        for path in sources
        for name in re.findall(r"macro ([a-z]\w*)\(", path.read_text(encoding="utf-8"))
    }
    offered = {name for name in vars(env.globals["ui"]) if not name.startswith("_")}
    tested = set(re.findall(r"ui\.(\w+)\(", " ".join([*EXPRESSIONS, *CALLS])))
    assert defined == offered
    no_text_of_its_own = {"icon", "verdict_bar"}
    assert defined - tested - no_text_of_its_own == {"field", "evidence"}


def test_a_verdict_is_a_word_as_well_as_a_colour(render: Callable[..., Page]) -> None:
    for value, word in (
        ("met", "met"),
        ("unmet", "unmet"),
        ("cannot_assess", "cannot assess"),
        ("unscored", "unscored"),
    ):
        assert render("{{ ui.verdict(v, sign_only=True) }}", v=value).text == word


def test_evidence_marks_exactly_the_spans(env: Environment) -> None:
    markup = env.from_string("{{ ui.evidence('a<b & c>d', [(1, 2), (4, 5)]) }}").render()
    assert markup == "a<mark>&lt;</mark>b <mark>&amp;</mark> c&gt;d"


@pytest.mark.parametrize("has_world", [True, False])
def test_base_renders_with_and_without_a_world(env: Environment, has_world: bool) -> None:
    page = Page(env.get_template("base.html").render(shell=shell(world=has_world)))
    assert not page.with_attribute("onerror")
    assert [tag for tag, _ in page.elements].count("h1") == 1
    assert ("aria-current" in {name for _, attrs in page.elements for name in attrs}) is has_world
    assert any(
        attrs.get("id") == "notices" and attrs.get("aria-live") == "polite"
        for _, attrs in page.elements
    )


def test_templates_need_no_inline_script_or_style() -> None:
    forbidden = re.compile(
        r"""\sstyle\s*=|<style|javascript:|\son[a-z]+\s*=\s*["']|hx-on[:-]|["']js:|hx-vals=["']js:|<script(?![^>]*(?:\ssrc=|application/json))"""
    )
    found = [
        f"{path.relative_to(ROOT)}: {match.group()}"
        for path in sorted(TEMPLATES.rglob("*.html"))
        for match in forbidden.finditer(path.read_text(encoding="utf-8"))
    ]
    assert found == []


def test_nothing_is_loaded_from_another_host() -> None:
    paths = [
        *TEMPLATES.rglob("*.html"),
        *(STATIC / "css").glob("*.css"),
        *(STATIC / "js").glob("*.js"),
    ]
    found = [
        path.name
        for path in paths
        if re.search(
            r"(?:src|href|url\(|from|import)\W{0,3}(?:https?:)?//", path.read_text(encoding="utf-8")
        )
    ]
    assert found == []


def test_vendored_files_are_what_vendor_md_says() -> None:
    rows = re.findall(
        r"\| `(vendor/[^`]+)` \| [^|]+ \| `([0-9a-f]{64})` \|",
        (STATIC / "VENDOR.md").read_text(encoding="utf-8"),
    )
    files = {
        str(path.relative_to(STATIC)) for path in (STATIC / "vendor").rglob("*") if path.is_file()
    }
    assert {path for path, _ in rows} == {path for path in files if not path.endswith("/LICENSE")}
    assert {str(Path(path).parent / "LICENSE") for path, _ in rows} <= files
    for path, digest in rows:
        assert hashlib.sha256((STATIC / path).read_bytes()).hexdigest() == digest, path


def tokens() -> dict[str, tuple[str, str]]:
    text = (STATIC / "css" / "tokens.css").read_text(encoding="utf-8")
    found = re.findall(r"--([\w-]+): light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\)", text)
    return {name: (light, dark) for name, light, dark in found}


def luminance(colour: str) -> float:
    """Relative luminance in [0, 1]. Source: WCAG 2.2, relative luminance."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


SURFACES = ("canvas", "surface", "sunken", "hover")
SOFT = ("selected", "accent-soft", "good-soft", "bad-soft", "warn-soft", "neutral-soft", "evidence")
TEXT_PAIRS = [
    *(("ink", ground) for ground in (*SURFACES, *SOFT)),
    *(("muted", ground) for ground in (*SURFACES, "neutral-soft", "selected", "bad-soft")),
    *(
        (tone, ground)
        for tone in ("accent", "good", "bad", "warn", "neutral")
        for ground in SURFACES
    ),
    *(("ink", f"heat-{shade}") for shade in range(1, 6)),
    *((tone, f"{tone}-soft") for tone in ("accent", "good", "bad", "warn", "neutral")),
    ("accent", "selected"),
    ("bad", "good-soft"),
    ("danger", "bad-soft"),
    ("on-accent", "accent"),
    ("on-accent", "accent-hover"),
    ("on-danger", "danger"),
    ("on-danger", "danger-hover"),
]


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize(("text", "ground"), TEXT_PAIRS)
def test_text_has_contrast(text: str, ground: str, theme: int) -> None:
    values = tokens()
    assert contrast(values[text][theme], values[ground][theme]) >= 4.5


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize(
    "mark",
    ["line-field", "accent", "good", "bad", "warn", "series-1", "series-2", "series-3", "series-4"],
)
def test_borders_and_curves_have_contrast(mark: str, theme: int) -> None:
    values = tokens()
    assert contrast(values[mark][theme], values["surface"][theme]) >= 3
