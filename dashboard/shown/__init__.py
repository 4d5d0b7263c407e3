"""Rows as pages show them, and what they grant in words."""

from dashboard.shown.keys import ShownKey, shown_key
from dashboard.shown.licenses import ShownLicense, shown_license

__all__ = ["ShownKey", "ShownLicense", "shown_key", "shown_license"]
