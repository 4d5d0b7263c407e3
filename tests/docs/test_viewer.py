"""The page at /docs of both planes: it shows every operation, complains of nothing and asks no other host."""

from urllib.parse import urlsplit

import httpx
import pytest
from playwright.sync_api import ConsoleMessage, Page, Request

from tests.docs.documents import document, operations
from tests.running.stack import Stack

PLANES = {"management": "api_url", "verify": "verify_url"}


@pytest.mark.parametrize("plane", PLANES)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_viewer_shows_every_operation_and_asks_nobody_else(
    stack: Stack, page: Page, plane: str, scheme: str
) -> None:
    url, hosts, complaints = stack.bootstrap[PLANES[plane]], set[str](), list[str]()

    def asked(request: Request) -> None:
        hosts.add(urlsplit(request.url).netloc)

    def said(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            complaints.append(message.text)

    page.on("request", asked)
    page.on("console", said)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    page.goto(f"{url}/docs")
    mine = [one for one in operations() if one.plane == plane]
    page.locator(".opblock").nth(len(mine) - 1).wait_for()
    assert page.locator(".opblock").count() == len(mine)
    assert page.title() == document(plane)["info"]["title"]
    for operation in mine:
        page.get_by_text(operation.told["summary"], exact=True).first.wait_for()
    page.locator(".opblock-summary-control").last.click()
    page.get_by_role("heading", name="Responses").wait_for()
    page.get_by_role("button", name="Authorize").click()
    page.get_by_role("heading", name="Available authorizations").wait_for()
    assert hosts - {""} == {urlsplit(url).netloc}  # a `data:` address has no host
    assert complaints == []


@pytest.mark.parametrize("plane", PLANES)
def test_what_the_page_is_made_of_is_served_with_care(stack: Stack, plane: str) -> None:
    with httpx.Client(base_url=stack.bootstrap[PLANES[plane]]) as stranger:
        page = stranger.get("/docs")
        assert page.headers["content-type"] == "text/html; charset=utf-8"
        policy = page.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        for name, kind in (("swagger-ui.css", "text/css"), ("swagger-ui-bundle.js", "text/javascript")):
            assert f"docs/{name}?" in page.text
            part = stranger.get(f"/docs/{name}")
            assert part.headers["content-type"] == f"{kind}; charset=utf-8"
            assert part.headers["cache-control"] == "public, max-age=86400"
            assert part.headers["x-content-type-options"] == "nosniff"
        for path in ("/docs/..%2fopenapi.json", "/docs/page.html", "/docs/files.py", "/docs/LICENSE", "/docs/"):
            assert stranger.get(path).status_code == 404, path
