"""Verifies that what a judge quotes was really said.

Quotes are compared after white space and Unicode look-alikes are brought to one spelling; case,
figures and wording must agree. It judges nothing.
"""

import re
import unicodedata
from collections.abc import Iterable

_SPELLINGS = {"'": "‘’", '"': "“”", "-": "–—‑−"}
_LOOKALIKES = str.maketrans({c: plain for plain, others in _SPELLINGS.items() for c in others})


def one_spelling(text: str) -> str:
    """The text in NFKC, with plain quotes and dashes and single spaces.

    >>> one_spelling("It’s\u00a0 “new”")
    'It\\'s "new"'
    """
    return re.sub(r"\s+", " ", unicodedata.normalize("NFKC", text).translate(_LOOKALIKES)).strip()


def unverified(quotes: Iterable[str], text: str) -> tuple[str, ...]:
    """The quotes that do not occur in the text; blank ones never do."""
    where = one_spelling(text)
    return tuple(q for q in quotes if not one_spelling(q) or one_spelling(q) not in where)


def passage(quote: str, text: str) -> str:
    """The quote as the text itself spells it; the quote when that cannot be told.

    >>> passage('is "new"', "It is\\n“new”.")
    'is\\n“new”'
    """
    words = (_any_spelling(word) for word in one_spelling(quote).split())
    found = re.search(r"\s+".join(words), text)
    return found[0] if found else quote


def _any_spelling(word: str) -> str:
    return "".join(f"[{re.escape(c + _SPELLINGS.get(c, ''))}]" for c in word)
