"""A target chain's margin ledger: accept a proof and update margin, all or nothing. docs/ledger.md is its contract."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from types import TracebackType

from zkmargin.algebra import Engine, ZkMarginError

from ..errors import (
    InvalidProof,
    ProofRejected,
    StatementError,
    UnknownSettlement,
)
from ..groth16 import Verifier
from ..keys import VerifyingKey
from ..receipt import Receipt
from ..request import SettlementRequest
from ..statement import CREDIT_BITS, DIGEST_BYTES, ID_BITS, check_bytes, check_element, check_range, venue_count
from . import breaker as rules
from . import observing
from .breaker import Scope, Transition, Who
from .breakers import move
from .config import LedgerConfig
from .deciding import Rules, earlier_receipt
from .entries import record_release, record_repayment
from .opening import record_configuration
from .questions import Clock, system_clock
from .reports import LedgerReports
from .state import State, wanted_by
from .store import Store, Wanted, open_store


class MarginLedger(LedgerReports):
    """Threads may share one; each process opens its own on the same database."""

    def __init__(self, store: Store, config: LedgerConfig, verifier: Verifier, clock: Clock) -> None:
        super().__init__(store, config, clock)
        self._verifier = verifier
        self._venues = venue_count(verifier.key.n_public)

    @classmethod
    def open(
        cls,
        where: str | os.PathLike[str],
        config: LedgerConfig,
        key: VerifyingKey,
        *,
        clock: Clock = system_clock,
        engine: Engine | None = None,
        create: bool = True,
    ) -> MarginLedger:
        """Open the ledger in this SQLite file or at this `postgresql://` URL, or start it if there is none.

        Without `create` there must be one: a new ledger has forgotten every nullifier, so somebody who names the wrong
        place should not get one by accident.

        The key is judged, and must name the configuration's circuit; a database of another ledger, of another program
        or of a later version, and a damaged one, are each refused. A configuration or key other than the last one is
        written into the log.
        """
        verifier = Verifier(key, engine, config.allow_development_key, expect_circuit=config.circuit_digest)
        venue_count(key.n_public)
        store = open_store(where, config.target, create=create)
        try:
            record_configuration(store, config, key, clock)
        except BaseException:
            store.close()
            raise
        return cls(store, config, verifier, clock)

    def close(self) -> None:
        self._store.close()

    def __enter__(self) -> MarginLedger:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # Requests.
    def accept(self, request: SettlementRequest) -> Receipt:
        """The receipt of this request: a new one, or the same again if it was accepted before.

        Raises the `Rejected` of the first check that fails, or an `EncodingError` for a proof whose points are none.
        Nothing has changed then but the log, and the breaker where a cap was met.
        """
        (outcome,) = self.accept_many([request])
        if isinstance(outcome, Receipt):
            return outcome
        raise outcome

    def accept_many(self, requests: Sequence[SettlementRequest]) -> list[Receipt | ZkMarginError]:
        """What `accept` would return or raise for each, in this order; in one transaction, and so all on disk or none.

        The proofs are checked together, which is cheaper, before the lock that every writer needs is taken.
        """
        wanted = wanted_by(requests)
        found = self._examine(requests, wanted)
        receipts = [outcome for outcome in found if isinstance(outcome, Receipt)]
        if len(receipts) == len(requests):
            return list(receipts)
        rules = self._rules()
        with self._writing(wanted) as state:
            # A receipt found before stands: the proof of its request was not checked, so it is not decided on again.
            return [
                outcome if isinstance(outcome, Receipt) else rules.settle(state, request, self._clock(), outcome)
                for request, outcome in zip(requests, found, strict=True)
            ]

    def _examine(self, requests: Sequence[SettlementRequest], wanted: Wanted) -> list[Receipt | ZkMarginError | None]:
        """Before the lock: a receipt given earlier, or what is wrong with a request, None if nothing is."""
        rules, found = self._rules(), list[Receipt | ZkMarginError | None]()
        with self._reading(wanted) as state:
            for request in requests:
                now_ms = self._clock()
                breakers = rules.breakers(state, request, now_ms)
                found.append(earlier_receipt(state, request) or rules.state_problem(state, breakers, request, now_ms))
        unsettled = [index for index, outcome in enumerate(found) if outcome is None]
        for index, problem in zip(unsettled, self._proof_problems([requests[i] for i in unsettled]), strict=True):
            found[index] = problem
        return found

    def _proof_problems(self, requests: Sequence[SettlementRequest]) -> list[ZkMarginError | None]:
        found: list[ZkMarginError | None]
        if len(requests) == 1:
            found = [self._proof_problem(requests[0])]
        else:
            found = self._verifier.verify_many([(request.public_inputs, request.proof) for request in requests])
        return [ProofRejected(p.reason) if isinstance(p, InvalidProof) else p for p in found]

    def _proof_problem(self, request: SettlementRequest) -> ZkMarginError | None:
        try:
            self._verifier.verify(request.public_inputs, request.proof)
        except ZkMarginError as problem:
            return problem
        return None

    def _rules(self) -> Rules:
        return Rules(self.config, self._venues)

    # Margin.
    def release(self, settlement_id: bytes) -> int:
        """End a credit before its expiry, and return the margin the account is left with.

        Works with the breaker open, because it only lowers what this ledger is exposed to. Releasing again changes
        nothing. Before the source frees the collateral, `release_account` is needed: there may be newer states, proven
        or not, that show the same reservation.
        """
        with self._writing() as state:
            receipt = _known(state, settlement_id)
            return self._release(state, receipt.account, receipt.sequence)

    def release_account(self, account: int, through_sequence: int) -> int:
        """Let no state of the account up to this sequence back a credit, now or later; the margin it is left with.

        What a source does before it frees a reservation, with the sequence its account has then: whatever was proven
        under an older root that is still fresh is refused from here on. Works with the breaker open.
        """
        check_element("account", account)
        check_range("through_sequence", through_sequence, ID_BITS)
        with self._writing() as state:
            return self._release(state, account, through_sequence)

    def _release(self, state: State, account: int, through_sequence: int) -> int:
        now_ms = self._clock()
        if through_sequence > state.account(account).released_through:
            record_release(state, now_ms, account, through_sequence)
        return state.account(account).margin_at(now_ms)

    def repay(self, settlement_id: bytes, remaining_e8: int) -> int:
        """Lower this credit to at most `remaining_e8`, and return the margin the account is left with.

        Never raises it, works whatever the breaker says, and changes nothing when repeated, nor for a credit that a
        newer one has replaced.
        """
        check_range("remaining_e8", remaining_e8, CREDIT_BITS)
        with self._writing() as state:
            receipt, now_ms = _known(state, settlement_id), self._clock()
            account = state.account(receipt.account)
            if account.receipt == receipt.number and account.margin_at(now_ms) > remaining_e8:
                record_repayment(state, now_ms, receipt, remaining_e8)
            return state.account(receipt.account).margin_at(now_ms)

    # The breaker.
    def trip_breaker(self, reason: str, source: int | None = None) -> None:
        """Accept nothing more, or nothing from this source, until `probe_breaker` or `reset_breaker`."""
        self._handle(
            reason, source, lambda now_ms: rules.Transition(source, rules.Position.OPEN, now_ms, reason, Who.OPERATOR)
        )

    def probe_breaker(self, reason: str, source: int | None = None) -> None:
        """Accept a little on trial: the breaker closes after enough requests, and opens again at the trial's cap."""
        self._handle(reason, source, lambda now_ms: rules.probe(source, now_ms, reason))

    def reset_breaker(self, reason: str, source: int | None = None) -> None:
        """Accept again. What came in before no longer counts towards this breaker's cap."""
        self._handle(reason, source, lambda now_ms: rules.reset(source, now_ms, reason))

    def _handle(self, reason: str, source: Scope, transition: Callable[[int], Transition]) -> None:
        observing.check_reason(reason)
        if source is not None and (type(source) is not int or source not in self.config.routes):
            raise StatementError("source", "is no chain that this ledger has a route from")
        with self._writing() as state:
            move(state, transition(self._clock()))


def _known(state: State, settlement_id: bytes) -> Receipt:
    check_bytes("settlement_id", settlement_id, DIGEST_BYTES)
    receipt = state.receipt_of(settlement_id)
    if receipt is None:
        raise UnknownSettlement(settlement_id)
    return receipt
