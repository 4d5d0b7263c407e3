"""The control plane's clock, read at the edges only: views, commands and tasks pass `now` on."""

from datetime import UTC, datetime, timedelta

from verify.answer import EPOCH


def now() -> datetime:
    """UTC, cut to milliseconds: what is shown, compared and told to the data plane is the same instant."""
    moment = datetime.now(UTC)  # noqa: TID251 - this is the one place
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def milliseconds(moment: datetime | None) -> int | None:
    """Milliseconds since 1970 UTC, as facts carry times."""
    return None if moment is None else (moment - EPOCH) // timedelta(milliseconds=1)
