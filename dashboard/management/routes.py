"""Every route of the control plane beside the permission it asks for: what the matrix of roles is drawn from."""

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from django.urls import URLPattern, URLResolver, get_resolver

from tenants.rules.permissions import ROLES

# What asks for no permission, and why; everything else must name one.
OPEN = {
    "livez": "health",
    "readyz": "health",
    "metrics": "for who has LICET_METRICS_TOKEN; where none is set, for loopback",
    "openapi.json": "the document of the API",
    "docs": "the document of the API, to read",
}
OPEN_FOLDERS = {"accounts/": "allauth: sign-in, and a person's own account", "docs/": "files of the page above"}
OPEN_FOLDERS |= {
    "webhooks/stripe/": "Stripe, known by its signature over the body",
    "checkout/": "a buyer who comes back from Stripe, known by an address that nobody guesses",
}
OF_PEOPLE = {
    "": "leads to the first environment of whoever is signed in",
    "account": "a person's own account",
    "organizations/{org}": "another organization of the same person",
    "organizations/{org}/members/{mem}/removal": "members may leave; removing others needs `organization:write`",
    "invitations/{str}": "whoever was sent the link",
}


class Route(NamedTuple):
    """`path` as `described` gives it. `permission` is None where `open_because` says why."""

    method: str
    path: str
    permission: str | None
    open_because: str = ""

    @property
    def roles(self) -> list[str]:
        """In the order of ROLES; all of them for what asks for none."""
        return [role for role, granted in ROLES.items() if self.permission is None or self.permission in granted]


class Unlisted(Exception):
    """A route that neither asks for a permission nor is known to need none."""


def routes() -> Iterator[Route]:
    """Raises Unlisted."""
    for path, view in _views(get_resolver().url_patterns, ""):
        yield from _of_api(path, view) if hasattr(view, "actions") else _of_page(path, view)


def _of_api(path: str, view: Any) -> Iterator[Route]:
    for method in view.actions:
        if method == "head":  # which DRF adds to `get` when the view is first called
            continue
        request = type("Asked", (), {"method": method.upper()})()
        yield Route(method.upper(), path, view.cls().permission_for(request))


def _of_page(path: str, view: Any) -> Iterator[Route]:
    permission = getattr(view, "permission", None)
    if permission is not None:
        yield Route("PAGE", path, permission)
        return
    reason = (
        OPEN.get(path)
        or OF_PEOPLE.get(path)
        or next((why for folder, why in OPEN_FOLDERS.items() if path.startswith(folder)), "")
    )
    if not reason:
        raise Unlisted(path)
    yield Route("PAGE", path, None, reason)


def _views(patterns: list[URLPattern | URLResolver], path: str) -> Iterator[tuple[str, Any]]:
    for pattern in patterns:
        here = path + described(pattern)
        if isinstance(pattern, URLResolver):
            yield from _views(pattern.url_patterns, here)
        else:
            yield here, pattern.callback


def described(pattern: URLPattern | URLResolver) -> str:
    """The address with `{lic}` for a public id of that kind, and `{}` for any other parameter."""
    text = re.sub(r"\(\?P<[^>]+>[^()]*(?:\([^()]*\)[^()]*)*\)", "{}", str(pattern.pattern))
    text = re.sub(r"<(\w+):\w+>", r"{\1}", text)
    return text.lstrip("^").removesuffix("$").removesuffix(r"\Z").replace("/?", "/")
