"""Rate limits and quotas as rows."""

from typing import Any

import pytest

from dashboard.forms.limits import LimitRows, quota_rows, rate_limit_rows
from licensing.api.terms import LONGEST_SECONDS

STEADY = {"name": "steady", "limit": 100, "period_seconds": 60, "burst": 200, "per": "key"}
QUOTA = {"meter": "requests", "limit": 5, "period": "month", "overage": "allow", "per": "customer"}


def typed(prefix: str, *rows: dict[str, Any], known: int = 0) -> dict[str, Any]:
    """What a browser sends: `known` of the rows were there before."""
    data: dict[str, Any] = {f"{prefix}-TOTAL_FORMS": len(rows), f"{prefix}-INITIAL_FORMS": known}
    for index, row in enumerate(rows):
        data |= {f"{prefix}-{index}-{name}": value for name, value in row.items()}
    return data


def rates(*rows: dict[str, Any], known: tuple[dict[str, Any], ...] = ()) -> LimitRows:
    return rate_limit_rows(typed("rate_limits", *rows, known=len(known)), known)


EMPTY = {"name": "", "limit": "", "every": "1", "unit": "minute", "burst": "", "per": "license"}
ROW = {"name": "steady", "limit": "100", "every": "1", "unit": "minute", "burst": "200", "per": "key"}


def test_rows_left_empty_are_none() -> None:
    rows = rates(EMPTY, ROW, EMPTY)
    assert rows.is_valid()
    assert rows.asked() == [STEADY]


def test_a_row_that_is_removed_is_gone() -> None:
    rows = rates({**ROW, "DELETE": "on"}, {**ROW, "name": "other"}, known=(STEADY,))
    assert rows.is_valid()
    assert [limit["name"] for limit in rows.asked()] == ["other"]


def test_without_a_burst_all_may_come_at_once() -> None:
    rows = rates({**ROW, "burst": ""})
    assert rows.is_valid()
    assert rows.asked()[0]["burst"] == 100


@pytest.mark.parametrize("seconds", [1, 59, 60, 90, 3600, 5400, 86_400, 7 * 86_400, LONGEST_SECONDS])
def test_a_period_comes_back_as_it_was_shown(seconds: int) -> None:
    limit = {**STEADY, "period_seconds": seconds}
    shown = rate_limit_rows(None, [limit]).forms[0]
    again = rates({name: shown[name].value() for name in shown.fields if name != "DELETE"}, known=(limit,))
    assert again.is_valid()
    assert again.asked() == [limit]


@pytest.mark.parametrize(
    ("name", "value"), [("name", "Not a code"), ("limit", "0"), ("every", "367"), ("burst", "x"), ("per", "planet")]
)
def test_what_no_limit_may_be_is_told_in_its_row(name: str, value: str) -> None:
    rows = rates(EMPTY, {**ROW, "unit": "day", name: value})
    assert not rows.is_valid()
    assert list(rows.forms[1].errors) == [name]


def test_a_refusal_finds_its_row_among_empty_and_removed_ones() -> None:
    rows = rates({**ROW, "DELETE": "on"}, EMPTY, ROW, {**ROW, "limit": "7"}, known=(STEADY,))
    assert rows.is_valid()
    rows.asked()
    rows.show(1, "name", "There is one already.")
    rows.show(0, "", "Odd.")
    assert rows.forms[3].errors == {"name": ["There is one already."]}
    assert rows.forms[2].non_field_errors() == ["Odd."]


def test_a_quota_of_a_meter_that_may_not_be_chosen_any_more_stays() -> None:
    shown = quota_rows(None, [QUOTA], ["tokens"]).forms
    assert [code for code, _ in shown[0].fields["meter"].choices] == ["", "tokens", "requests"]
    assert [code for code, _ in shown[1].fields["meter"].choices] == ["", "tokens"]


def test_a_quota_without_a_meter_is_asked_for_one() -> None:
    row = {"meter": "", "limit": "5", "period": "month", "overage": "deny", "per": "license"}
    rows = quota_rows(typed("quotas", row), [], ["requests"])
    assert not rows.is_valid()
    assert list(rows.forms[0].errors) == ["meter"]


def test_there_are_at_most_20() -> None:
    rows = rates(*[{**ROW, "name": f"limit-{number}"} for number in range(21)])
    assert not rows.is_valid()
    assert rows.non_form_errors()
