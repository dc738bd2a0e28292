# pragma version ~=0.4.3
# pragma optimize gas
# pragma evm-version cancun
"""
@title A target chain's margin ledger: accept a proof, credit margin, all or nothing
@license Apache-2.0
@notice Who is trusted, and for what:
        - the oracles' quorum: that a risk root is the market's table at a time;
        - the root signers' quorum: that a source root is final on its chain;
        - the owner: to pause, to move the breaker, to retract roots and to release. The owner cannot credit anybody,
          cannot change a signer, a limit or the key: these are part of the code;
        - traders and relays: for nothing. Whoever brings a request, its proof binds it to its beneficiary.
        Pausing and the breaker stop accepting and nothing else: release and repay always work.
@dev The checks run in the order of docs/ledger.md, and a refusal's reason is its code there. What trips a breaker
     cannot revert, or the trip would be undone: `accept` then returns 0 and emits Refused. docs/contracts.md has the
     storage, and why each external call that matters is a precompile.
"""
from snekmate.auth import ownable
from snekmate.auth import ownable_2step

import attestations
import breaker as rules
import credits
import deployment as dep
import groth16
import refusals
import scopes

initializes: ownable
initializes: ownable_2step[ownable := ownable]
initializes: scopes[ownable := ownable]
initializes: attestations[ownable := ownable, scopes := scopes]
initializes: credits[ownable := ownable]

# Not exported: renounce_ownership. Without an owner nobody could unpause or reset a breaker.
exports: (
    ownable_2step.owner,
    ownable_2step.pending_owner,
    ownable_2step.transfer_ownership,
    ownable_2step.accept_ownership,
    scopes.trip,
    scopes.probe,
    scopes.reset,
    scopes.pause,
    scopes.unpause,
    scopes.breaker,
    scopes.paused,
    scopes.receipts,
    attestations.attest_risk_root,
    attestations.attest_source_root,
    attestations.retract_root,
    attestations.root_observed_at_ms,
    attestations.newest_root,
    attestations.risk_root_at,
    attestations.newest_risk_time_ms,
    credits.release,
    credits.release_account,
    credits.repay,
    credits.margin_of,
    credits.account,
    credits.receipt,
)


struct Request:
    proof: uint256[8]
    source_chain_ids: uint64[dep.VENUES]
    source_roots: uint256[dep.VENUES]
    risk_root: uint256
    account: uint256
    nullifier: uint256
    credit_e8: uint64
    horizon_ms: uint64
    sequence: uint64
    expiry_ms: uint64
    oracle_time_ms: uint64
    beneficiary: address
    settlement_id: bytes32


event Accepted:
    number: indexed(uint256)
    account: indexed(uint256)
    settlement_id: indexed(bytes32)
    beneficiary: address
    nullifier: uint256
    sequence: uint256
    credit_e8: uint256
    replaced_e8: uint256
    expiry_ms: uint256


event Refused:
    settlement_id: indexed(bytes32)
    code: String[32]


ELEMENT_BOUND: constant(uint256) = groth16.R
TAG_CONTEXT: constant(bytes32) = 0x7a6b6d617267696e2e636f6e746578742f310000000000000000000000000000
MAX_REQUESTS: constant(uint256) = groth16.MAX_BATCH


@deploy
def __init__():
    # The key's constant part was made for this one place; anywhere else every proof would fail.
    ledger: address = dep.LEDGER
    assert chain.id == dep.TARGET_CHAIN_ID and self == ledger, "wrong-target"
    ownable.__init__()
    ownable_2step.__init__()


# Accepting.


@external
def accept(request: Request) -> uint256:
    """
    @notice Credit a request: the number of its receipt, the same again if it was accepted before, and 0 if it was
            refused because it would exceed a cap that trips a breaker. Every other refusal reverts with its code.
    """
    inputs: uint256[dep.INPUTS] = self._inputs(request)
    digest: uint256 = self._digest(request.proof, inputs)
    earlier: uint256 = self._earlier(request.nullifier, digest)
    if earlier != 0:
        return earlier
    problem: uint256 = self._malformed(request)
    if problem == refusals.FINE:
        problem = self._state_problem(request)
    if problem == refusals.FINE:
        problem = self._proof_problem(groth16._check(request.proof, inputs))
    number: uint256 = 0
    if problem == refusals.FINE:
        problem, number = self._settle(request, digest)
    if problem == refusals.FINE:
        return number
    if problem != refusals.INFLOW_CAP:
        raise refusals._code(problem)
    log Refused(settlement_id=request.settlement_id, code=refusals._code(problem))
    return 0


