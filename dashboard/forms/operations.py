"""Forms about running the product: secret keys, environments, and what lists of events, jobs and entries show."""

from collections.abc import Callable, Collection
from typing import Any

from django import forms
from django.db.models import QuerySet

from billing.api.connection import API_KEY, WEBHOOK_SECRET
from billing.rules.policy import Policy
from dashboard.forms.fields import FOR_PROGRAMS, PLAIN, MomentField, NameField, PatternField
from dashboard.forms.filters import FilterForm
from dashboard.forms.telling import ActForm
from licensing.rules.events import EVENT_TYPES
from tenants.api.environments import KINDS, LONGEST_STALE_SECONDS
from tenants.models.job import STATUSES
from tenants.rules.permissions import EVERYTHING_HERE, GRANTABLE, uncovered

ANY = ("", "Any")


class ScopesField(forms.MultipleChoiceField):
    """A box for each permission that may be handed on; `offered` are those that are had."""

    widget = forms.CheckboxSelectMultiple

    def offer(self, offered: Collection[str]) -> None:
        found = [name for name in sorted(GRANTABLE) if not uncovered(offered, [name])]
        first = [name for name in (EVERYTHING_HERE, "verify") if name in found]
        self.choices = [(name, _LABELS.get(name, name)) for name in (*first, *(n for n in found if n not in first))]


_LABELS = {EVERYTHING_HERE: "* (everything in this environment)"}


class SecretKeyForm(ActForm):
    name = NameField(help_text="Who will hold it, such as “Billing back end”.")
    scopes = ScopesField(label="It may")
    expires_at = MomentField(label="Ends", help_text="UTC. Nothing: it never ends.")

    def __init__(self, *args: Any, offered: Collection[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        scopes = self.fields["scopes"]
        if isinstance(scopes, ScopesField):
            scopes.offer(offered)


class SecretKeyChangeForm(SecretKeyForm):
    scopes = ScopesField(label="It may", help_text="Scopes can be taken away, not given: for more, issue a new one.")
    expires_at = MomentField(label="Ends", help_text="UTC. The end can come earlier, not later.")

    def asked(self) -> dict[str, Any]:
        return {name: self.cleaned_data[name] for name in self.changed_data}


class EnvironmentChangeForm(ActForm):
    name = forms.CharField(label="Name", max_length=100, widget=forms.TextInput(attrs=PLAIN))
    on_outage = forms.ChoiceField(
        label="While Redis cannot be reached",
        choices=[
            ("deny", "Refuse every call (503) until it is back"),
            ("allow", "Answer for known keys from memory, for as long as below"),
        ],
        initial="deny",
        widget=forms.RadioSelect,
    )
    stale_seconds = forms.IntegerField(
        label="Seconds that memory is trusted",
        min_value=0,
        max_value=LONGEST_STALE_SECONDS,
        initial=60,
        help_text="A key that was revoked meanwhile may work for so long.",
    )

    def asked(self) -> dict[str, Any]:
        return {name: self.cleaned_data[name] for name in self.changed_data}


class EnvironmentForm(EnvironmentChangeForm):
    field_order = ("name", "kind")
    kind = forms.ChoiceField(
        label="Kind",
        choices=[(kind, kind.capitalize()) for kind in KINDS],
        help_text="It is written into every key and stays. Nothing in a test environment is billed.",
        widget=forms.RadioSelect,
    )

    def asked(self) -> dict[str, Any]:
        return dict(self.cleaned_data)


class EventFilter(FilterForm):
    type = forms.ChoiceField(label="Type", required=False, choices=[ANY, *((one, one) for one in EVENT_TYPES)])
    subject = forms.CharField(
        label="Happened to", max_length=40, required=False, widget=forms.TextInput(attrs=FOR_PROGRAMS)
    )
    since = MomentField(label="From (UTC)")
    until = MomentField(label="Until (UTC)")

    def keep(self, rows: QuerySet[Any], name: str, value: Any) -> QuerySet[Any]:
        return rows.filter(**{_COLUMNS.get(name, name): value})


class JobFilter(FilterForm):
    status = forms.ChoiceField(
        label="Status", required=False, choices=[ANY, *((status, status.capitalize()) for status in STATUSES)]
    )


class AuditFilter(FilterForm):
    action = forms.CharField(label="Action", max_length=64, required=False, widget=forms.TextInput(attrs=FOR_PROGRAMS))
    actor = forms.CharField(label="By", max_length=254, required=False, widget=forms.TextInput(attrs=FOR_PROGRAMS))
    subject = forms.CharField(label="About", max_length=40, required=False, widget=forms.TextInput(attrs=FOR_PROGRAMS))
    since = MomentField(label="From (UTC)")
    until = MomentField(label="Until (UTC)")

    def __init__(self, data: Any, *, actor: Callable[[str], str]) -> None:
        """`actor` makes an id of an address or a name."""
        super().__init__(data)
        self._actor = actor

    def keep(self, rows: QuerySet[Any], name: str, value: Any) -> QuerySet[Any]:
        return rows.filter(**{_COLUMNS.get(name, name): self._actor(value) if name == "actor" else value})


_COLUMNS = {"subject": "subject_id", "actor": "actor_id", "since": "created_at__gte", "until": "created_at__lt"}


class StripeKeyField(PatternField):
    def __init__(self, **options: Any) -> None:
        super().__init__(
            API_KEY, invalid="A key of Stripe's begins with rk_ or sk_.", label="Restricted key", **options
        )


class WebhookSecretField(PatternField):
    def __init__(self, **options: Any) -> None:
        options |= {"label": "Webhook secret", "required": False}
        super().__init__(WEBHOOK_SECRET, invalid="It begins with whsec_.", **options)


_POLICIES = {
    "nothing": "Leave the license as it is",
    "suspend": "Suspend it until that is settled or a newer invoice is paid",
}


class PolicyField(forms.ChoiceField):
    def __init__(self, **options: Any) -> None:
        options |= {"choices": list(_POLICIES.items()), "initial": "nothing", "widget": forms.RadioSelect}
        super().__init__(**options, required=False)

    def may_stay(self, present: str) -> None:
        """Nothing is asked for then: what another decides while the page is open is not undone."""
        self.choices = [("", f"No change: {_POLICIES[present].lower()}"), *_POLICIES.items()]
        self.initial = ""


class StripeConnectForm(ActForm):
    api_key = StripeKeyField(help_text="It is sealed, and never shown again.")
    webhook_secret = WebhookSecretField(help_text="Only if you made the endpoint at Stripe by hand.")
    on_refund = PolicyField(label="When the last payment was refunded in full")
    on_dispute = PolicyField(label="When the last payment is disputed")

    def asked(self) -> dict[str, Any]:
        return {name: value for name, value in self.cleaned_data.items() if value}


class StripeChangeForm(StripeConnectForm):
    api_key = StripeKeyField(required=False, help_text="Of the same account. Nothing: the present one stays.")
    webhook_secret = WebhookSecretField(help_text="The old one is good for 24 hours more. Nothing: it stays.")

    def __init__(self, data: Any, *, present: Policy) -> None:
        super().__init__(data)
        for name, decided in present._asdict().items():
            field = self.fields[name]
            if isinstance(field, PolicyField):
                field.may_stay(decided)
