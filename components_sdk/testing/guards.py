"""Guards, each with a way to serve an app without it: the other half of every proof by attack.

An attack that comes to nothing proves nothing, unless the same attack succeeds without the guard.
``GUARDS`` names what can be taken off. ``Unguarded`` is a deployment that lacks some of them: the
product decides everything as always, pitfalls included, and what it decided is altered afterwards.
No setting of the product leads here, and nothing outside of tests imports this.

    RunningApp(app, deploy=without("connect-src", "connection-allowlist"))
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import unquote

import msgspec

from ..app import App, Deployment, Served
from ..component import Component
from ..csp import edit_csp, hash_source, parse_csp
from ..errors import TestingError
from ..origins import Origins, authority
from ..pages import HostFiles, Response, Site
from ..permissions import PERMISSIONS, permissions_policy
from ..policy import Policy, Request, Ungranted
from ..resources import WEB
from .patches import PATCHES, Patch

CSP = "Content-Security-Policy"


class GuardError(TestingError):
    """A guard cannot be taken off, because what it was made of has changed."""

    code = "guard"


class Guard(msgspec.Struct, frozen=True, kw_only=True):
    """What is altered so that one guard is off.

    Attributes:
        sandbox: Tokens that are added, in the attribute and in the CSP.
        csp: Directives of the component's CSP by name; None removes one.
        host_csp: The same of the page's CSP.
        headers: Of the component, that are not sent.
        app_origin: Components come from the app's own origin.
        answers_visits: The frame document is answered to whoever asks, not to frames only.
        grants: Permissions that every component gets, as if it had asked and the app granted.
        request: Headers that every request seems to have, whatever it says (None: it seems to lack
            it): so does a server see it that does not look. ``:method`` is the method. What stands
            in braces is told in raid.py.
        reads_disk: A component's files are read from the disk by the path of the request.
        reads_again: A component's files are read anew, and hashed, for each request.
        raw_markup: What users typed reaches the page as it is.
        raw_configuration: What was configured is written into attribute and header as it is.
        features: Permissions-Policy features that are on, in the page and in the component.
    """

    sandbox: tuple[str, ...] = ()
    csp: Mapping[str, str | None] = {}
    host_csp: Mapping[str, str | None] = {}
    headers: tuple[str, ...] = ()
    app_origin: bool = False
    answers_visits: bool = False
    grants: tuple[str, ...] = ()
    features: tuple[str, ...] = ()
    patches: tuple[Patch, ...] = ()
    request: Mapping[str, str | None] = {}
    reads_disk: bool = False
    reads_again: bool = False
    raw_markup: bool = False
    raw_configuration: bool = False

    @property
    def is_of_the_run(self) -> bool:
        """Whether it is taken off while an attack runs, not in what a deployment serves by itself;
        then only its attacks' controls show that it is off."""
        return bool(
            self.request
            or self.reads_disk
            or self.reads_again
            or self.raw_markup
            or self.raw_configuration
        )

    @property
    def is_only_csp(self) -> bool:
        """Whether it loosens what may be loaded, and nothing else: then no attack that needs it
        off can disturb its neighbours on the page."""
        loose = Guard(csp=self.csp, host_csp=self.host_csp, headers=self.headers)
        return self == loose and "sandbox" not in self.csp


# A frame with a real origin gets no port: a control that gives it one needs that off, too.
_ANY_ORIGIN = Patch("channel.js", "event.origin === this.#origin && ", "")

# Features that an attack can be seen to have: granting them is the control.
_PROBED = (
    "accelerometer",
    "autoplay",
    "ch-ua-high-entropy-values",
    "encrypted-media",
    "fullscreen",
    "gamepad",
    "gyroscope",
    "hid",
    "keyboard-map",
    "payment",
    "screen-wake-lock",
    "serial",
    "usb",
    "xr-spatial-tracking",
)

PORT = "__components_sdk_port"  # where payload.js finds it without "private-port"

