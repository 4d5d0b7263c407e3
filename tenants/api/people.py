"""What members and invitations have in common in the API."""

from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from tenants.actions.people.standing import hold_people
from tenants.http.changes import OrganizationChanges
from tenants.http.filters import LONGEST, readable
from tenants.http.resources import Filter


class PeopleChanges(OrganizationChanges):
    def _check_precondition(self, row_id: UUID | None) -> None:
        """The people are held before any row of theirs is, as in the actions; else two could wait for each other."""
        hold_people(self.environment.organization_id)
        super()._check_precondition(row_id)


def by_address(column: str) -> Filter:
    """Keeps the rows with this address, whatever its case."""

    def keep(rows: QuerySet[Any], text: str) -> QuerySet[Any]:
        return rows.filter(**{column: readable("email", text).lower()})

    keep.schema = {"type": "string", "minLength": 1, "maxLength": LONGEST}  # type: ignore[attr-defined]  # for the document
    return keep
