"""HTTP clients that call a copy as its customers do."""

from typing import Any

import httpx


def plain_client(base_url: str, **options: Any) -> httpx.Client:
    """For plain HTTP. httpx would read all certificates of the world for it, which takes longer than most tests."""
    return httpx.Client(base_url=base_url, verify=False, **{"timeout": 20, **options})