_UNSEALED_DATA = "const message = event.data;"
_UNSEALED_PORTS = "const first = event.ports[0];"
_UNSEALED_POST = "port.postMessage(message)"
_LISTEN = 'apply(addEventListener, port, ["message", receive])'
_DEAF = 'apply(removeEventListener, window, ["message", onPort, true]);'

GUARDS: Mapping[str, Guard] = {
    # the sandbox, in the attribute and in the response
    "top-navigation": Guard(sandbox=("allow-top-navigation",)),
    "top-navigation-by-click": Guard(sandbox=("allow-top-navigation-by-user-activation",)),
    "forms": Guard(sandbox=("allow-forms",), csp={"form-action": None}),
    "popups": Guard(sandbox=("allow-popups",)),
    "modals": Guard(sandbox=("allow-modals",)),
    "downloads": Guard(sandbox=("allow-downloads",)),
    "opaque-origin": Guard(sandbox=("allow-same-origin",), patches=(_ANY_ORIGIN,)),
    "csp-sandbox": Guard(csp={"sandbox": None}),
    # The shape of Streamlit v1: the app's own origin, and both tokens.
    "own-origin": Guard(sandbox=("allow-same-origin",), app_origin=True, patches=(_ANY_ORIGIN,)),
    "unsandboxed": Guard(
        csp={"sandbox": None},
        patches=(
            _ANY_ORIGIN,
            Patch("channel.js", 'frame.setAttribute("sandbox", kind.sandbox);', ""),
        ),
    ),
    # the network
    "connect-src": Guard(csp={"connect-src": "*"}),
    "img-src": Guard(csp={"img-src": "*"}),
    "default-src": Guard(csp={"default-src": "*"}),
    "script-src": Guard(csp={"script-src": "* 'unsafe-inline' 'unsafe-eval' blob: data:"}),
    "style-src": Guard(csp={"style-src": "* 'unsafe-inline'"}),
    "font-src": Guard(csp={"font-src": "*"}),
    "media-src": Guard(csp={"media-src": "*"}),
    "object-src": Guard(csp={"object-src": "*"}),
    "worker-src": Guard(csp={"worker-src": "* blob: data:"}),
    "base-uri": Guard(csp={"base-uri": None}),
    "frame-src": Guard(csp={"frame-src": "* blob: data:", "child-src": "* blob: data:"}),
    "host-frame-src": Guard(host_csp={"frame-src": "* blob: data:"}),
    "sync-xhr": Guard(features=("sync-xhr",)),
    "deferred-fetch": Guard(features=("deferred-fetch", "deferred-fetch-minimal")),
    "prefetch-control": Guard(headers=("X-DNS-Prefetch-Control",)),
    "embedder-policy": Guard(headers=("Cross-Origin-Embedder-Policy",)),
    "connection-allowlist": Guard(headers=("Connection-Allowlist",)),
    # the page's own policy, behind the sanitiser
    "sanitiser": Guard(raw_markup=True),
    "host-script-src": Guard(host_csp={"script-src": "* 'unsafe-inline' 'unsafe-eval'"}),
    "host-trusted-types": Guard(
        host_csp={"require-trusted-types-for": None, "trusted-types": None}
    ),
    "host-img-src": Guard(host_csp={"img-src": "*"}),
    "host-style-src": Guard(host_csp={"style-src": "* 'unsafe-inline'"}),
    "host-form-action": Guard(host_csp={"form-action": "*"}),
    # what was reviewed is what is served
    "script-hashes": Guard(csp={"script-src": "'unsafe-inline'"}),
    "read-once": Guard(reads_again=True),
    "configuration-checks": Guard(raw_configuration=True),
    # the server
    "refused-visits": Guard(answers_visits=True),
    "closed-table": Guard(reads_disk=True),
    "known-hosts": Guard(request={"Host": "{app}"}),
    "socket-origin": Guard(request={"Origin": "{origin}"}),
    "visitor-cookie": Guard(request={"Cookie": "{cookie}"}),
    "fetch-metadata": Guard(request={"Sec-Fetch-Dest": None}),
    # the page
    "height-limit": Guard(
        patches=(
            Patch(
                "host.js",
                "Math.max(0, Math.min(height, this.maxHeight))",
                "Math.max(0, height)",
            ),
        )
    ),
    "one-hello": Guard(
        patches=(
            Patch(
                "channel.js", 'if (!expected) return this.end("protocol"', 'if (0) void ("protocol"'
            ),
            Patch(
                "channel.js",
                'if (this.state !== "loading") return this.end("navigated"',
                'if (0) void ("navigated"',
            ),
            # What the first port still says must not end the frame while the second has no echo.
            Patch("channel.js", 'return this.end("protocol", "no echo");', "return;"),
        )
    ),
    "known-messages": Guard(
        patches=(
            Patch(
                "channel.js", 'return this.end("protocol", "a message without a type");', "return;"
            ),
            Patch("host.js", 'return this.broke("an unknown message");', "return;"),
        )
    ),
    "no-conversion": Guard(
        patches=(
            Patch(
                "host.js",
                "if (!Number.isFinite(message.height))",
                "if (!Number.isFinite(Number(message.height)))",
            ),
        )
    ),
    "port-is-identity": Guard(
        patches=(
            Patch(
                "host.js",
                '({ type: "value", frame: this.id, value })',
                '({ type: "value", frame: message.frame ?? this.id, value })',
            ),
        )
    ),
    "window-is-identity": Guard(
        patches=(
            Patch(
                "host.js",
                "if (channel.frame.contentWindow === event.source)",
                "if (frames.get(event.data.frame)?.channel === channel || "
                "channel.frame.contentWindow === event.source)",
            ),
        )
    ),
    **{
        f"ungranted-{each.name}": Guard(grants=(each.name,))
        for each in PERMISSIONS.values()
        if each.features and each.name in _PROBED
    },
    "unnamed-frames": Guard(
        patches=(
            Patch(
                "channel.js",
                "frame.title = kind.title;",
                "frame.title = kind.title; frame.name = kind.name;",
            ),
        )
    ),
    **{name: Guard(patches=patches) for name, patches in PATCHES.items()},
    "scroll-guard": Guard(patches=(Patch("thefts.js", "  guardScroll();\n", ""),)),
    "focus-guard": Guard(
        patches=(
            Patch("thefts.js", "    robbed.focus({ preventScroll: true });\n", ""),
            Patch("thefts.js", "onThief(thief);", "{}"),
            Patch("thefts.js", "onThief(taker);", "{}"),
        )
    ),
    "one-document": Guard(patches=(Patch("channel.js", "if (this.#loads > 1)", "if (false)"),)),
    # the frame
    "port-from-page-only": Guard(
        patches=(
            Patch("component.js", "source !== page || ", ""),
            Patch("component.js", _DEAF, ""),  # which takes the first only
        )
    ),
    "firewall": Guard(
        patches=(Patch("channel.js", "this.#firewall.breach(event, nodes);", "undefined;"),)
    ),
    "private-port": Guard(
        patches=(Patch("component.js", "port = first;", f"port = window.{PORT} = first;"),)
    ),
    # A runtime that was written without thinking of the author's code.
    "sealed-runtime": Guard(
        patches=(
            Patch("component.js", "const message = apply(getData, event, []);", _UNSEALED_DATA),
            Patch("component.js", "const first = apply(getPorts, event, [])[0];", _UNSEALED_PORTS),
            Patch("component.js", "apply(stopImmediatePropagation, event, []);", ""),
            Patch("component.js", " || !event.isTrusted", ""),
            Patch("component.js", "apply(postMessage, port, [message])", _UNSEALED_POST),
            Patch("component.js", "apply(portStart, port, [])", "port.start()"),
            Patch("component.js", _LISTEN, 'port.addEventListener("message", receive)'),
            Patch("component.js", "=== port ? undefined : now", "=== port ? now : now"),
        )
    ),
    "deaf-windows": Guard(
        patches=(
            Patch(
                "component.js",
                _DEAF,
                f'{_DEAF} window.addEventListener("message", receive);',
            ),
        )
    ),
}


