"""The knowledge base: what replaced what, by whom and when."""

from collections.abc import Iterator

from world_builder.worlds.corecraft.consistency.records import Checks, Record, Records, day


def _replacement(article: Record, records: Records) -> Iterator[str]:
    newer_id = article.get("replaced_by_id")
    if (article["status"] == "deprecated") != (newer_id is not None):
        yield f"is {article['status']} but is replaced by {newer_id}"
    if newer_id is None:
        return
    newer = records.of("knowledge_base_article")[newer_id]
    if newer["status"] != "current":
        yield f"{newer_id}, which replaces it, is {newer['status']}"
    if newer["topic"] != article["topic"]:
        yield f"{newer_id}, which replaces it, is about {newer['topic']}"
    if day(newer["published_on"]) < day(article["published_on"]):
        yield f"{newer_id}, which replaces it, is older"


def _dates(article: Record, records: Records) -> Iterator[str]:
    published_on = article["published_on"]
    if day(article["updated_on"]) < day(published_on):
        yield f"was updated on {article['updated_on']}, before it was published"
    author = records.of("employee")[article["author_id"]]
    if day(author["hired_on"]) > day(published_on):
        yield f"{author['id']} wrote it before being hired on {author['hired_on']}"


def _title(article: Record, records: Records) -> Iterator[str]:
    for other in records.where("knowledge_base_article", "title", article["title"]):
        if other["id"] < article["id"]:
            yield f"has the title of {other['id']}"


CHECKS: Checks = {"knowledge_base_article": (_replacement, _dates, _title)}
