"""Finding a customer by what people and back ends call it."""

from licensing.models import Customer
from tenants.tenancy import Place
from verify.ground.ids import decode


def named(text: str, within: Place) -> Customer | None:
    """By id or, if it is no id of a customer here, by external id."""
    customers = Customer.objects.within(within)
    found: Customer | None = None
    if (customer_id := decode(Customer.PREFIX, text)) is not None:
        found = customers.filter(pk=customer_id).first()
    return found or customers.filter(external_id=text).first()
