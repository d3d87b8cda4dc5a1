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
from types import TracebackType

from tornado.netutil import bind_sockets

from ..app import App
from ..origins import Origins
from ..servers.serve import Server


class RunningApp:
    """An app behind a real server on loopback, from ``with`` to the end of the block.

    Attributes:
        url: Of the app's first page.
        origins: Where the app and its components are.
    """

    def __init__(self, app: App, port: int = 0) -> None:
        self.app = app
        self._sockets = bind_sockets(port, "127.0.0.1")
        self.port: int = self._sockets[0].getsockname()[1]
        self.origins = Origins.local(self.port, app.secret)
        self.url = self.origins.app + "/"
        self._ready = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()), daemon=True)

    def __enter__(self) -> RunningApp:
        self._thread.start()
        self._ready.wait()
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
        server = Server(self.app, self._sockets)
        self._ready.set()
        await self._stop.wait()
        await server.stop()
