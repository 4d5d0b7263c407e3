"""/v1/customers."""

from typing import Any, ClassVar

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from licensing.actions.customers import change_customer, create_customer
from licensing.models import Customer
from tenants.http.changes import Changes
from tenants.http.fields import Body, Email, Moment, Object, PublicId, Text
from tenants.http.filters import by_text


class CustomerAnswer(serializers.ModelSerializer[Customer]):
    id = PublicId("cus")
    metadata = Object()
    created_at = Moment()

    class Meta:
        model = Customer
        fields = ("id", "name", "email", "external_id", "metadata", "created_at")


class CustomerChange(Body):
    name = Text(max_length=200, required=False)
    email = Email(max_length=254, required=False, allow_null=True)
    external_id = Text(max_length=200, required=False, allow_null=True)
    metadata = Object(required=False)


class CustomerBody(CustomerChange):
    name = Text(max_length=200)


class CustomerView(Changes):
    resource = "customers"
    model = Customer
    serializer_class = CustomerAnswer
    filters: ClassVar[Any] = {"external_id": by_text("external_id"), "email": by_text("email")}

    @extend_schema(request=CustomerBody, responses={201: CustomerAnswer})
    def create(self, request: Request) -> Response:
        return self.created(create_customer, CustomerBody)

    @extend_schema(request=CustomerChange, responses=CustomerAnswer)
    def partial_update(self, request: Request, pk: str) -> Response:
        return self.changed(change_customer, pk, CustomerChange)