@external
def accept_many(requests: DynArray[Request, MAX_REQUESTS]) -> DynArray[uint256, MAX_REQUESTS]:
    """
    @notice The same decisions in the same order as `accept` one by one, with one pairing for all proofs if they all
            hold. A refused request gives 0 and a Refused event, and does not keep the others from being accepted.
    """
    inputs: DynArray[uint256[dep.INPUTS], MAX_REQUESTS] = []
    proofs: DynArray[uint256[8], MAX_REQUESTS] = []
    for request: Request in requests:
        inputs.append(self._inputs(request))
        proofs.append(request.proof)
    all_hold: bool = groth16._check_many(proofs, inputs)
    numbers: DynArray[uint256, MAX_REQUESTS] = []
    for i: uint256 in range(len(requests), bound=MAX_REQUESTS):
        numbers.append(self._decide(requests[i], inputs[i], all_hold))
    return numbers


@internal
def _decide(request: Request, inputs: uint256[dep.INPUTS], proof_holds: bool) -> uint256:
    """
    @dev One request of a batch. Where the batch's proofs do not all hold, each is checked on its own, so that one bad
         proof costs its bringer gas and the others nothing else.
    """
    digest: uint256 = self._digest(request.proof, inputs)
    earlier: uint256 = self._earlier(request.nullifier, digest)
    if earlier != 0:
        return earlier
    problem: uint256 = self._malformed(request)
    if problem == refusals.FINE:
        problem = self._state_problem(request)
    if problem == refusals.FINE and not proof_holds:
        problem = self._proof_problem(groth16._check(request.proof, inputs))
    number: uint256 = 0
    if problem == refusals.FINE:
        problem, number = self._settle(request, digest)
    if problem != refusals.FINE:
        log Refused(settlement_id=request.settlement_id, code=refusals._code(problem))
    return number


@internal
@pure
def _inputs(request: Request) -> uint256[dep.INPUTS]:
    """
    @dev The public inputs after `target`, which is folded into the key: the ledger computes `context` and packs
         `terms`, so that a proof for another beneficiary, settlement, expiry, oracle time or source does not hold.
    """
    context: bytes32 = keccak256(
        abi_encode(
            TAG_CONTEXT,
            dep.VENUES,
            request.source_chain_ids,
            request.beneficiary,
            request.settlement_id,
            request.expiry_ms,
            request.oracle_time_ms,
        )
    )
    inputs: uint256[dep.INPUTS] = empty(uint256[dep.INPUTS])
    for i: uint256 in range(dep.VENUES):
        inputs[i] = request.source_roots[i]
    inputs[dep.VENUES] = request.risk_root
    inputs[dep.VENUES + 1] = request.account
    inputs[dep.VENUES + 2] = request.nullifier
    inputs[dep.VENUES + 3] = (
        convert(request.credit_e8, uint256)
        | (convert(request.horizon_ms, uint256) << 64)
        | (convert(request.sequence, uint256) << 104)
    )
    inputs[dep.VENUES + 4] = convert(context, uint256) >> 3
    return inputs


@internal
@pure
def _digest(proof: uint256[8], inputs: uint256[dep.INPUTS]) -> uint256:
    """
    @dev 212 bits by which a repeated request is recognised. The inputs bind all else that is in it.
    """
    return convert(keccak256(abi_encode(inputs, proof)), uint256) & (2**212 - 1)


@internal
@view
def _earlier(nullifier: uint256, digest: uint256) -> uint256:
    known: uint256 = credits.nullifiers[nullifier]
    return known & (2**44 - 1) if known >> 44 == digest else 0


@internal
@pure
def _malformed(request: Request) -> uint256:
    """
    @dev Roots and risk root need no range check: only field elements are ever attested.
    """
    if request.account >= ELEMENT_BOUND or request.nullifier >= ELEMENT_BOUND:
        return refusals.PUBLIC_INPUT_ERROR
    if request.horizon_ms >= 2**40:
        return refusals.STATEMENT_ERROR
    if dep.VENUES > 1:
        for i: uint256 in range(dep.VENUES):
            for j: uint256 in range(dep.VENUES):
                if j < i and request.source_chain_ids[i] == request.source_chain_ids[j]:
                    return refusals.STATEMENT_ERROR
    return refusals.FINE


