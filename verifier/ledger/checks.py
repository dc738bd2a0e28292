"""The ledger's checks on its own state, in their order; the proof is checked after them, and the caps at last.

They run twice: once to refuse cheaply before the pairing, and once more inside the writing transaction, where what they
find cannot change before the receipt is written.
"""

from __future__ import annotations

from ..errors import (
    ContextMismatch,
    CreditTooLarge,
    NullifierUsed,
    RequestExpired,
    SettlementIdUsed,
    StaleRiskTable,
    StaleRoot,
    StaleSequence,
    UnattestedRiskTable,
    UnknownRoot,
    WrongHorizon,
    WrongTarget,
)
from ..request import SettlementRequest
from ..statement import PublicInputs
from .breakers import Standing
from .config import LedgerConfig
from .state import State


def check_state(
    state: State, breakers: Standing, config: LedgerConfig, venues: int, request: SettlementRequest, now_ms: int
) -> None:
    """Raise the `Rejected` of the first check that fails; a request that passes lacks only the proof and the caps."""
    inputs = request.named_inputs()
    breakers.require_passable()
    if inputs.target != config.target:
        raise WrongTarget("the proof credits another ledger: make one for this ledger's target")
    _check_context(inputs, request, venues)
    _check_roots(state, config, inputs, request, now_ms)
    _check_risk_table(state, config, inputs, request, now_ms)
    _check_terms(config, inputs, request)
    if now_ms >= request.context.expiry_ms:
        raise RequestExpired(f"the request expired at {request.context.expiry_ms} ms, it is {now_ms} ms")
    account = state.account(inputs.account)
    last = max(account.sequence, account.released_through)
    if request.terms.sequence <= last:
        raise StaleSequence(f"sequence {request.terms.sequence} is not above {last}: prove the account's newest state")
    if state.is_nullifier_used(inputs.nullifier):
        raise NullifierUsed("this state of the account has been credited here before")
    if state.receipt_of(request.context.settlement_id) is not None:
        raise SettlementIdUsed("another request was accepted under this settlement id: choose a new one")
    if request.terms.credit_e8 > config.max_credit_e8:
        raise CreditTooLarge(f"at most {config.max_credit_e8} e8 may be credited at once")


def _check_context(inputs: PublicInputs, request: SettlementRequest, venues: int) -> None:
    chains = len(request.context.source_chain_ids)
    if chains != venues:
        raise ContextMismatch(f"the request names {chains} source chains, this ledger's circuit nets {venues}")
    if inputs.context != request.context.digest():
        raise ContextMismatch("the proof was made for another beneficiary, settlement, expiry, oracle time or source")


def _check_roots(
    state: State, config: LedgerConfig, inputs: PublicInputs, request: SettlementRequest, now_ms: int
) -> None:
    for chain_id, root in zip(request.context.source_chain_ids, inputs.source_roots, strict=True):
        observed = state.root(chain_id, root)
        if observed is None or chain_id not in config.routes:
            raise UnknownRoot(
                f"this root has not been observed on chain {chain_id}: wait for the relay, or check the chain"
            )
        if not -config.clock_skew_ms <= now_ms - observed.observed_at_ms <= config.max_root_age_ms:
            raise StaleRoot(
                f"the root of chain {chain_id} was observed at {observed.observed_at_ms} ms: prove against a newer one"
            )


def _check_risk_table(
    state: State, config: LedgerConfig, inputs: PublicInputs, request: SettlementRequest, now_ms: int
) -> None:
    oracle_time_ms = request.context.oracle_time_ms
    table = state.risk_table(oracle_time_ms)
    if table is None or table.risk_root != inputs.risk_root:
        raise UnattestedRiskTable(f"no quorum of oracles stands behind this risk root at {oracle_time_ms} ms")
    if not -config.clock_skew_ms <= now_ms - oracle_time_ms <= config.max_risk_age_ms:
        raise StaleRiskTable(f"the risk table is of {oracle_time_ms} ms: prove with a newer one")


def _check_terms(config: LedgerConfig, inputs: PublicInputs, request: SettlementRequest) -> None:
    """The horizon is derived here, so that a prover cannot claim a short one."""
    latency_ms = config.latency_ms(request.context.source_chain_ids)
    if latency_ms is None:
        raise UnknownRoot("one of the source chains has no route to this ledger")
    horizon_ms = max(latency_ms, request.context.expiry_ms - request.context.oracle_time_ms)
    if request.terms.horizon_ms != horizon_ms:
        raise WrongHorizon(f"the horizon is {request.terms.horizon_ms} ms, this request's is {horizon_ms} ms")
    if horizon_ms > config.max_horizon_ms:
        raise WrongHorizon(
            f"a horizon of {horizon_ms} ms is above the {config.max_horizon_ms} ms allowed: expire sooner"
        )
    if inputs.terms != request.terms.pack():
        raise WrongHorizon("the terms proven are not the terms requested")
