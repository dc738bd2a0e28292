"""The errors of the target chain's room.

    VerifierError
    |-- InvalidProof              a false statement: everything was well formed and the proof does not hold
    |-- CircuitMismatch           a valid key or proof, for another circuit than the one expected
    |-- KeyRejected               a verifying key that must not be trusted; `reason` says why
    |-- PublicInputError          a public input that is no canonical field element (also an `EncodingError`)
    |-- PublicInputCount          too few or too many public inputs (also an `EncodingError`)
    |-- StatementError            a credit, time, id or digest out of its range (also an `EncodingError`)
    |-- ConfigError               a ledger configuration that contradicts itself
    |-- ObservationRejected       what a relay or oracle reports to the ledger, refused
    |   |-- RootRejected          a source root that is zero, from the future, or contradicts an earlier one
    |   `-- AttestationRejected   without a quorum of known signers; a risk table of zero, of another market, or
    |                             from the future; a source root for another ledger
    |-- SourceError               where something is read from: a file, a server, a chain's node
    |   |-- SourceUnavailable     it cannot be asked now; ask again later
    |   `-- SourceMalformed       its answer is none, or it must not be asked as it is (also an `EncodingError`)
    |-- EvmError                  what stands between this program and a contract
    |   |-- AccountRefused        an account whose key cannot be had, or that cannot pay
    |   |-- NetworkMismatch       a node of another network than the one meant
    |   |-- DeploymentMismatch    what stands on the chain is not what was deployed, or was to be
    |   |-- FeeTooHigh            the network asks for more than was allowed
    |   |-- TransactionFailed     refused by the node or the contract, for a reason that is no refusal of the ledger's
    |   `-- TransactionPending    not mined or not deep enough in time; it may be yet, `transaction` names it
    |-- UnknownSettlement         no accepted request has this settlement id
    |-- Overloaded                more is waiting for the ledger than may wait; nothing was done, send it again
    |-- LedgerError               the database: absent, foreign, damaged, locked, or another ledger's
    |   |-- ForeignDatabase       a file that is no margin ledger
    |   |-- SchemaTooNew          a ledger written by a later version of this library
    |   |-- SchemaTooOld          a ledger of an earlier version, to be migrated first
    |   |-- DamagedDatabase       a ledger whose file is corrupt
    |   `-- LedgerMismatch        a ledger of another target
    `-- Rejected                  the ledger refuses a request, and says at which of its checks
        |-- BreakerOpen           the ledger's breaker, or that of one of the request's sources, is open
        |-- WrongTarget           a proof for another ledger
        |-- ContextMismatch       a proof for another request
        |-- UnknownRoot           a source root never observed on that chain
        |-- StaleRoot             a source root too old, or from the future
        |-- UnattestedRiskTable   no quorum of oracles stands behind this risk root at this time
        |-- StaleRiskTable        a risk table too old, or from the future
        |-- WrongHorizon          the horizon or the terms are not those of this request
        |-- RequestExpired        too late
        |-- StaleSequence         the account has already shown a state as new
        |-- NullifierUsed         this reservation has been used here
        |-- SettlementIdUsed      another request has this settlement id
        |-- CreditTooLarge        more than one request may ask for
        |-- ProofRejected         the proof does not hold (also an `InvalidProof`)
        |-- AccountCapExceeded    more than may come in for one account within the window
        `-- InflowCapExceeded     more than may come in within the window; trips the breaker

Malformed bytes and points are `zkmargin.algebra.errors.EncodingError` and `PointError`, as everywhere.
"""

from __future__ import annotations

from zkmargin.algebra.errors import EncodingError, ZkMarginError


class VerifierError(ZkMarginError):
    """Base of the errors of `zkmargin.verifier`."""


class InvalidProof(VerifierError):
    """The proof does not prove the statement that these public inputs make under this key."""

    def __init__(self, reason: str = "the pairing equation does not hold") -> None:
        super().__init__(f"invalid proof: {reason}")
        self.reason = reason


class CircuitMismatch(VerifierError):
    """A key of another circuit; digests are `expected` and `found`, None for a key that names no circuit."""

    def __init__(self, expected: bytes, found: bytes | None) -> None:
        shown = "no circuit at all" if found is None else f"circuit {found.hex()[:16]}..."
        super().__init__(f"the key names {shown}, not {expected.hex()[:16]}...: use the key of the expected circuit")
        self.expected = expected
        self.found = found


class KeyRejected(VerifierError):
    """A verifying key under which proofs mean nothing; `part` names the member at fault."""

    def __init__(self, part: str, reason: str) -> None:
        super().__init__(f"verifying key refused: {part} {reason}")
        self.part = part
        self.reason = reason


class PublicInputError(VerifierError, EncodingError):
    """The public input at `index` is not an integer in [0, r)."""

    def __init__(self, index: int, reason: str) -> None:
        super().__init__(f"public input {index} {reason}", what="public input", index=index)
        self.reason = reason


class PublicInputCount(VerifierError, EncodingError):
    """`found` public inputs where there must be `expected`."""

    def __init__(self, expected: int, found: int) -> None:
        super().__init__(f"{found} public inputs where {expected} are needed", what="public inputs")
        self.expected = expected
        self.found = found


class StatementError(VerifierError, EncodingError):
    """A part of the statement out of its range; `field` names it."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field} {reason}", what=field)
        self.field = field
        self.reason = reason


class ConfigError(VerifierError):
    """A ledger's configuration, or that of something around it, with an impossible `field`."""

    def __init__(self, field: str, reason: str, of: str = "ledger configuration") -> None:
        super().__init__(f"{of}: {field} {reason}")
        self.field = field
        self.reason = reason


