"""The server's test of itself: passes in every mode, and finds each way not to be apart."""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import Callable
from typing import Any

import pytest
from tornado.httpserver import HTTPServer
from tornado.httputil import HTTPHeaders, HTTPServerRequest, ResponseStartLine
from tornado.testing import bind_unused_port

from components_sdk import App, Origins, Page
from components_sdk.app import Deployment
from components_sdk.errors import PolicyError, ServeError
from components_sdk.origins import MODES, Mode
from components_sdk.pages import BARE_HEADERS, Response, text_response
from components_sdk.servers.selftest import self_test
from components_sdk.servers.serve import Server, bind, serve

from .test_origins import SECRET

each_mode = pytest.mark.parametrize("mode", MODES)
CSP = "Content-Security-Policy"


def deployment(mode: Mode, port: int, build: Callable[[Page], object]) -> Deployment:
    app = App("Self-test")
    app.page("/")(build)
    return Deployment(app, Origins.local(port, SECRET, mode))


def untouched(page: Page) -> None:
    raise AssertionError("the self-test must not run a page function")


@each_mode
def test_every_mode_passes_and_no_page_function_runs(mode: Mode) -> None:
    assert ended_in(mode) < 5


@each_mode
def test_it_delays_the_start_by_less_than_50_ms(mode: Mode) -> None:
    # The median: the machine may be busy with something else.
    assert statistics.median(ended_in(mode) for _ in range(5)) < 0.05


def ended_in(mode: Mode) -> float:
    """Seconds of CPU that a self-test against the real server takes."""

    async def run() -> float:
        with bind(0) as bound:
            port = bound.getsockname()[1]
            made = deployment(mode, port, untouched)
            server = Server(made, bound)
            began = time.process_time()
            await self_test(made, port)
            took = time.process_time() - began
            await server.stop()
            return took

    return asyncio.run(run())


def test_the_sample_is_gone_afterwards() -> None:
    made = deployment("subdomain", 8501, untouched)
    with made.sample() as site:
        host = site.origin.partition("://")[2]
        assert made.site(host, "/") is site

    assert made.site(host, "/") is None


# servers that are not right ----------------------------------------------------------------------

Answering = Callable[[HTTPServerRequest, Deployment, Response], Response]


def right(request: HTTPServerRequest, made: Deployment) -> Response:
    """What the real server answers, as far as the self-test asks."""
    origins = made.origins
    if origins.is_components(request.host, request.path):
        site = made.site(request.host, request.path)
        if site is None:
            return text_response(421, "", BARE_HEADERS)
        found = site.table.get(request.path)
        if found is None:
            return site.refusal(404, "")
        if request.headers.get("Sec-Fetch-Dest") != "iframe":
            return site.refusal(403, "")
        return found
    if request.host != origins.app_host:
        return text_response(421, "", BARE_HEADERS)
    return made.files.table.get(request.path) or text_response(404, "", BARE_HEADERS)


def is_component(request: HTTPServerRequest, made: Deployment) -> bool:
    return made.origins.is_components(request.host, request.path)


def page() -> Response:
    return Response(200, {"Content-Type": "text/html"}, b"the app")


def as_it_should(_: HTTPServerRequest, __: Deployment, answer: Response) -> Response:
    return answer


def one_for_all_hosts(request: HTTPServerRequest, made: Deployment, answer: Response) -> Response:
    return page() if request.host == "nobody.invalid" else answer


def app_on_the_components_host(
    request: HTTPServerRequest, made: Deployment, answer: Response
) -> Response:
    return page() if is_component(request, made) and request.path == "/" else answer


def component_on_the_apps_host(
    request: HTTPServerRequest, made: Deployment, answer: Response
) -> Response:
    with_host = [site for site in made._sites.values() if request.path in site.table]
    if request.host == made.origins.app_host and with_host:
        return with_host[0].table[request.path]
    return answer


def without_policy(request: HTTPServerRequest, made: Deployment, answer: Response) -> Response:
    return changed(answer, {CSP: ""}) if is_component(request, made) else answer


def real_origin(request: HTTPServerRequest, made: Deployment, answer: Response) -> Response:
    loose = answer.headers[CSP].replace("allow-scripts", "allow-scripts allow-same-origin")
    return changed(answer, {CSP: loose}) if is_component(request, made) else answer


def bare_error(request: HTTPServerRequest, made: Deployment, answer: Response) -> Response:
    if is_component(request, made) and answer.status == 404:
        return Response(404, {}, b"not found")
    return answer


def with_a_cookie(request: HTTPServerRequest, made: Deployment, answer: Response) -> Response:
    return changed(answer, {"Set-Cookie": "id=1"}) if is_component(request, made) else answer


