"""Who visits besides the owner, and browsers that are signed in already."""

from django.test import Client

from tenants import clock
from tenants.models import Member, User
from tenants.tenancy import tenant_transaction
from tests.places import PASSWORD, Place, hashed
from verify.ground.ids import new


def another_member(place: Place, role: str) -> User:
    """Of the same organization; signs in with PASSWORD."""
    user = User.objects.create(email=f"{new('mem')}@example.com", password=hashed(PASSWORD))
    organization_id = place.environment.organization_id
    with tenant_transaction(organization_id):
        Member(organization_id=organization_id, user=user, role=role, created_at=clock.now()).insert()
    return user


def browser_of(user: User, *, checks_csrf: bool = False) -> Client:
    """Without a window: it sends forms and reads what comes back."""
    browser = Client(enforce_csrf_checks=checks_csrf, headers={"host": "127.0.0.1"})
    browser.force_login(user)
    return browser


def owner_of(place: Place) -> User:
    return User.objects.get(email=place.document["login"]["email"])
