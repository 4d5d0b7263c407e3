"""What pages of usage and decisions are narrowed by."""

from collections.abc import Mapping
from typing import Any

from django import forms

from dashboard.forms.filters import FilterForm
from licensing.queries.catalogue import REQUESTS
from licensing.rules.usage import KNOWN
from verify.reasons import Reason

DAYS = (7, 30, 90)
DEFAULT_DAYS = 30


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
