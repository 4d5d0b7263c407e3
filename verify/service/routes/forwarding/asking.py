"""From the headers that a gateway sends to a verify request."""

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import quote, unquote

from verify.request import MOST_TEXT, BadRequest, VerifyRequest, checked

OURS, FORWARDED = "licet-", "x-forwarded-"
SECRET_KEY, ONCE = "licet-secret-key", "licet-idempotency-key"
SCOPES, FEATURES, USAGE, KEY_HEADER = "licet-scopes", "licet-features", "licet-usage", "licet-key-header"
KNOWN = frozenset({SECRET_KEY, ONCE, SCOPES, FEATURES, USAGE, KEY_HEADER})
PROOF_SCHEMES = ("bearer", "dpop")

_TOKEN = re.compile(r"ey[\w-]+\.[\w-]+\.[\w-]*", re.ASCII)  # a JWT in compact form; no key of ours has a dot
_METHOD = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,64}")  # RFC 9110 §5.6.2
_URI = re.compile(r"([!-\"$->@-~\x80-\xff]+)(?:[?#][!-~\x80-\xff]*)?")
_USAGE = re.compile(r"([^=]+)=(\d{1,13})", re.ASCII)


class Asker(NamedTuple):
    """What is not in the headers: how the gateway itself asked, and the address behind it, None if none is known."""

    method: str
    path: str
    ip: str | None


def read(headers: Mapping[str, str], twice: Sequence[str], asker: Asker) -> VerifyRequest:
    """`headers` by lower-case name, `twice` those given more than once. Raises BadRequest naming the header."""
    _refuse_doubt(headers, twice)
    needs = _needs(headers.get(SCOPES, ""), headers.get(FEATURES, ""), headers.get(USAGE, ""))
    presented = _presented(headers)
    resource = _resource(headers, asker.path)
    proof = headers.get("dpop")
    is_token = _TOKEN.fullmatch(presented) is not None
    return VerifyRequest(
        key=None if is_token else presented,
        token=presented if is_token else None,
        scopes=needs.scopes,
        features=needs.features,
        usage=needs.usage,
        ip=asker.ip,
        dpop=proof,
        url=None if proof is None else _url(headers, resource),
        resource=resource,
        method=_method(headers, asker.method),
    )


def _refuse_doubt(headers: Mapping[str, str], twice: Sequence[str]) -> None:
    """A header given twice may be the gateway's and its caller's, and a hop before us may have joined the two with a
    comma; one that nobody knows was meant to forbid something.
    """
    for name in twice:
        if name.startswith((OURS, FORWARDED)):
            raise BadRequest(f"/{name}", "twice", f"`{name}` was given more than once.")
    for name in [name for name in headers if name[:6] == OURS]:
        if name not in KNOWN:
            raise BadRequest(f"/{name}", "unknown_header", f"`{name}` means nothing to forward-auth.")
        if "," in headers[name]:
            raise BadRequest(f"/{name}", "invalid", f"`{name}` holds a comma: was it given twice? Write %2C.")


class Needs(NamedTuple):
    """Of one route; whoever gets it must not change it."""

    scopes: list[str]
    features: list[str]
    usage: dict[str, int]


@lru_cache(256)  # of gateways whose secret key is in force
def _needs(scopes: str, features: str, usage: str) -> Needs:
    request = VerifyRequest(key="", scopes=_words(scopes), features=_words(features))
    if usage.strip():
        request = VerifyRequest(key="", scopes=request.scopes, features=request.features, usage=_usage(usage))
    try:
        checked(request)
    except BadRequest as bad:
        raise BadRequest(header_of(bad.pointer), bad.code, bad.detail) from bad
    return Needs(request.scopes, request.features, request.usage)


def header_of(pointer: str) -> str:
    """Which header said what a request has at `pointer`."""
    return f"/{OURS}{pointer.split('/')[1]}"


def _words(text: str) -> list[str]:
    return [unquote(word) for word in text.split()]


def _usage(text: str) -> dict[str, int]:
    found: dict[str, int] = {}
    for word in text.split():
        match = _USAGE.fullmatch(word)
        meter = unquote(match[1]) if match else ""
        if match is None or meter in found:
            raise BadRequest(f"/{USAGE}", "invalid", f"`{USAGE}`: `meter=amount`, each meter once.")
        found[meter] = int(match[2])
    return found


def _presented(headers: Mapping[str, str]) -> str:
    """What the caller sent to say who they are, "" if nothing; where the gateway named a header, in that one alone."""
    named = headers.get(KEY_HEADER, "").strip().lower()
    if named and named != "authorization":
        return headers.get(named, "").strip()
    scheme, _, credentials = headers.get("authorization", "").partition(" ")
    if scheme.lower() in PROOF_SCHEMES:
        return credentials.strip()
    return "" if named else headers.get("x-api-key", "").strip()


def _method(headers: Mapping[str, str], asked: str) -> str:
    method = headers.get("x-forwarded-method") or asked
    if _METHOD.fullmatch(method) is None:
        raise BadRequest("/x-forwarded-method", "invalid", "`X-Forwarded-Method` is no method.")
    return method


def _resource(headers: Mapping[str, str], asked: str) -> str:
    """As it was sent, but without the query: it is kept, and secrets and names of people stand in queries."""
    uri = headers.get("x-forwarded-uri") or quote(asked)
    match = _URI.fullmatch(uri)
    if match is None or len(match[1]) > MOST_TEXT:
        detail = f"`X-Forwarded-Uri`: the path, at most {MOST_TEXT} characters without spaces."
        raise BadRequest("/x-forwarded-uri", "invalid", detail)
    return match[1]


def _url(headers: Mapping[str, str], resource: str) -> str | None:
    """What a proof must have been made for (RFC 9449 §4.3: without the query), if the gateway says it whole."""
    scheme, host = headers.get("x-forwarded-proto"), headers.get("x-forwarded-host")
    return f"{scheme}://{host}{resource}" if scheme and host else None
