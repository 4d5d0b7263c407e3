"""Pages of jobs: what they have found, and that they show themselves anew until the job has ended."""

from collections.abc import Callable

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect

from tenants import clock
from tenants.actions.jobs import hand_out
from tenants.models import Job
from tenants.tenancy import tenant_transaction
from tests.dashboard.conftest import Site
from tests.dashboard.visiting.visitors import browser_of, owner_of
from tests.places import Place
from tests.tenants.actions.chains import administrator, until, until_sequenced


def waiting(place: Place, **fields: object) -> Job:
    """One that nobody was told of yet."""
    environment = place.environment
    row = Job(organization_id=environment.organization_id, environment_id=environment.id, created_at=clock.now())
    for name, value in {"kind": "audit_log.verification", **fields}.items():
        setattr(row, name, value)
    with tenant_transaction(environment.organization_id):
        return row.insert()


@pytest.fixture(params=[True, False], ids=["with JavaScript", "without"])
def visitor(site: Site, new_page: Callable[..., Page], request: pytest.FixtureRequest) -> Page:
    page = new_page(java_script_enabled=request.param)
    site.sign_in(page)
    return page


def test_the_page_follows_a_job_to_its_end(site: Site, visitor: Page) -> None:
    until_sequenced(site.place.environment.organization_id)
    row = waiting(site.place)
    visitor.goto(f"{site.url}/{site.environment}/jobs/{row.public_id}")
    expect(visitor.locator(".facts")).to_contain_text("Waiting")
    hand_out(row)
    expect(visitor.get_by_text("The chain is intact")).to_be_visible(timeout=15_000)
    expect(visitor.locator(".facts")).to_contain_text("8 of 8")
    expect(visitor.locator("[hx-trigger]")).to_have_count(0)


def test_a_chain_that_was_altered_is_said_fault_by_fault(place: Place) -> None:
    organization_id = place.environment.organization_id
    until_sequenced(organization_id)
    with administrator() as connection:
        statement = "DELETE FROM audit_chain WHERE organization_id = %s AND position = 3"
        connection.execute(statement, [organization_id])
    owner = browser_of(owner_of(place))
    started = owner.post(reverse("audit_verification", args=[place.environment.organization_id]))

    def page() -> str:
        return owner.get(started.headers["Location"]).content.decode()

    until(lambda: "The audit log was altered" in page())
    assert "2 faults" in page()
    assert "1 link is missing here" in page()
    assert "The entry has no link" in page()


def test_one_that_failed_says_whom_to_ask(place: Place) -> None:
    row = waiting(place, kind="no.such", status="failed", finished_at=clock.now())
    page = browser_of(owner_of(place)).get(reverse("job", args=[place.environment.id, row.id])).content.decode()
    assert "The job broke off" in page
    assert "no.such" in page
    assert "refresh" not in page


def test_one_of_a_kind_without_a_page_of_its_own_shows_its_result(place: Place) -> None:
    row = waiting(place, kind="some.other", status="done", result={"rows": 5}, finished_at=clock.now())
    page = browser_of(owner_of(place)).get(reverse("job", args=[place.environment.id, row.id])).content.decode()
    assert "&quot;rows&quot;: 5" in page


def test_the_list_is_narrowed_by_status(place: Place) -> None:
    done = waiting(place, kind="first.kind", status="done")
    failed = waiting(place, kind="second.kind", status="failed")
    owner, address = browser_of(owner_of(place)), reverse("jobs", args=[place.environment.id])
    page = owner.get(address, {"status": "failed"}).content.decode()
    assert failed.public_id in page
    assert done.public_id not in page
    assert "No such job" in owner.get(address, {"status": "running"}).content.decode()


def test_whoever_may_not_read_the_audit_log_sees_no_verification_of_it(place: Place) -> None:
    hidden, shown = waiting(place), waiting(place, kind="some.other")
    viewer, environment = browser_of(place.member("viewer").user), place.environment
    page = viewer.get(reverse("jobs", args=[environment.id])).content.decode()
    assert (shown.public_id in page, hidden.public_id in page) == (True, False)
    told = [viewer.get(reverse("job", args=[environment.id, row.id])).status_code for row in (shown, hidden)]
    assert told == [200, 404]