class ObservationRejected(VerifierError):
    """Base of what the ledger refuses to take notice of."""


class RootRejected(ObservationRejected):
    """A source root the ledger does not take."""


class AttestationRejected(ObservationRejected):
    """An attestation by oracles or root signers that does not count."""


class SourceError(VerifierError):
    """A file, server or node that does not answer as needed; `source` names it without its secrets."""

    def __init__(self, source: str, reason: str) -> None:
        super().__init__(f"{source} {reason}")
        self.source = source
        self.reason = reason


class SourceUnavailable(SourceError):
    """It cannot be asked now."""


class SourceMalformed(SourceError, EncodingError):
    """It answers what cannot be taken for an answer."""


class EvmError(VerifierError):
    """Base of what goes wrong between this program and a contract."""


class AccountRefused(EvmError):
    """An account that cannot send."""


class NetworkMismatch(EvmError):
    """A node of the network `found` where `expected` was meant."""

    def __init__(self, expected: int, found: int) -> None:
        super().__init__(f"the node is on network {found}, not on {expected}: use a node of the right one")
        self.expected = expected
        self.found = found


class DeploymentMismatch(EvmError):
    """The contract at an address is not the one meant; `part` is what differs."""

    def __init__(self, part: str, reason: str) -> None:
        super().__init__(f"the contract's {part} {reason}")
        self.part = part
        self.reason = reason


class FeeTooHigh(EvmError):
    """`found` wei for a unit of gas where at most `expected` were allowed."""

    def __init__(self, expected: int, found: int) -> None:
        super().__init__(
            f"a unit of gas costs {found} wei now, and at most {expected} are allowed: wait, or allow more"
        )
        self.expected = expected
        self.found = found


class TransactionFailed(EvmError):
    """A transaction that had no effect; `transaction` is its hash, empty if it was never sent."""

    def __init__(self, reason: str, transaction: str = "") -> None:
        super().__init__(f"the transaction {transaction or '(not sent)'} failed: {reason}")
        self.reason = reason
        self.transaction = transaction


class TransactionPending(EvmError):
    """A transaction of which it is not known yet whether it has an effect."""

    def __init__(self, reason: str, transaction: str) -> None:
        super().__init__(f"the transaction {transaction} {reason}: look for it again before sending another")
        self.reason = reason
        self.transaction = transaction


class UnknownSettlement(VerifierError):
    """There is nothing to release under this settlement id."""

    def __init__(self, settlement_id: bytes) -> None:
        super().__init__(f"no accepted request has the settlement id 0x{settlement_id.hex()}")
        self.settlement_id = settlement_id


class Overloaded(VerifierError):
    """`waiting` requests wait already, of `limit` that may; this one was not taken up."""

    def __init__(self, waiting: int, limit: int) -> None:
        super().__init__(f"{waiting} requests are waiting and at most {limit} may: send it again in a moment")
        self.waiting = waiting
        self.limit = limit


class LedgerError(VerifierError):
    """The ledger's database cannot be used; `path` names it."""

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(f"ledger {path}: {reason}")
        self.path = path
        self.reason = reason


class ForeignDatabase(LedgerError):
    """A file of something else."""


class SchemaTooNew(LedgerError):
    """A ledger that only a later version of this library can read."""


class SchemaTooOld(LedgerError):
    """A ledger that has to be migrated before this version of the library can use it."""


class DamagedDatabase(LedgerError):
    """A ledger whose file does not hold together."""


class LedgerMismatch(LedgerError):
    """A ledger that was opened with another ledger's configuration."""


class Rejected(VerifierError):
    """The ledger refuses a request; nothing has changed but its log. `code` names the check that failed."""


class BreakerOpen(Rejected):
    """A breaker is open; `reason` is why it was tripped, `source` its chain or None for the whole ledger's."""

    def __init__(self, reason: str, source: int | None = None) -> None:
        whose = "the circuit breaker" if source is None else f"the circuit breaker of chain {source}"
        super().__init__(f"{whose} is open: {reason}")
        self.reason = reason
        self.source = source


class WrongTarget(Rejected):
    """The proof credits another ledger."""


class ContextMismatch(Rejected):
    """The proof was made for another beneficiary, settlement, expiry, oracle time or route."""


class UnknownRoot(Rejected):
    """A source root that no relay has reported for that chain."""


class StaleRoot(Rejected):
    """A source root outside the time in which it counts."""


class UnattestedRiskTable(Rejected):
    """A risk root without a quorum, or with a quorum at another time."""


class StaleRiskTable(Rejected):
    """A risk table outside the time in which it counts."""


class WrongHorizon(Rejected):
    """The terms proven are not those the ledger derives for this request."""


class RequestExpired(Rejected):
    """The request's expiry has passed."""


class StaleSequence(Rejected):
    """The account has already been credited for this state or a newer one."""


class NullifierUsed(Rejected):
    """The nullifier has been used."""


class SettlementIdUsed(Rejected):
    """The settlement id has been used."""


class CreditTooLarge(Rejected):
    """The credit is above the cap for one request."""


class ProofRejected(Rejected, InvalidProof):
    """The proof does not hold for this request."""


class AccountCapExceeded(Rejected):
    """The credit would take the account's inflow above its cap; no breaker is opened by that."""


class InflowCapExceeded(Rejected):
    """The credit would take an inflow above its cap: the breaker of `source` is open now, None for the whole ledger's.

    `cap` says which: "source", "inflow" or "trial".
    """

    def __init__(self, message: str, cap: str, source: int | None) -> None:
        super().__init__(message)
        self.cap = cap
        self.source = source
