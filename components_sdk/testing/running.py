"""RunningApp: an app served for real, on a free port, in a thread of its own.

values = queue.Queue()
rating.on_value(values.put)
with RunningApp(app) as running:
    tab.goto(running.url)
    ...
    assert values.get(timeout=10) == 4
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Any

from tornado.httputil import HTTPMessageDelegate, HTTPServerRequest
from tornado.web import RequestHandler

from ..app import App, Deployment
from ..errors import ComponentsError
from ..origins import Mode, Origins
from ..servers.bounds import Bounds
from ..servers.serve import Server, bind


class RunningApp:
    """An app behind a real server on loopback, from ``with`` to the end of the block.

    Args:
        origins: How components are kept apart; a name of ``origins.MODES``.
        deploy: Makes the deployment; the attack stage takes guards off here (see stage.py).
        bounds: The server's patience, for tests that wear it out.

    Attributes:
        url: Of the app's first page.
        origins: Where the app and its components are.
        requests: Host and path of every request that was answered, in order.
        seeming: Headers that every request seems to have, whatever it says; see ``Guard.request``.
    """

    def __init__(
        self,
        app: App,
        port: int = 0,
        *,
        deploy: Callable[[App, Origins], Deployment] = Deployment,
        bounds: Bounds | None = None,
        origins: Mode = "subdomain",
    ) -> None:
        self.app = app
        self._bounds = bounds
        self._deploy = deploy
        self._socket = bind(port)
        self.port: int = self._socket.getsockname()[1]
        self.origins = Origins.local(self.port, app.secret, origins)
        self.url = self.origins.app + "/"
        self.requests: list[str] = []
        self.seeming: dict[str, str | None] = {}
        self._failure: ComponentsError | None = None
        self._ready = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()), daemon=True)

    def __enter__(self) -> RunningApp:
        self._thread.start()
        self._ready.wait()
        if self._failure is not None:
            self._thread.join()
            raise self._failure
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._stop = asyncio.Event()
        try:
            server = Server(self._deploy(self.app, self.origins), self._socket, self._bounds)
        except ComponentsError as error:
            self._failure = error
            self._socket.close()
            self._ready.set()
            return
        server.application.settings["log_function"] = self._note
        self._find_handler = server.application.find_handler
        server.application.find_handler = self._blindly  # type: ignore[method-assign, assignment]
        self._ready.set()
        await self._stop.wait()
        await server.stop()

    def _note(self, handler: RequestHandler) -> None:
        self.requests.append(f"{handler.request.host}{handler.request.path}")

    def _blindly(self, request: HTTPServerRequest, **more: Any) -> HTTPMessageDelegate:
        for name, value in self.seeming.items():
            if value is None:
                request.headers.pop(name, None)
            elif name == ":method":
                request.method = value
            else:
                request.headers[name] = value
                if name == "Host":
                    request.host = value
        return self._find_handler(request, **more)
