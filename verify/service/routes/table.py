"""Which handler answers which method and path."""

from verify.ground.viewer import files
from verify.service.accounting.accountant import Accountant
from verify.service.facts.store import FactStore
from verify.service.http.exchange import Handler, Refused
from verify.service.routes import documents
from verify.service.routes.forward_auth import PREFIX, ForwardAuth
from verify.service.routes.health import Health
from verify.service.routes.verdicts import Desk
from verify.service.routes.verify import Verify
from verify.service.settings import Settings
from verify.service.spool.spool import Spool


class Routes:
    """`find` gives the handler of a method and path."""

    def __init__(self, settings: Settings, store: FactStore, accountant: Accountant, spool: Spool) -> None:
        desk = Desk(settings.peppers, store, accountant, spool)
        health = Health(store, spool, settings.metrics_token, settings.metrics_folder)
        verify = Verify(desk)
        self._forward_auth = ForwardAuth(desk, settings.proxies)
        self._table: dict[str, tuple[str, Handler]] = {
            "/v1/verify": ("POST", verify.one),
            "/v1/verify/batch": ("POST", verify.batch),
            "/livez": ("GET", health.livez),
            "/readyz": ("GET", health.readyz),
            "/metrics": ("GET", health.metrics),
            "/openapi.json": ("GET", documents.openapi),
            "/docs": ("GET", documents.docs),
            **{f"/docs/{name}": ("GET", documents.docs_part) for name in (*files.OURS, *files.THEIRS)},
        }

    def find(self, method: str, path: str) -> Handler:
        """Raises Refused (404, 405)."""
        known = self._table.get(path)
        if known is None:
            if path.startswith(PREFIX):
                return self._forward_auth.ask
            raise Refused("not_found", "not_found", "There is nothing at this address.")
        allowed, handler = known
        if method != allowed and (method, allowed) != ("HEAD", "GET"):
            raise Refused("method_not_allowed", "method_not_allowed", f"Use {allowed} here.", allow=allowed)
        return handler