def without(*names: str) -> Callable[[App, Origins], Deployment]:
    """Makes deployments that lack these guards, for ``RunningApp(app, deploy=…)``.

    Raises:
        GuardError: There is no such guard.
    """
    if unknown := [name for name in names if name not in GUARDS]:
        raise GuardError(f"Expected some of {', '.join(GUARDS)}, got {unknown[0]!r}")
    if not names:
        return Deployment
    guards = [GUARDS[name] for name in names]
    return lambda app, origins: Unguarded(app, origins, guards)


class _Granting(Deployment):
    """The product as it is, where every component was granted more than it asked for."""

    def __init__(self, app: App, origins: Origins, granted: Sequence[Request]) -> None:
        self._granted = tuple(granted)
        super().__init__(app, origins)

    def policy(self, component: type[Component]) -> Policy | Ungranted:
        """The app's policy and what is granted beyond it."""
        policy = super().policy(component)
        if isinstance(policy, Ungranted):
            return policy
        return msgspec.structs.replace(policy, requests=policy.requests + self._granted)


class Unguarded(Deployment):
    """An app at its origins, without some guards."""

    def __init__(self, app: App, origins: Origins, guards: Sequence[Guard]) -> None:
        granted = [Request(name, "Taken.") for guard in guards for name in guard.grants]
        self._product = _Granting(app, origins, granted)
        self._guards = guards
        # Two guards may need the same one.
        self._patches = list(dict.fromkeys(patch for guard in guards for patch in guard.patches))
        self._altered: dict[tuple[str, int], Served] = {}  # by component name and instance
        self._at_app: dict[str, Response] = {}  # by path
        super().__init__(app, origins)

    def check_origins(self) -> None:
        """Nothing: the product checked its own; these are altered."""

    def served(self, component: type[Component], instance: int = 0) -> Served | Ungranted:
        """What the product serves, altered."""
        found = self._product.served(component, instance)
        if isinstance(found, Ungranted):
            return found
        key = found.kind.name, instance
        if key not in self._altered:
            self._altered[key] = self._alter(found)
        return self._altered[key]

    def site(self, host: str, path: str) -> Site | None:
        """What the component serves, altered."""
        sites = (served.site for served in self._altered.values())
        beginning = (site for site in sites if path.startswith(site.prefix))
        site = next((site for site in beginning if authority(site.origin) == host), None)
        if site and any(guard.answers_visits for guard in self._guards):
            site = msgspec.structs.replace(site, document_path="")
        if site and any(guard.reads_disk for guard in self._guards):
            site = msgspec.structs.replace(site, table=Disk(site))
        return site

    def host_csp(self, frame_urls: Sequence[str]) -> str:
        """The page's policy, altered."""
        csp = super().host_csp(frame_urls)
        for guard in self._guards:
            csp = edit_csp(csp, guard.host_csp)
        return csp

    @property
    def files(self) -> HostFiles:
        """The page's runtime, altered; and the components that are served beside it."""
        table = {
            path: _with_body(response, _patched(response.body, path, self._patches))
            for path, response in super().files.table.items()
        }
        return msgspec.structs.replace(super().files, table={**table, **self._at_app})

    def _alter(self, served: Served) -> Served:
        site, kind = _with_runtime(served.site, self._patches), served.kind
        for guard in self._guards:
            tokens = " ".join((kind.sandbox, *guard.sandbox))
            kind = msgspec.structs.replace(kind, sandbox=tokens)
            site = with_headers(site, functools.partial(_loosened, guard=guard))
        policy = served.policy
        if features := tuple(name for guard in self._guards for name in guard.features):
            allowed = permissions_policy(features)
            site = with_headers(site, lambda headers: {**headers, "Permissions-Policy": allowed})
            kind = msgspec.structs.replace(kind, allow="; ".join(f"{name} *" for name in features))
            policy = _Featured(**msgspec.structs.asdict(policy), features=features)
        if any(guard.app_origin for guard in self._guards):
            path = f"{self.files.prefix}{kind.name}{site.document_path.replace('/', '-')}"
            self._at_app[path] = site.table[site.document_path]
            site = msgspec.structs.replace(site, origin=self.origins.app, document_path=path)
        return Served(site=site, kind=kind, policy=policy)


