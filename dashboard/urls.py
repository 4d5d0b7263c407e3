"""Addresses of the pages. Everything of an environment is below its id, so an address says whose data it shows."""

from django.urls import include, path

from dashboard import converters
from dashboard.views import account, home
from dashboard.views.licensing import holds, keys, licenses
from dashboard.views.people import acceptance, invitations, members

converters.register()

of_environment = [
    path("licenses", licenses.license_list, name="licenses"),
    path("licenses/<lic:license_id>", licenses.license_page, name="license"),
    path("licenses/<lic:license_id>/suspension", holds.suspension, name="license_suspension"),
    path("licenses/<lic:license_id>/reinstatement", holds.reinstatement, name="license_reinstatement"),
    path("licenses/<lic:license_id>/revocation", holds.revocation, name="license_revocation"),
    path("licenses/<lic:license_id>/keys/new", keys.new_key, name="new_key"),
    path("keys/<key:key_id>/revocation", keys.key_revocation, name="key_revocation"),
]

of_organization = [
    path("members", members.member_list, name="members"),
    path("members/<mem:member_id>/role", members.role, name="member_role"),
    path("members/<mem:member_id>/removal", members.removal, name="member_removal"),
    path("invitations/new", invitations.new_invitation, name="new_invitation"),
    path("invitations/<inv:invitation_id>/sending", invitations.sending, name="invitation_sending"),
    path("invitations/<inv:invitation_id>/revocation", invitations.revocation, name="invitation_revocation"),
]

urlpatterns = [
    path("", home.home, name="home"),
    path("account", account.account, name="account"),
    path("organizations/<org:organization_id>", home.organization, name="organization"),
    path("organizations/<org:organization_id>/", include(of_organization)),
    path("invitations/<str:token>", acceptance.acceptance, name="invitation"),
    path("<env:environment_id>/", include(of_environment)),
]
