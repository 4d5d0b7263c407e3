"""Forms about licenses."""

from collections.abc import Callable, Mapping
from typing import Any

from django import forms

from dashboard.forms.features import SwitchField
from dashboard.forms.fields import LinesField, MomentField, ObjectField, ReferenceField
from dashboard.forms.granting import Catalogue, GrantingForm
from dashboard.forms.telling import ActForm
from licensing.models import Customer, License, Plan
from tenants.http.fields import LARGEST_WHOLE, TextList
from verify.ground.problem import FieldError

CUSTOMERS, PLANS = "known-customers", "known-plans"  # the lists of suggestions


class LicenseForm(ActForm):
    """What can be changed at any time."""

    expires_at = MomentField(label="Ends", help_text="UTC. Nothing: it never ends.")
    quantity = forms.IntegerField(label="Quantity", min_value=1, max_value=LARGEST_WHOLE, initial=1)
    metadata = ObjectField(label="Metadata")

    def asked(self) -> dict[str, Any]:
        """An end that stays is left out: one that is given makes a trial none any more."""
        return {name: value for name, value in self.cleaned_data.items() if name in self.changed_data}


class NewLicenseForm(ActForm):
    def __init__(
        self,
        data: Any,
        *,
        customer: Callable[[str], Customer | None],
        plan: Callable[[str], Plan | None],
        initial: Mapping[str, str],
    ) -> None:
        """`customer` and `plan` find what is typed."""
        super().__init__(data, initial=dict(initial))
        self.fields |= {
            "customer": ReferenceField(
                find=customer, of=CUSTOMERS, label="Customer", help_text="Its id or external id."
            ),
            "plan": plan_field(plan),
            "starts_at": MomentField(label="Starts", help_text="UTC. Nothing: now."),
            "expires_at": MomentField(label="Ends", help_text="UTC. Nothing: as the plan says."),
            "quantity": forms.IntegerField(label="Quantity", min_value=1, max_value=LARGEST_WHOLE, initial=1),
            "metadata": ObjectField(label="Metadata"),
        }


class RenewalForm(ActForm):
    expires_at = MomentField(label="New end", help_text="UTC. Nothing: as long again as its plan lasts.")


class PlanOfLicenseForm(ActForm):
    def __init__(self, data: Any, *, plan: Callable[[str], Plan | None]) -> None:
        super().__init__(data)
        self.fields["plan"] = plan_field(plan)


def plan_field(find: Callable[[str], Plan | None]) -> ReferenceField:
    return ReferenceField(find=find, of=PLANS, label="Plan", help_text="Its id or code.")


def _whose(label: str) -> forms.ChoiceField:
    choices = [("plan", "As the plan has them"), ("own", "Its own, as they stand below")]
    return forms.ChoiceField(label=label, choices=choices, widget=forms.RadioSelect)


class OverridesForm(GrantingForm):
    """The fields are filled with what is in force; only what is said to be the license's own is kept."""

    SWITCH = SwitchField

    whose_scopes = _whose("Scopes are")
    scopes = LinesField(of=TextList(), label="Scopes", rows=4, help_text="One per line.")
    whose_rate_limits = _whose("Rate limits are")
    whose_quotas = _whose("Quotas are")
    max_devices = forms.IntegerField(
        label="Devices at most",
        min_value=0,
        max_value=LARGEST_WHOLE,
        required=False,
        help_text="Nothing: as the plan has it.",
    )

    def __init__(self, data: Any, *, catalogue: Catalogue, license: License, granted: Mapping[str, Any]) -> None:
        """`granted` are all terms in force for it."""
        own = license.overrides
        initial = {f"whose_{name}": "own" if name in own else "plan" for name in _LISTS}
        initial |= {"scopes": granted["scopes"], "max_devices": own.get("max_devices")}
        shown = {**granted, "features": own.get("features", {})}
        super().__init__(data, catalogue=catalogue, granted=shown, initial=initial)

    def is_valid(self) -> bool:
        return super().is_valid() and self._is_meant()

    def asked(self) -> dict[str, Any]:
        given = super().asked()
        own = {name: given[name] for name in _LISTS if given[f"whose_{name}"] == "own"}
        own |= {name: given[name] for name in ("features", "max_devices") if given[name] not in (None, {})}
        return {"overrides": own}

    def show(self, error: FieldError) -> bool:
        return super().show(FieldError(error.pointer.removeprefix("/overrides"), error.code, error.detail))

    def _is_meant(self) -> bool:
        """What was typed but would not be kept is more likely a forgotten choice."""
        typed = {
            "scopes": "scopes" in self.changed_data,
            "rate_limits": self.rate_limits.has_changed(),
            "quotas": self.quotas.has_changed(),
        }
        for name, is_typed in typed.items():
            if is_typed and self.cleaned_data[f"whose_{name}"] == "plan":
                self.add_error(f"whose_{name}", "You changed them; say that they are its own.")
        return not self.errors


_LISTS = ("scopes", "rate_limits", "quotas")
