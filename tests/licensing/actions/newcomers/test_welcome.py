"""What a newcomer is given works at every start, whatever was done to it meanwhile."""

from licensing.actions.newcomers.welcome import SCOPES, Kept, Welcome, welcome_demo
from tenants import clock
from tests.running.clients import plain_client
from tests.running.stack import Stack
from verify.ground.ids import new


def test_a_secret_key_that_scopes_were_taken_from_is_issued_anew(stack: Stack) -> None:
    email, kept = f"{new('mem')}@example.com", Kept()

    def start() -> Welcome:
        nonlocal kept
        made = welcome_demo("Demo", email, kept, now=clock.now())
        kept = Kept(made.password or "", made.secret_key, made.starter.key_secret)
        return made

    first, second = start(), start()
    assert second.secret_key == first.secret_key
    with plain_client(stack.bootstrap["api_url"], headers={"Authorization": f"Bearer {first.secret_key}"}) as api:
        (own,) = api.get("/v1/secret_keys").raise_for_status().json()["data"]
        api.patch(f"/v1/secret_keys/{own['id']}", json={"scopes": ["verify"]}).raise_for_status()
    third = start()
    with plain_client(stack.bootstrap["api_url"], headers={"Authorization": f"Bearer {third.secret_key}"}) as api:
        newest = api.get("/v1/secret_keys").raise_for_status().json()["data"][0]
    assert sorted(newest["scopes"]) == sorted(SCOPES)
    assert third.starter.key_secret == first.starter.key_secret
