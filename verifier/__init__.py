"""The target chain: check a proof, update margin."""

from typing import TYPE_CHECKING

from zkmargin.algebra.lazy import lazily

if TYPE_CHECKING:
    from .attestation import RiskAttestation, SourceRootAttestation, sign_attestation
    from .errors import (
        AccountCapExceeded,
        AttestationRejected,
        BreakerOpen,
        CircuitMismatch,
        ConfigError,
        ContextMismatch,
        CreditTooLarge,
        DamagedDatabase,
        ForeignDatabase,
        InflowCapExceeded,
        InvalidProof,
        KeyRejected,
        LedgerError,
        LedgerMismatch,
        NullifierUsed,
        ObservationRejected,
        Overloaded,
        ProofRejected,
        PublicInputCount,
        PublicInputError,
        Rejected,
        RequestExpired,
        RootRejected,
        SchemaTooNew,
        SchemaTooOld,
        SettlementIdUsed,
        StaleRiskTable,
        StaleRoot,
        StaleSequence,
        StatementError,
        UnattestedRiskTable,
        UnknownRoot,
        UnknownSettlement,
        VerifierError,
        WrongHorizon,
        WrongTarget,
    )
    from .groth16 import Verifier, verify, verify_unjudged
    from .keys import VerifyingKey, judge_key
    from .ledger import (
        AccountView,
        BreakerLimits,
        BreakerState,
        Decision,
        Head,
        LedgerConfig,
        LogEntry,
        LogReport,
        MarginLedger,
        MarketHealth,
        Overview,
        Position,
        Root,
    )
    from .proof import Proof
    from .proof_forms import PROOF_FORMS, ReadProof, read_proof, write_proof
    from .public_signals import check_public_inputs, read_public_signals, write_public_signals
    from .receipt import Receipt
    from .request import SettlementRequest
    from .signatures import signer_address
    from .snarkjs_call import read_call, write_call
    from .statement import Context, PublicInputs, Terms, target_digest
else:
    lazily(
        __name__,
        {
            ".attestation": "RiskAttestation SourceRootAttestation sign_attestation",
            ".errors": "AccountCapExceeded AttestationRejected BreakerOpen CircuitMismatch ConfigError ContextMismatch "
            "CreditTooLarge DamagedDatabase ForeignDatabase InflowCapExceeded InvalidProof KeyRejected "
            "LedgerError LedgerMismatch NullifierUsed ObservationRejected Overloaded ProofRejected "
            "PublicInputCount PublicInputError Rejected RequestExpired RootRejected SchemaTooNew SchemaTooOld "
            "SettlementIdUsed StaleRiskTable StaleRoot StaleSequence StatementError UnattestedRiskTable "
            "UnknownRoot UnknownSettlement VerifierError WrongHorizon WrongTarget",
            ".groth16": "Verifier verify verify_unjudged",
            ".keys": "VerifyingKey judge_key",
            ".ledger": "AccountView BreakerLimits BreakerState Decision Head LedgerConfig LogEntry LogReport "
            "MarginLedger MarketHealth Overview Position Root",
            ".proof": "Proof",
            ".proof_forms": "PROOF_FORMS ReadProof read_proof write_proof",
            ".public_signals": "check_public_inputs read_public_signals write_public_signals",
            ".receipt": "Receipt",
            ".request": "SettlementRequest",
            ".signatures": "signer_address",
            ".snarkjs_call": "read_call write_call",
            ".statement": "Context PublicInputs Terms target_digest",
        },
    )

__all__ = [
    "PROOF_FORMS",
    "AccountCapExceeded",
    "AccountView",
    "AttestationRejected",
    "BreakerLimits",
    "BreakerOpen",
    "BreakerState",
    "CircuitMismatch",
    "ConfigError",
    "Context",
    "ContextMismatch",
    "CreditTooLarge",
    "DamagedDatabase",
    "Decision",
    "ForeignDatabase",
    "Head",
    "InflowCapExceeded",
    "InvalidProof",
    "KeyRejected",
    "LedgerConfig",
    "LedgerError",
    "LedgerMismatch",
    "LogEntry",
    "LogReport",
    "MarginLedger",
    "MarketHealth",
    "NullifierUsed",
    "ObservationRejected",
    "Overloaded",
    "Overview",
    "Position",
    "Proof",
    "ProofRejected",
    "PublicInputCount",
    "PublicInputError",
    "PublicInputs",
    "ReadProof",
    "Receipt",
    "Rejected",
    "RequestExpired",
    "RiskAttestation",
    "Root",
    "RootRejected",
    "SchemaTooNew",
    "SchemaTooOld",
    "SettlementIdUsed",
    "SettlementRequest",
    "SourceRootAttestation",
    "StaleRiskTable",
    "StaleRoot",
    "StaleSequence",
    "StatementError",
    "Terms",
    "UnattestedRiskTable",
    "UnknownRoot",
    "UnknownSettlement",
    "Verifier",
    "VerifierError",
    "VerifyingKey",
    "WrongHorizon",
    "WrongTarget",
    "check_public_inputs",
    "judge_key",
    "read_call",
    "read_proof",
    "read_public_signals",
    "sign_attestation",
    "signer_address",
    "target_digest",
    "verify",
    "verify_unjudged",
    "write_call",
    "write_proof",
    "write_public_signals",
]
