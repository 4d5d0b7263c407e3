"""What a caller of verify may ask: the body of docs/verify.md, checked once, then trusted."""

import ipaddress
import json
import math
import re
from functools import lru_cache
from typing import Annotated, Any, NamedTuple

import msgspec
from msgspec import Meta

MOST_ITEMS = 256
MOST_REQUESTS = 100
MOST_CONTEXT_BYTES = 4096
MOST_USAGE = 10**12
MOST_TEXT = 2048
TEXTS = ("ip", "device", "user", "url", "resource", "method", "request_id")  # of at most MOST_TEXT characters
LISTS = ("scopes", "features")  # of at most MOST_ITEMS such texts

_TEXT = msgspec.json.Encoder()
_PATH = re.compile(r" - at `\$?(?P<path>[^`]*)`$")
_UNKNOWN = re.compile(r"Object contains unknown field `(?P<name>.*)`", re.DOTALL)  # no path follows: it is not nested


Words = Annotated[list[str], Meta(max_length=MOST_ITEMS)]
Amount = Annotated[int, Meta(ge=0, le=MOST_USAGE)]


class VerifyRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True, gc=False):
    key: str | None = None
    token: str | None = None
    scopes: Words = []
    features: Words = []
    usage: dict[str, Amount] = msgspec.field(default_factory=lambda: {"requests": 1})
    ip: str | None = None
    device: str | None = None
    user: str | None = None
    dpop: str | None = None
    url: str | None = None
    resource: str | None = None
    method: str | None = None
    context: dict[str, Any] = {}
    request_id: str | None = None


class BadRequest(Exception):
    """The body is not what verify takes; `pointer` (RFC 6901) names the member."""

    def __init__(self, pointer: str, code: str, detail: str) -> None:
        super().__init__(detail)
        self.pointer, self.code, self.detail = pointer, code, detail


class Problem(NamedTuple):
    pointer: str
    detail: str
    code: str = "invalid"


NO_JSON = Problem("", "The body is not JSON in UTF-8.", "invalid_json")


_decoder = msgspec.json.Decoder(VerifyRequest)
_batch_decoder = msgspec.json.Decoder(list[msgspec.Raw])


def parse(body: bytes) -> VerifyRequest:
    """Reads a request; raises BadRequest naming the first member that is wrong."""
    try:
        request = _decoder.decode(body)
    except msgspec.ValidationError as error:
        request = _parse_again(body, _named(error))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        request = _parse_again(body, NO_JSON)
    # Most are so short that no text in them can be too long, and without the one way to write U+0000 in JSON.
    texts_are_plain = len(body) <= MOST_TEXT and b"\\u0000" not in body
    return request if texts_are_plain and _is_plain_call(request) else checked(request, texts_are_plain=texts_are_plain)


def _is_plain_call(request: VerifyRequest) -> bool:
    """Whether nothing but its texts could be wrong with it that its types do not forbid; the most are."""
    return request.key is not None and request.token is None and request.ip is None and not request.context


def checked(request: VerifyRequest, *, texts_are_plain: bool = False) -> VerifyRequest:
    """The same, or raises BadRequest for what its types do not forbid."""
    problem = _problem(request, texts_are_plain=texts_are_plain)
    if problem is not None:
        raise BadRequest(problem.pointer, problem.code, problem.detail)
    return request


def parse_batch(body: bytes) -> list[VerifyRequest]:
    """A bare array of requests. Raises BadRequest naming the first member that is wrong, below its place."""
    try:
        several = _batch_decoder.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BadRequest("", "invalid", "An array of verify requests in UTF-8.") from error
    if not 1 <= len(several) <= MOST_REQUESTS:
        raise BadRequest("", "invalid", f"1 to {MOST_REQUESTS} verify requests.")
    found = []
    for index, one in enumerate(several):
        try:
            found.append(parse(bytes(one)))
        except BadRequest as bad:
            raise BadRequest(f"/{index}{bad.pointer}", bad.code, bad.detail) from bad
    return found


def escaped(name: str) -> str:
    """As a part of a pointer."""
    return name.replace("~", "~0").replace("/", "~1")


