"""Tables of licensing, all of them tenant tables."""

from licensing.models.catalogue import Feature, Meter, Product
from licensing.models.customer import Customer
from licensing.models.key import Key
from licensing.models.license import License
from licensing.models.plan import Plan, PlanVersion

__all__ = ["Customer", "Feature", "Key", "License", "Meter", "Plan", "PlanVersion", "Product"]
