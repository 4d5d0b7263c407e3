"""/v1/customers."""

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from licensing.actions.customers import create_customer
from licensing.models import Customer
from tenants import clock
from tenants.http.fields import Body, Email, Moment, Object, PublicId, Text
from tenants.http.resources import ResourceView


class CustomerAnswer(serializers.ModelSerializer[Customer]):
    id = PublicId("cus")
    metadata = Object()
    created_at = Moment()

    class Meta:
        model = Customer
        fields = ("id", "name", "email", "external_id", "metadata", "created_at")


class CustomerBody(Body):
    name = Text(max_length=200)
    email = Email(max_length=254, required=False, allow_null=True)
    external_id = Text(max_length=200, required=False, allow_null=True)
    metadata = Object(required=False)


class CustomerView(ResourceView):
    resource = "customers"
    model = Customer
    serializer_class = CustomerAnswer

    @extend_schema(request=CustomerBody, responses={201: CustomerAnswer})
    def create(self, request: Request) -> Response:
        given = self.given(CustomerBody)
        row = create_customer(within=self.environment, by=self.actor, now=clock.now(), **given)
        return self.written(row, created=True)
