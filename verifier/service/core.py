"""What the handlers of one service share, and how they get at it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from ..errors import Overloaded
from ..ledger.async_ledger import AsyncMarginLedger
from .bodies import Refused
from .feed import LogFeed
from .idempotency import IdempotencyKeys
from .metrics import ServiceMetrics
from .problems import Problem
from .settings import ServiceSettings
from .tokens import Token


@dataclass
class Room:
    """For at most `size` at once; who comes beyond that is refused and not made to wait."""

    size: int
    taken: int = 0

    def __enter__(self) -> None:
        if self.taken >= self.size:
            raise Overloaded(self.taken, self.size)
        self.taken += 1

    def __exit__(self, *_: object) -> None:
        self.taken -= 1


@dataclass(frozen=True)
class Core:
    """One service: its ledger, its limits, and what it remembers."""

    ledger: AsyncMarginLedger
    settings: ServiceSettings
    keys: IdempotencyKeys
    metrics: ServiceMetrics
    feed: LogFeed
    batches: Room


async def _core(request: Request) -> Core:
    core: Core = request.app.state.core
    return core


TheCore = Annotated[Core, Depends(_core)]


def require_token(request: Request, *tokens: Token | None) -> None:
    """Refuse whoever does not hold one of the tokens. A token that is not configured is held by nobody."""
    scheme, _, given = request.headers.get("authorization", "").partition(" ")
    # Each is compared, so that the time says nothing of which one it was.
    held = [token.matches(given.strip()) for token in tokens if token is not None]
    if scheme.lower() != "bearer" or not any(held):
        raise Refused(Problem("unauthorised", "send a valid token as Authorization: Bearer ..."))


async def _operator(request: Request, core: TheCore) -> None:
    require_token(request, core.settings.operator_token)


async def _feeder(request: Request, core: TheCore) -> None:
    require_token(request, core.settings.relay_token, core.settings.operator_token)


ForOperator = Depends(_operator)
"""A dependency for routes that the operator alone may use; it runs before the body is read."""
ForFeeder = Depends(_feeder)
"""The same for the relay, and for the operator as well."""
