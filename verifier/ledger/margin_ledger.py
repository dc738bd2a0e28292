"""A target chain's margin ledger: accept a proof and update margin, all or nothing. docs/ledger.md is its contract."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from types import TracebackType

from zkmargin.algebra import Engine, ZkMarginError

from ..attestation import RiskAttestation, SourceRootAttestation
from ..errors import (
    AttestationRejected,
    InflowCapExceeded,
    InvalidProof,
    ProofRejected,
    Rejected,
    RootRejected,
    StatementError,
    UnknownSettlement,
)
from ..groth16 import Verifier
from ..keys import VerifyingKey
from ..receipt import Receipt
from ..request import SettlementRequest
from ..statement import ID_BITS, check_element, check_range, venue_count
from .checks import check_inflow, check_state
from .config import LedgerConfig
from .rows import BreakerState, Decision, Rows
from .sqlite_store import Database

ACCEPTED = "accepted"
PAGE = 1000
MAX_REASON = 200

Clock = Callable[[], int]
"""Milliseconds since 1970."""


def system_clock() -> int:
    return time.time_ns() // 1_000_000


class MarginLedger:
    """Threads may share one; each process opens its own on the same file."""

    def __init__(self, database: Database, config: LedgerConfig, verifier: Verifier, clock: Clock) -> None:
        self.config = config
        self._database = database
        self._verifier = verifier
        self._venues = venue_count(verifier.key.n_public)
        self._clock = clock

    @classmethod
    def open(
        cls,
        path: str | os.PathLike[str],
        config: LedgerConfig,
        key: VerifyingKey,
        *,
        clock: Clock = system_clock,
        engine: Engine | None = None,
    ) -> MarginLedger:
        """Open the ledger in this file, or start it if there is none.

        The key is judged, and must name the configuration's circuit; a file of another ledger, of another program or
        of a later version, and a damaged one, are each refused.
        """
        verifier = Verifier(key, engine, config.allow_development_key, expect_circuit=config.circuit_digest)
        venue_count(key.n_public)
        return cls(Database(path, config.target), config, verifier, clock)

    def close(self) -> None:
        self._database.close()

    def __enter__(self) -> MarginLedger:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def accept(self, request: SettlementRequest) -> Receipt:
        """The receipt of this request: a new one, or the same again if it was accepted before.

        Raises the `Rejected` of the first check that fails, or an `EncodingError` for a proof whose points are none.
        Nothing has changed then but the log, and the breaker where the inflow cap was met.
        """
        digest = request.digest()
        with self._database.reading() as connection:
            rows = Rows(connection)
            earlier = rows.receipt_of_request(digest)
            problem = None if earlier else self._state_problem(rows, request, self._clock())
        if earlier is not None:
            return earlier
        # The pairing takes milliseconds: it must not hold the lock that every writer needs.
        problem = problem or self._proof_problem(request)
        with self._database.writing() as connection:
            outcome = self._settle(Rows(connection), request, digest, problem)
        if isinstance(outcome, Receipt):
            return outcome
        raise outcome

    def observe_root(self, chain_id: int, epoch: int, root: int, observed_at_ms: int) -> None:
        """Take note of a source root that the caller's relay has seen final on its chain.

        Epochs only grow, and one epoch has one root: an older root can never come back as a new one. Observing the
        same root again changes nothing, not even its age.
        """
        check_range("chain_id", chain_id, ID_BITS)
        check_range("epoch", epoch, ID_BITS)
        check_element("root", root)
        self._check_time("observed_at_ms", observed_at_ms, RootRejected)
        if root == 0:
            raise RootRejected("a root of zero is no root")
        if chain_id not in self.config.routes:
            raise RootRejected(f"chain {chain_id} has no route to this ledger")
        with self._database.writing() as connection:
            rows = Rows(connection)
            known = rows.root_of_epoch(chain_id, epoch)
            if known is not None and known[0] == root:
                return
            latest = rows.latest_epoch(chain_id)
            if known is not None or rows.root_seen_at(chain_id, root) is not None:
                raise RootRejected(
                    f"epoch {epoch} of chain {chain_id} contradicts an earlier observation: check the relay"
                )
            if latest is not None and epoch < latest:
                raise RootRejected(f"epoch {epoch} of chain {chain_id} is older than {latest}, which has been observed")
            rows.add_root(chain_id, epoch, root, observed_at_ms)

    def attest_source_root(self, attestation: SourceRootAttestation) -> None:
        """The same on the word of a quorum of the configured root signers, whoever brings it."""
        if attestation.target != self.config.target:
            raise AttestationRejected("the source root is attested to another ledger")
        if not self.config.root_signers:
            raise AttestationRejected("this ledger has no root signers: a relay has to be authorised to observe roots")
        attestation.require_quorum(self.config.root_signers, self.config.root_quorum)
        self.observe_root(attestation.chain_id, attestation.epoch, attestation.root, attestation.observed_at_ms)

    def attest_risk_root(self, attestation: RiskAttestation) -> None:
        """Take note of a risk table's root, once a quorum of the configured oracles has signed it."""
        self._check_time("oracle_time_ms", attestation.oracle_time_ms, AttestationRejected)
        if attestation.market != self.config.market:
            raise AttestationRejected(f"the risk table is of another market than {self.config.market}")
        attestation.require_quorum(self.config.oracle_signers, self.config.oracle_quorum)
        with self._database.writing() as connection:
            rows = Rows(connection)
            known = rows.risk_root_at(attestation.oracle_time_ms)
            if known == attestation.risk_root:
                return
            if known is not None:
                raise AttestationRejected("the oracles have signed another risk root for the same time: check them")
            rows.add_risk_root(attestation.oracle_time_ms, attestation.risk_root, self._clock())

    def margin_of(self, account: int) -> int:
        """The account's margin in e8: its newest credit, unless released or expired. Unknown accounts have 0."""
        check_element("account", account)
        with self._database.reading() as connection:
            return Rows(connection).margin(account, self._clock())

    def release(self, settlement_id: bytes) -> int:
        """End a credit before its expiry, and return the margin the account is left with.

        Works with the breaker open, because it only lowers what this ledger is exposed to. Releasing again changes
        nothing. Before the source frees the collateral, `release_account` is needed: there may be newer states, proven
        or not, that show the same reservation.
        """
        with self._database.writing() as connection:
            rows = Rows(connection)
            receipt = rows.receipt_of_settlement(settlement_id)
            if receipt is None:
                raise UnknownSettlement(settlement_id)
            return self._release(rows, receipt.account, receipt.sequence)

    def release_account(self, account: int, through_sequence: int) -> int:
        """Let no state of the account up to this sequence back a credit, now or later; the margin it is left with.

        What a source does before it frees a reservation, with the sequence its account has then: whatever was proven
        under an older root that is still fresh is refused from here on. Works with the breaker open.
        """
        check_element("account", account)
        check_range("through_sequence", through_sequence, ID_BITS)
        with self._database.writing() as connection:
            return self._release(Rows(connection), account, through_sequence)

    def _release(self, rows: Rows, account: int, through_sequence: int) -> int:
        now_ms = self._clock()
        if through_sequence > rows.released_through(account):
            rows.add_release(account, through_sequence, now_ms)
        return rows.margin(account, now_ms)

    def trip_breaker(self, reason: str) -> None:
        """Accept nothing more until `reset_breaker`."""
        self._set_breaker(True, reason)

    def reset_breaker(self, reason: str) -> None:
        """Accept again. What came in before no longer counts towards the inflow cap."""
        self._set_breaker(False, reason)

    def breaker(self) -> BreakerState:
        with self._database.reading() as connection:
            return Rows(connection).breaker()

    def receipt(self, settlement_id: bytes) -> Receipt | None:
        with self._database.reading() as connection:
            return Rows(connection).receipt_of_settlement(settlement_id)

    def receipts(self, after: int = 0, limit: int = PAGE) -> list[Receipt]:
        """Receipts in the order in which they were given, those numbered above `after`."""
        with self._database.reading() as connection:
            return Rows(connection).receipts(after, limit)

    def decisions(self, after: int = 0, limit: int = PAGE) -> list[Decision]:
        """The log of what was accepted and refused, in order."""
        with self._database.reading() as connection:
            return Rows(connection).decisions(after, limit)

    def _state_problem(self, rows: Rows, request: SettlementRequest, now_ms: int) -> ZkMarginError | None:
        try:
            check_state(rows, self.config, self._venues, request, now_ms)
        except Rejected as problem:
            return problem
        return None

    def _proof_problem(self, request: SettlementRequest) -> ZkMarginError | None:
        try:
            self._verifier.verify(request.public_inputs, request.proof)
        except InvalidProof as problem:
            return ProofRejected(problem.reason)
        except ZkMarginError as problem:
            return problem
        return None

    def _settle(
        self, rows: Rows, request: SettlementRequest, digest: bytes, problem: ZkMarginError | None
    ) -> Receipt | ZkMarginError:
        """Decide and write it down, inside the one writing transaction."""
        earlier = rows.receipt_of_request(digest)
        if earlier is not None:
            return earlier
        now_ms = self._clock()
        problem = problem or self._state_problem(rows, request, now_ms)
        if problem is None:
            try:
                check_inflow(rows, self.config, request, now_ms)
            except InflowCapExceeded as exceeded:
                rows.add_breaker_event(BreakerState(True, now_ms, "inflow cap exceeded", rows.last_receipt()))
                problem = exceeded
        settlement_id = request.context.settlement_id
        if problem is not None:
            rows.add_decision(now_ms, digest, settlement_id, problem.code, str(problem))
            return problem
        receipt = self._receipt(rows, request, digest, now_ms)
        rows.add_receipt(receipt)
        rows.add_decision(now_ms, digest, settlement_id, ACCEPTED, "")
        return receipt

    def _receipt(self, rows: Rows, request: SettlementRequest, digest: bytes, now_ms: int) -> Receipt:
        inputs = request.named_inputs()
        return Receipt(
            number=rows.last_receipt() + 1,
            request_digest=digest,
            settlement_id=request.context.settlement_id,
            beneficiary=request.context.beneficiary,
            account=inputs.account,
            nullifier=inputs.nullifier,
            sequence=request.terms.sequence,
            credit_e8=request.terms.credit_e8,
            replaced_e8=rows.margin(inputs.account, now_ms),
            expiry_ms=request.context.expiry_ms,
            accepted_at_ms=now_ms,
        )

    def _check_time(self, name: str, value: int, error: type[RootRejected | AttestationRejected]) -> None:
        if type(value) is not int or value < 0:
            raise StatementError(name, "is not a time in milliseconds since 1970")
        now_ms = self._clock()
        if value > now_ms + self.config.clock_skew_ms:
            raise error(f"{name} {value} lies in the future, it is {now_ms} ms: check the clocks")

    def _set_breaker(self, is_open: bool, reason: str) -> None:
        if not reason.strip() or len(reason) > MAX_REASON or not reason.isprintable():
            raise StatementError("reason", f"must be 1 to {MAX_REASON} printable characters: whoever reads it needs it")
        with self._database.writing() as connection:
            rows = Rows(connection)
            rows.add_breaker_event(BreakerState(is_open, self._clock(), reason, rows.last_receipt()))
