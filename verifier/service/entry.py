"""The ways into the service: an application to embed, and a server to run. Both need the extra `serve`."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from zkmargin.algebra.extras import require

from ..ledger.margin_ledger import MarginLedger
from .settings import ServiceSettings

if TYPE_CHECKING:
    from fastapi import FastAPI

    from ..ledger.async_ledger import AsyncMarginLedger

EXTRA = "serve"


def create_app(ledger: MarginLedger | AsyncMarginLedger, settings: ServiceSettings | None = None) -> FastAPI:
    """The service over this ledger, for any ASGI server or to mount in another application.

    The ledger stays the caller's: closing it is theirs, after the application has stopped.
    """
    for package in ("fastapi", "prometheus_client"):
        require(package, EXTRA)
    from .app import build

    return build(ledger, settings or ServiceSettings())


def serve(
    ledger: MarginLedger,
    settings: ServiceSettings | None = None,
    *,
    host: str = "127.0.0.1",
    port: int = 8000,
    ready: Callable[[str, int], None] | None = None,
) -> None:
    """Run until SIGTERM or SIGINT: new connections are refused then, and requests under way are finished.

    `ready` is called with the address once connections are taken; port 0 lets the system choose one.
    """
    require("uvicorn", EXTRA)
    from .server import run

    run(create_app(ledger, settings), settings or ServiceSettings(), host, port, ready)
