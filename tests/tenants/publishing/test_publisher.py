"""Another history is answered by telling everything anew: once, however many notice it."""

from django.db import transaction

from tenants.models import FactsEpoch
from tenants.publishing.publisher import ask_for_rebuild


def test_however_often_an_epoch_is_found_wrong_it_is_raised_once() -> None:
    with transaction.atomic(using="sweep"):  # and given back: the running copy would tell everything
        rows = FactsEpoch.objects.using("sweep")
        before = rows.get().epoch
        for _ in range(3):
            ask_for_rebuild(before)
        assert rows.get().epoch == before + 1
        ask_for_rebuild(before + 1)
        assert rows.get().epoch == before + 2
        transaction.set_rollback(True, using="sweep")
    assert rows.get().epoch == before
