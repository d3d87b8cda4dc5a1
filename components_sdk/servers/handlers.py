"""Handlers: HTTP requests to the app's origin and to the components' origins.

They are routed by ``Host`` (serve.py): a name that somebody else's DNS points at this server would
otherwise make a foreign page same-origin with the app (DNS rebinding).
"""

from __future__ import annotations

import inspect
import logging
import re
import secrets
from typing import Any

import msgspec
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from tornado.web import RequestHandler

from ..app import Deployment, OpenPage, PageEntry
from ..pages import BARE_HEADERS, Response, text_response
from ..policy import host_headers
from ..rates import Meter
from ..resources import templates
from ..session import Session
from ..wire import PROTOCOL, SESSION_GONE, SESSION_TAKEN, TOO_MUCH
from .visits import Visit, Visits

logger = logging.getLogger("components_sdk")

COOKIE = "components_visitor"
COOKIE_FORM = re.compile(r"[A-Za-z0-9_-]{43}")  # 32 bytes, as token_urlsafe writes them
SECURE_COOKIE_PREFIX = "__Host-"  # browsers take such a name over https only

_environment = Environment(
    loader=FileSystemLoader(templates() / "pages"),
    autoescape=select_autoescape(default=True),
    undefined=StrictUndefined,
    trim_blocks=True,
)


class Handler(RequestHandler):
    """Base: answers a ``Response`` and nothing else."""

    def initialize(self, deployment: Deployment, visits: Visits) -> None:
        self.deployment = deployment
        self.visits = visits

    def set_default_headers(self) -> None:
        self.clear_header("Server")

    def answer(self, response: Response) -> None:
        """Write a response; a HEAD request gets its headers only (Tornado drops the body)."""
        self.set_status(response.status)
        for name, value in response.headers.items():
            self.set_header(name, value)
        self.finish(response.body)

    def refuse(self, status: int, sentence: str) -> None:
        """Answer an error that tells nothing of the inside."""
        self.answer(text_response(status, sentence, BARE_HEADERS))

    def write_error(self, status_code: int, **_: Any) -> None:
        """What Tornado itself refuses, and what raised: logged already, told to nobody."""
        if status_code == 405:
            self.set_header("Allow", "GET")
            self.refuse(405, "Only GET.")
            return
        self.refuse(status_code, "The app could not answer this. Its log says why.")

    def compute_etag(self) -> None:
        """None: what may be kept is immutable, and the rest must not be."""
        return


class UnknownHost(Handler):
    """A ``Host`` that is neither the app's nor a component's."""

    def prepare(self) -> None:
        self.refuse(421, f"This server is at {self.deployment.origins.app}")


class WrongPath(Handler):
    """A path of the app's host that no page is registered for."""

    def prepare(self) -> None:
        self.refuse(404, "There is no such page.")


class ComponentHandler(Handler):
    """All of a component's origin. The answers were made before: see pages.py.

    Attributes:
        warned: Hosts that a cookie was sent to and the log knows it; one set for a whole server.
    """

    def initialize(  # type: ignore[override]
        self, deployment: Deployment, visits: Visits, warned: set[str]
    ) -> None:
        super().initialize(deployment, visits)
        self.warned = warned

    def prepare(self) -> None:
        self.answer(self._response())

    def write_error(self, status_code: int, **_: Any) -> None:
        """What Tornado refuses before ``prepare``, such as an unknown method."""
        site = self.deployment.site(self.request.host, self.request.path)
        if site is None:
            self.refuse(status_code, "No component is served here.")
        else:
            if status_code == 405:
                self.set_header("Allow", "GET, HEAD")
            self.answer(site.refusal(status_code, "This cannot be answered."))

    def _response(self) -> Response:
        request = self.request
        origins = self.deployment.origins
        site = self.deployment.site(request.host, request.path)
        if site is None:
            # Of a host that components share this may be a path that nobody has; the user may
            # have typed 127.0.0.1.
            status = 404 if origins.promises.shares_app else 421
            sentence = f"No component is served here. The app is at {origins.app}"
            return text_response(status, sentence, BARE_HEADERS)
        if request.method not in ("GET", "HEAD"):
            self.set_header("Allow", "GET, HEAD")
            return site.refusal(405, "Only GET.")
        if "Service-Worker" in request.headers:
            # A worker would answer in the place of this server.
            return site.refusal(403, "No service workers.")
        # Nothing here reads a cookie. Where there is one host only, the app's own arrive.
        foreign = "Cookie" in request.headers and not origins.promises.shares_app
        if foreign and request.host not in self.warned:
            self.warned.add(request.host)  # a log that anybody can fill is none
            logger.warning("a cookie was sent to %s: another server shares its site", request.host)
        found = site.table.get(request.path)
        if found is None:
            return site.refusal(404, "There is no such file.")
        # Browsers that send no Sec-Fetch-Dest are confined by the CSP's sandbox all the same.
        destination = request.headers.get("Sec-Fetch-Dest", "iframe")
        if request.path == site.document_path and destination != "iframe":
            return site.refusal(403, "This is a component; it only opens inside its app.")
        return found


