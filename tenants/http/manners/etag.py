"""ETag and If-Match (RFC 9110 §8.8.3, §13.1): change what you have seen, or be told that it changed meanwhile.

A tag is `"{revision}-{digest}"`: the row's revision, and a digest of what is shown, which time alone can change (a
license expires). If-None-Match compares all of it; If-Match asks for the state that was written, the revision.
"""

import re
import zlib
from typing import Any

from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request

from tenants.models.kept import Versioned
from tenants.rules.refusal import Refusal

_TAG = re.compile(r'"([0-9]{1,19})-[0-9a-f]{8}"')


def etag(row: Versioned, shown: dict[str, Any]) -> str:
    return f'"{row.revision}-{zlib.crc32(JSONRenderer().render(shown)):08x}"'


def is_known(request: Request, tag: str) -> bool:
    """Whether the caller has just this already (If-None-Match)."""
    known = request.headers.get("If-None-Match", "")
    return any(given.strip().removeprefix("W/") in (tag, "*") for given in known.split(",")) if known else False


def check_precondition(request: Request, row: Versioned) -> None:
    """Raises Refusal (412). `row` is locked, so that what was compared is what is changed."""
    condition = request.headers.get("If-Match")
    if condition is None or condition.strip() == "*":
        return
    revisions = {found.group(1) for given in condition.split(",") if (found := _TAG.fullmatch(given.strip()))}
    if str(row.revision) not in revisions:
        detail = "It was changed since you read it; read it again, and send If-Match with its present ETag."
        raise Refusal("precondition_failed", "precondition_failed", detail)
