"""What is sold, while somebody else makes terms of it."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import pytest
from django.db import connection

from licensing.actions.catalogue import change_coded, remove_coded
from licensing.actions.licenses import issue_license
from licensing.actions.plans import change_plan, create_plan
from licensing.models import Meter, Product
from tenants import clock
from tenants.rules.permissions import system
from tenants.tenancy import shared_transaction
from tests.licensing.seated import row_id
from tests.places import Place
from tests.tenants.actions.together import at_once

QUOTAS = [{"meter": "calls", "limit": 1, "period": "day", "overage": "deny", "per": "license"}]


def acts(place: Place) -> dict[str, Callable[[], Any]]:
    product = row_id(place.post("products", {"code": "p", "name": "P"})["id"])
    meter = row_id(place.post("meters", {"code": "calls", "name": "Calls", "aggregation": "sum"})["id"])
    whose: dict[str, Any] = {"within": place.environment, "by": system(), "now": clock.now()}
    sold: dict[str, Any] = {"customer": row_id(place.sample["customer"]), "plan": row_id(place.sample["plan"])}
    return {
        "change the product": partial(change_coded, Product, product, **whose, name="Renamed"),
        "remove the product": partial(remove_coded, Product, product, **whose),
        "sell the product": partial(create_plan, **whose, product=product, code="c", name="C"),
        "remove the meter": partial(remove_coded, Meter, meter, **whose),
        "limit a plan by it": partial(change_plan, sold["plan"], **whose, quotas=QUOTAS),
        "limit a license by it": partial(issue_license, **whose, **sold, overrides={"quotas": QUOTAS}),
    }


@pytest.mark.parametrize(
    ("first", "second", "said"),
    [
        ("remove the product", "sell the product", "invalid_request"),
        ("sell the product", "remove the product", "in_use"),
        ("sell the product", "change the product", "done"),
        ("remove the meter", "limit a plan by it", "invalid_request"),
        ("limit a plan by it", "remove the meter", "in_use"),
        ("remove the meter", "limit a license by it", "invalid_request"),
        ("limit a license by it", "remove the meter", "in_use"),
    ],
)
def test_of_two_at_once_the_second_knows_of_the_first(place: Place, first: str, second: str, said: str) -> None:
    known = acts(place)
    with ThreadPoolExecutor(1) as pool:
        with shared_transaction(place.environment.organization_id):
            known[first]()
            late = pool.submit(at_once, known[second])
            until_it_waits_or(late.done)
        assert late.result() == [said]


def until_it_waits_or(is_done: Callable[[], bool]) -> None:
    patience_ends = time.monotonic() + 10
    while not is_done():
        with connection.cursor() as cursor:
            cursor.execute("SELECT FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY(pg_blocking_pids(pid))")
            if cursor.fetchall():
                return
        assert time.monotonic() < patience_ends
