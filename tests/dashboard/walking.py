"""Walks the pages as a visitor does: from link to link."""

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from playwright.sync_api import Page

_ID = re.compile(r"_[0-7][0-9a-hjkmnp-tv-z]{25}")


def shape(url: str) -> str:
    """The address without what differs between objects: `/env/licenses/lic`."""
    return _ID.sub("", urlsplit(url).path)


def walk(page: Page, start: str) -> Iterator[str]:
    """Goes to every page that links lead to, one of each shape, and gives its shape while it is open.

    Where a link is redirected, the page it leads to counts.
    """
    waiting, seen = [start], set()
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