def _parse_again(body: bytes, problem: Problem) -> VerifyRequest:
    """What was refused for `problem`, read by whom reads more: of duplicates the last counts, also where an earlier one
    is wrong, and JSON may spell a lone surrogate. In `key` and `token` that is simply no key of ours.
    """
    try:
        document = json.loads(body.decode(), parse_constant=_refuse, parse_float=_finite)  # of bytes UTF-16 too
        odd = _take_odd_text(document) if isinstance(document, dict) else None
        if odd is None:
            return msgspec.convert(document, VerifyRequest)
        problem = odd
    except msgspec.ValidationError as error:
        problem = _named(error)
    except (ValueError, RecursionError):  # then it stands
        pass
    raise BadRequest(problem.pointer, problem.code, problem.detail)


def _take_odd_text(document: dict[str, Any]) -> Problem | None:
    """Raises RecursionError."""
    for name, value in document.items():
        if name in ("key", "token") and isinstance(value, str) and not _is_encodable(value):
            document[name] = ""
        elif not _is_encodable({name: value}):
            pointer = f"/{escaped(name)}" if _is_encodable(name) else ""
            return Problem(pointer, "A text holds a lone surrogate, which is not Unicode.", "invalid_text")
    return None


def _refuse(number: str) -> float:
    message = f"{number} is no number of JSON that we can hold"
    raise ValueError(message)


def _finite(number: str) -> float:
    found = float(number)
    return found if math.isfinite(found) else _refuse(number)


def _is_encodable(value: object) -> bool:
    try:
        _TEXT.encode(value)
    except UnicodeEncodeError:
        return False
    return True


def _named(error: msgspec.ValidationError) -> Problem:
    text = str(error)
    unknown = _UNKNOWN.fullmatch(text)
    if unknown:
        detail = "This field is not part of a verify request."
        return Problem(f"/{escaped(unknown['name'])}", detail, "unknown_field")
    match = _PATH.search(text)
    sentence = text[: match.start()] if match else text
    path = match["path"].replace("[...]", "") if match else ""  # msgspec does not say which key of a mapping
    return Problem(re.sub(r"\[(\d+)\]", r"/\1", path.replace(".", "/")), f"{sentence}.")


def _problem(request: VerifyRequest, *, texts_are_plain: bool) -> Problem | None:
    if (request.key is None) == (request.token is None):
        return Problem("/key", "Give either `key` or `token`.")
    problem = _list_problem(request, texts_are_plain=texts_are_plain)
    if problem is None and not texts_are_plain:
        problem = _text_problem(request)
    if problem is not None:
        return problem
    if request.ip is not None and not _is_address(request.ip):
        return Problem("/ip", "This is no IPv4 or IPv6 address.")
    for meter, amount in request.usage.items():
        if not 0 <= amount <= MOST_USAGE or not (texts_are_plain or _is_plain(meter)):
            return Problem("/usage", f"Whole numbers from 0 to {MOST_USAGE}, by meter code.")
    return _context_problem(request.context) if request.context else None


def _list_problem(request: VerifyRequest, *, texts_are_plain: bool) -> Problem | None:
    for name in LISTS:
        items: list[str] = getattr(request, name)
        if len(items) > MOST_ITEMS or not (texts_are_plain or all(map(_is_plain, items))):
            return Problem(f"/{name}", f"At most {MOST_ITEMS} texts without U+0000, of {MOST_TEXT} characters each.")
    return None


def _text_problem(request: VerifyRequest) -> Problem | None:
    for name in TEXTS:
        value: str | None = getattr(request, name)
        if value is not None and not _is_plain(value):
            return Problem(f"/{name}", f"A text without U+0000, of at most {MOST_TEXT} characters.")
    if request.dpop is not None and "\0" in request.dpop:
        return Problem("/dpop", "A text without U+0000.")
    return None


def _context_problem(context: dict[str, Any]) -> Problem | None:
    try:
        length = len(_TEXT.encode(context))
    except RecursionError:
        return Problem("/context", "It is nested too deeply.")
    if length > MOST_CONTEXT_BYTES:
        return Problem("/context", f"At most {MOST_CONTEXT_BYTES} bytes of JSON.")
    waiting: list[Any] = [context]
    while waiting:
        value = waiting.pop()
        if isinstance(value, str) and "\0" in value:
            return Problem("/context", "A text holds U+0000.")
        if isinstance(value, list):
            if len(value) > MOST_ITEMS:
                return Problem("/context", f"A list has more than {MOST_ITEMS} items.")
            waiting += value
        elif isinstance(value, dict):
            waiting += [*value.keys(), *value.values()]
    return None


def _is_plain(text: str) -> bool:
    return len(text) <= MOST_TEXT and "\0" not in text


@lru_cache(maxsize=4096)
def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True
