"""Rate limits and quotas as rows of a form: some empty ones to fill in, and a box that removes one."""

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

from django import forms
from django.forms.formsets import DELETION_FIELD_NAME, BaseFormSet, formset_factory

from dashboard.forms.fields import PatternField
from licensing.api.terms import LARGEST_QUOTA, LONGEST_SECONDS, MOST_LIMITS, PERIODS
from tenants.http.fields import CODE_PATTERN, LARGEST_WHOLE, Code

UNITS = {"second": 1, "minute": 60, "hour": 3600, "day": 86_400}
EMPTY_ROWS = 2


class RateLimitForm(forms.Form):
    name = PatternField(CODE_PATTERN, invalid=str(Code.default_error_messages["invalid"]), label="Name")
    limit = forms.IntegerField(label="Calls", min_value=1, max_value=LARGEST_WHOLE)
    every = forms.IntegerField(label="In", min_value=1, max_value=LONGEST_SECONDS, initial=1)
    unit = forms.ChoiceField(label="Unit", choices=[(unit, f"{unit}s") for unit in UNITS], initial="minute")
    burst = forms.IntegerField(label="At once", min_value=1, max_value=LARGEST_WHOLE, required=False)
    per = forms.ChoiceField(label="Per", choices=[("license", "license"), ("key", "key")], initial="license")

    def clean(self) -> None:
        given = self.cleaned_data
        if given.get("every") and given.get("unit") and given["every"] * UNITS[given["unit"]] > LONGEST_SECONDS:
            self.add_error("every", "At most 366 days.")

    def asked(self) -> dict[str, Any]:
        given = self.cleaned_data
        return {
            "name": given["name"],
            "limit": given["limit"],
            "period_seconds": given["every"] * UNITS[given["unit"]],
            "burst": given["burst"] or given["limit"],
            "per": given["per"],
        }

    @staticmethod
    def known(limit: Mapping[str, Any]) -> dict[str, Any]:
        """What the row of an existing one is filled with: the period in the largest unit that it is a multiple of."""
        seconds = limit["period_seconds"]
        unit = next(unit for unit in reversed(UNITS) if seconds % UNITS[unit] == 0)
        return {**limit, "every": seconds // UNITS[unit], "unit": unit}


class QuotaForm(forms.Form):
    meter = forms.ChoiceField(label="Meter")
    limit = forms.IntegerField(label="Units", min_value=0, max_value=LARGEST_QUOTA)
    period = forms.ChoiceField(
        label="Each", choices=[(period, period.replace("_", " ")) for period in PERIODS], initial="month"
    )
    overage = forms.ChoiceField(label="Beyond", choices=[("deny", "denied"), ("allow", "allowed")], initial="deny")
    per = forms.ChoiceField(label="Per", choices=[("license", "license"), ("customer", "customer")], initial="license")

    def __init__(self, *args: Any, meters: Sequence[str], **kwargs: Any) -> None:
        """`meters` are the codes of those that a quota can count by."""
        super().__init__(*args, **kwargs)
        known = self.initial.get("meter")
        codes = [*meters, known] if known and known not in meters else meters
        self.fields["meter"].choices = [("", "None"), *((code, code) for code in codes)]  # type: ignore[attr-defined]  # it is the field above

    def asked(self) -> dict[str, Any]:
        return {name: self.cleaned_data[name] for name in ("meter", "limit", "period", "overage", "per")}


class LimitRows(BaseFormSet):  # type: ignore[type-arg]  # Django's generics do not exist at run time
    @cached_property
    def kept(self) -> list[Any]:
        """The rows that hold something and are not to be removed, in order."""
        return [form for form in self.forms if form not in self.deleted_forms and self._is_filled(form)]

    def asked(self) -> list[dict[str, Any]]:
        return [form.asked() for form in self.kept]

    def show(self, index: int, name: str, detail: str) -> None:
        """`index` counts what was asked for."""
        form = self.kept[index]
        form.add_error(name if name in form.fields else None, detail)

    def add_fields(self, form: forms.Form, index: int | None) -> None:
        super().add_fields(form, index)
        if DELETION_FIELD_NAME in form.fields:
            form.fields[DELETION_FIELD_NAME].label = "Remove"

    def _is_filled(self, form: forms.Form) -> bool:
        return not form.empty_permitted or form.has_changed()


_ROWS: dict[str, Any] = {
    "formset": LimitRows,
    "extra": EMPTY_ROWS,
    "max_num": MOST_LIMITS,
    "validate_max": True,
    "can_delete": True,
    "can_delete_extra": False,
}
_RateLimitRows: type[LimitRows] = formset_factory(RateLimitForm, **_ROWS)  # type: ignore[assignment]  # made of LimitRows
_QuotaRows: type[LimitRows] = formset_factory(QuotaForm, **_ROWS)  # type: ignore[assignment]  # as above


def rate_limit_rows(data: Any, limits: Sequence[Mapping[str, Any]]) -> LimitRows:
    return _RateLimitRows(data, prefix="rate_limits", initial=[RateLimitForm.known(one) for one in limits])


def quota_rows(data: Any, quotas: Sequence[Mapping[str, Any]], meters: Sequence[str]) -> LimitRows:
    return _QuotaRows(data, prefix="quotas", initial=list(quotas), form_kwargs={"meters": meters})
