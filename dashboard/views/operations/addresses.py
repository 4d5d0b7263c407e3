"""Addresses of these pages. Called when the ids that stand in addresses are known to Django (dashboard.converters)."""

from django.urls import URLPattern, path

from dashboard.views.operations import audit_log, environments, events, jobs, secret_keys, stripe, system_status


def of_operations() -> list[URLPattern]:
    """Below an environment."""
    return [
        path("secret_keys", secret_keys.secret_key_list, name="secret_keys"),
        path("secret_keys/new", secret_keys.new_secret_key, name="new_secret_key"),
        path("secret_keys/<skey:row_id>", secret_keys.secret_key_page, name="secret_key"),
        path("secret_keys/<skey:row_id>/change", secret_keys.secret_key_change, name="secret_key_change"),
        path("secret_keys/<skey:row_id>/revocation", secret_keys.secret_key_revocation, name="secret_key_revocation"),
        path("stripe", stripe.stripe_page, name="stripe"),
        path("stripe/connecting", stripe.stripe_connecting, name="stripe_connecting"),
        path("stripe/change", stripe.stripe_change, name="stripe_change"),
        path("stripe/ending", stripe.stripe_ending, name="stripe_ending"),
        path("stripe/resync", stripe.stripe_resync, name="stripe_resync"),
        path("events", events.event_list, name="events"),
        path("jobs", jobs.job_list, name="jobs"),
        path("jobs/<job:job_id>", jobs.job_page, name="job"),
    ]


def of_whole_organization() -> list[URLPattern]:
    """Below an organization."""
    return [
        path("environments", environments.environment_list, name="environments"),
        path("environments/new", environments.new_environment, name="new_environment"),
        path("environments/<env:row_id>/change", environments.environment_change, name="environment_change"),
        path("audit_log", audit_log.entry_list, name="audit_log"),
        path("audit_log/verification", audit_log.verification, name="audit_verification"),
        path("audit_log/<aud:entry_id>", audit_log.entry_page, name="audit_entry"),
        path("system_status", system_status.system_status_page, name="system_status"),
    ]
