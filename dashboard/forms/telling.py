"""Telling a refusal on the page of the form that asked."""

from django import forms
from django.http import Http404

from tenants.rules.refusal import Refusal
from verify.ground.problem import KINDS

_FIELDS = {"expires_at": "expires_on", "prefix": "key_prefix"}


def tell(form: forms.Form, refusal: Refusal) -> int:
    """Puts a refusal beside the fields it is about, and gives the answer's HTTP status. Raises Http404."""
    if refusal.kind == "not_found":
        raise Http404
    told = False
    for error in refusal.errors:
        name = error.pointer.strip("/")
        name = _FIELDS.get(name, name)
        if name in form.fields:
            form.add_error(name, error.detail)
            told = True
    if not told:
        form.add_error(None, refusal.detail)
    return KINDS[refusal.kind].status
