"""Forms about plans: their terms, and which version is in force."""

from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from typing import Any, NamedTuple

from django import forms

from dashboard.forms.features import GrantField
from dashboard.forms.fields import CodeField, LinesField, NameField
from dashboard.forms.granting import Catalogue, GrantingForm
from dashboard.forms.telling import ActForm
from licensing.api.plans import LONGEST_DAYS
from licensing.models import Product
from licensing.models.plan import DEVICE_POLICIES
from licensing.rules.seats import LONGEST_OVER_LIMIT_DAYS, SEAT_POLICIES
from tenants.http.fields import LARGEST_WHOLE, TextList
from verify.ground.ids import decode

_POLICIES = {
    "none": "None: devices are not asked for",
    "optional": "Optional: a device that is named must be an activated one",
    "required": "Required: every call names an activated device",
}


_SEAT_POLICIES = {
    "none": "None: a license may have any number of keys",
    "key": "Keys: each takes a seat",
    "user": "Users: all keys of one user take one seat",
}


class Section(NamedTuple):
    title: str
    fields: list[forms.BoundField]


class TermsForm(GrantingForm):
    """Every field of a plan's terms."""

    SWITCH = GrantField

    scopes = LinesField(of=TextList(), label="Scopes", rows=4, help_text="One per line: what a key may be asked for.")
    duration_days = forms.IntegerField(
        label="Days a license lasts",
        min_value=1,
        max_value=LONGEST_DAYS,
        required=False,
        help_text="Counted from its start. Nothing: it does not end by itself.",
    )
    trial_days = forms.IntegerField(
        label="Days of trial",
        min_value=1,
        max_value=LONGEST_DAYS,
        required=False,
        help_text="Nothing: there is no trial.",
    )
    grace_days = forms.IntegerField(
        label="Days of grace",
        min_value=0,
        max_value=LONGEST_DAYS,
        initial=14,
        help_text="After a payment that failed; an end is exact.",
    )
    max_devices = forms.IntegerField(
        label="Devices at most", min_value=0, max_value=LARGEST_WHOLE, required=False, help_text="Nothing: any number."
    )
    device_policy = forms.ChoiceField(
        label="Device policy",
        choices=[(name, _POLICIES[name]) for name in DEVICE_POLICIES],
        initial="none",
        widget=forms.RadioSelect,
    )
    seat_policy = forms.ChoiceField(
        label="What takes a seat",
        choices=[(name, _SEAT_POLICIES[name]) for name in SEAT_POLICIES],
        initial="none",
        widget=forms.RadioSelect,
    )
    over_limit_days = forms.IntegerField(
        label="Days with too few seats",
        min_value=0,
        max_value=LONGEST_OVER_LIMIT_DAYS,
        required=False,
        initial=14,
        help_text="Then the license is suspended until it fits. Nothing: it is warned of, and no more.",
    )
    token_ttl_seconds = forms.IntegerField(
        label="Seconds an access token lasts",
        min_value=30,
        max_value=86_400,
        initial=300,
        help_text="30 to 86,400.",
    )
    refresh_ttl_seconds = forms.IntegerField(
        label="Seconds a refresh token lasts",
        min_value=60,
        max_value=LARGEST_WHOLE,
        required=False,
        help_text="At least 60. Nothing: none is given.",
    )
    rotate_every_days = forms.IntegerField(
        label="Days between rotations of a key",
        min_value=1,
        max_value=LONGEST_DAYS,
        required=False,
        help_text="Nothing: keys need not be rotated.",
    )
    stripe_price_ids = LinesField(
        of=TextList(longest=100), label="Stripe price ids", help_text="One per line: what buys this plan at Stripe."
    )

    def __init__(
        self, data: Any = None, *, catalogue: Catalogue, known: Mapping[str, Any] | None = None, **kwargs: Any
    ) -> None:
        """`known` is what the fields hold already."""
        super().__init__(data, catalogue=catalogue, granted=known or {}, initial=known, **kwargs)

    @property
    def sections(self) -> Iterator[Section]:
        """What stands below the limits."""
        for title, names in _SECTIONS.items():
            yield Section(title, [self[name] for name in names])


_SECTIONS = {
    "Time": ("duration_days", "trial_days", "grace_days"),
    "Seats": ("seat_policy", "over_limit_days"),
    "Devices": ("device_policy", "max_devices"),
    "Tokens and keys": ("token_ttl_seconds", "refresh_ttl_seconds", "rotate_every_days"),
    "Billing": ("stripe_price_ids",),
}


class PlanForm(TermsForm):
    name = NameField()


class NewPlanForm(PlanForm):
    code = CodeField()
    product = forms.TypedChoiceField(label="Product", coerce=partial(decode, Product.PREFIX))

    def __init__(self, data: Any = None, *, products: Iterable[Product], **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        self.fields["product"].choices = [(row.public_id, f"{row.name} ({row.code})") for row in products]  # type: ignore[attr-defined]  # it is the field above


class PublicationForm(ActForm):
    apply_to = forms.ChoiceField(label="In force for", widget=forms.RadioSelect, initial="new")

    def __init__(self, data: Any = None, *, version: int, lifted: int) -> None:
        """`lifted` is how many licenses have an earlier version now."""
        super().__init__(data)
        others = f"{lifted:,} licenses" if lifted > 1 else ("no license", "1 license")[lifted]
        s = "" if lifted > 1 else "s"
        self.fields["apply_to"].choices = [  # type: ignore[attr-defined]  # it is the field above
            ("new", f"New licenses alone: they get version {version}; {others} with an earlier one keep{s} it."),
            ("all", f"All licenses: {others} with an earlier version get{s} version {version} at once, new ones too."),
        ]
