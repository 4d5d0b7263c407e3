"""What plans and overrides have in common: features, rate limits and quotas."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, NamedTuple

from django import forms

from dashboard.forms.features import PREFIX, GrantField, SwitchField, asked_features, feature_fields
from dashboard.forms.limits import LimitRows, quota_rows, rate_limit_rows
from dashboard.forms.telling import ActForm, beside
from licensing.models import Feature
from verify.ground.problem import FieldError


class Catalogue(NamedTuple):
    """What may be referred to: the features, and the codes of the meters that a quota can count by."""

    features: Sequence[Feature]
    meters: Sequence[str]


class GrantingForm(ActForm):
    """The limits are rows in two formsets of their own; `catalogue` gives every feature its field."""

    SWITCH: ClassVar[type[GrantField] | type[SwitchField]]

    def __init__(self, data: Any, *, catalogue: Catalogue, granted: Mapping[str, Any], initial: Any) -> None:
        super().__init__(data, initial=initial)
        self.fields |= feature_fields(catalogue.features, granted.get("features", {}), self.SWITCH)
        self.rate_limits = rate_limit_rows(data, granted.get("rate_limits", ()))
        self.quotas = quota_rows(data, granted.get("quotas", ()), catalogue.meters)

    def is_valid(self) -> bool:
        """Every part is asked, so that all that is wrong is told at once."""
        return all([super().is_valid(), self.rate_limits.is_valid(), self.quotas.is_valid()])

    def asked(self) -> dict[str, Any]:
        given = {name: value for name, value in self.cleaned_data.items() if not name.startswith(PREFIX)}
        limits = {"rate_limits": self.rate_limits.asked(), "quotas": self.quotas.asked()}
        return {**given, **limits, "features": asked_features(self.cleaned_data)}

    def show(self, error: FieldError) -> bool:
        _, name, *inside = error.pointer.split("/")
        rows: LimitRows | None = {"rate_limits": self.rate_limits, "quotas": self.quotas}.get(name)
        if rows is not None and inside:
            rows.show(int(inside[0]), "".join(inside[1:]), error.detail)
            return True
        if name == "features" and inside:
            return beside(self, FieldError(f"/{PREFIX}{inside[0]}", error.code, error.detail))
        return super().show(error)

    @property
    def feature_fields(self) -> list[forms.BoundField]:
        return [self[name] for name in self.fields if name.startswith(PREFIX)]
