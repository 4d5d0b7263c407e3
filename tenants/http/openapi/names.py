"""What operations and components are called: words made from the view's own, so that no resource is named here."""

from typing import Any, NamedTuple

_VERBS = {
    "list": "list",
    "retrieve": "read",
    "create": "create",
    "update": "replace",
    "partial_update": "change",
    "destroy": "remove",
    "suspension": "suspend",
    "reinstatement": "reinstate",
    "revocation": "revoke",
    "publication": "publish",
    "rotation": "rotate",
    "renewal": "renew",
    "bring_in": "import",
    "open": "open",
    "verification": "verify",
}
_OF_MANY = ("list", "bring_in", "verification")
_METHOD_VERBS = {"GET": "read", "POST": "create", "PUT": "replace", "PATCH": "change", "DELETE": "remove"}


class Words(NamedTuple):
    """`act` is the view's method, `one` and `many` are what it is about, in words."""

    act: str
    one: str
    many: str


def words(view: Any, method: str) -> Words:
    many = getattr(view, "resource", type(view).__name__).replace("_", " ")
    model = getattr(view, "model", None)
    one = str(model._meta.verbose_name) if model else many
    return Words(getattr(view, "action", None) or method.lower(), one, many)


def operation_id(told: Words, method: str) -> str:
    """`list_licenses`, `suspend_license`; for an act that has no verb of its own, `replace_license_plan`."""
    verb = _VERBS.get(told.act)
    name = told.many if told.act in _OF_MANY else told.one
    text = f"{verb} {name}" if verb else f"{_METHOD_VERBS[method]} {told.one} {told.act}"
    return text.replace(" ", "_").replace("-", "_")


def summary(told: Words, method: str) -> str:
    verb = _VERBS.get(told.act)
    if told.act in _OF_MANY:
        return f"{verb} {told.many}".capitalize()
    one = f"{'an' if told.one[0] in 'aeio' else 'a'} {told.one}"
    if verb:
        return f"{verb} {one}".capitalize()
    return f"{_METHOD_VERBS[method]} the {told.act.replace('_', ' ')} of {one}".capitalize()


def tag(told: Words) -> str:
    return told.many.capitalize()


def component(serializer: str) -> str:
    """`LicenseAnswer` is simply a License; bodies keep their names."""
    return serializer.removesuffix("Answer")


def body_component(made: str) -> str:
    """Without drf-spectacular's mark where our own name says as much."""
    name = made.removesuffix("Request")
    return name if name.endswith(("Body", "Change")) else made
