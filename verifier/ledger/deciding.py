"""Deciding on one request: the checks in their order, then a receipt, or a refusal that the log remembers."""

from __future__ import annotations

from dataclasses import dataclass

from zkmargin.algebra import ZkMarginError

from ..errors import AccountCapExceeded, InflowCapExceeded, Rejected
from ..receipt import Receipt
from ..request import SettlementRequest
from .breaker import Admission, Cap, Inflow, ScopeState, Transition, admit, count_refusal
from .breakers import Standing, move, standing, write_down
from .checks import check_state
from .config import LedgerConfig
from .entries import account_meter, record_accepted, record_refused, record_transition
from .state import State


@dataclass(frozen=True)
class Rules:
    """What a ledger decides by."""

    config: LedgerConfig
    venues: int

    def breakers(self, state: State, request: SettlementRequest, now_ms: int) -> Standing:
        return standing(state, self.config.limits, request.context.source_chain_ids, now_ms)

    def state_problem(
        self, state: State, breakers: Standing, request: SettlementRequest, now_ms: int
    ) -> ZkMarginError | None:
        """What the ledger's own state says against a request."""
        try:
            check_state(state, breakers, self.config, self.venues, request, now_ms)
        except Rejected as problem:
            return problem
        return None

    def settle(
        self, state: State, request: SettlementRequest, now_ms: int, found: ZkMarginError | None
    ) -> Receipt | ZkMarginError:
        """Decide and write it down. `found` is what was found wrong before, with an earlier state or with the proof."""
        earlier = earlier_receipt(state, request)
        if earlier is not None:
            return earlier
        breakers = self.breakers(state, request, now_ms)
        write_down(state, breakers)
        problem = self.state_problem(state, breakers, request, now_ms) or found
        if problem is not None:
            return self._refused(state, request, now_ms, problem, ())
        inflow = _inflow(state, request, now_ms)
        admission = admit(self.config.limits, breakers.states, inflow, now_ms)
        if admission.exceeded is not None:
            problem = _cap_problem(admission, inflow)
            return self._refused(state, request, now_ms, problem, admission.transitions)
        return _accepted(state, request, now_ms, admission)

    def _refused(
        self,
        state: State,
        request: SettlementRequest,
        now_ms: int,
        problem: ZkMarginError,
        transitions: tuple[Transition, ...],
    ) -> ZkMarginError:
        before = state.scope(None).breaker
        counted, storm = count_refusal(before, self.config.limits, now_ms)
        changed: dict[int | None, ScopeState] = {} if storm or counted == before else {None: counted}
        record_refused(state, now_ms, request, request.digest(), problem.code, str(problem), changed)
        for transition in transitions:
            move(state, transition)
        if storm and not state.scope(None).breaker.is_open:
            record_transition(state, storm, counted)
        return problem


def earlier_receipt(state: State, request: SettlementRequest) -> Receipt | None:
    """The receipt of this very request: the settlement id is part of what its digest covers."""
    receipt = state.receipt_of(request.context.settlement_id)
    return receipt if receipt is not None and receipt.request_digest == request.digest() else None


def _inflow(state: State, request: SettlementRequest, now_ms: int) -> Inflow:
    """What accepting would add. The margins that have expired are written off first: they are not outstanding."""
    state.sweep(now_ms)
    account = state.account(request.named_inputs().account)
    return Inflow(
        sources=request.context.source_chain_ids,
        added_e8=max(0, request.terms.credit_e8 - account.margin_at(now_ms)),
        outstanding_e8=state.outstanding_e8(),
        account=account_meter(account),
    )


def _cap_problem(admission: Admission, inflow: Inflow) -> ZkMarginError:
    figures = f"{admission.level_e8} e8 came in, {inflow.added_e8} more would exceed the cap of {admission.cap_e8}"
    if admission.exceeded is Cap.ACCOUNT:
        return AccountCapExceeded(f"for this account {figures}: wait, or ask for less")
    whose = "" if admission.scope is None else f" of chain {admission.scope}"
    return InflowCapExceeded(f"{figures}: the breaker{whose} is open now", str(admission.exceeded), admission.scope)


def _accepted(state: State, request: SettlementRequest, now_ms: int, admission: Admission) -> Receipt:
    inputs = request.named_inputs()
    receipt = Receipt(
        number=state.last_receipt() + 1,
        request_digest=request.digest(),
        settlement_id=request.context.settlement_id,
        beneficiary=request.context.beneficiary,
        account=inputs.account,
        nullifier=inputs.nullifier,
        sequence=request.terms.sequence,
        credit_e8=request.terms.credit_e8,
        replaced_e8=state.account(inputs.account).margin_at(now_ms),
        expiry_ms=request.context.expiry_ms,
        accepted_at_ms=now_ms,
    )
    record_accepted(state, receipt, request, admission.account, admission.states)
    for transition in admission.transitions:
        move(state, transition)
    return receipt
