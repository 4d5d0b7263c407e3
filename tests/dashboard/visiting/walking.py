"""Where the pages are: by their addresses, and by walking from link to link as a visitor does."""

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from django.urls import URLPattern, reverse
from playwright.sync_api import Page

from dashboard.converters import PublicIdConverter
from dashboard.navigation import DOCUMENTS
from dashboard.urls import of_environment
from dashboard.views.operations.addresses import of_whole_organization
from tests.places import Place
from verify.ground.ids import decode

_ID = re.compile(r"_[0-7][0-9a-hjkmnp-tv-z]{25}")


def shape(url: str) -> str:
    """The address without what differs between objects: `/env/licenses/lic`."""
    return _ID.sub("", urlsplit(url).path)


def walk(page: Page, start: str) -> Iterator[str]:
    """Goes to every page that links lead to, one of each shape, and gives its shape while it is open.

    Where a link is redirected, the page it leads to counts. The viewer of the API's document is no page of ours.
    """
    waiting, seen = [start], {DOCUMENTS}
    host = urlsplit(start).netloc
    while waiting:
        url = waiting.pop(0)
        if urlsplit(url).netloc != host or shape(url) in seen:
            continue
        seen.add(shape(url))
        answer = page.goto(url)
        assert answer is not None
        assert answer.status == 200, url
        if shape(page.url) in seen - {shape(url)}:
            continue
        seen.add(shape(page.url))
        yield shape(page.url)
        waiting += page.eval_on_selector_all("a[href]", "links => links.map(link => link.href.split('#')[0])")


def patterns() -> Iterator[URLPattern]:
    for pattern in (*of_environment, *of_whole_organization()):
        assert isinstance(pattern, URLPattern)
        yield pattern


def subjects(place: Place) -> dict[str, str]:
    """One of each kind, by the prefix of its id; nothing refers to what may be removed."""
    product = place.post("products", {"name": "Spare", "code": "spare"})["id"]
    feature = place.post("features", {"name": "Spare", "code": "spare", "kind": "boolean"})["id"]
    meter = place.post("meters", {"name": "Spare", "code": "spare", "aggregation": "sum"})["id"]
    secret_key = place.post("secret_keys", {"name": "Spare", "scopes": ["verify", "events:read"]})["id"]
    job = place.post("audit_log/verification", status=202)["id"]
    entry = place.api.get("/v1/audit_log?limit=1").json()["data"][0]["id"]
    more = (product, feature, meter, secret_key, job, entry, place.document["environment"])
    sample = {name: place.sample[name] for name in ("plan", "customer", "license", "key")}
    return {public_id.partition("_")[0]: public_id for public_id in (*more, *sample.values())}


def address(pattern: URLPattern, place: Place, known: dict[str, str]) -> str:
    """`known` are public ids by their prefix."""
    environment, everywhere = place.environment, {one.name for one in of_whole_organization()}
    ids: dict[str, object] = (
        {"organization_id": environment.organization_id}
        if pattern.name in everywhere
        else {"environment_id": environment.id}
    )
    for name, converter in pattern.pattern.converters.items():
        is_id = isinstance(converter, PublicIdConverter)
        ids[name] = decode(converter.prefix, known[converter.prefix]) if is_id else 1
    return reverse(str(pattern.name), kwargs=ids)


def addresses(place: Place, known: dict[str, str]) -> dict[str, str]:
    """Every page of the environment by its name."""
    return {str(pattern.name): address(pattern, place, known) for pattern in patterns()}
