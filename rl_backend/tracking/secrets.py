"""Takes what is secret out of texts and settings before they leave the run."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping

from world_builder.frozen import Json

HIDDEN = "***"
MIN_LENGTH = 6
_NAMES = re.compile(r"KEY|TOKEN|SECRET|PASSW|CREDENTIAL", re.IGNORECASE)
_USER_INFO = re.compile(r"(?<=://)[^/@\s]+@")


def without_secrets(text: str, environment: Mapping[str, str] | None = None) -> str:
    """The text without the values of secret environment variables and users in addresses.

    >>> without_secrets("PUT https://me:pw@host/x of key-123", {"SOME_API_KEY": "key-123"})
    'PUT https://***@host/x of ***'
    """
    given = os.environ if environment is None else environment
    secrets = [v for k, v in given.items() if _NAMES.search(k) and len(v) >= MIN_LENGTH]
    for value in sorted(secrets, key=len, reverse=True):
        text = text.replace(value, HIDDEN)
    return _USER_INFO.sub(f"{HIDDEN}@", text)


def settings_without_secrets(value: Json) -> Json:
    """The same settings, every text in them without secrets."""
    if isinstance(value, str):
        return without_secrets(value)
    if isinstance(value, list):
        return [settings_without_secrets(item) for item in value]
    if isinstance(value, dict):
        return {name: settings_without_secrets(item) for name, item in value.items()}
    return value
