"""Tables of licensing, all of them tenant tables."""

from licensing.models.catalogue import Catalog, Feature, Meter, Product
from licensing.models.customer import Customer
from licensing.models.key import Key
from licensing.models.license import License
from licensing.models.plan import Plan, PlanVersion
from licensing.models.usage import BrokenEntry, Decision, Drained, KeyUse, LedgerEntry, UnknownKeys, UsageDay, UsageHour

__all__ = [
    "BrokenEntry",
    "Catalog",
    "Customer",
    "Decision",
    "Drained",
    "Feature",
    "Key",
    "KeyUse",
    "LedgerEntry",
    "License",
    "Meter",
    "Plan",
    "PlanVersion",
    "Product",
    "UnknownKeys",
    "UsageDay",
    "UsageHour",
]
