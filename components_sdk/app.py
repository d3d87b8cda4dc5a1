"""App: pages, grants and what each component's origin serves. No server in here.

    app = App("Ratings", grants={"geo-map": ["geolocation"]})

    @app.page("/")
    def home(page: Page) -> None: ...

A ``Deployment`` is an app at its origins: it knows which bytes and headers belong to each.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal, TypeVar

import msgspec

from . import pitfalls
from .component import Component
from .declaration import Declaration
from .errors import AppError
from .framing import Limits
from .grants import Grants, parse_grants
from .layout import Page
from .ledger import Ledger
from .organisation import binding, decide
from .origins import Origins, authority
from .pages import HostFiles, Site, component_site, host_files
from .policy import Policy, Ungranted, host_csp
from .sanitisers import Sanitiser
from .sanitisers import known as known_sanitiser
from .session import Session
from .surface import Surface, surface
from .wire import Kind

SOCKET_PATH = "/_components/socket"
THEMES = ("system", "light", "dark")

F = TypeVar("F", bound=Callable[[Page], Any])


class PageEntry(msgspec.Struct, frozen=True):
    """A page function and the components that it may add after the page was opened."""

    function: Callable[[Page], Any]
    uses: tuple[type[Component], ...]


class App:
    """An application.

    Args:
        title: Shown in the browser's tab.
        grants: What components may do beyond running scripts, by component name: a list of
            permissions, or the name of a preset (see ``component policy --presets``).
        secret: Makes the components' host names unguessable and stable over restarts; from the
            environment variable ``COMPONENTS_SDK_SECRET`` if not given, else new at each start.
        limits: How much may cross; see ``Limits``.
        organisation: A policy file that bounds what may be granted; see ``organisation.py``. The
            one that ``COMPONENTS_SDK_POLICY`` names in the environment binds as well.
        theme: Of the page and all components; ``"system"`` follows the user's setting.
        sanitiser: What cleans Markdown and HTML; ``"nh3"`` needs its extra installed.
    """

    def __init__(
        self,
        title: str,
        *,
        grants: Mapping[str, str | Sequence[str]] | None = None,
        secret: bytes | None = None,
        limits: Limits | None = None,
        organisation: str | os.PathLike[str] | None = None,
        theme: Literal["system", "light", "dark"] = "system",
        sanitiser: Sanitiser = "bleach",
    ) -> None:
        if theme not in THEMES:
            raise AppError(
                f"Expected a theme of {', '.join(THEMES)}, got {theme!r:.80}", code="theme"
            )
        self.title = title
        self.theme = theme
        self.sanitiser: Sanitiser = known_sanitiser(sanitiser)
        self.limits = limits or Limits()
        self.ledger = Ledger()
        self.pages: dict[str, PageEntry] = {}
        self.grants: dict[str, Grants] = {
            name: parse_grants(granted) for name, granted in (grants or {}).items()
        }
        self.organisations = binding(organisation, os.environ)
        environment = os.environ.get("COMPONENTS_SDK_SECRET", "").encode()
        self.secret = secret or environment or secrets.token_bytes(32)

    def page(self, path: str = "/", *, uses: Sequence[type[Component]] = ()) -> Callable[[F], F]:
        """Register a page function (sync or async). A decorator.

        Args:
            path: Where the page is, e.g. ``"/"`` or ``"/reports"``.
            uses: Components that callbacks may add later. The page's policy names every frame
                that may load and cannot be widened once the page is open.
        """
        if not isinstance(path, str):
            raise AppError(
                f"Expected a path, got {path!r:.80}",
                code="page-path",
                hint='Write: @app.page("/")',
            )
        if not path.startswith("/") or path.startswith("/_components"):
            raise AppError(
                f"Expected a path like '/reports', got {path!r}",
                code="page-path",
                hint="Begin with a slash; /_components belongs to the SDK.",
            )
        if path in self.pages:
            raise AppError(
                f"There is a page at {path!r} already",
                code="page-taken",
                hint="Give one of them another path.",
            )

        def register(function: F) -> F:
            self.pages[path] = PageEntry(function, tuple(uses))
            return function

        return register

    def policy(self, component: type[Component]) -> Policy | Ungranted:
        """What this app and its organisations let a component do, or what they do not."""
        manifest = component.declaration.manifest
        grants = self.grants.get(manifest.name, parse_grants(()))
        return decide(manifest.name, manifest.requests, grants, self.organisations)


class Served(msgspec.Struct, frozen=True):
    """One component of a deployment: what its origin serves, and what the page must know."""

    site: Site
    kind: Kind
    policy: Policy


class Deployment:
    """An app at its origins. Components appear here when a page first uses them."""

    def __init__(self, app: App, origins: Origins) -> None:
        self.app = app
        self.origins = origins
        self._served: dict[str, Served] = {}  # by component name
        self._declared: dict[str, Declaration] = {}  # by component name
        self._sites: dict[str, Site] = {}  # by Host
        self.check_origins()

    def check_origins(self) -> None:
        """Refuse at the start what every component would be refused for."""
        origin = self.origins.component("sample", "")
        csp = self.host_csp([f"{origin}/frame"])
        pitfalls.refuse(surface(Policy("sample"), self.origins.app, origin, csp))

    @property
    def socket_url(self) -> str:
        """Where pages find their session."""
        return self.origins.socket + SOCKET_PATH

    @property
    def files(self) -> HostFiles:
        """The page's own runtime and style."""
        return host_files()

    def host_csp(self, frame_urls: Sequence[str]) -> str:
        """The Content-Security-Policy of a page that may hold these frame documents."""
        return host_csp(self.origins.app, self.socket_url, frame_urls, self.files.prefix)

    def policy(self, component: type[Component]) -> Policy | Ungranted:
        """What the app lets a component do here."""
        return self.app.policy(component)

    def site(self, host: str) -> Site | None:
        """What the component's origin with this ``Host`` serves."""
        return self._sites.get(host)

    def served(self, component: type[Component]) -> Served | Ungranted:
        """Make, or find, what a component's origin serves.

        Raises:
            AppError: Two classes share a name.
            PitfallError: The policy would be unsafe here.
        """
        declaration = component.declaration
        known = self._declared.setdefault(declaration.name, declaration)
        if known.identity != declaration.identity:
            raise AppError(
                f"{known.identity} and {declaration.identity} are both called {declaration.name!r}",
                code="component-name-taken",
                hint="Give one of them another name in its component.toml.",
            )
        found = self._served.get(declaration.name)
        if found and known is declaration:
            return found
        policy = self.policy(component)
        if isinstance(policy, Ungranted):
            return policy
        served = self._serve(component, policy)
        self._declared[declaration.name] = declaration  # a class may be declared anew
        self._served[declaration.name] = served
        self._sites[authority(served.site.origin)] = served.site
        return served

    def _serve(self, component: type[Component], policy: Policy) -> Served:
        declaration = component.declaration
        title = declaration.manifest.title
        origin = self.origins.component(declaration.name, declaration.identity)
        site = component_site(declaration.frontend, policy, origin, self.origins.app, title)
        pitfalls.refuse(
            Surface(
                app_origin=self.origins.app,
                component_origin=origin,
                sandbox=policy.sandbox_attribute,
                allow=policy.allow,
                headers=site.headers,
                host_csp=self.host_csp([site.document_url]),
            )
        )
        contract = declaration.contract
        kind = Kind(
            name=declaration.name,
            title=title,
            url=site.document_url,
            sandbox=policy.sandbox_attribute,
            allow=policy.allow,
            args={name: field.codec.schema for name, field in contract.fields.items()},
            events={name: field.codec.schema for name, field in contract.events.items()},
            has_value="value" in contract.fields,
        )
        return Served(site=site, kind=kind, policy=policy)


class OpenPage:
    """One page of one session, and the components that its policy names.

    While the page function runs any component may be added. ``seal`` ends that: the browser has
    the page's policy then, and a component that it does not name could not load.
    """

    def __init__(self, deployment: Deployment, entry: PageEntry, session: Session) -> None:
        self.session = session
        self.served: dict[str, Served] = {}
        self._deployment = deployment
        self._sealed = False
        for component in entry.uses:
            self._kind_of(component)
        self.page = Page(session, self._kind_of, deployment.app.sanitiser)

    def seal(self) -> None:
        """From now on only the components that are known by now may be added."""
        self._sealed = True

    def _kind_of(self, component: type[Component]) -> Kind | Ungranted:
        served = self._deployment.served(component)
        if isinstance(served, Ungranted):
            return served
        name = served.kind.name
        if self._sealed and name not in self.served:
            raise AppError(
                f"This page was opened without {component.__name__}, so its policy forbids it",
                code="component-not-declared",
                hint=f"Announce it: @app.page(…, uses=[{component.__name__}])",
            )
        self.served[name] = served
        return served.kind
