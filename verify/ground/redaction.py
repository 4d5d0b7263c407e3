"""Takes keys and tokens out of text by their shape, for logs and error reports."""

import logging
import re

_KEY = re.compile(r"([a-z0-9]{1,16}_(?:test|live)_lc)[0-9A-Za-z]{36}")
_STRIPE = re.compile(r"\b((?:sk|rk)_(?:test|live)_|whsec_)[0-9A-Za-z+/=]{8,}")
_TOKEN = re.compile(r"\beyJ[0-9A-Za-z_-]{8,}\.[0-9A-Za-z_-]+\.[0-9A-Za-z_-]*")
_RESET_LINK = re.compile(r"(/password/reset/key/)[^/\s\"]+")
# A token, also one that a mail program cut short or quoted; not the id of an invitation, which is no secret.
_INVITATION_LINK = re.compile(
    r"((?:/|%2[fF])invitations(?:/|%2[fF]))(?!inv_[0-7][0-9a-hjkmnp-tv-z]{25}(?![\w-]))[^/\s\"?&]{16,}"
)
_ADDRESS_PASSWORD = re.compile(r"(\b[a-z+]+://[^\s:/@]*:)[^\s@]+@")


def redact(text: str) -> str:
    """The same text with what follows a secret's public beginning replaced by an ellipsis."""
    text = _KEY.sub(r"\1…", text)
    text = _STRIPE.sub(r"\1…", text)
    text = _TOKEN.sub("eyJ…", text)
    text = _RESET_LINK.sub(r"\1…", text)
    text = _INVITATION_LINK.sub(r"\1…", text)
    return _ADDRESS_PASSWORD.sub(r"\1…@", text)


class RedactingFormatter(logging.Formatter):
    """Formats a record, traceback included, and redacts the result: nothing is written that was not looked at."""

    def format(self, record: logging.LogRecord) -> str:
        return redact(super().format(record))


def redacting(inner: logging.Formatter) -> logging.Formatter:
    """Wraps another formatter, for logging configurations."""

    class Wrapped(logging.Formatter):
        def format(self, record: logging.LogRecord) -> str:
            return redact(inner.format(record))

    return Wrapped()
