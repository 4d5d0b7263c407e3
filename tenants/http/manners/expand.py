"""`expand=customer,plan`: references shown whole instead of by their id, one query for each of them."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from rest_framework import serializers

from tenants.http.lists import bad_parameter
from tenants.models import Environment
from tenants.models.kept import Kept
from tenants.rules.permissions import Actor
from tenants.rules.refusal import Refusal
from verify.ground.ids import decode


class Expansion(NamedTuple):
    """How one reference is shown to who may read its `resource`: rows of `model`, made ready by `furnish`, as
    `serializer` shows them.
    """

    resource: str
    model: type[Kept]
    serializer: type[serializers.BaseSerializer[Any]]
    furnish: Callable[[list[Any], Environment], object] = lambda rows, within: None  # noqa: ARG005 - nothing to add

    def require(self, by: Actor) -> None:
        """Raises Refusal (403) if `by` may not read such objects by themselves."""
        permission = f"{self.resource}:read"
        if not by.may(permission):
            detail = f"To expand it this secret key needs the scope `{permission}`."
            raise Refusal("permission_missing", "forbidden", detail)

    def into(self, data: list[Any], name: str, within: Environment, context: dict[str, Any]) -> None:
        """Puts the objects where the ids are. To be called inside the tenant's transaction."""
        ids = {decode(self.model.PREFIX, one[name]) for one in data if one[name] is not None}
        rows = list(self.model.objects.within(within).filter(pk__in=ids))
        self.furnish(rows, within)
        shown = {row.public_id: dict(self.serializer(row, context=context).data) for row in rows}
        for one in data:
            if one[name] is not None:
                one[name] = shown[one[name]]


def read_expand(text: str, known: Mapping[str, Expansion]) -> tuple[str, ...]:
    """Raises Refusal (400) for a name that cannot be expanded."""
    names = tuple(dict.fromkeys(text.split(",")))
    if unknown := [name for name in names if name not in known]:
        detail = f"{unknown[0]!r} cannot be expanded here; only {', '.join(known)} can."
        raise bad_parameter("expand", detail)
    return names
