"""Sending one mail, written by a template whose first line is the subject.

The mail server is asked by workers alone. Timeout: EMAIL_TIMEOUT (10 s) for each answer of it. No retry here: whoever
sends says when it is tried again. Closed: what could not be sent counts as unsent. Metric: `licet_invitations_unsent`.
"""

from typing import Any

from django.core.mail import EmailMessage
from django.template.loader import render_to_string

QUEUE = "critical"  # of the tasks that send: somebody waits for it, and sweeps do not stand before it


def send(template: str, to: str, context: dict[str, Any]) -> None:
    """Raises OSError, as smtplib's errors are, when the server cannot be reached or does not take it."""
    subject, _, body = render_to_string(template, context).strip().partition("\n")
    headers = {"Auto-Submitted": "auto-generated"}  # no answering machine answers it (RFC 3834)
    EmailMessage(" ".join(subject.split()), body.strip() + "\n", to=[to], headers=headers).send()
