"""Addresses of the pages. Everything of an environment is below its id, so an address says whose data it shows."""

from django.urls import include, path

from dashboard import converters
from dashboard.views import account, home
from dashboard.views.licensing import catalogue, changes, customers, holds, keys, licenses, plans, revoking, usage
from dashboard.views.operations.addresses import of_operations, of_whole_organization
from dashboard.views.people import acceptance, invitations, members

converters.register()

of_environment = [
    path("customers", customers.customer_list, name="customers"),
    path("customers/new", customers.new_customer, name="new_customer"),
    path("customers/<cus:customer_id>", customers.customer_page, name="customer"),
    path("customers/<cus:customer_id>/change", customers.customer_change, name="customer_change"),
    path("plans", plans.plan_list, name="plans"),
    path("plans/new", plans.new_plan, name="new_plan"),
    path("plans/<plan:plan_id>", plans.plan_page, name="plan"),
    path("plans/<plan:plan_id>/change", plans.plan_change, name="plan_change"),
    path("plans/<plan:plan_id>/publication", plans.plan_publication, name="plan_publication"),
    path("plans/<plan:plan_id>/versions/<int:version>", plans.plan_version, name="plan_version"),
    path("licenses", licenses.license_list, name="licenses"),
    path("licenses/new", licenses.new_license, name="new_license"),
    path("licenses/<lic:license_id>", licenses.license_page, name="license"),
    path("licenses/<lic:license_id>/change", changes.license_change, name="license_change"),
    path("licenses/<lic:license_id>/overrides", changes.license_overrides, name="license_overrides"),
    path("licenses/<lic:license_id>/renewal", changes.license_renewal, name="license_renewal"),
    path("licenses/<lic:license_id>/plan", changes.license_plan, name="license_plan"),
    path("licenses/<lic:license_id>/suspension", holds.suspension, name="license_suspension"),
    path("licenses/<lic:license_id>/reinstatement", holds.reinstatement, name="license_reinstatement"),
    path("licenses/<lic:license_id>/revocation", holds.revocation, name="license_revocation"),
    path("licenses/<lic:license_id>/keys/new", keys.new_key, name="new_key"),
    path("licenses/<lic:license_id>/keys/import", keys.key_import, name="key_import"),
    path("licenses/<lic:license_id>/usage", usage.license_usage, name="license_usage"),
    path("licenses/<lic:license_id>/decisions", usage.license_decisions, name="license_decisions"),
    path("keys/<key:key_id>", keys.key_page, name="key"),
    path("keys/<key:key_id>/change", keys.key_change, name="key_change"),
    path("keys/<key:key_id>/rotation", keys.key_rotation, name="key_rotation"),
    path("keys/<key:key_id>/suspension", holds.key_suspension, name="key_suspension"),
    path("keys/<key:key_id>/reinstatement", holds.key_reinstatement, name="key_reinstatement"),
    path("keys/<key:key_id>/revocation", revoking.key_revocation, name="key_revocation"),
    path("keys/<key:key_id>/usage", usage.key_usage, name="key_usage"),
    path("keys/<key:key_id>/decisions", usage.key_decisions, name="key_decisions"),
    *(address for kind in catalogue.KINDS for address in catalogue.addresses(kind)),
    *of_operations(),
]

of_organization = [
    path("members", members.member_list, name="members"),
    path("members/<mem:member_id>/role", members.role, name="member_role"),
    path("members/<mem:member_id>/removal", members.removal, name="member_removal"),
    path("invitations/new", invitations.new_invitation, name="new_invitation"),
    path("invitations/<inv:invitation_id>/sending", invitations.sending, name="invitation_sending"),
    path("invitations/<inv:invitation_id>/revocation", invitations.revocation, name="invitation_revocation"),
    *of_whole_organization(),
]

urlpatterns = [
    path("", home.home, name="home"),
    path("account", account.account, name="account"),
    path("organizations/<org:organization_id>", home.organization, name="organization"),
    path("organizations/<org:organization_id>/", include(of_organization)),
    path("invitations/<str:token>", acceptance.acceptance, name="invitation"),
    path("<env:environment_id>/", include(of_environment)),
]
