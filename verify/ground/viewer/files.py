"""What `/docs` is made of: our page, our two small files, and Swagger UI as its package brings it.

The package is one of Django's world; only its files are wanted here, so it is found and never imported.
"""

import hashlib
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

HERE = Path(__file__).parent
PACKAGE = "drf_spectacular_sidecar"
TYPES = {".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8"}
OURS = ("look.css", "start.js")
THEIRS = ("swagger-ui.css", "swagger-ui-bundle.js")

# Swagger UI keeps its pictures in its stylesheet and in its markup as `data:`; it needs nothing else beyond itself.
_DIRECTIVES = (
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' data:",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
)
POLICY = "; ".join(_DIRECTIVES)
_NOT_GUESSED = ("X-Content-Type-Options", "nosniff")


class File(NamedTuple):
    content: bytes
    content_type: str
    headers: tuple[tuple[str, str], ...]


@cache
def page(title: str) -> File:
    """Names its files with a mark of what is in them, so that they may be kept for a day and still never be old."""
    html = (HERE / "page.html").read_text().replace("{{ title }}", title)
    for name in (*OURS, *THEIRS):
        mark = hashlib.sha256(part(name).content).hexdigest()[:12]
        html = html.replace(f'"docs/{name}"', f'"docs/{name}?{mark}"')
    headers = (_NOT_GUESSED, ("Content-Security-Policy", POLICY), ("Cache-Control", "no-cache"))
    return File(html.encode(), "text/html; charset=utf-8", headers)


@cache
def part(name: str) -> File:
    """`name` is one of OURS and THEIRS."""
    path = (HERE if name in OURS else _swagger_ui()) / name
    return File(path.read_bytes(), TYPES[path.suffix], (_NOT_GUESSED, ("Cache-Control", "public, max-age=86400")))


def _swagger_ui() -> Path:
    found = find_spec(PACKAGE)
    if found is None or not found.submodule_search_locations:
        message = f"{PACKAGE} is not installed"
        raise RuntimeError(message)
    return Path(found.submodule_search_locations[0]) / "static" / PACKAGE / "swagger-ui-dist"
