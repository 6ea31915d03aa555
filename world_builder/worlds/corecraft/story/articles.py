"""Numbers the articles: the current ones, and what they replaced."""

from datetime import date, timedelta
from random import Random

from world_builder.worlds.corecraft.company import Article
from world_builder.worlds.corecraft.story.article_texts import ARTICLES, ArticleText
from world_builder.worlds.corecraft.story.staff import CATALOGUE_MANAGER, EDITOR


def build_articles(rng: Random) -> tuple[Article, ...]:
    """All articles, old and new mixed, as a knowledge base grows."""
    pieces = [(text, False) for text in ARTICLES]
    pieces += [(text, True) for text in ARTICLES if text.old_title]
    rng.shuffle(pieces)
    numbers = {(text.title, is_old): i for i, (text, is_old) in enumerate(pieces, 1)}
    return tuple(
        _article(i, text, numbers[(text.title, False)], rng, is_old=is_old)
        for i, (text, is_old) in enumerate(pieces, 1)
    )


def _article(number: int, text: ArticleText, newer: int, rng: Random, *, is_old: bool) -> Article:
    published = (
        date(2023, 7, 3) + timedelta(days=rng.randrange(180))
        if is_old
        else date(2024, 3, 1) + timedelta(days=rng.randrange(420))
    )
    updated = published + timedelta(days=rng.randrange(5, 60))
    return Article(
        id=f"kb-{number:03}",
        title=text.old_title if is_old else text.title,
        topic=text.topic,
        status="deprecated" if is_old else "current",
        body=text.old_body if is_old else text.body,
        published_on=published,
        updated_on=updated,
        author_id=EDITOR if rng.random() < 0.7 else CATALOGUE_MANAGER,
        replaced_by_id=f"kb-{newer:03}" if is_old else None,
    )
