"""/v1/products, /v1/features, /v1/meters."""

from functools import partial
from typing import Any, ClassVar

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from licensing.actions.catalogue import change_coded, create_feature, create_meter, create_product, remove_coded
from licensing.models import Feature, Meter, Product
from licensing.models.catalogue import AGGREGATIONS
from tenants.http.changes import Changes
from tenants.http.fields import Body, Code, Moment, PublicId, Text, TextList
from tenants.http.filters import by_choice, by_text

FEATURE_KINDS = ("boolean", "config")


class ProductAnswer(serializers.ModelSerializer[Product]):
    id = PublicId("prod")
    created_at = Moment()

    class Meta:
        model = Product
        fields = ("id", "code", "name", "audience", "upgrade_url", "created_at")


class ProductChange(Body):
    name = Text(max_length=200, required=False)
    audience = Text(max_length=200, required=False)
    upgrade_url = serializers.URLField(max_length=500, allow_null=True, required=False)


class ProductBody(ProductChange):
    code = Code()
    name = Text(max_length=200)


class ProductView(Changes):
    resource = "products"
    model = Product
    serializer_class = ProductAnswer
    filters: ClassVar[Any] = {"code": by_text("code")}

    @extend_schema(request=ProductBody, responses={201: ProductAnswer})
    def create(self, request: Request) -> Response:
        return self.created(create_product, ProductBody)

    @extend_schema(request=ProductChange, responses=ProductAnswer)
    def partial_update(self, request: Request, pk: str) -> Response:
        return self.changed(partial(change_coded, Product), pk, ProductChange)

    @extend_schema(request=None, responses={200: ProductAnswer})
    def destroy(self, request: Request, pk: str) -> Response:
        """Only while no plan refers to it."""
        return self.changed(partial(remove_coded, Product), pk)


class FeatureAnswer(serializers.ModelSerializer[Feature]):
    id = PublicId("feat")
    created_at = Moment()

    class Meta:
        model = Feature
        fields = ("id", "code", "name", "kind", "created_at")


class FeatureChange(Body):
    name = Text(max_length=200, required=False)


class FeatureBody(Body):
    code = Code()
    name = Text(max_length=200)
    kind = serializers.ChoiceField(choices=FEATURE_KINDS)


class FeatureView(Changes):
    resource = "features"
    model = Feature
    serializer_class = FeatureAnswer
    filters: ClassVar[Any] = {"code": by_text("code"), "kind": by_choice("kind", FEATURE_KINDS)}

    @extend_schema(request=FeatureBody, responses={201: FeatureAnswer})
    def create(self, request: Request) -> Response:
        return self.created(create_feature, FeatureBody)

    @extend_schema(request=FeatureChange, responses=FeatureAnswer)
    def partial_update(self, request: Request, pk: str) -> Response:
        return self.changed(partial(change_coded, Feature), pk, FeatureChange)

    @extend_schema(request=None, responses={200: FeatureAnswer})
    def destroy(self, request: Request, pk: str) -> Response:
        """Only while no version of a plan grants it, and no license by its overrides."""
        return self.changed(partial(remove_coded, Feature), pk)


class MeterAnswer(serializers.ModelSerializer[Meter]):
    id = PublicId("mtr")
    properties = TextList()
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


class MeterChange(Body):
    name = Text(max_length=200, required=False)
    unit = Text(max_length=64, required=False, allow_blank=True)
    properties = TextList(longest=64, required=False)
    stripe_event_name = Text(max_length=100, required=False)


class MeterBody(MeterChange):
    code = Code()
    name = Text(max_length=200)
    aggregation = serializers.ChoiceField(choices=AGGREGATIONS)


class MeterView(Changes):
    resource = "meters"
    model = Meter
    serializer_class = MeterAnswer
    filters: ClassVar[Any] = {"code": by_text("code"), "aggregation": by_choice("aggregation", AGGREGATIONS)}

    @extend_schema(request=MeterBody, responses={201: MeterAnswer})
    def create(self, request: Request) -> Response:
        return self.created(create_meter, MeterBody)

    @extend_schema(request=MeterChange, responses=MeterAnswer)
    def partial_update(self, request: Request, pk: str) -> Response:
        """How it aggregates stays: what was counted by it would mean something else."""
        return self.changed(partial(change_coded, Meter), pk, MeterChange)

    @extend_schema(request=None, responses={200: MeterAnswer})
    def destroy(self, request: Request, pk: str) -> Response:
        """Only while no version of a plan has a quota of it, no license by its overrides, and it has no usage."""
        return self.changed(partial(remove_coded, Meter), pk)
