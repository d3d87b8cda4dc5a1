"""App: pages, grants and what each component's origin serves. No server in here.

    app = App("Ratings", grants={"geo-map": ["geolocation"]})

    @app.page("/")
    def home(page: Page) -> None: ...

A ``Deployment`` is an app at its origins: it knows which bytes and headers belong to each.
"""

from __future__ import annotations

import contextlib
import itertools
import logging
import os
import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Literal, TypeVar

import msgspec

from . import pitfalls
from .component import Component
from .declaration import Declaration
from .errors import AppError
from .framing import Limits
from .frontend import Inline, from_inline
from .grants import Grants, parse_grants
from .layout import Page, Spot
from .ledger import Ledger
from .organisation import binding, decide
from .origins import SPARE_INSTANCES, Origins, authority
from .pages import HostFiles, Site, component_site, host_files
from .permissions import OWN_ORIGIN
from .policy import Missing, Policy, Ungranted, host_csp
from .sanitisers import Sanitiser
from .sanitisers import known as known_sanitiser
from .session import Session
from .surface import surface
from .wire import Kind

logger = logging.getLogger("components_sdk")

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
        environment: Where the variables above are read, ``os.environ`` if not given. ``{}`` for an
            app that must not depend on them, as those of the attack stage.
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
        environment: Mapping[str, str] | None = None,
    ) -> None:
        if theme not in THEMES:
            raise AppError(
                f"Expected a theme of {', '.join(THEMES)}, got {theme!r:.80}", code="theme"
            )
        if not isinstance(grants or {}, Mapping):
            raise AppError(
                f"Expected grants by component name, got {grants!r:.80}",
                code="grants",
                hint='Write: App(grants={"geo-map": ["geolocation"]})',
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
        around = os.environ if environment is None else environment
        self.organisations = binding(organisation, around)
        told = around.get("COMPONENTS_SDK_SECRET", "").encode()
        self.secret = secret or told or secrets.token_bytes(32)

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
    """One component of a deployment: what it serves, and what the page must know.

    With ``origins="instance"`` there is one for each instance, and they share the kind.
    """

    site: Site
    kind: Kind
    policy: Policy


class Deployment:
    """An app at its origins. Components appear here when a page first uses them."""

    def __init__(self, app: App, origins: Origins) -> None:
        self.app = app
        self.origins = origins
        self._served: dict[tuple[str, int], Served] = {}  # by component name and instance
        self._declared: dict[str, Declaration] = {}  # by component name
        self._sites: dict[str, Site] = {}  # by what Origins.place answers
        self.check_origins()

    def check_origins(self) -> None:
        """Refuse at the start what every component would be refused for, and say what is lost."""
        address = self.origins.component("sample", "")
        mode = self.origins.promises
        self._refuse(Policy("sample"), address, f"{address.removesuffix('/')}/frame")
        if mode.warning:
            logger.warning("origins=%s: %s", mode.name, mode.warning)

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

    def site(self, host: str, path: str) -> Site | None:
        """What the component serves that this ``Host`` and path belong to."""
        return self._sites.get(self.origins.place(host, path))

    @contextlib.contextmanager
    def sample(self) -> Iterator[Site]:
        """A component that does nothing, served for as long as the server tests itself."""
        address = self.origins.component("self-test", "")
        frontend = from_inline(Inline(js="export default () => {};"), "self-test")
        site = component_site(frontend, Policy("self-test"), address, self.origins.app, "Self-test")
        self._sites[authority(address)] = site
        try:
            yield site
        finally:
            del self._sites[authority(address)]

    def served(self, component: type[Component], instance: int = 0) -> Served | Ungranted:
        """Make, or find, what a component serves.

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
        found = self._served.get((declaration.name, instance))
        if found and known is declaration:
            return found
        policy = self.policy(component)
        if isinstance(policy, Ungranted):
            return policy
        if policy.needs_own_origin and not self.origins.promises.own_origin:
            return _without_own_origin(policy)
        if known is not declaration:  # a class may be declared anew
            self._declared[declaration.name] = declaration
            for key in [key for key in self._served if key[0] == declaration.name]:
                del self._served[key]
        address = self.origins.component(declaration.name, declaration.identity, instance)
        served = self._serve(declaration, policy, address)
        self._served[declaration.name, instance] = served
        self._sites[authority(address)] = served.site
        return served

    def _serve(self, declaration: Declaration, policy: Policy, address: str) -> Served:
        title = declaration.manifest.title
        site = component_site(declaration.frontend, policy, address, self.origins.app, title)
        self._refuse(policy, address, site.document_url, site.headers)
        twins = (each.kind for key, each in self._served.items() if key[0] == declaration.name)
        return Served(
            site=site, kind=next(twins, None) or _kind(declaration, policy), policy=policy
        )

    def _refuse(
        self, policy: Policy, address: str, document: str, headers: dict[str, str] | None = None
    ) -> None:
        """Raise if this policy would be unsafe at this address."""
        mode = self.origins.promises
        subject = surface(
            policy,
            self.origins.app,
            address,
            self.host_csp([document]),
            headers=headers,
            shared_origin=not mode.own_origin,
            shares_app=mode.shares_app,
        )
        pitfalls.refuse(subject, told=_TOLD_BY_MODE)


# What the origin mode's own warning says better, and once.
_TOLD_BY_MODE = frozenset({"declared-app-origin"})


def _kind(declaration: Declaration, policy: Policy) -> Kind:
    contract = declaration.contract
    return Kind(
        name=declaration.name,
        title=declaration.manifest.title,
        sandbox=policy.sandbox_attribute,
        allow=policy.allow,
        opaque=not policy.needs_own_origin,
        args={name: field.codec.schema for name, field in contract.fields.items()},
        events={name: field.codec.schema for name, field in contract.events.items()},
        has_value="value" in contract.fields,
    )


def _without_own_origin(policy: Policy) -> Ungranted:
    """Why a component with a memory is not mounted where it would share its origin."""
    line = 'serve(app, origins="subdomain")'
    requests = zip(policy.requests, policy.permissions, strict=True)
    return Ungranted(
        component=policy.component,
        missing=tuple(
            Missing(permission.name, request.reason, permission.meaning, (), line)
            for request, permission in requests
            if OWN_ORIGIN in permission.sandbox
        ),
        line=line,
        code="storage-needs-own-origin",
    )


class OpenPage:
    """One page of one session, and the frames that its policy names.

    While the page function runs any component may be added. ``seal`` ends that: the browser has
    the page's policy then, and a frame that it does not name could not load.

    Attributes:
        served: What the page's policy names, by component name and instance.
    """

    def __init__(self, deployment: Deployment, entry: PageEntry, session: Session) -> None:
        self.session = session
        self.served: dict[tuple[str, int], Served] = {}
        self._deployment = deployment
        self._announced = entry.uses
        self._taken: dict[str, tuple[str, int]] = {}  # component name and instance, by part
        self._sealed = False
        for component in entry.uses:
            self._serve(component, 0)
        self.page = Page(session, self, deployment.app.sanitiser)

    def seal(self) -> None:
        """From now on only what is known by now may be added, and some of what was announced."""
        if self._deployment.origins.promises.own_instance:
            for component in self._announced:
                name = component.declaration.name
                free = (n for n in itertools.count() if (name, n) not in self._taken.values())
                for instance in itertools.islice(free, SPARE_INSTANCES):
                    self._serve(component, instance)
        self._sealed = True

    def find(self, component: type[Component]) -> Spot | Ungranted:
        """See ``layout.Spots``."""
        name, instance = component.declaration.name, 0
        if self._deployment.origins.promises.own_instance:
            taken = {number for kind, number in self._taken.values() if kind == name}
            instance = next(number for number in itertools.count() if number not in taken)
        served = self._serve(component, instance)
        if isinstance(served, Ungranted):
            return served
        return Spot(served.kind, served.site.document_url, instance)

    def take(self, id: str, spot: Spot) -> None:
        """See ``layout.Spots``."""
        self._taken[id] = (spot.kind.name, spot.instance)

    def leave(self, id: str) -> None:
        """See ``layout.Spots``."""
        self._taken.pop(id, None)  # a card takes none

    def _serve(self, component: type[Component], instance: int) -> Served | Ungranted:
        served = self._deployment.served(component, instance)
        if isinstance(served, Ungranted):
            return served
        name = served.kind.name
        if self._sealed and (name, instance) not in self.served:
            raise self._not_named(component)
        self.served[name, instance] = served
        return served

    def _not_named(self, component: type[Component]) -> AppError:
        name = component.__name__
        own = component.declaration.name
        room = sum(1 for kind, _ in self.served if kind == own)
        if not room:
            return AppError(
                f"This page was opened without {name}, so its policy forbids it",
                code="component-not-declared",
                hint=f"Announce it: @app.page(…, uses=[{name}])",
            )
        hint = f"Announce it: @app.page(…, uses=[{name}]) leaves room for {SPARE_INSTANCES} more."
        if component in self._announced:
            hint = 'Remove one of them first, or serve with origins other than "instance".'
        return AppError(
            f"This page's policy names {room} frames of {name}, and all of them are on the page",
            code="no-spare-instance",
            hint=hint,
        )
