"""The server under the service: uvicorn with its limits set, and an orderly end."""

from __future__ import annotations

import asyncio
import logging
import resource
import signal
import socket
from collections.abc import Callable
from functools import partial
from types import FrameType

import uvicorn
from fastapi import FastAPI

from ..errors import ConfigError
from .connections import SPARE, LimitedConnection
from .core import Core
from .logs import LOGGER, log_to_stderr
from .settings import ServiceSettings
from .tokens import SERVICE

GRACE_S = 30
BACKLOG = 1024

log = logging.getLogger(LOGGER)


def run(
    app: FastAPI,
    settings: ServiceSettings,
    host: str,
    port: int,
    ready: Callable[[str, int], None] | None = None,
    servers: list[Server] | None = None,
) -> None:
    """See `zkmargin.verifier.service.serve`. The server is put into `servers`: another thread may end it so."""
    log_to_stderr()
    _allow_descriptors(settings.max_connections + 2 * SPARE)
    listening = _listen(host, port)
    config = uvicorn.Config(
        app,
        http=partial(LimitedConnection, settings=settings),  # type: ignore[arg-type]  # as a class
        loop="asyncio",
        ws="none",
        lifespan="on",
        interface="asgi3",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        backlog=BACKLOG,
        timeout_keep_alive=settings.keep_alive_s,
        timeout_graceful_shutdown=GRACE_S,
        h11_max_incomplete_event_size=settings.max_header_bytes + settings.max_url_bytes,
    )
    address = listening.getsockname()
    server = Server(config, app.state.core, ready and partial(ready, address[0], address[1]))
    if servers is not None:
        servers.append(server)
    server.run(sockets=[listening])


class Server(uvicorn.Server):
    """Ends the streams when it is told to stop: their readers would keep it waiting for ever."""

    def __init__(self, config: uvicorn.Config, core: Core, ready: Callable[[], None] | None) -> None:
        super().__init__(config)
        self._core = core
        self._ready = ready
        self._loop: asyncio.AbstractEventLoop | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._loop = asyncio.get_running_loop()
        if self.started and self._ready is not None:
            self._ready()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """An orderly end is no death by signal: uvicorn would raise it again afterwards. A second Ctrl-C hurries."""
        self.force_exit = self.should_exit and sig == signal.SIGINT
        self.should_exit = True
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._core.feed.stop)


def _allow_descriptors(wanted: int) -> None:
    """Each connection takes one, and a process without any left cannot open its database. Many shells allow 1,024."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    possible = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    if soft != resource.RLIM_INFINITY and soft < possible:
        resource.setrlimit(resource.RLIMIT_NOFILE, (possible, hard))
    if possible < wanted:
        log.warning("%d files may be open at most, %d are wanted: raise 'ulimit -n'", possible, wanted)


def _listen(host: str, port: int) -> socket.socket:
    """Bound here and not by uvicorn, which would end the process with a traceback where the port is taken."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        family, kind, protocol, _, address = found[0]
        listening = socket.socket(family, kind, protocol)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(address)
        listening.listen(BACKLOG)
    except (OSError, OverflowError, UnicodeError) as problem:
        reason = getattr(problem, "strerror", None) or "is not an address"
        raise ConfigError("host", f"{host} and port {port}: {reason}", SERVICE) from None
    listening.setblocking(False)
    return listening
