"""The scenario `query-article-trail`: which article counts today in place of an old one."""

from collections.abc import Iterator

from world_builder.tasks import Category, Difficulty
from world_builder.templates import Desk, Draft, Requester, Scenario
from world_builder.templates.criteria import (
    changes_nothing,
    says_any,
    says_date,
    says_matching,
)
from world_builder.worlds.corecraft.company import Article, Company
from world_builder.worlds.corecraft.policies import BACK_OFFICE
from world_builder.worlds.corecraft.scenarios.common import asked_by, requester, spoken_day
from world_builder.worlds.corecraft.scenarios.queries.wording import only
from world_builder.worlds.corecraft.tools import GENERIC_SURFACE

_PHRASINGS = (
    'Does the article "{title}" still count? If another one took its place: its id and title, who '
    "wrote it, and when it was last updated.",
    'I printed "{title}" ages ago. Still good? Otherwise tell me which article holds now (id, '
    "title), its author and the date of its last update.",
    'status of "{title}" in the knowledge base? what replaced it, by whom, last changed when. ids '
    "please",
    'A new colleague quotes "{title}". Before I correct anyone: is that text in force, and if not, '
    "which one is, from which author and of which date?",
    'Look up "{title}" for me. I want to hear whether it is current, what stands in its place with '
    "id and title, the author's name and the day of the last update.",
    'We are cleaning up links to "{title}". What should they point to instead? Give the id and the '
    "title of the successor, its author, its latest update, and say whether the old text may still "
    "be used.",
    '"{title}": may I still work by it? And what do I cite instead (number, heading, writer, last '
    "revision)?",
    'Which article superseded "{title}"? Please with id, title, the person who wrote it and its '
    "last update; and confirm whether the old one is out of force.",
    'In the margin of my notes it says "{title}". Somebody told me there is a newer text. True? '
    "Then I need its id, title, author, update date.",
)
_DETAILS = (
    "My bookmarks are older than the office plant.",
    "It is for the team wiki.",
    "The wording itself I can read on my own.",
    "There may be several articles with similar headings.",
)


def _drafts(desk: Desk[Company]) -> Iterator[Draft]:
    company = desk.model
    rng = desk.random("query-article-trail")
    by_id = {article.id: article for article in company.articles}
    old = [article for article in company.articles if article.replaced_by_id is not None]
    rng.shuffle(old)
    for article in old:
        newer = by_id[str(article.replaced_by_id)]
        asker = asked_by(company, rng, "support", "returns", "product", "builds")
        yield _draft(desk, article, newer, requester(asker))


def _draft(desk: Desk[Company], old: Article, new: Article, asker: Requester) -> Draft:
    author = desk.model.employee(new.author_id)
    session = desk.session(GENERIC_SURFACE)
    session.call("describe_type", type="knowledge_base_article")
    found = session.call(
        "find_records", type="knowledge_base_article", field="title", value=old.title
    )
    only(found["results"], old.id)
    session.call("get_record", type="knowledge_base_article", id=new.id)
    session.call("get_record", type="employee", id=author.id)
    return Draft(
        title=f"What replaced {old.title!r}",
        keys=(old.id, new.id),
        slots={"title": old.title},
        calls=session.calls,
        response=f'No, "{old.title}" ({old.id}) is deprecated and no longer counts. In its place '
        f'stands {new.id}, "{new.title}". It was written by {author.name} and last updated on '
        f"{spoken_day(new.updated_on)}.",
        criteria=(
            says_matching(
                "verdict",
                "Says that the old article no longer counts.",
                r"deprecated|no longer|not (?:in force|current|valid)|does(?: not|n['’]t) count"
                r"|out of force|outdated|superseded",
            ),
            says_matching("denied", "Does not call it current.", r"^(?![\s\S]*\b(?:yes\b|still "
                          r"(?:counts|current|active|valid|in force)|is (?:current|active)))"
                          r"[\s\S]*\b(?:no|not|deprecated)\b"),
            says_any("old", f"Names the old article: {old.id}.", old.id),
            says_any("new", f"Names the article that counts: {new.id}.", new.id),
            says_any("title", f"Gives its title: {new.title}.", new.title),
            says_any("author", f"Names its author: {author.name}.", author.name),
            says_date("updated", "the day of its last update", new.updated_on.isoformat()),
            changes_nothing(),
        ),
        requester=asker,
    )  # fmt: skip


QUERY_ARTICLE_TRAIL: Scenario[Company] = Scenario(
    name="query-article-trail",
    category=Category.INFORMATION_RETRIEVAL,
    difficulty=Difficulty.EASY,
    system_prompt=BACK_OFFICE,
    intent='Work by the article that counts, not by "{title}".',
    phrasings=_PHRASINGS,
    details=_DETAILS,
    drafts=_drafts,
    num_tasks=12,
    is_unseen=True,
    tool_surface=GENERIC_SURFACE,
)