@internal
@view
def _state_problem(request: Request) -> uint256:
    """
    @dev The first check on the ledger's state that fails.
    """
    now_ms: uint256 = block.timestamp * 1000
    if scopes._is_paused():
        return refusals.PAUSED
    if scopes._is_open(scopes.WHOLE):
        return refusals.BREAKER_OPEN
    for chain_id: uint64 in request.source_chain_ids:
        if scopes._is_open(convert(chain_id, uint256)):
            return refusals.BREAKER_OPEN
    # After a fork of the chain both branches have this code, and one of them another id.
    if chain.id != dep.TARGET_CHAIN_ID:
        return refusals.WRONG_TARGET
    problem: uint256 = self._root_problem(request.source_chain_ids, request.source_roots, now_ms)
    if problem != refusals.FINE:
        return problem
    oracle_time_ms: uint256 = convert(request.oracle_time_ms, uint256)
    if request.risk_root == 0 or attestations.risk_roots[oracle_time_ms] != request.risk_root:
        return refusals.UNATTESTED_RISK_TABLE
    if not self._is_fresh(oracle_time_ms, now_ms, dep.MAX_RISK_AGE_MS):
        return refusals.STALE_RISK_TABLE
    expiry_ms: uint256 = convert(request.expiry_ms, uint256)
    horizon_ms: uint256 = self._horizon_ms(request.source_chain_ids, oracle_time_ms, expiry_ms)
    if convert(request.horizon_ms, uint256) != horizon_ms or horizon_ms > dep.MAX_HORIZON_MS:
        return refusals.WRONG_HORIZON
    if now_ms >= expiry_ms:
        return refusals.REQUEST_EXPIRED
    if convert(request.sequence, uint256) < credits._next_sequence(request.account):
        return refusals.STALE_SEQUENCE
    if credits.nullifiers[request.nullifier] != 0:
        return refusals.NULLIFIER_USED
    if credits.settlements[request.settlement_id] != 0:
        return refusals.SETTLEMENT_ID_USED
    if convert(request.credit_e8, uint256) > dep.MAX_CREDIT_E8:
        return refusals.CREDIT_TOO_LARGE
    return refusals.FINE


@internal
@view
def _root_problem(chain_ids: uint64[dep.VENUES], roots: uint256[dep.VENUES], now_ms: uint256) -> uint256:
    for i: uint256 in range(dep.VENUES):
        observed: uint256 = attestations.roots[convert(chain_ids[i], uint256)][roots[i]]
        if observed == 0:
            return refusals.UNKNOWN_ROOT
        if not self._is_fresh(observed & (2**64 - 1), now_ms, dep.MAX_ROOT_AGE_MS):
            return refusals.STALE_ROOT
    return refusals.FINE


@internal
@pure
def _is_fresh(at_ms: uint256, now_ms: uint256, max_age_ms: uint256) -> bool:
    """
    @dev None is from the future: what was attested was not, and the time of blocks only grows.
    """
    return now_ms <= at_ms + max_age_ms


@internal
@pure
def _horizon_ms(chain_ids: uint64[dep.VENUES], oracle_time_ms: uint256, expiry_ms: uint256) -> uint256:
    """
    @dev Derived here, so that a prover cannot claim a short one. A chain whose root counts has a route.
    """
    horizon_ms: uint256 = unsafe_sub(expiry_ms, oracle_time_ms) if expiry_ms > oracle_time_ms else 0
    for chain_id: uint64 in chain_ids:
        horizon_ms = max(horizon_ms, unsafe_sub(dep._latency_plus_1(chain_id), 1))
    return horizon_ms


@internal
@pure
def _proof_problem(verdict: uint256) -> uint256:
    if verdict == groth16.VALID:
        return refusals.FINE
    return refusals.PROOF_REJECTED if verdict == groth16.INVALID else refusals.POINT_ERROR


@internal
def _settle(request: Request, digest: uint256) -> (uint256, uint256):
    """
    @dev Hold a request, all of whose other checks passed, against the caps, and credit it: a problem, or a number.
         All that an accept writes is written from here, and nothing before it.
    """
    credit_e8: uint256 = convert(request.credit_e8, uint256)
    replaced_e8: uint256 = credits._margin_of(request.account)
    added_e8: uint256 = unsafe_sub(credit_e8, replaced_e8) if credit_e8 > replaced_e8 else 0
    if not credits._is_within_cap(request.account, added_e8):
        return refusals.ACCOUNT_CAP, 0
    for i: uint256 in range(dep.VENUES):
        if not scopes._has_room(convert(request.source_chain_ids[i], uint256), added_e8):
            return refusals.INFLOW_CAP, 0
    if not scopes._has_room(scopes.WHOLE, added_e8):
        return refusals.INFLOW_CAP, 0
    for i: uint256 in range(dep.VENUES):
        scopes._charge(convert(request.source_chain_ids[i], uint256), added_e8)
    scopes._charge(scopes.WHOLE, added_e8)
    number: uint256 = scopes._next_receipt()
    sequence: uint256 = convert(request.sequence, uint256)
    expiry_ms: uint256 = convert(request.expiry_ms, uint256)
    credits._credit(number, request.account, sequence, credit_e8, expiry_ms)
    credits._hold(request.account, request.beneficiary, added_e8)
    credits._use(number, request.account, request.nullifier, digest, request.settlement_id, sequence, credit_e8)
    log Accepted(
        number=number,
        account=request.account,
        settlement_id=request.settlement_id,
        beneficiary=request.beneficiary,
        nullifier=request.nullifier,
        sequence=sequence,
        credit_e8=credit_e8,
        replaced_e8=replaced_e8,
        expiry_ms=expiry_ms,
    )
    return refusals.FINE, number


@external
@pure
def target() -> uint256:
    """
    @notice The public input by which a proof names this ledger.
    """
    return dep.TARGET
