"""Which tests go to the same process, and which come first."""

import pytest
from xdist.remote import Producer  # type: ignore[import-untyped]  # it ships no types
from xdist.scheduler import LoadScopeScheduling  # type: ignore[import-untyped]  # as above

# Files that take long: first, so that no process waits for the other at the end.
LONG = (
    *("tests/docker/", "tests/dashboard/test_pages.py", "tests/docs/", "tests/verify/service/test_propagation.py"),
    *("tests/config/test_whole.py", "tests/tenants/publishing/", "tests/tenants/test_two_tenants.py"),
    "tests/billing/",
)
# Files whose tests share nothing but the copy that every process has.
APART = ("tests/verify/service/test_propagation.py", "tests/config/test_whole.py")
ONE_COPY = "tests/docker/"  # whose files share a production copy


class ByFile(LoadScopeScheduling):  # type: ignore[misc]  # mypy takes xdist's for untyped
    """A file's tests go to one process, as they share what its fixtures started."""

    def _split_scope(self, nodeid: str) -> str:
        if nodeid.startswith(APART):
            return nodeid
        return ONE_COPY if nodeid.startswith(ONE_COPY) else nodeid.partition("::")[0]


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer | None) -> ByFile:
    config.option.loadscopereorder = False
    return ByFile(config, log)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: not item.nodeid.startswith(LONG))
