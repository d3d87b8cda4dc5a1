"""Origins: where the app lives, and where each component lives.

    app         http://localhost:8501
    component   http://star-rating-1f0c9e2a.localhost:8501     a site of its own, by name

The hex part is an HMAC of the component's identity under the app's secret: stable, so that caches
work, and not guessable. A port is not a boundary and is never offered as one.

In production the components live on a wildcard of another registrable domain:

    Origins(app="https://app.example", components="https://{name}.widgets-example.net", …)
"""

from __future__ import annotations

import hashlib
import hmac

import msgspec

from .csp import exact_origin
from .errors import PolicyError

DEFAULT_PORT = 8501
MIN_SECRET_BYTES = 16  # 128 bits: nobody tries them all


class Origins(msgspec.Struct, frozen=True):
    """The origins of one running app.

    Attributes:
        app: The app's origin.
        components: The components' origins, with ``{name}`` as the leading label.
        secret: Makes the components' names unguessable.
    """

    app: str
    components: str
    secret: bytes

    @classmethod
    def local(cls, port: int, secret: bytes) -> Origins:
        """The app on ``localhost`` and each component on a ``*.localhost`` name of its own."""
        return cls(
            app=f"http://localhost:{port}",
            components=f"http://{{name}}.localhost:{port}",
            secret=secret,
        )

    def __post_init__(self) -> None:
        if len(self.secret) < MIN_SECRET_BYTES:
            raise PolicyError(
                f"Expected a secret of at least {MIN_SECRET_BYTES} bytes, got {len(self.secret)}",
                code="secret",
                hint="Make one: python -c 'import secrets; print(secrets.token_hex())'",
            )
        exact_origin(self.app)
        if "://{name}." not in self.components:
            raise PolicyError(
                f"Expected scheme://{{name}}.domain[:port] for components, got {self.components!r}",
                code="origin-form",
                hint='For example "https://{name}.widgets-example.net".',
            )
        exact_origin(self.components.replace("{name}", "x", 1))

    @property
    def app_host(self) -> str:
        """The app's ``Host`` header."""
        return authority(self.app)

    @property
    def components_suffix(self) -> str:
        """What the ``Host`` of every component ends in."""
        return authority(self.components).removeprefix("{name}")

    @property
    def socket(self) -> str:
        """The app's origin as a WebSocket URL."""
        return "ws" + self.app.removeprefix("http")

    def component(self, name: str, identity: str) -> str:
        """The origin of one component.

        Args:
            name: The component's name, a part of a DNS label.
            identity: Tells apart components that happen to share a name.
        """
        digest = hmac.new(self.secret, f"{name}\0{identity}".encode(), hashlib.sha256)
        return self.components.format(name=f"{name}-{digest.hexdigest()[:8]}")


def authority(origin: str) -> str:
    """The ``Host`` header that belongs to an origin."""
    return origin.partition("://")[2]
