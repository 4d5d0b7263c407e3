"""What a list is narrowed by: read from the address, so that what was found can be sent to somebody."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django import forms
from django.db.models import QuerySet

from dashboard.forms.fields import FOR_PROGRAMS
from licensing.queries import customers, plans
from licensing.queries.catalogue import REQUESTS
from licensing.queries.standing import with_status
from licensing.rules.usage import KNOWN
from tenants.tenancy import Place
from verify.license_status import Status
from verify.reasons import Reason

DAYS = (7, 30, 90)
DEFAULT_DAYS = 30


class FilterForm(forms.Form):
    """An empty field narrows nothing; one that makes no sense leaves nothing."""

    use_required_attribute = False

    @property
    def is_used(self) -> bool:
        return any(self.data.get(name) for name in self.fields)

    def narrow(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        if not self.is_valid():
            return rows.none()
        for name, value in self.cleaned_data.items():
            if value not in (None, ""):
                rows = self.keep(rows, name, value)
        return rows

    def keep(self, rows: QuerySet[Any], name: str, value: Any) -> QuerySet[Any]:
        return rows.filter(**{name: value})


class CustomerFilter(FilterForm):
    external_id = forms.CharField(
        label="External id", max_length=200, required=False, widget=forms.TextInput(attrs=FOR_PROGRAMS)
    )
    email = forms.CharField(label="Email", max_length=254, required=False, widget=forms.TextInput(attrs=FOR_PROGRAMS))


class LicenseFilter(FilterForm):
    status = forms.ChoiceField(
        label="Status",
        required=False,
        choices=[("", "Any"), *((status.value, status.value.capitalize()) for status in Status)],
    )
    customer = forms.CharField(
        label="Customer", max_length=200, required=False, widget=forms.TextInput(attrs=FOR_PROGRAMS)
    )
    plan = forms.CharField(label="Plan", max_length=200, required=False, widget=forms.TextInput(attrs=FOR_PROGRAMS))

    def __init__(self, data: Any, *, within: Place, now: datetime) -> None:
        super().__init__(data)
        self._within, self._now = within, now

    def keep(self, rows: QuerySet[Any], name: str, value: Any) -> QuerySet[Any]:
        if name == "status":
            return with_status(rows, Status(value), self._now)
        found = {"customer": customers.named, "plan": plans.named}[name](value, self._within)
        return rows.none() if found is None else rows.filter(**{name: found.id})


class UsageForm(forms.Form):
    """Which meter and for how long; what makes no sense is as if it were not said."""

    use_required_attribute = False
    meter = forms.ChoiceField(label="Meter")
    days = forms.TypedChoiceField(label="Period", choices=[(days, f"{days} days") for days in DAYS], coerce=int)

    def __init__(self, data: Mapping[str, Any], meters: Mapping[str, str]) -> None:
        said = {name: data[name] for name in self.base_fields if name in data}
        super().__init__({"meter": REQUESTS, "days": str(DEFAULT_DAYS)} | said)
        self.is_used = bool(said)
        summed = [code for code, aggregation in meters.items() if aggregation in KNOWN and code != REQUESTS]
        self.fields["meter"].choices = [(code, code) for code in (REQUESTS, *sorted(summed))]  # type: ignore[attr-defined]  # a choice field's

    @property
    def chosen(self) -> tuple[str, int]:
        self.is_valid()
        told = self.cleaned_data
        return told.get("meter", REQUESTS), told.get("days", DEFAULT_DAYS)


class DecisionFilter(FilterForm):
    outcome = forms.ChoiceField(
        label="Outcome",
        required=False,
        choices=[("", "Any"), *((reason.value, reason.value) for reason in Reason if reason is not Reason.NOT_FOUND)],
    )
