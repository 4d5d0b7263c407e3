"""Rate limits and quotas as a plan or a license may state them."""

from collections.abc import Mapping
from typing import Any

from tenants.rules.refusal import bad_field

COUNTABLE = ("sum", "count")


def check_limits(terms: Mapping[str, Any], meters: Mapping[str, str], *, at: str = "") -> None:
    """`meters`: code to aggregation. Raises Refusal (400) with a pointer below `at`."""
    named = [limit["name"] for limit in terms.get("rate_limits") or ()]
    for index, name in enumerate(named):
        if name in named[:index]:
            raise bad_field(f"{at}rate_limits/{index}/name", f"There is a rate limit {name!r} already.", "twice")
    counted: list[tuple[str, str, str]] = []
    for index, quota in enumerate(terms.get("quotas") or ()):
        pointer = f"{at}quotas/{index}"
        if meters.get(quota["meter"]) is None:
            raise bad_field(f"{pointer}/meter", f"There is no meter {quota['meter']!r}; create it first.", "not_found")
        if meters[quota["meter"]] not in COUNTABLE:
            raise bad_field(f"{pointer}/meter", "A quota counts usage of a `sum` or `count` meter.")
        if (quota["period"], quota["per"]) == ("billing_period", "customer"):
            raise bad_field(f"{pointer}/per", "A billing period belongs to one license; use `per: license`.")
        one = (quota["meter"], quota["period"], quota["per"])
        if one in counted:
            raise bad_field(pointer, "There is a quota of this meter, period and owner already.", "twice")
        counted.append(one)
