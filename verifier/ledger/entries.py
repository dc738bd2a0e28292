"""What each kind of log entry says, and what it does to the state. The state is nothing but all entries in their order.

`record` is how the ledger changes anything: it writes the entry and applies it. Replaying a log applies the same
functions to the same members, so a table that says anything else was changed by somebody else.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from ..receipt import Receipt
from ..request import SettlementRequest
from .breaker import Meter, Scope, ScopeState, Transition
from .log import (
    ACCEPTED,
    BREAKER,
    OPENED,
    REFUSED,
    RELEASED,
    REPAID,
    RISK_ATTESTED,
    ROOT_OBSERVED,
    ROOT_RETRACTED,
    Body,
    next_entry,
)
from .records import Account, RiskTable, Root
from .scope_text import ScopeRecord, from_members, scope_name, scope_of, to_members
from .state import State

States = Mapping[Scope, ScopeState]


def record(state: State, at_ms: int, kind: str, body: Body) -> None:
    """Write an entry, and do what it says."""
    state.add_entry(next_entry(state.head, at_ms, kind, body))
    apply_entry(state, at_ms, kind, body)


def apply_entry(state: State, at_ms: int, kind: str, body: Body) -> None:
    """What an entry does; with each, the margins that have expired by its time are written off first."""
    state.sweep(at_ms)
    _APPLY[kind](state, at_ms, body)
    for name, members in body.get("scopes", {}).items():
        state.put_scope(scope_of(name), from_members(members))


# Requests.
def record_accepted(
    state: State, receipt: Receipt, request: SettlementRequest, account_inflow: Meter, states: States
) -> None:
    inputs, chains = request.named_inputs(), request.context.source_chain_ids
    body = {
        "number": receipt.number,
        "request_digest": receipt.request_digest.hex(),
        "settlement_id": receipt.settlement_id.hex(),
        "beneficiary": receipt.beneficiary.hex(),
        "account": str(receipt.account),
        "nullifier": str(receipt.nullifier),
        "sequence": str(receipt.sequence),
        "credit_e8": str(receipt.credit_e8),
        "replaced_e8": str(receipt.replaced_e8),
        "expiry_ms": receipt.expiry_ms,
        "account_inflow": [str(account_inflow.level), account_inflow.at_ms],
        "sources": {str(chain): str(root) for chain, root in zip(chains, inputs.source_roots, strict=True)},
        "oracle_time_ms": request.context.oracle_time_ms,
        "scopes": _scopes(state, states),
    }
    record(state, receipt.accepted_at_ms, ACCEPTED, body)


def _apply_accepted(state: State, at_ms: int, body: Body) -> None:
    receipt = Receipt(
        number=body["number"],
        request_digest=bytes.fromhex(body["request_digest"]),
        settlement_id=bytes.fromhex(body["settlement_id"]),
        beneficiary=bytes.fromhex(body["beneficiary"]),
        account=int(body["account"]),
        nullifier=int(body["nullifier"]),
        sequence=int(body["sequence"]),
        credit_e8=int(body["credit_e8"]),
        replaced_e8=int(body["replaced_e8"]),
        expiry_ms=body["expiry_ms"],
        accepted_at_ms=at_ms,
    )
    level, inflow_at_ms = body["account_inflow"]
    state.add_receipt(receipt)
    state.put_account(
        replace(
            state.account(receipt.account),
            sequence=receipt.sequence,
            receipt=receipt.number,
            margin_e8=receipt.credit_e8,
            expiry_ms=receipt.expiry_ms,
            inflow_e8=int(level),
            inflow_at_ms=inflow_at_ms,
        )
    )


def record_refused(
    state: State, at_ms: int, request: SettlementRequest, digest: bytes, code: str, detail: str, states: States
) -> None:
    body = {
        "request_digest": digest.hex(),
        "settlement_id": request.context.settlement_id.hex(),
        "code": code,
        "detail": detail,
        "scopes": _scopes(state, states),
    }
    record(state, at_ms, REFUSED, body)


# Roots and risk tables.
def record_root(state: State, at_ms: int, root: Root, signers: int) -> None:
    """`signers` is how many signed for it, 0 for a root on the word of a relay."""
    members = {
        "chain_id": str(root.chain_id),
        "epoch": str(root.epoch),
        "root": str(root.root),
        "observed_at_ms": root.observed_at_ms,
        "signers": signers,
    }
    record(state, at_ms, ROOT_OBSERVED, members)


def _apply_root(state: State, _: int, body: Body) -> None:
    state.add_root(Root(int(body["chain_id"]), int(body["epoch"]), int(body["root"]), body["observed_at_ms"]))


def record_retraction(state: State, at_ms: int, chain_id: int, epoch: int, newest_epoch: int, reason: str) -> None:
    body = {"chain_id": str(chain_id), "epoch": str(epoch), "newest_epoch": str(newest_epoch), "reason": reason}
    record(state, at_ms, ROOT_RETRACTED, body)


def _apply_retraction(state: State, at_ms: int, body: Body) -> None:
    chain_id = int(body["chain_id"])
    state.retract_roots(chain_id, int(body["epoch"]))
    scope = state.scope(chain_id)  # a clock that was set back lowers no bar
    state.put_scope(chain_id, replace(scope, retracted_at_ms=max(at_ms, scope.retracted_at_ms)))


def record_risk_table(state: State, at_ms: int, table: RiskTable, signers: int) -> None:
    body = {"oracle_time_ms": table.oracle_time_ms, "risk_root": str(table.risk_root), "signers": signers}
    record(state, at_ms, RISK_ATTESTED, body)


def _apply_risk_table(state: State, at_ms: int, body: Body) -> None:
    state.add_risk_table(RiskTable(body["oracle_time_ms"], int(body["risk_root"]), at_ms))


# What lowers margin.
def record_release(state: State, at_ms: int, account: int, through_sequence: int) -> None:
    record(state, at_ms, RELEASED, {"account": str(account), "through_sequence": str(through_sequence)})


def _apply_release(state: State, _: int, body: Body) -> None:
    account, through = state.account(int(body["account"])), int(body["through_sequence"])
    if through >= account.sequence:
        account = account.without_margin()
    state.put_account(replace(account, released_through=through))


def record_repayment(state: State, at_ms: int, receipt: Receipt, remaining_e8: int) -> None:
    body = {
        "settlement_id": receipt.settlement_id.hex(),
        "account": str(receipt.account),
        "receipt": receipt.number,
        "remaining_e8": str(remaining_e8),
    }
    record(state, at_ms, REPAID, body)


def _apply_repayment(state: State, _: int, body: Body) -> None:
    state.put_account(replace(state.account(int(body["account"])), margin_e8=int(body["remaining_e8"])))


# The breaker, and who opened the ledger.
def record_transition(state: State, transition: Transition, after: ScopeState) -> None:
    """`after` is the breaker that the transition left."""
    body = {
        "scope": scope_name(transition.scope),
        "position": str(transition.position),
        "reason": transition.reason,
        "who": str(transition.who),
        "scopes": _scopes(state, {transition.scope: after}),
    }
    record(state, transition.at_ms, BREAKER, body)


def record_opening(state: State, at_ms: int, body: Body) -> None:
    record(state, at_ms, OPENED, body)


def _nothing(_: State, __: int, ___: Body) -> None:
    """The entry itself is all there is to it."""


def _scopes(state: State, states: States) -> dict[str, Any]:
    """The breakers as the entry leaves them, beside what else is known of their scopes."""
    return {
        scope_name(scope): to_members(ScopeRecord(breaker, state.scope(scope).retracted_at_ms))
        for scope, breaker in states.items()
    }


def account_meter(account: Account) -> Meter:
    return Meter(account.inflow_e8, account.inflow_at_ms)


_APPLY: dict[str, Callable[[State, int, Body], None]] = {
    OPENED: _nothing,
    ROOT_OBSERVED: _apply_root,
    ROOT_RETRACTED: _apply_retraction,
    RISK_ATTESTED: _apply_risk_table,
    ACCEPTED: _apply_accepted,
    REFUSED: _nothing,
    RELEASED: _apply_release,
    REPAID: _apply_repayment,
    BREAKER: _nothing,
}
