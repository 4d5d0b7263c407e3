"""/v1/products, /v1/features, /v1/meters."""

from typing import Any, ClassVar

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from licensing.actions.catalogue import create_feature, create_meter, create_product
from licensing.models import Feature, Meter, Product
from licensing.models.catalogue import AGGREGATIONS
from tenants import clock
from tenants.http.fields import Body, Code, Moment, PublicId, Text, TextList
from tenants.http.resources import ResourceView


class ProductAnswer(serializers.ModelSerializer[Product]):
    id = PublicId("prod")
    created_at = Moment()

    class Meta:
        model = Product
        fields = ("id", "code", "name", "audience", "created_at")


class ProductBody(Body):
    code = Code()
    name = Text(max_length=200)
    audience = Text(max_length=200, required=False)


class ProductView(ResourceView):
    resource = "products"
    model = Product
    serializer_class = ProductAnswer

    @extend_schema(request=ProductBody, responses={201: ProductAnswer})
    def create(self, request: Request) -> Response:
        given = self.given(ProductBody)
        row = create_product(within=self.environment, by=self.actor, now=clock.now(), **given)
        return self.written(row, created=True)


class FeatureAnswer(serializers.ModelSerializer[Feature]):
    id = PublicId("feat")
    created_at = Moment()

    class Meta:
        model = Feature
        fields = ("id", "code", "name", "kind", "created_at")


class FeatureBody(Body):
    code = Code()
    name = Text(max_length=200)
    kind = serializers.ChoiceField(choices=["boolean", "config"])


class FeatureView(ResourceView):
    resource = "features"
    model = Feature
    serializer_class = FeatureAnswer

    @extend_schema(request=FeatureBody, responses={201: FeatureAnswer})
    def create(self, request: Request) -> Response:
        given = self.given(FeatureBody)
        row = create_feature(within=self.environment, by=self.actor, now=clock.now(), **given)
        return self.written(row, created=True)


class MeterAnswer(serializers.ModelSerializer[Meter]):
    id = PublicId("mtr")
    created_at = Moment()

    class Meta:
        model = Meter
        fields: ClassVar[Any] = (
            "id",
            "code",
            "name",
            "aggregation",
            "unit",
            "properties",
            "stripe_event_name",
            "created_at",
        )


class MeterBody(Body):
    code = Code()
    name = Text(max_length=200)
    aggregation = serializers.ChoiceField(choices=AGGREGATIONS)
    unit = Text(max_length=64, required=False, allow_blank=True)
    properties = TextList(longest=64, required=False)
    stripe_event_name = Text(max_length=100, required=False)


class MeterView(ResourceView):
    resource = "meters"
    model = Meter
    serializer_class = MeterAnswer

    @extend_schema(request=MeterBody, responses={201: MeterAnswer})
    def create(self, request: Request) -> Response:
        given = self.given(MeterBody)
        row = create_meter(within=self.environment, by=self.actor, now=clock.now(), **given)
        return self.written(row, created=True)
