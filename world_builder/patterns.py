"""Regular expressions of authors, compiled once: Python itself keeps only 512 of them.

A large world has thousands, and each is tried on many answers.
"""

import re
from functools import lru_cache


@lru_cache(maxsize=20_000)
def ignoring_case(pattern: str) -> re.Pattern[str]:
    """The pattern, to be found in any case. Raises re.error."""
    return re.compile(pattern, re.IGNORECASE)
