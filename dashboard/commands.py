"""Command lines that pages show, ready to be copied and run in a shell."""

import json
import shlex

from django.conf import settings

_BEARER = '"Authorization: Bearer $SECRET_KEY"'  # a shell variable: a page never knows a secret key


def verify(key: str) -> str:
    """Asks the verify service about a customer's key."""
    return _post(f"{settings.LICET_VERIFY_URL}/v1/verify", {"key": key})


def issue_license() -> str:
    return _post(f"{settings.LICET_PUBLIC_URL}/v1/licenses", {"customer": "cus_…", "plan": "plan_…"})


def _post(url: str, body: dict[str, str]) -> str:
    parts = (
        f"curl {shlex.quote(url)}",
        f"-H {_BEARER}",
        "-H 'Content-Type: application/json'",
        f"-d {shlex.quote(json.dumps(body, ensure_ascii=False))}",
    )
    return " \\\n  ".join(parts)