class _Featured(Policy, frozen=True, kw_only=True):
    """A policy that switches on these features, whatever it permits."""

    features: tuple[str, ...]


class Disk(dict[str, Response]):
    """A table of a server that looks for each path on its disk, as careless ones do."""

    folder: ClassVar[Path] = Path()  # of the component's frontend

    def __init__(self, site: Site) -> None:
        super().__init__(site.table)
        self._headers = site.headers

    def get(self, path: str, default: Any = None) -> Any:
        """What is there by the table, or on the disk."""
        if found := super().get(path):
            return found
        while (plain := unquote(path)) != path:
            path = plain
        path = path.replace("\\", "/").partition("\0")[0].removeprefix("/")
        # As os.path.join has it: a second slash makes it absolute.
        file = self.folder / path
        if file.is_dir():
            listing = "\n".join(each.name for each in file.iterdir())
            return Response(200, {**self._headers, "Content-Type": "text/plain"}, listing.encode())
        if not file.is_file():
            return default
        return Response(200, {**self._headers, "Content-Type": "text/plain"}, file.read_bytes())


def with_headers(site: Site, change: Callable[[dict[str, str]], dict[str, str]]) -> Site:
    """The same change for every response of the component's origin."""
    table = {
        path: msgspec.structs.replace(response, headers=change(response.headers))
        for path, response in site.table.items()
    }
    return msgspec.structs.replace(site, table=table, headers=change(site.headers))


