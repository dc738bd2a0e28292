"""What a service is told when it is started: who may command it, and its limits."""

from __future__ import annotations

from dataclasses import dataclass, fields

from ..errors import ConfigError
from .tokens import SERVICE, Token

KIB, MIB = 1 << 10, 1 << 20


@dataclass(frozen=True)
class ServiceSettings:
    """Without `operator_token` nobody can release, repay or touch the breaker over HTTP; without `relay_token` a root
    is taken only with a quorum's signatures. Reading needs no token: who may reach the port is the operator's decision.

    At most `queue_limit` settlements wait at once and `max_batch` come in one request. `stale_after_ms` is the age of
    the newest risk table from which the service calls itself not ready; 0 leaves that to the ledger's own limit.
    """

    operator_token: Token | None = None
    relay_token: Token | None = None
    queue_limit: int = 1024
    max_batch: int = 256
    max_batches: int = 16
    """So many batches are parsed and decided at once: what a body of 2 MiB says can take ten times the memory."""
    max_body_bytes: int = 64 * KIB
    max_batch_bytes: int = 2 * MIB
    body_timeout_s: float = 10.0
    header_timeout_s: float = 10.0
    answer_timeout_s: float = 30.0
    """How long an answer may wait for its reader before the connection is ended."""
    keep_alive_s: int = 30
    """How long a connection without a request stays open."""
    max_url_bytes: int = 2048
    max_header_bytes: int = 16 * KIB
    max_connections: int = 1024
    max_streams: int = 64
    stream_timeout_s: float = 20.0
    """A reader of the stream that takes nothing for so long is dropped; a third of it is the heartbeat."""
    follow_interval_s: float = 0.25
    """How often the log is asked for what other processes wrote, while somebody follows it."""
    idempotency_keys: int = 65_536
    stale_after_ms: int = 0
    page: bool = True
    """Whether `/` shows the read-only page."""

    def __post_init__(self) -> None:
        for entry in fields(self):
            value = getattr(self, entry.name)
            if isinstance(value, Token) or value is None or type(value) is bool:
                continue
            if not value > 0 and entry.name != "stale_after_ms":
                raise ConfigError(entry.name, "must be above 0", SERVICE)
        if self.operator_token and self.relay_token and self.operator_token.is_same(self.relay_token):
            raise ConfigError("relay_token", "is the operator's: whoever relays could release and repay", SERVICE)