def redirecting(request: HTTPServerRequest, made: Deployment, answer: Response) -> Response:
    return Response(302, {"Location": "http://localhost/"}, b"") if answer.status == 404 else answer


def with_a_location(request: HTTPServerRequest, made: Deployment, answer: Response) -> Response:
    return changed(answer, {"Location": "/"}) if answer.status == 404 else answer


def opens_in_a_tab(request: HTTPServerRequest, made: Deployment, answer: Response) -> Response:
    return page() if answer.status == 403 else answer


def somebody_elses(request: HTTPServerRequest, made: Deployment, answer: Response) -> Response:
    return page()


def changed(answer: Response, headers: dict[str, str]) -> Response:
    merged = {**answer.headers, **headers}
    return Response(answer.status, {k: v for k, v in merged.items() if v}, answer.body)


@each_mode
def test_a_server_of_another_make_that_answers_rightly_passes(mode: Mode) -> None:
    """The control of what follows."""
    asked(mode, as_it_should)


@pytest.mark.parametrize(
    ("answering", "modes", "told"),
    [
        (one_for_all_hosts, MODES, "DNS rebinding"),
        (app_on_the_components_host, ("subdomain", "instance", "loopback"), "share an origin"),
        (component_on_the_apps_host, ("subdomain", "instance", "loopback"), "share an origin"),
        (without_policy, MODES, "with sandbox, got none"),
        (real_origin, MODES, "an opaque origin, got allow-same-origin"),
        (bare_error, MODES, "an error of a component's origin is not confined"),
        (with_a_cookie, MODES, "no cookie, got one"),
        (redirecting, MODES, "got 302"),
        (with_a_location, MODES, "no redirect, got one"),
        (opens_in_a_tab, MODES, "opens in a tab of its own"),
        (somebody_elses, MODES, "the app is not served|with sandbox, got none"),
    ],
)
def test_a_server_that_does_not_keep_them_apart_is_found(
    answering: Answering, modes: tuple[Mode, ...], told: str
) -> None:
    for mode in modes:
        with pytest.raises(ServeError, match=told) as error:
            asked(mode, answering)
        assert error.value.code == "self-test"


def asked(mode: Mode, answering: Answering) -> None:
    """Run the self-test against a server that answers what ``answering`` makes of the right."""

    async def run() -> None:
        bound, port = bind_unused_port()
        made = deployment(mode, port, untouched)

        def answer(request: HTTPServerRequest) -> None:
            response = answering(request, made, right(request, made))
            connection: Any = request.connection
            headers = {**response.headers, "Content-Length": str(len(response.body))}
            connection.write_headers(
                ResponseStartLine("HTTP/1.1", response.status, "X"),
                HTTPHeaders(headers),
                response.body,
            )
            connection.finish()

        server = HTTPServer(answer)
        server.add_socket(bound)
        try:
            await self_test(made, port)
        finally:
            server.stop()
            await server.close_all_connections()

    asyncio.run(run())


@pytest.mark.parametrize("said", [b"", b"SSH-2.0-OpenSSH\r\n\r\n", b"x" * 200_000])
def test_what_is_no_web_server_is_refused(said: bytes) -> None:
    async def run() -> None:
        async def answer(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(said)
            writer.close()

        other = await asyncio.start_server(answer, "127.0.0.1", 0)
        port = other.sockets[0].getsockname()[1]
        async with other:
            await self_test(deployment("subdomain", port, untouched), port)

    with pytest.raises(ServeError, match="Expected this server to answer itself"):
        asyncio.run(run())


# serve ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("app_origin", "components", "mode"),
    [
        ("http://localhost:8501", "http://localhost:8501/{name}/", "loopback"),
        ("http://localhost:8501", "http://localhost:8502/{name}/", "loopback"),
        ("https://app.example", "http://app.example/{name}/", "loopback"),
        ("https://app.example", "https://{name}.app.example", "subdomain"),
    ],
)
def test_serve_refuses_origins_by_hand_that_are_not_apart_before_it_prints(
    app_origin: str, components: str, mode: Mode, capsys: pytest.CaptureFixture[str]
) -> None:
    app = App("Shared")
    app.page("/")(untouched)

    with pytest.raises(PolicyError) as error:
        serve(app, port=0, origins=Origins(app_origin, components, SECRET, mode))

    assert error.value.code in ("app-origin", "port-only", "same-site")
    assert capsys.readouterr().out == ""


def test_serve_refuses_a_mode_that_does_not_exist() -> None:
    app = App("Modes")
    app.page("/")(untouched)

    with pytest.raises(PolicyError, match="Expected a mode of origin, got 'domain'"):
        serve(app, port=0, origins="domain")  # type: ignore[arg-type]


def test_the_command_line_knows_every_mode() -> None:
    from components_sdk.cli.run import MODES as OFFERED

    assert tuple(MODES) == OFFERED
