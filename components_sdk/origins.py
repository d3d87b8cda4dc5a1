"""Origins: where the app lives, and where each component lives.

    app         http://localhost:8501
    subdomain   http://star-rating-1f0c9e2a.localhost:8501
    instance    http://star-rating-9b1c66d07a3e.localhost:8501     each instance another
    loopback    http://127.0.0.1:8501/star-rating-1f0c9e2a/
    path        http://localhost:8501/_components/frames/star-rating-1f0c9e2a/

The hex part is an HMAC of the component's identity under the app's secret: stable, so that caches
work, and not guessable. A port is not a boundary and is never offered as one. ``MODES`` says what
each mode promises, and what it does not.

In production the components live on a wildcard of another registrable domain:

    Origins(app="https://app.example", components="https://{name}.widgets-example.net", …)
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal, get_args

import msgspec

from .csp import exact_origin, exact_url
from .errors import PolicyError
from .hints import nearest

Mode = Literal["subdomain", "instance", "loopback", "path"]

DEFAULT_PORT = 8501
MIN_SECRET_BYTES = 16  # 128 bits: nobody tries them all
FRAMES = "/_components/frames/"  # what is below belongs to components where there is one host only
SPARE_INSTANCES = 16  # of each announced component: host names that callbacks may still fill


class OriginMode(msgspec.Struct, frozen=True, kw_only=True):
    """One way to keep components apart from the app, and from each other.

    Attributes:
        meaning: Where components are, in a sentence.
        components: Their addresses on this machine, as ``Origins.components``.
        own_origin: Each component has an origin that nobody else has; what ``storage`` needs.
        own_instance: So has each instance of a component on a page.
        shares_app: Components come from the app's own origin: only its being opaque is between.
        hang: Who stands still in Firefox when one component loops (Chromium: see SECURITY.md).
        warning: What is lost; told once when an app is served. Empty: nothing.
    """

    name: Mode
    meaning: str
    components: str
    own_origin: bool = False
    own_instance: bool = False
    shares_app: bool = False
    hang: str
    warning: str = ""


_TABLE = (
    OriginMode(
        name="subdomain",
        meaning="Each component has a host name of its own.",
        components="http://{name}.localhost:PORT",
        own_origin=True,
        hang="all instances of that component",
    ),
    OriginMode(
        name="instance",
        meaning="Each instance of a component on a page has a host name of its own.",
        components="http://{name}.localhost:PORT",
        own_origin=True,
        own_instance=True,
        hang="that instance alone",
    ),
    OriginMode(
        name="loopback",
        meaning="The app is on localhost, all components are on 127.0.0.1; no name is looked up.",
        components="http://127.0.0.1:PORT/{name}/",
        hang="all components",
        warning="All components share one host: one that hangs takes the others along, and none "
        "can have storage.",
    ),
    OriginMode(
        name="path",
        meaning="Components are below a path of the app's only host, with an opaque origin.",
        components=f"http://localhost:PORT{FRAMES}{{name}}/",
        shares_app=True,
        hang="the page itself",
        warning="Components come from the app's own host, kept apart by their opaque origin only: "
        "one that hangs freezes the page, the app's cookies travel with each frame's request (they "
        "are ignored), and none can have storage. Serve them from another host name if there can "
        "be one.",
    ),
)

MODES: Mapping[str, OriginMode] = MappingProxyType({each.name: each for each in _TABLE})


class Origins(msgspec.Struct, frozen=True):
    """The origins of one running app.

    Attributes:
        app: The app's origin.
        components: The components' addresses, with ``{name}`` as the leading label, or as the last
            part of a path where they share a host.
        secret: Makes the components' names unguessable.
        mode: A name of ``MODES``; ``components`` has its form.
    """

    app: str
    components: str
    secret: bytes
    mode: Mode = "subdomain"

    @classmethod
    def local(cls, port: int, secret: bytes, mode: Mode = "subdomain") -> Origins:
        """The app on ``localhost`` and its components on this machine, too."""
        return cls(
            app=f"http://localhost:{port}",
            components=known_mode(mode).components.replace("PORT", str(port)),
            secret=secret,
            mode=mode,
        )

    def __post_init__(self) -> None:
        if len(self.secret) < MIN_SECRET_BYTES:
            raise PolicyError(
                f"Expected a secret of at least {MIN_SECRET_BYTES} bytes, got {len(self.secret)}",
                code="secret",
                hint="Make one: python -c 'import secrets; print(secrets.token_hex())'",
            )
        exact_origin(self.app)
        mode = known_mode(self.mode)
        below_app = f"{self.app}{FRAMES}{{name}}/"
        if mode.shares_app:
            expected, fits = below_app, self.components == below_app
        elif mode.own_origin:
            expected, fits = "scheme://{name}.domain[:port]", "://{name}." in self.components
        else:
            expected = "scheme://host[:port]/{name}/"
            fits = self.components.endswith("/{name}/")
        if not fits:
            example = {
                True: "https://{name}.widgets-example.net",
                False: "https://widgets-example.net/{name}/",
            }[mode.own_origin]
            raise PolicyError(
                f"Expected {expected} for components in mode {self.mode!r}, "
                f"got {self.components!r}",
                code="origin-form",
                hint=f'For example "{below_app if mode.shares_app else example}".',
            )
        base = self.components.replace("{name}", "x", 1)
        (exact_origin if mode.own_origin else exact_url)(base)

    @property
    def promises(self) -> OriginMode:
        """What the mode promises."""
        return MODES[self.mode]

    @property
    def app_host(self) -> str:
        """The app's ``Host`` header."""
        return authority(self.app)

    @property
    def socket(self) -> str:
        """The app's origin as a WebSocket URL."""
        return "ws" + self.app.removeprefix("http")

    def component(self, name: str, identity: str, instance: int = 0) -> str:
        """Where one component lives: an origin, or a path of one that ends in ``/``.

        Args:
            name: The component's name, a part of a DNS label.
            identity: Tells apart components that happen to share a name.
            instance: Counts the instances on a page; of no meaning but in mode ``instance``.
        """
        own = self.promises.own_instance
        told = f"{name}\0{identity}\0{instance}" if own else f"{name}\0{identity}"
        digest = hmac.new(self.secret, told.encode(), hashlib.sha256).hexdigest()
        label = f"{name}-{digest[: 12 if own else 8]}"
        return self.components.replace("{name}", label)

    def is_components(self, host: str, path: str) -> bool:
        """Whether a request is for a component, known or not."""
        if self.promises.own_origin:
            return host.endswith(authority(self.components).removeprefix("{name}")) and (
                host != self.app_host
            )
        if host != authority(origin_of(self.components)):
            return False
        return path.startswith(FRAMES) if self.promises.shares_app else True

    def place(self, host: str, path: str) -> str:
        """Which component such a request is for: what ``component`` says, without the scheme."""
        if self.promises.own_origin:
            return host
        base = prefix_of(self.components.removesuffix("{name}/"))
        name, slash, _ = path[len(base) :].partition("/")
        return host + base + name + slash if path.startswith(base) else ""


def known_mode(name: str) -> OriginMode:
    """The mode of this name.

    Raises:
        PolicyError: There is none.
    """
    if name not in get_args(Mode):
        raise PolicyError(
            f"Expected a mode of origin, got {name!r:.80}",
            code="origin-mode",
            hint=nearest(str(name), MODES),
        )
    return MODES[name]


def authority(address: str) -> str:
    """What follows the scheme; of an origin it is the ``Host`` header."""
    return address.partition("://")[2]


def origin_of(address: str) -> str:
    """The origin that a URL belongs to."""
    scheme, _, rest = address.partition("://")
    return f"{scheme}://{rest.partition('/')[0]}"


def prefix_of(address: str) -> str:
    """The path of a URL, ``/`` if it is an origin."""
    return f"/{authority(address).partition('/')[2]}"