class StaticHandler(Handler):
    """The page's runtime: a closed table, read once."""

    def get(self) -> None:
        self.answer(
            self.deployment.files.table.get(self.request.path)
            or text_response(404, "There is no such file.", BARE_HEADERS)
        )


class PageHandler(Handler):
    """A page of the app: runs the page function, and answers the page's frame."""

    def initialize(self, deployment: Deployment, visits: Visits, entry: PageEntry) -> None:  # type: ignore[override]
        super().initialize(deployment, visits)
        self.entry = entry

    async def get(self) -> None:
        if reason := self._fetch_refusal():
            self.refuse(403, reason)
            return
        known = self._cookie()
        if not self.visits.admission.admits(known) or not self.visits.has_room(known):
            self.set_header("Retry-After", "5")
            self.refuse(429, "Too many pages are being opened. Try again in some seconds.")
            return
        app = self.deployment.app
        session = Session(secrets.token_hex(4), app.ledger, app.limits)
        opened = OpenPage(self.deployment, self.entry, session)
        try:
            result = self.entry.function(opened.page)
            if inspect.isawaitable(result):
                await result
        except Exception as error:  # the app's code may raise anything
            reference = session.failed(error)
            self.refuse(500, f"This page has an error. The app's log has it under {reference}.")
            return
        opened.seal()
        meter = Meter(app.limits, frames=app.limits.connection_factor)
        visit = Visit(opened, self._visitor(known), meter)
        self.visits.add(visit)
        self.answer(self._page(visit))

    def _fetch_refusal(self) -> str:
        """Why a browser's request for this page runs no page function; ``""`` if it may.

        Browsers say what they fetch for (Fetch Metadata), and no page can change what they say. Who
        says nothing is an old browser or none.
        """
        headers = self.request.headers
        destination = headers.get("Sec-Fetch-Dest", "document")
        # An <img> on any website could ask for pages.
        if destination not in ("document", "iframe"):
            return "This is a page; it opens in a tab."
        # A foreign frame would show nothing (frame-ancestors), but the function would have run.
        if (
            destination == "iframe"
            and headers.get("Sec-Fetch-Site", "same-origin") != "same-origin"
        ):
            return "This is a page; it opens in no other site's frame."
        # Nobody may ever look at it. Browsers ask again when somebody does.
        if "Sec-Purpose" in headers or headers.get("Purpose") == "prefetch":
            return "This is a page; it is not made in advance."
        return ""

    def _cookie(self) -> str:
        """The visitor's cookie, or ``""``."""
        known = self.get_cookie(cookie_name(self._is_secure)) or ""
        return known if COOKIE_FORM.fullmatch(known) else ""

    @property
    def _is_secure(self) -> bool:
        return self.deployment.origins.app.startswith("https:")

    def _visitor(self, known: str) -> str:
        if known:
            return known
        secure = self._is_secure
        visitor = secrets.token_urlsafe(32)
        # Lax: with Strict, a link from elsewhere would come without it, and the new cookie would
        # cut every other open page off. Answering a page changes nothing, and the socket asks for
        # Origin and token.
        name = cookie_name(secure)
        self.set_cookie(name, visitor, httponly=True, samesite="Lax", secure=secure, path="/")
        return visitor

    def _page(self, visit: Visit) -> Response:
        app, deployment = self.deployment.app, self.deployment
        files = deployment.files
        body = _environment.get_template("host.html").render(
            title=app.title,
            theme=app.theme,
            static=files.prefix,
            modules=files.modules,
            config={
                "socket": f"{deployment.socket_url}?token={visit.token}",
                "protocol": PROTOCOL,
                "sessionGone": SESSION_GONE,
                "sessionTaken": SESSION_TAKEN,
                "tooMuch": TOO_MUCH,
                **{
                    _camel(name): value
                    for name, value in msgspec.structs.asdict(app.limits).items()
                },
            },
        )
        served = visit.served.values()
        csp = deployment.host_csp(sorted(each.site.document_url for each in served))
        features = {feature for each in served for feature in each.policy.features}
        headers = {
            **host_headers(csp, sorted(features)),
            "Content-Type": "text/html; charset=utf-8",
        }
        return Response(200, headers, body.encode())


def _camel(name: str) -> str:
    """As the page's runtime calls it: ``hang_seconds`` is ``hangSeconds``."""
    first, *others = name.split("_")
    return first + "".join(map(str.title, others))


def cookie_name(secure: bool) -> str:
    """Of the visitor's cookie."""
    return SECURE_COOKIE_PREFIX + COOKIE if secure else COOKIE
