"""Members under concurrency: exactly one owner stays, whoever asks at the same moment."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from tenants import clock
from tenants.actions.people.members import change_role, remove_member
from tenants.models import Member
from tenants.rules.permissions import system
from tenants.rules.refusal import Refusal
from tenants.tenancy import tenant_transaction
from tests.places import Place, acting
from tests.tenants.actions.together import at_once

ROUNDS = 10


def owners(place: Place) -> list[Member]:
    organization = place.environment.organization_id
    with tenant_transaction(organization):
        return list(Member.objects.of_organization(organization).filter(role="owner").select_related("user"))


def remove(place: Place, member: Member, by: Member) -> Callable[[], Member]:
    return lambda: remove_member(member.pk, within=place.environment, by=acting(by), now=clock.now())


def demote(place: Place, member: Member, by: Member) -> Callable[[], Member]:
    return lambda: change_role(member.pk, within=place.environment, by=acting(by), now=clock.now(), role="admin")


@pytest.mark.parametrize("who", ["each other", "themselves"])
def test_of_two_owners_who_remove_at_the_same_time_exactly_one_stays(place: Place, who: str) -> None:
    for _ in range(ROUNDS):
        first, second = owners(place)[0], place.member("owner")
        by = (second, first) if who == "each other" else (first, second)
        said = at_once(remove(place, first, by[0]), remove(place, second, by[1]))
        assert sorted(said) == ["done", "last_owner"]
        assert len(owners(place)) == 1


def test_of_three_owners_who_demote_each_other_exactly_one_stays(place: Place) -> None:
    for _ in range(ROUNDS):
        first = owners(place)[0]
        second, third = place.member("owner"), place.member("owner")
        said = at_once(demote(place, second, first), demote(place, third, second), demote(place, first, third))
        left = owners(place)
        assert len(left) == 3 - said.count("done")
        assert left
        assert set(said) <= {"done", "last_owner", "owner_required"}


def test_an_owner_may_hand_over_and_leave(place: Place) -> None:
    first, second = place.owner(), place.member("viewer")
    change_role(second.pk, within=place.environment, by=acting(first), now=clock.now(), role="owner")
    remove(place, first, first)()
    assert [member.pk for member in owners(place)] == [second.pk]


def test_who_was_removed_meanwhile_may_nothing_any_more(place: Place) -> None:
    admin, viewer = place.member("admin"), place.member("viewer")
    remove_member(admin.pk, within=place.environment, by=system(), now=clock.now())
    with pytest.raises(Refusal) as refused:
        remove(place, viewer, admin)()
    assert refused.value.code == "permission_missing"


def test_the_same_role_again_changes_nothing(place: Place) -> None:
    viewer = place.member("viewer")
    row = change_role(viewer.pk, within=place.environment, by=system(), now=clock.now(), role="viewer")
    assert row.revision == viewer.revision


def test_a_member_of_another_organization_is_not_found(new_place: Callable[[], Place]) -> None:
    mine, others = new_place(), new_place()
    viewer = others.member("viewer")
    with pytest.raises(Refusal) as refused:
        remove(mine, viewer, mine.owner())()
    assert refused.value.code == "not_found"
    assert others.api.get(f"/v1/members/{viewer.public_id}").status_code == 200


def test_changes_with_and_without_a_precondition_never_wait_for_each_other(place: Place) -> None:
    path = f"/v1/members/{place.member('viewer').public_id}"

    def change(role: str, headers: dict[str, str]) -> int:
        return place.api.patch(path, json={"role": role}, headers=headers).status_code

    with ThreadPoolExecutor(4) as pool:
        asked = [
            pool.submit(change, ("billing", "developer")[number % 2], {"If-Match": "*"} if number % 3 else {})
            for number in range(40)
        ]
        assert {done.result() for done in asked} == {200}
