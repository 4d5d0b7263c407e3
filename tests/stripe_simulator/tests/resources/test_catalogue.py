"""Products and prices."""

from typing import Any

import pytest
import stripe as sdk

from tests.stripe_simulator.tests.shop import Shop


def test_prices_are_found_by_product_and_lookup_key(shop: Shop) -> None:
    price = shop.price(lookup_key="pro")
    shop.price(lookup_key="max")
    assert [each.id for each in shop.v1.prices.list({"lookup_keys": ["pro"]}).data] == [price]
    product = shop.v1.prices.retrieve(price).product
    assert [each.id for each in shop.v1.prices.list({"product": product, "active": True}).data] == [price]
    with pytest.raises(sdk.InvalidRequestError, match="already uses that lookup key"):
        shop.price(lookup_key="pro")
    taken = shop.price(lookup_key="pro", transfer_lookup_key=True)
    assert [each.id for each in shop.v1.prices.list({"lookup_keys": ["pro"]}).data] == [taken]


def test_tiers_are_shown_to_those_who_ask(shop: Shop) -> None:
    tiers = [{"up_to": 10, "unit_amount": 5}, {"up_to": "inf", "unit_amount_decimal": "0.5"}]
    price = shop.price(billing_scheme="tiered", tiers_mode="graduated", tiers=tiers)
    assert "tiers" not in shop.v1.prices.retrieve(price)
    shown = shop.v1.prices.retrieve(price, {"expand": ["tiers"]}).tiers
    assert [(tier.up_to, str(tier.unit_amount_decimal)) for tier in shown] == [(10, "5"), (None, "0.5")]
    made = shop.subscribe(items=[{"price": price, "quantity": 30}])
    assert shop.invoice(made).total == 60


def test_an_archived_price_sells_no_more(shop: Shop) -> None:
    price = shop.price()
    shop.v1.prices.update(price, {"active": False, "nickname": "old", "metadata": {"a": "b"}})
    with pytest.raises(sdk.InvalidRequestError, match="is inactive"):
        shop.subscribe(items=[{"price": price}])


def test_a_product_with_prices_stays(shop: Shop) -> None:
    product = shop.v1.prices.retrieve(shop.price()).product
    assert shop.v1.products.update(product, {"name": "Max", "active": False}).name == "Max"
    with pytest.raises(sdk.InvalidRequestError, match="user-created prices"):
        shop.v1.products.delete(product)
    free = shop.v1.products.create({"name": "Free", "id": "prod_free"})
    assert shop.v1.products.delete(free.id).deleted
    with pytest.raises(sdk.InvalidRequestError, match="No such product: 'prod_free'"):
        shop.v1.products.retrieve("prod_free")


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"recurring": {"interval": "month", "usage_type": "metered"}}, "backed by a meter"),
        ({"unit_amount_decimal": "1"}, "exactly one of"),
        ({"product_data": {"name": "Pro"}}, "either `product` or `product_data`"),
    ],
)
def test_a_price_must_make_sense(shop: Shop, given: dict[str, Any], said: str) -> None:
    with pytest.raises(sdk.InvalidRequestError, match=said):
        shop.price(**given)