def _loosened(headers: dict[str, str], guard: Guard) -> dict[str, str]:
    kept = {name: value for name, value in headers.items() if name not in guard.headers}
    csp = kept[CSP]
    if guard.sandbox:
        csp = edit_csp(csp, {"sandbox": " ".join((*parse_csp(csp)["sandbox"], *guard.sandbox))})
    return {**kept, CSP: edit_csp(csp, guard.csp)}


def _with_runtime(site: Site, patches: Sequence[Patch]) -> Site:
    """The frame document with an altered runtime, which its CSP allows by another hash."""
    old = (WEB / "component.js").read_bytes()
    new = _patched(old, "/component.js", patches)
    document = site.table[site.document_path]
    if old not in document.body:
        raise GuardError("Expected the runtime in the frame document", where=site.origin)
    table = {
        **site.table,
        site.document_path: _with_body(document, document.body.replace(old, new)),
    }
    return with_headers(
        msgspec.structs.replace(site, table=table),
        lambda headers: {
            **headers,
            CSP: headers[CSP].replace(hash_source(old), hash_source(new)),
        },
    )


def _with_body(response: Response, body: bytes) -> Response:
    return msgspec.structs.replace(response, body=body)


def _patched(body: bytes, path: str, patches: Sequence[Patch]) -> bytes:
    for patch in patches:
        if not path.endswith(f"/{patch.file}"):
            continue
        source = patch.source.encode()
        if (found := body.count(source)) != 1:
            raise GuardError(
                f"Expected one {patch.source!r}, found {found}",
                where=patch.file,
                hint="The guard was rewritten; write its patch in guards.py anew.",
            )
        body = body.replace(source, patch.instead.encode())
    return body
