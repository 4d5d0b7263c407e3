"""One way to change any resource: parse, one action, one answer, remembered if the request asks to be."""

from collections.abc import Callable
from functools import partial
from typing import Any
from uuid import UUID

from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.response import Response

from tenants import clock
from tenants.actions.idempotency import recall, remember
from tenants.actions.issued import Issued
from tenants.http.fields import NoBody
from tenants.http.lists import Parameters
from tenants.http.manners.etag import check_precondition, etag
from tenants.http.manners.once import as_answer, as_response, asked_once
from tenants.http.problems import as_refusal
from tenants.http.resources import OrganizationView, ResourceView
from tenants.models.kept import Versioned
from tenants.queries.propagation import is_told
from tenants.rules.refusal import Refusal, not_found
from tenants.tenancy import shared_transaction, tenant_transaction

Body = type[serializers.Serializer[Any]]


class Changes(ResourceView):
    """What an app's views call: `created(action, body)`, `changed(action, pk, body)`."""

    def created(self, create: Callable[..., Any], body: Body) -> Response:
        given = self.given(body)
        return self._carried_out(partial(create, **given), status=201)

    def changed(
        self, change: Callable[..., Any], pk: str, body: Body = NoBody, *, partly: bool = False, status: int = 200
    ) -> Response:
        row_id, given = self.row_id(pk), self.given(body, partly=partly)
        return self._carried_out(partial(change, row_id, **given), status=status, row_id=row_id)

    def accepted(self, ask: Callable[..., Any], answer: Body) -> Response:
        """A job was started; where it is told of is in `Location`."""
        self.given(NoBody)

        def act(**whose: Any) -> dict[str, Any]:
            return dict(answer(ask(**whose), context=self.get_serializer_context()).data)

        response = self._carried_out(act, status=202)
        response["Location"] = f"/v1/jobs/{response.data['id']}"
        return response

    def carried_out(self, action: Callable[..., Any], *, status: int = 200, **given: Any) -> Response:
        """For an action on what has no id, or whose body was read already."""
        return self._carried_out(partial(action, **given), status=status)

    def remembered(self) -> Response | None:
        """What this very request was answered before; for who asks others before acting, and must not ask twice."""
        now = clock.now()
        asked = asked_once(self.request, within=self.environment, by=self.actor, now=now)
        with shared_transaction(self.environment.organization_id):
            found = recall(asked) if asked else None
        return as_response(found) if found else None

    def location(self, data: dict[str, Any]) -> str:
        return f"/v1/{self.resource}/{data['id']}"

    def given(self, body: Body, *, partly: bool = False) -> dict[str, Any]:
        """The checked body. Raises Refusal (400), which names each field and each parameter that is wrong."""
        reading = Parameters(self.request, set())
        try:
            serializer = body(data=self.request.data, partial=partly)
            serializer.is_valid(raise_exception=True)
        except ValidationError as wrong:
            raise reading.with_body(as_refusal(wrong)) from wrong
        except Refusal as wrong:
            raise reading.with_body(wrong) from wrong
        reading.finish()
        return dict(serializer.validated_data)

    def _carried_out(self, act: Callable[..., Any], *, status: int, row_id: UUID | None = None) -> Response:
        now, organization_id = clock.now(), self.environment.organization_id
        asked = asked_once(self.request, within=self.environment, by=self.actor, now=now)
        with shared_transaction(organization_id):
            remembered = recall(asked) if asked else None
            if remembered:
                response = as_response(remembered)
            else:
                self._check_precondition(row_id)
                response = self._answer(act(within=self.environment, by=self.actor, now=now), status)
                if asked:
                    remember(asked, as_answer(response))
        return self._with_propagation(response)

    def _check_precondition(self, row_id: UUID | None) -> None:
        if row_id is None or "If-Match" not in self.request.headers:
            return
        row = self.rows(self.environment).select_for_update(of=("self",), no_key=True).filter(pk=row_id).first()
        if row is None:
            raise not_found()
        check_precondition(self.request, row)

    def _answer(self, result: Any, status: int) -> Response:
        """What the action gave: a row, a row with its secret, many rows, or a document that is the answer itself."""
        if isinstance(result, dict):
            return Response(result, status=status)
        if isinstance(result, list):
            return Response(self._many(result), status=status, headers=_revision(result))
        row, secret = result if isinstance(result, Issued) else (result, None)
        found = self.rows(self.environment).filter(pk=row.pk).first() or row  # what was removed is shown as it was
        data = self.shown([found])[0]
        headers = _revision([row]) | ({"ETag": etag(found, data)} if isinstance(found, Versioned) else {})
        if status == 201:  # noqa: PLR2004 - Created (RFC 9110 §15.3.2)
            headers["Location"] = self.location(data)
        return Response(data | ({} if secret is None else {"secret": secret}), status=status, headers=headers)

    def _many(self, rows: list[Any]) -> dict[str, Any]:
        return {"object": "list", "data": self.shown(rows), "has_more": False, "next_cursor": None}

    def _with_propagation(self, response: Response) -> Response:
        """202 with `propagation: pending` while the data plane has not been told; the change itself is committed."""
        revision = response.headers.get("Licet-Revision")
        if revision is None or response.status_code == 201:  # noqa: PLR2004 - what is new was nowhere allowed before
            return response
        with tenant_transaction(self.environment.organization_id):
            told = is_told(self.environment.organization_id, int(revision))
        if not told:
            response.data |= {"propagation": "pending"}
            response.status_code = 202
        return response


class OrganizationChanges(OrganizationView, Changes):
    """Of a resource of the whole organization."""


def _revision(rows: list[Any]) -> dict[str, str]:
    revisions = [row.revision for row in rows if isinstance(row, Versioned)]
    return {"Licet-Revision": str(max(revisions))} if revisions else {}
