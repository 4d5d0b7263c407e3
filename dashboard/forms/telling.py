"""Forms that ask for an act, and how a refusal of it is told on their page."""

from functools import partial
from typing import Any

from django import forms
from django.http import Http404

from tenants.rules.refusal import Refusal
from verify.ground.problem import KINDS, FieldError

_OTHERWISE = {"expires_at": "expires_on", "prefix": "key_prefix"}  # fields that are called so on some pages


class ActForm(forms.Form):
    def asked(self) -> dict[str, Any]:
        """The checked fields, as the action takes them."""
        return dict(self.cleaned_data)

    def show(self, error: FieldError) -> bool:
        """Puts it beside the field it is about; False if there is none here."""
        return beside(self, error)


def tell(form: forms.Form, refusal: Refusal) -> int:
    """Puts a refusal beside the fields it is about, and gives the answer's HTTP status. Raises Http404."""
    if refusal.kind == "not_found":
        raise Http404
    show = form.show if isinstance(form, ActForm) else partial(beside, form)
    for error in refusal.errors:
        if not show(error):
            form.add_error(None, error.detail)
    if not refusal.errors:
        form.add_error(None, refusal.detail)
    return KINDS[refusal.kind].status


def beside(form: forms.Form, error: FieldError) -> bool:
    name = error.pointer.split("/")[1]
    name = name if name in form.fields else _OTHERWISE.get(name, name)
    if name not in form.fields:
        return False
    form.add_error(name, error.detail)
    return True
