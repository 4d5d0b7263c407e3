"""How long the control plane takes for a page of a long list, by its own request log."""

import re
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx

from licensing.models import License
from tenants import clock
from tenants.models import Environment
from tenants.tenancy import tenant_transaction

BATCH = 2000


def fill(environment: Environment, *, customer: UUID, plan: UUID, count: int) -> None:
    """Adds `count` licenses, without telling the data plane of them."""
    now = clock.now()
    for start in range(0, count, BATCH):
        rows: list[Any] = [
            License(
                organization_id=environment.organization_id,
                environment_id=environment.id,
                customer_id=customer,
                plan_id=plan,
                plan_version=1,
                starts_at=now,
                created_at=now,
            )
            for _ in range(min(BATCH, count - start))
        ]
        with tenant_transaction(environment.organization_id):
            License._base_manager.bulk_create(rows)


def walk(api: httpx.Client, path: str, *, limit: int, most: int) -> list[str]:
    """Asks for page after page, `most` of them; gives the Request-Id of each."""
    names: list[str] = []
    cursor: dict[str, str] = {}
    while len(names) < most:
        answer = api.get(httpx.URL(path).copy_merge_params({"limit": limit, **cursor}))
        answer.raise_for_status()
        names.append(answer.headers["Request-Id"])
        if not answer.json()["has_more"]:
            break
        cursor = {"cursor": answer.json()["next_cursor"]}
    return names


def milliseconds(log: Path, requests: list[str]) -> list[float]:
    """What the control plane's log says that each request took."""
    wanted, found = set(requests), {}
    for line in log.read_text(errors="replace").splitlines():
        match = re.search(r"\bms=([0-9.]+) request_id=(req_\w+)", line)
        if match and match.group(2) in wanted:
            found[match.group(2)] = float(match.group(1))
    return [found[name] for name in requests]
