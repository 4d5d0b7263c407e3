"""Forms about products, features and meters."""

from typing import Any

from django import forms
from django.core.validators import URLValidator

from dashboard.forms.fields import FOR_PROGRAMS, CodeField, LinesField, NameField, OptionalField
from dashboard.forms.telling import ActForm
from licensing.models.catalogue import AGGREGATIONS
from tenants.http.fields import TextList

LONGEST_URL = 500
_AGGREGATIONS = {
    "sum": "Sum: values are added up",
    "count": "Count: events are counted, whatever their value",
    "max": "Maximum: the largest value",
    "unique": "Unique: different values are counted",
    "latest": "Latest: the last value",
}


class UrlField(OptionalField):
    """Checked as the API checks it."""

    def __init__(self, **options: Any) -> None:
        widget = forms.URLInput(attrs=FOR_PROGRAMS)
        super().__init__(max_length=LONGEST_URL, widget=widget, validators=[URLValidator()], **options)


def _upgrade_url() -> UrlField:
    help_text = "Where customers change their plan; denials that a plan would lift name it."
    return UrlField(label="Upgrade page", help_text=help_text)


class ProductForm(ActForm):
    name = NameField()
    audience = forms.CharField(
        label="Audience",
        max_length=200,
        help_text="Access tokens for this product name it in `aud`.",
        widget=forms.TextInput(attrs=FOR_PROGRAMS),
    )
    upgrade_url = _upgrade_url()


class NewProductForm(ProductForm):
    field_order = ("name", "code", "audience", "upgrade_url")
    code = CodeField()
    audience = OptionalField(
        label="Audience",
        max_length=200,
        help_text="Access tokens for this product name it in `aud`; else they name the code.",
        widget=forms.TextInput(attrs=FOR_PROGRAMS),
    )


class FeatureForm(ActForm):
    name = NameField()


class NewFeatureForm(FeatureForm):
    code = CodeField()
    kind = forms.ChoiceField(
        label="Kind",
        choices=[("boolean", "Boolean: on or off"), ("config", "Config: a number or a text, such as a region")],
        initial="boolean",
        help_text="It cannot be changed later.",
        widget=forms.RadioSelect,
    )


class MeterForm(ActForm):
    name = NameField()
    unit = forms.CharField(
        label="Unit",
        max_length=64,
        required=False,
        help_text="Optional. What one of it is called, such as “GB”.",
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    properties = LinesField(
        of=TextList(longest=64),
        label="Properties",
        help_text="Optional. One name per line: what usage can be grouped by.",
    )
    stripe_event_name = forms.CharField(
        label="Stripe event name",
        max_length=100,
        help_text="What the meter is called at Stripe.",
        widget=forms.TextInput(attrs=FOR_PROGRAMS),
    )


class NewMeterForm(MeterForm):
    field_order = ("name", "code", "aggregation", "unit", "properties", "stripe_event_name")
    code = CodeField()
    aggregation = forms.ChoiceField(
        label="Aggregation",
        choices=[(name, _AGGREGATIONS[name]) for name in AGGREGATIONS],
        initial="sum",
        help_text="What makes a total of many events; it cannot be changed later. A quota needs a sum or a count.",
        widget=forms.RadioSelect,
    )
    stripe_event_name = OptionalField(
        label="Stripe event name",
        max_length=100,
        help_text="What the meter is called at Stripe; else the code.",
        widget=forms.TextInput(attrs=FOR_PROGRAMS),
    )
