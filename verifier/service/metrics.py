"""What the service measures, for Prometheus: its own work as it goes, the ledger's state when it is asked."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from ..ledger.breaker import Position
from ..ledger.overview import Overview
from .guard import Exchange

MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"
SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
WHOLE = "all"
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


class ServiceMetrics:
    """One registry for each service, so that several can live in one process. Every label has few values."""

    def __init__(self) -> None:
        self.registry = registry = CollectorRegistry()
        self._requests = Histogram(
            "zkmargin_request_seconds",
            "Time from a request's head to the end of its answer.",
            ("method", "route", "status"),
            registry=registry,
            buckets=SECONDS,
        )
        self._settlements = Counter(
            "zkmargin_settlements",
            "Settlement requests by outcome: accepted, or the code of the problem.",
            ("outcome",),
            registry=registry,
        )
        self._waiting = Gauge("zkmargin_queue_depth", "Settlement requests that wait to be decided.", registry=registry)
        self._followers = Gauge("zkmargin_streams", "Readers of the stream of decisions.", registry=registry)
        self._breaker = Gauge(
            "zkmargin_breaker_state", "1 for the state that a breaker is in.", ("source", "state"), registry=registry
        )
        self._oracle_age = Gauge("zkmargin_oracle_age_seconds", "Age of the newest risk table.", registry=registry)
        self._root_age = Gauge(
            "zkmargin_root_age_seconds", "Age of a source's newest root.", ("source",), registry=registry
        )
        self._outstanding = Gauge("zkmargin_outstanding", "All margin, in units of the quote.", registry=registry)
        self._log = Gauge("zkmargin_log_entries", "Entries of the ledger's log.", registry=registry)

    def observe(self, exchange: Exchange) -> None:
        method = exchange.method if exchange.method in METHODS else "other"
        self._requests.labels(method, exchange.route, str(exchange.status)).observe(exchange.seconds)

    def settled(self, outcome: str) -> None:
        self._settlements.labels(outcome).inc()

    def text(self, overview: Overview, waiting: int, followers: int) -> bytes:
        """The exposition; ages that nothing is known for are NaN."""
        self._waiting.set(waiting)
        self._followers.set(followers)
        self._oracle_age.set(_age_s(overview.now_ms, overview.newest_risk_table_ms))
        self._outstanding.set(overview.outstanding_e8 / 1e8)
        self._log.set(overview.head.number)
        for chain_id, time_ms in overview.newest_roots_ms.items():
            self._root_age.labels(str(chain_id)).set(_age_s(overview.now_ms, time_ms))
        for breaker in overview.breakers:
            source = WHOLE if breaker.source is None else str(breaker.source)
            for position in Position:
                self._breaker.labels(source, position.value).set(int(breaker.position is position))
        return generate_latest(self.registry)


def _age_s(now_ms: int, time_ms: int | None) -> float:
    return float("nan") if time_ms is None else (now_ms - time_ms) / 1000
