"""What is sold: products, the features plans grant, and the meters usage is counted by."""

from django.contrib.postgres.fields import ArrayField
from django.db import models

from tenants.models.kept import FactBearing, InEnvironment, Versioned


class Catalog(FactBearing, InEnvironment):
    """What the data plane is told of an environment's meters and plans as a whole; its revision moves with them."""

    PREFIX = "cat"
    FACT_KIND = "catalog"

    class Meta:
        db_table = "catalogs"
        constraints = [
            models.UniqueConstraint(fields=["organization_id", "environment_id"], name="catalogs_once"),
        ]

    def __str__(self) -> str:
        return self.public_id


class Coded(Versioned, InEnvironment):
    """A row with a code of its own in its environment."""

    code = models.CharField(max_length=64)
    name = models.CharField(max_length=200)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.code


class Product(Coded):
    PREFIX = "prod"

    audience = models.CharField(max_length=200)
    upgrade_url = models.URLField(max_length=500, null=True)  # noqa: DJ001 - none is not empty

    class Meta:
        db_table = "products"
        constraints = [
            models.UniqueConstraint(fields=["organization_id", "id"], name="products_tenant_key"),
            models.UniqueConstraint(fields=["organization_id", "environment_id", "code"], name="products_code_once"),
        ]


class Feature(Coded):
    PREFIX = "feat"

    kind = models.CharField(max_length=8, choices=[("boolean", "boolean"), ("config", "config")])

    class Meta:
        db_table = "features"
        constraints = [
            models.UniqueConstraint(fields=["organization_id", "environment_id", "code"], name="features_code_once"),
            models.CheckConstraint(condition=models.Q(kind__in=["boolean", "config"]), name="features_kind_known"),
        ]


AGGREGATIONS = ("sum", "count", "max", "unique", "latest")


class Meter(Coded):
    PREFIX = "mtr"

    aggregation = models.CharField(max_length=8, choices=[(name, name) for name in AGGREGATIONS])
    unit = models.CharField(max_length=64, blank=True)
    properties = ArrayField(models.CharField(max_length=64), default=list)
    stripe_event_name = models.CharField(max_length=100)

    class Meta:
        db_table = "meters"
        constraints = [
            models.UniqueConstraint(fields=["organization_id", "environment_id", "code"], name="meters_code_once"),
            models.CheckConstraint(condition=models.Q(aggregation__in=AGGREGATIONS), name="meters_aggregation_known"),
        ]
