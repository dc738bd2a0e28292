# pragma version ~=0.4.3
# pragma optimize gas
# pragma evm-version cancun
"""
@title Why a request is refused: the codes of docs/ledger.md, in the order of their checks
@license Apache-2.0
"""

FINE: constant(uint256) = 0
PAUSED: constant(uint256) = 1
BREAKER_OPEN: constant(uint256) = 2
WRONG_TARGET: constant(uint256) = 3
UNKNOWN_ROOT: constant(uint256) = 4
STALE_ROOT: constant(uint256) = 5
UNATTESTED_RISK_TABLE: constant(uint256) = 6
STALE_RISK_TABLE: constant(uint256) = 7
WRONG_HORIZON: constant(uint256) = 8
REQUEST_EXPIRED: constant(uint256) = 9
STALE_SEQUENCE: constant(uint256) = 10
NULLIFIER_USED: constant(uint256) = 11
SETTLEMENT_ID_USED: constant(uint256) = 12
CREDIT_TOO_LARGE: constant(uint256) = 13
PROOF_REJECTED: constant(uint256) = 14
POINT_ERROR: constant(uint256) = 15
ACCOUNT_CAP: constant(uint256) = 16
INFLOW_CAP: constant(uint256) = 17
PUBLIC_INPUT_ERROR: constant(uint256) = 18
STATEMENT_ERROR: constant(uint256) = 19


@internal
@pure
def _code(problem: uint256) -> String[32]:
    if problem == PAUSED:
        return "paused"
    if problem == BREAKER_OPEN:
        return "breaker-open"
    if problem == WRONG_TARGET:
        return "wrong-target"
    if problem == UNKNOWN_ROOT:
        return "unknown-root"
    if problem == STALE_ROOT:
        return "stale-root"
    if problem == UNATTESTED_RISK_TABLE:
        return "unattested-risk-table"
    if problem == STALE_RISK_TABLE:
        return "stale-risk-table"
    if problem == WRONG_HORIZON:
        return "wrong-horizon"
    if problem == REQUEST_EXPIRED:
        return "request-expired"
    if problem == STALE_SEQUENCE:
        return "stale-sequence"
    if problem == NULLIFIER_USED:
        return "nullifier-used"
    if problem == SETTLEMENT_ID_USED:
        return "settlement-id-used"
    if problem == CREDIT_TOO_LARGE:
        return "credit-too-large"
    if problem == PROOF_REJECTED:
        return "proof-rejected"
    if problem == POINT_ERROR:
        return "point-error"
    if problem == ACCOUNT_CAP:
        return "account-cap-exceeded"
    if problem == INFLOW_CAP:
        return "inflow-cap-exceeded"
    if problem == PUBLIC_INPUT_ERROR:
        return "public-input-error"
    return "statement-error"
