"""The sections of the dashboard: what there is, who sees it, and which of them an address belongs to."""

from typing import NamedTuple
from uuid import UUID

from django.urls import reverse

from dashboard.views.viewer import Viewer

DOCUMENTS = "/docs"


class Section(NamedTuple):
    """`icon` is Lucide's name for it; `also` are beginnings of addresses that belong to it besides its own."""

    name: str
    url_name: str
    permission: str
    icon: str
    also: tuple[str, ...] = ()


class Link(NamedTuple):
    """`current` is the value of aria-current: `page` for the section itself, `true` on a page inside it."""

    name: str
    href: str
    icon: str
    current: str
    url_name: str = ""


class Group(NamedTuple):
    name: str
    links: list[Link]


OF_ENVIRONMENT = (
    Section("Licenses", "licenses", "licenses:read", "scroll-text", also=("keys",)),
    Section("Customers", "customers", "customers:read", "users-round"),
    Section("Plans", "plans", "plans:read", "layers"),
    Section("Products", "products", "products:read", "package"),
    Section("Features", "features", "features:read", "toggle-right"),
    Section("Meters", "meters", "meters:read", "gauge"),
    Section("Secret keys", "secret_keys", "secret_keys:read", "key-round"),
    Section("Stripe", "stripe", "stripe_connection:read", "credit-card"),
    Section("Events", "events", "events:read", "activity"),
    Section("Jobs", "jobs", "jobs:read", "list-checks"),
)
FIRST = OF_ENVIRONMENT[0]
OF_ORGANIZATION = (
    Section("Members", "members", "organization:read", "id-card"),
    Section("Environments", "environments", "organization:read", "boxes"),
    Section("Audit log", "audit_log", "organization:read", "history"),
    Section("System status", "system_status", "organization:write", "heart-pulse"),
)


def navigation(viewer: Viewer, path: str) -> list[Group]:
    """What `viewer` may open, with the section of `path` marked."""
    environment = viewer.environment
    here, everywhere = {"environment_id": environment.id}, {"organization_id": environment.organization_id}
    groups = [
        Group(f"{environment.name} environment", links(OF_ENVIRONMENT, here, viewer, path)),
        Group("Organization", links(OF_ORGANIZATION, everywhere, viewer, path)),
        Group("Help", [Link("API reference", DOCUMENTS, "book-open", "")]),
    ]
    return [group for group in groups if group.links]


def section_of(groups: list[Group]) -> str:
    """The URL name of the environment's section that is open, so that another environment opens at the same place."""
    here = {section.url_name for section in OF_ENVIRONMENT}
    current = (link.url_name for group in groups for link in group.links if link.current and link.url_name in here)
    return next(current, FIRST.url_name)


def links(sections: tuple[Section, ...], place: dict[str, UUID], viewer: Viewer, path: str) -> list[Link]:
    """Those that the viewer may open, below the environment or the organization that `place` names."""
    seen = [section for section in sections if viewer.actor.may(section.permission)]
    hrefs = [reverse(section.url_name, kwargs=place) for section in seen]
    return [
        Link(section.name, href, section.icon, _current(section, href, path), section.url_name)
        for section, href in zip(seen, hrefs, strict=True)
    ]


def _current(section: Section, href: str, path: str) -> str:
    if path == href:
        return "page"
    beside = href.rpartition("/")[0]
    inside = (href, *(f"{beside}/{name}" for name in section.also))
    return "true" if path.startswith(tuple(f"{start}/" for start in inside)) else ""
