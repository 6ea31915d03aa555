"""Asks a server whether it is healthy: exit code 0 when it answers 200. Standard library only.

The image's HEALTHCHECK runs it, since small images hold no curl.
"""

import sys
import urllib.error
import urllib.request

_TIMEOUT_S = 4.0


def is_healthy(url: str) -> bool:
    """True when the URL answers 200."""
    try:
        with urllib.request.urlopen(url, timeout=_TIMEOUT_S) as response:  # noqa: S310
            return bool(response.status == 200)
    except (urllib.error.URLError, TimeoutError, ConnectionError):
        return False


if __name__ == "__main__":
    sys.exit(0 if is_healthy(sys.argv[1]) else 1)
