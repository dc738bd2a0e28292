"""A ledger at one glance, all of it of one moment: what pages, readiness checks and metrics show."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from .breakers import BreakerState, standing, view
from .config import LedgerConfig
from .records import Head
from .state import State
from .store import Rows


@dataclass(frozen=True, slots=True)
class Overview:
    """`newest_risk_table_ms` is the time of the newest risk table, `newest_roots_ms` when each source's newest root was
    observed; None where there is none yet. `breakers` has the whole ledger's first. `outstanding_e8` counts a credit
    that has expired until the ledger next looks at it."""

    now_ms: int
    head: Head
    last_receipt: int
    outstanding_e8: int
    newest_risk_table_ms: int | None
    newest_roots_ms: Mapping[int, int | None]
    breakers: tuple[BreakerState, ...]


def look(rows: Rows, config: LedgerConfig, now_ms: int) -> Overview:
    """Within one reading transaction of the caller's."""
    found = standing(State(rows), config.limits, sorted(config.routes), now_ms)
    roots: dict[int, int | None] = {}
    for chain_id in sorted(config.routes):
        newest = rows.newest_root(chain_id)
        roots[chain_id] = None if newest is None else newest.observed_at_ms
    newest_table = rows.newest_risk_table()
    return Overview(
        now_ms=now_ms,
        head=rows.head(),
        last_receipt=rows.last_receipt(),
        outstanding_e8=rows.outstanding_e8(),
        newest_risk_table_ms=None if newest_table is None else newest_table.oracle_time_ms,
        newest_roots_ms=roots,
        breakers=tuple(view(scope, state, config.limits, now_ms) for scope, state in found.states.items()),
    )
