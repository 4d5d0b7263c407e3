"""The verify service without a server: keeps its connections to Redis and answers exchanges. Decides nothing."""

import asyncio
import contextlib
import logging

from verify.service.accounting.accountant import Accountant
from verify.service.facts.store import FactStore
from verify.service.http.exchange import Exchange, Refused, Response
from verify.service.metrics.bulletin import Bulletin
from verify.service.routes.table import Routes
from verify.service.settings import Settings
from verify.service.spool.replay import Replayer
from verify.service.spool.spool import Spool

START_SECONDS = 2.0  # then it answers 503 by itself, and says in /readyz why

log = logging.getLogger(__name__)


class App:
    """`start` in the event loop that will call `answer`; `stop` when the last exchange is answered."""

    def __init__(self, settings: Settings) -> None:
        self._store = FactStore(settings.redis_url, settings.facts_cap)
        self._accountant = Accountant(settings.redis_url, settings.counter_shards, settings.log_cap)
        self._spool = Spool(settings.spool_dir, settings.spool_cap)
        self._replayer = Replayer(settings.redis_url, settings.log_cap, self._spool, self._store.is_trusted)
        self._bulletin = Bulletin(self._store, self._spool, settings.metrics_folder)
        self._routes = Routes(settings, self._store, self._accountant, self._spool)
        self._keeping: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        await self._spool.start()
        several = (self._bulletin, self._store, self._accountant, self._replayer)
        self._keeping = [asyncio.create_task(kept.run()) for kept in several]
        for one in self._keeping:
            one.add_done_callback(_report_a_bug)
        with contextlib.suppress(TimeoutError):  # a worker that restarts beside others takes no call before it can
            async with asyncio.timeout(START_SECONDS):
                await self._store.connected.wait()

    async def stop(self) -> None:
        self._accountant.tell_unknown()
        for one in self._keeping:
            one.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await one
        await self._spool.stop()

    def answer(self, exchange: Exchange) -> None:
        """Never raises; the exchange gets its answer now or later, once. Its body must be whole."""
        try:
            told = self._routes.find(exchange.method, exchange.path)(exchange)
            if isinstance(told, Response):
                exchange.answer(told)
            elif told is not None:
                exchange.answer_by(told)
        except Refused as refused:
            exchange.refuse(refused)
        except Exception as bug:  # noqa: BLE001 - the edge: see Exchange.fail
            exchange.fail(bug)


def _report_a_bug(keeping: asyncio.Task[None]) -> None:
    if not keeping.cancelled() and keeping.exception() is not None:
        log.error(
            "A connection to Redis, or the spool, is no longer kept; restart this process", exc_info=keeping.exception()
        )
