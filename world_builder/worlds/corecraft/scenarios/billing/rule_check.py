"""The scenario `rule-check`: whether something that is said is still the rule."""

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

from world_builder.expressions import money
from world_builder.rubrics import Criterion
from world_builder.tasks import Category, Difficulty
from world_builder.templates import Desk, Draft, Scenario
from world_builder.templates.criteria import (
    changes_nothing,
    leaves_out,
    says_any,
    says_date,
    says_matching,
    says_no,
)
from world_builder.worlds.corecraft import rules
from world_builder.worlds.corecraft.company import Article, Company
from world_builder.worlds.corecraft.policies import BACK_OFFICE
from world_builder.worlds.corecraft.scenarios.common import (
    asked_by,
    requester,
    spoken_day,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Claim:
    """Something that was once true, and what holds now."""

    old_title: str
    claim: str
    now: str
    """The rule of today, as a reference says it."""
    pattern: str
    """What an answer must say of it."""


_CLAIMS = (
    _Claim(
        old_title="Return window",
        claim="everything may come back within 14 days of the order",
        now=f"silver customers have {rules.RETURN_DAYS['silver']} days from delivery",
        pattern=rf"\b{rules.RETURN_DAYS['silver']}\b[\s\S]*\bdeliver",
    ),
    _Claim(
        old_title="Restocking fee",
        claim="we keep 10 % of every return",
        now=f"the fee is {rules.RESTOCKING_PERCENT} %, and only for opened items that come back by "
        "a change of mind",
        pattern=rf"\b{rules.RESTOCKING_PERCENT}\s*(?:%|percent)[\s\S]*\bopen|\bopen[\s\S]*\b"
        rf"{rules.RESTOCKING_PERCENT}\s*(?:%|percent)",
    ),
    _Claim(
        old_title="Outlet items",
        claim="clearance items never come back, not even broken ones",
        now="a clearance item that is defective is treated like any other",
        pattern=r"defect\w*[\s\S]*(?:like any|same|other|refund|come back)|(?:like any|treated)"
        r"[\s\S]*defect",
    ),
    _Claim(
        old_title="Damaged parcels",
        claim="damage has to be reported on the day of delivery",
        now=f"damage is reported within {rules.TRANSIT_DAMAGE_DAYS} days of delivery",
        pattern=rf"\b(?:{rules.TRANSIT_DAMAGE_DAYS}|seven)\b days",
    ),
    _Claim(
        old_title="Delivery guarantee",
        claim="every late delivery earns a voucher of $20",
        now="only expedited and overnight parcels that come late get their shipping charge back",
        pattern=r"(?:expedited|overnight)[\s\S]*shipping|shipping[\s\S]*(?:expedited|overnight)",
    ),
    _Claim(
        old_title="Refund limits",
        claim="agents may approve up to $100",
        now=f"agents approve up to {money(rules.REFUND_LIMIT_CENTS['agent'])}",
        pattern=r"\$150(?:\.00)?\b",
    ),
    _Claim(
        old_title="Warranty",
        claim="all parts have 24 months of warranty from the order date",
        now="the warranty runs for the months named on the product, from the day of delivery",
        pattern=r"product[\s\S]*deliver|deliver[\s\S]*product",
    ),
    _Claim(
        old_title="Shipping prices",
        claim="standard shipping is free from $75",
        now=f"standard shipping is free from {money(rules.FREE_STANDARD_FROM_CENTS)} of goods "
        "after discount",
        pattern=r"\$99(?:\.00)?\b",
    ),
    _Claim(
        old_title="Delivery times",
        claim="standard takes 7 days with weekends included",
        now=f"standard takes {rules.DELIVERY_BUSINESS_DAYS['standard']} business days",
        pattern=rf"\b(?:{rules.DELIVERY_BUSINESS_DAYS['standard']}|five)\b (?:business|working)",
    ),
    _Claim(
        old_title="Missing parcels",
        claim="a customer waits 30 days before we open a search",
        now="a parcel without a scan for more than seven days counts as lost",
        pattern=r"\b(?:seven|7)\b[- ]days?",
    ),
    _Claim(
        old_title="Loyalty discounts",
        claim="gold gets 10 % off",
        now=f"gold gets {rules.DISCOUNT_PERCENT['gold']} % off goods",
        pattern=rf"(?<!\d){rules.DISCOUNT_PERCENT['gold']}\s*(?:%|percent)",
    ),
    _Claim(
        old_title="Escalations",
        claim="one writes to the Slack channel and waits",
        now="a ticket is escalated to tier_2, manager or safety",
        pattern=r"tier[_ -]?2[\s\S]*safety|safety[\s\S]*tier[_ -]?2",
    ),
    _Claim(
        old_title="Old tickets",
        claim="tickets close by themselves after a week",
        now=f"a ticket of high or urgent priority open for more than {rules.LONG_OPEN_HOURS} hours "
        "goes to tier_2",
        pattern=rf"\b{rules.LONG_OPEN_HOURS}\b hours",
    ),
    _Claim(
        old_title="Build service",
        claim="assembly is $79",
        now=f"assembly costs {money(rules.ASSEMBLY_CENTS)}",
        pattern=r"\$99(?:\.00)?\b",
    ),
    _Claim(
        old_title="Power supply rule of thumb",
        claim="twice the wattage of the card is always enough",
        now=f"processor, card and {rules.BASE_LOAD_W} W are added up, with "
        f"{rules.PSU_HEADROOM_PERCENT} % headroom on top",
        pattern=rf"\b{rules.BASE_LOAD_W}\b[\s\S]*\b{rules.PSU_HEADROOM_PERCENT}\s*(?:%|percent)",
    ),
    _Claim(
        old_title="Letter style",
        claim="letters begin with Sir or Madam",
        now="customers are greeted by first name",
        pattern=r"first name",
    ),
)
_TRUE_CLAIMS = (
    ("Store credit", "store credit never expires"),
    ("Goodwill", "a goodwill refund is given once per order"),
    ("Opening a ticket again", "a closed ticket stays closed"),
    ("Memory: type and slots", "two kits of two modules need four slots"),
    ("Cancelling an order with a build", "anybody may cancel while a build is only ordered"),
    ("Failed payments", "a customer is told only the last four digits of a card"),
    ("What counts as a decision", "deprecated articles never count"),
)
"""Title of a current article, and something that it says."""
_CHECK_PHRASINGS = (
    "A colleague says that {claim}. Is that still so? Point me to the article that counts (id), "
    "with the day of its last update; and if it changed, to the old one (id), with what holds now.",
    '"{claim}" - true today? id of the article it is in + date of last update. if outdated: the '
    "current rule, and id of the old text too",
    "Somebody at lunch insisted that {claim}. What does the knowledge base say, in which article, "
    "updated when? If it is wrong: what holds instead, and where does the wrong idea come from (id "
    "of the old text)?",
    "I found a sticker that reads: {claim}. Keep it or throw it away? Name the article in force "
    "(id, last update). In case of throwing away also the deprecated one and the rule of today.",
    "Check this sentence for the training deck: {claim}. Right or wrong by today's articles? With "
    "the id and the latest revision of the one that counts. If wrong, the rule and the id of the "
    "article that misled us.",
    "is it right that {claim}? need yes/no, the article for it + when updated. if no, what the "
    "rule is now, and the article that used to say so",
    "A new agent learned that {claim}. Tell me whether that is the rule, the article behind it and "
    "its update day. If it no longer is, give me the current one in a sentence and the id of the "
    "text that they learned from.",
    "For the record: does it hold that {claim}? I want the current article's id and last update "
    "and, should the claim be out of date, the present rule in substance and the deprecated "
    "article's id.",
    "I told a customer that {claim}. Did I tell nonsense? Where does the rule stand (id, last "
    "change)? And if I did: what is the rule, and which old article did I have in mind?",
)
_CHECK_DETAILS = (
    "Slack talk won't do as a source.",
    "One sentence on the rule is enough.",
    "I want to stop repeating it.",
    "Nobody is in trouble over this.",
)


def _check_drafts(desk: Desk[Company]) -> Iterator[Draft]:
    rng = desk.random("rule-check")
    company = desk.model
    titles = {article.title: article for article in company.articles}
    by_id = {article.id: article for article in company.articles}
    claims = list(_CLAIMS)
    rng.shuffle(claims)
    true_claims = list(_TRUE_CLAIMS)
    for claim in claims:
        old = titles[claim.old_title]
        yield _check_draft(desk, claim, old, by_id[str(old.replaced_by_id)], rng)
        if true_claims:
            title, told = true_claims.pop()
            yield _true_draft(desk, told, titles[title], rng)


def _true_draft(desk: Desk[Company], claim: str, article: Article, rng: Random) -> Draft:
    session = desk.session()
    found = session.call("search_knowledge_base", text=article.title, status="current")["results"]
    if not isinstance(found, list) or article.id not in str(found):
        raise LookupError(f"{article.title!r} is not found")
    return Draft(
        title=f"Does {article.title!r} say so?",
        keys=(article.id,),
        slots={"claim": claim},
        calls=session.calls,
        response=f"That still holds. It stands in {article.id}. The last update was on "
        f"{article.updated_on.isoformat()}.",
        criteria=(
            says_matching("verdict", "Says that it still holds.", _HOLDS).model_copy(
                update={"is_critical": True}
            ),
            says_any("current", f"Names the article: {article.id}.", article.id),
            says_date("updated", "the day of its last update", article.updated_on.isoformat()),
            _no_old(desk.model),
            changes_nothing(),
        ),
        requester=requester(asked_by(desk.model, rng, "support", "returns", "builds")),
    )


_HOLDS = (
    r"^(?![\s\S]*(?:no longer|outdated|deprecated|not (?:true|right|current|so|hold)\b|n['’]t hold"
    r"|(?:^|[.!?]\s*)no\b))[\s\S]*\b(?:yes|holds|true|right|correct|current|still)\b"
)


def _no_old(company: Company) -> Criterion:
    old = [article.id for article in company.articles if article.status == "deprecated"]
    return leaves_out("no-old", "Names no deprecated article.", *old)


def _check_draft(
    desk: Desk[Company], claim: _Claim, old: Article, new: Article, rng: Random
) -> Draft:
    session = desk.session()
    session.call("search_knowledge_base", text=old.title, status="deprecated")
    session.call("search_knowledge_base", id=new.id)
    return Draft(
        title=f"Does {old.title!r} still hold?",
        keys=(old.id, new.id),
        slots={"claim": claim.claim},
        calls=session.calls,
        response=f"No, that no longer holds. The rule now: {claim.now}. It stands in {new.id}, "
        f"last updated on {spoken_day(new.updated_on)}. The old text is {old.id}.",
        criteria=(
            says_no("Says that it no longer holds.", key="verdict"),
            says_matching("rule", f"Gives the rule of today: {claim.now}.", claim.pattern),
            says_any("current", f"Names the article that counts: {new.id}.", new.id),
            says_date("updated", "the day of its last update", new.updated_on.isoformat()),
            says_any("deprecated", f"Names the deprecated article: {old.id}.", old.id),
            changes_nothing(),
        ),
        requester=requester(asked_by(desk.model, rng, "support", "returns", "builds")),
    )


RULE_CHECK: Scenario[Company] = Scenario(
    name="rule-check",
    category=Category.INFORMATION_RETRIEVAL,
    difficulty=Difficulty.EASY,
    system_prompt=BACK_OFFICE,
    intent="Work by the rules of today; the claim was that {claim}.",
    phrasings=_CHECK_PHRASINGS,
    details=_CHECK_DETAILS,
    drafts=_check_drafts,
    num_tasks=20,
)
