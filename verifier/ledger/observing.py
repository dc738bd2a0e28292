"""What relays, oracles and operators tell a ledger: roots, risk tables, the market's health, the breaker's handle."""

from __future__ import annotations

from ..errors import AttestationRejected, RootRejected, StatementError
from .breaker import MarketHealth, judge_market, trip
from .breaker_limits import BreakerLimits
from .breakers import move, standing, write_down
from .entries import record_retraction, record_risk_table, record_root
from .records import RiskTable, Root
from .state import State

MAX_REASON = 200


def observe_root(state: State, limits: BreakerLimits, root: Root, now_ms: int, signers: int = 0) -> None:
    """A root nobody observed before; the same again changes nothing, not even its age."""
    known = state.root_of_epoch(root.chain_id, root.epoch)
    if known is not None and known.root == root.root:
        return
    if known is not None or state.root(root.chain_id, root.root) is not None:
        raise RootRejected(
            f"epoch {root.epoch} of chain {root.chain_id} contradicts an earlier observation: check the relay"
        )
    latest = state.newest_root(root.chain_id)
    if latest is not None and root.epoch < latest.epoch:
        raise RootRejected(
            f"epoch {root.epoch} of chain {root.chain_id} is older than {latest.epoch}, which has been observed"
        )
    if signers and root.observed_at_ms <= state.scope(root.chain_id).retracted_at_ms:
        raise AttestationRejected(
            f"a root of chain {root.chain_id} was retracted after this was signed: have it attested anew"
        )
    # Silence is judged before it ends: otherwise one that nobody asked about would be forgotten.
    write_down(state, standing(state, limits, [root.chain_id], now_ms))
    record_root(state, now_ms, root, signers)


def retract_root(state: State, chain_id: int, epoch: int, reason: str, now_ms: int) -> None:
    """The chain took back this epoch and what came after it; its breaker opens."""
    newest = state.newest_root(chain_id)
    if newest is None or newest.epoch < epoch:
        return
    record_retraction(state, now_ms, chain_id, epoch, newest.epoch, reason)
    move(state, trip(state.scope(chain_id).breaker, chain_id, now_ms, f"root of epoch {epoch} retracted: {reason}"))


def attest_risk_root(state: State, table: RiskTable, signers: int, max_age_ms: int) -> AttestationRejected | None:
    """Take a table that a quorum has signed.

    A second one for the same time opens the breaker, while the time is one that requests may name: whoever kept the
    two could otherwise stop the ledger for good. The error is returned, so that what it did is kept.
    """
    now_ms, known = table.attested_at_ms, state.risk_table(table.oracle_time_ms)
    if known is None:
        record_risk_table(state, now_ms, table, signers)
    if known is None or known.risk_root == table.risk_root:
        return None
    problem = f"the oracles have signed another risk root for {table.oracle_time_ms} ms"
    if now_ms - table.oracle_time_ms > max_age_ms:
        return AttestationRejected(f"{problem}: check them")
    move(state, trip(state.scope(None).breaker, None, now_ms, f"two risk tables signed for {table.oracle_time_ms} ms"))
    return AttestationRejected(f"{problem}: the breaker is open now, check them")


def observe_market(state: State, limits: BreakerLimits, market: MarketHealth, now_ms: int) -> None:
    move(state, judge_market(state.scope(None).breaker, limits, market, now_ms))


def check_reason(reason: str) -> None:
    if type(reason) is not str or not reason.strip() or len(reason) > MAX_REASON or not reason.isprintable():
        raise StatementError("reason", f"must be 1 to {MAX_REASON} printable characters: whoever reads it needs it")
