"""ETag and If-Match: nobody overwrites what they have not seen."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.places import Place

READ = ("products", "features", "meters", "plans", "customers", "licenses", "keys", "secret_keys", "environments")


@pytest.mark.parametrize("resource", READ)
def test_every_single_read_has_a_tag_that_names_the_state_it_shows(place: Place, resource: str) -> None:
    one = place.api.get(f"/v1/{resource}").json()["data"][0]["id"]
    first, second = (place.api.get(f"/v1/{resource}/{one}") for _ in range(2))
    assert first.headers["ETag"] == second.headers["ETag"]
    known = place.api.get(f"/v1/{resource}/{one}", headers={"If-None-Match": first.headers["ETag"]})
    assert (known.status_code, known.content) == (304, b"")


def test_a_change_answers_its_new_tag(place: Place) -> None:
    path = f"/v1/customers/{place.sample['customer']}"
    before = place.api.get(path).headers["ETag"]
    changed = place.api.patch(path, json={"name": "Other"})
    assert changed.headers["ETag"] != before
    assert changed.headers["ETag"] == place.api.get(path).headers["ETag"]


def test_a_change_of_a_state_that_is_no_more_is_412_and_changes_nothing(place: Place) -> None:
    path = f"/v1/customers/{place.sample['customer']}"
    seen = place.api.get(path).headers["ETag"]
    place.api.patch(path, json={"name": "Meanwhile"}).raise_for_status()
    late = place.api.patch(path, json={"name": "Late"}, headers={"If-Match": seen})
    assert (late.status_code, late.json()["code"]) == (412, "precondition_failed")
    assert place.api.get(path).json()["name"] == "Meanwhile"


@pytest.mark.parametrize("condition", ["*", "{tag}", '"1-00000000", {tag}'])
def test_a_condition_that_holds_lets_the_change_through(place: Place, condition: str) -> None:
    path = f"/v1/customers/{place.sample['customer']}"
    tag = place.api.get(path).headers["ETag"]
    assert place.api.patch(path, json={"name": "N"}, headers={"If-Match": condition.format(tag=tag)}).is_success


@pytest.mark.parametrize("condition", ["", "W/{tag}", "nonsense", '"', "x" * 4000])
def test_a_condition_that_is_none_never_holds(place: Place, condition: str) -> None:
    path = f"/v1/customers/{place.sample['customer']}"
    tag = place.api.get(path).headers["ETag"]
    answer = place.api.patch(path, json={"name": "N"}, headers={"If-Match": condition.format(tag=tag)})
    assert answer.status_code == 412


def test_of_many_who_saw_the_same_state_one_changes_it(place: Place) -> None:
    path = f"/v1/customers/{place.sample['customer']}"
    seen = {"If-Match": place.api.get(path).headers["ETag"]}
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda n: place.api.patch(path, json={"name": f"N{n}"}, headers=seen), range(8)))
    assert sorted(answer.status_code for answer in answers) == [200, *[412] * 7]


def test_time_alone_changes_what_is_shown_but_not_what_if_match_asks_for(place: Place) -> None:
    """A license that has expired since it was read can still be renewed by who read it."""
    body = {"customer": place.sample["customer"], "plan": place.sample["plan"]}
    made = place.api.post("/v1/licenses", json={**body, "starts_at": "2020-01-01T00:00:00Z"})
    path, revision = f"/v1/licenses/{made.json()['id']}", made.headers["Licet-Revision"]
    shown = made.headers["ETag"]
    assert shown.startswith(f'"{revision}-')
    as_seen_before = f'"{revision}-00000000"'
    assert place.api.get(path, headers={"If-None-Match": as_seen_before}).status_code == 200
    assert place.api.patch(path, json={"quantity": 2}, headers={"If-Match": as_seen_before}).is_success
