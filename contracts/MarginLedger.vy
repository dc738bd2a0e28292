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

import breaker as rules
import deployment as dep
import groth16

initializes: ownable
initializes: ownable_2step[ownable := ownable]

# Not exported: renounce_ownership. Without an owner nobody could unpause or reset a breaker.
exports: (
    ownable_2step.owner,
    ownable_2step.pending_owner,
    ownable_2step.transfer_ownership,
    ownable_2step.accept_ownership,
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


struct Account:
    margin_e8: uint256
    expiry_ms: uint256
    next_sequence: uint256  # the lowest that may still be credited
    first_receipt: uint256  # by which its settlements name it; 0 if it has none
    beneficiary: address


struct Receipt:
    number: uint256  # 0: no such settlement
    account: uint256
    sequence: uint256
    credit_e8: uint256
    accepted_at_ms: uint256


struct Breaker:
    position: uint256  # 0 closed, 1 open, 2 half-open
    by_operator: bool
    at_ms: uint256
    level_e8: uint256
    trial_e8: uint256
    trial_accepts: uint256


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


event Released:
    account: indexed(uint256)
    through_sequence: uint256
    margin_e8: uint256


event Repaid:
    settlement_id: indexed(bytes32)
    margin_e8: uint256


event RootObserved:
    chain_id: indexed(uint256)
    epoch: indexed(uint256)
    root: uint256
    observed_at_ms: uint256


event RootRetracted:
    chain_id: indexed(uint256)
    epoch: indexed(uint256)
    root: uint256


event RiskRootAttested:
    oracle_time_ms: indexed(uint256)
    risk_root: uint256


event OraclesDisagree:
    oracle_time_ms: indexed(uint256)
    known: uint256
    other: uint256


event BreakerMoved:
    scope: indexed(uint256)
    position: uint256
    by_operator: bool
    reason: String[200]


event Paused:
    paused: bool


ELEMENT_BOUND: constant(uint256) = groth16.R
WHOLE: constant(uint256) = 0  # the scope of the whole ledger; every other is a chain id
TAG_CONTEXT: constant(bytes32) = 0x7a6b6d617267696e2e636f6e746578742f310000000000000000000000000000
# Of EIP712Domain(string name,string version) = ("zkmargin", "1"); neither chain nor contract, on purpose.
DOMAIN: constant(bytes32) = 0x09fbf8d3e9bcf3a90a199fdd7237de6983e5f41a218bc0336288db7cedc93f3e
RISK_TABLE: constant(bytes32) = keccak256("RiskTable(bytes32 market,uint256 riskRoot,uint64 oracleTimeMs)")
SOURCE_ROOT: constant(bytes32) = keccak256(
    "SourceRoot(uint256 target,uint64 chainId,uint64 epoch,uint256 root,uint64 observedAtMs)"
)
LOW_S: constant(uint256) = 57896044618658097711785492504343953926418782139537452191302581570759080747168  # half the group's order
MAX_SIGNATURES: constant(uint256) = 64
MAX_REQUESTS: constant(uint256) = groth16.MAX_BATCH
MAX_RETRACTED: constant(uint256) = 256

# Refusals, in the order of their checks.
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

# Storage, from the lowest bit up; an accept touches one word of each, and a second of the account.
# scopes[WHOLE]: receipts 44, paused 1, then the breaker's. scopes[chain id]: 45 unused, then the breaker's.
scopes: HashMap[uint256, uint256]
# accounts: next sequence 65, credit 64, expiry in ms 48, first receipt 44.
accounts: HashMap[uint256, uint256]
# holders: beneficiary of the newest credit 160, level of the account's meter 64, its time in s 32.
holders: HashMap[uint256, uint256]
# nullifiers: receipt 44, the low 212 bits of the request's digest.
nullifiers: HashMap[uint256, uint256]
# settlements: receipt 44, the account's first receipt 44, sequence 64, credit 64, accepted at in s 40.
settlements: HashMap[bytes32, uint256]
account_of_receipt: HashMap[uint256, uint256]
# roots: observed at in ms 64, epoch 64, the epoch before it 64, whether there is one 1; 0 for a root that counts not.
roots: HashMap[uint256, HashMap[uint256, uint256]]
root_of_epoch: HashMap[uint256, HashMap[uint256, uint256]]
# sources: newest epoch 64, whether there is one 1, when in ms a root was retracted last 64.
sources: HashMap[uint256, uint256]
risk_roots: HashMap[uint256, uint256]
newest_risk_time_ms: public(uint256)


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
    if problem == FINE:
        problem = self._state_problem(request)
    if problem == FINE:
        problem = self._proof_problem(groth16._check(request.proof, inputs))
    number: uint256 = 0
    if problem == FINE:
        problem, number = self._settle(request, digest)
    if problem == FINE:
        return number
    if problem != INFLOW_CAP:
        raise self._code(problem)
    log Refused(settlement_id=request.settlement_id, code=self._code(problem))
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
    if problem == FINE:
        problem = self._state_problem(request)
    if problem == FINE and not proof_holds:
        problem = self._proof_problem(groth16._check(request.proof, inputs))
    number: uint256 = 0
    if problem == FINE:
        problem, number = self._settle(request, digest)
    if problem != FINE:
        log Refused(settlement_id=request.settlement_id, code=self._code(problem))
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
    known: uint256 = self.nullifiers[nullifier]
    return known & (2**44 - 1) if known >> 44 == digest else 0


@internal
@pure
def _malformed(request: Request) -> uint256:
    """
    @dev Roots and risk root need no range check: only field elements are ever attested.
    """
    if request.account >= ELEMENT_BOUND or request.nullifier >= ELEMENT_BOUND:
        return PUBLIC_INPUT_ERROR
    if request.horizon_ms >= 2**40:
        return STATEMENT_ERROR
    if dep.VENUES > 1:
        for i: uint256 in range(dep.VENUES):
            for j: uint256 in range(dep.VENUES):
                if j < i and request.source_chain_ids[i] == request.source_chain_ids[j]:
                    return STATEMENT_ERROR
    return FINE


@internal
@view
def _state_problem(request: Request) -> uint256:
    """
    @dev The first check on the ledger's state that fails.
    """
    now_ms: uint256 = block.timestamp * 1000
    whole: uint256 = self.scopes[WHOLE]
    if (whole >> 44) & 1 == 1:
        return PAUSED
    if self._is_open(whole):
        return BREAKER_OPEN
    for chain_id: uint64 in request.source_chain_ids:
        if self._is_open(self.scopes[convert(chain_id, uint256)]):
            return BREAKER_OPEN
    # After a fork of the chain both branches have this code, and one of them another id.
    if chain.id != dep.TARGET_CHAIN_ID:
        return WRONG_TARGET
    problem: uint256 = self._root_problem(request.source_chain_ids, request.source_roots, now_ms)
    if problem != FINE:
        return problem
    oracle_time_ms: uint256 = convert(request.oracle_time_ms, uint256)
    if request.risk_root == 0 or self.risk_roots[oracle_time_ms] != request.risk_root:
        return UNATTESTED_RISK_TABLE
    if not self._is_fresh(oracle_time_ms, now_ms, dep.MAX_RISK_AGE_MS):
        return STALE_RISK_TABLE
    expiry_ms: uint256 = convert(request.expiry_ms, uint256)
    horizon_ms: uint256 = self._horizon_ms(request.source_chain_ids, oracle_time_ms, expiry_ms)
    if convert(request.horizon_ms, uint256) != horizon_ms or horizon_ms > dep.MAX_HORIZON_MS:
        return WRONG_HORIZON
    if now_ms >= expiry_ms:
        return REQUEST_EXPIRED
    if convert(request.sequence, uint256) < self.accounts[request.account] & (2**65 - 1):
        return STALE_SEQUENCE
    if self.nullifiers[request.nullifier] != 0:
        return NULLIFIER_USED
    if self.settlements[request.settlement_id] != 0:
        return SETTLEMENT_ID_USED
    if convert(request.credit_e8, uint256) > dep.MAX_CREDIT_E8:
        return CREDIT_TOO_LARGE
    return FINE


@internal
@view
def _is_open(word: uint256) -> bool:
    if rules._position(word) != rules.OPEN:
        return False
    scope: rules.Scope = rules._due(rules._unpack(word), dep.HALF_OPEN_AFTER_MS, block.timestamp)
    return scope.position == rules.OPEN


@internal
@view
def _root_problem(chain_ids: uint64[dep.VENUES], roots: uint256[dep.VENUES], now_ms: uint256) -> uint256:
    for i: uint256 in range(dep.VENUES):
        observed: uint256 = self.roots[convert(chain_ids[i], uint256)][roots[i]]
        if observed == 0:
            return UNKNOWN_ROOT
        if not self._is_fresh(observed & (2**64 - 1), now_ms, dep.MAX_ROOT_AGE_MS):
            return STALE_ROOT
    return FINE


@internal
@pure
def _is_fresh(at_ms: uint256, now_ms: uint256, max_age_ms: uint256) -> bool:
    return at_ms <= now_ms + dep.CLOCK_SKEW_MS and now_ms <= at_ms + max_age_ms


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
        return FINE
    return PROOF_REJECTED if verdict == groth16.INVALID else POINT_ERROR


@internal
def _settle(request: Request, digest: uint256) -> (uint256, uint256):
    """
    @dev Hold a request, all of whose other checks passed, against the caps, and credit it: a problem, or a number.
         All that an accept writes is written here and in `_credit`, and nothing before it.
    """
    account: uint256 = self.accounts[request.account]
    replaced_e8: uint256 = self._margin(account)
    credit_e8: uint256 = convert(request.credit_e8, uint256)
    added_e8: uint256 = unsafe_sub(credit_e8, replaced_e8) if credit_e8 > replaced_e8 else 0
    holder: uint256 = self.holders[request.account]
    level_e8: uint256 = 0
    if dep.ACCOUNT_CAP_E8 != 0:
        level_e8 = rules._level(
            (holder >> 160) & (2**64 - 1), holder >> 224, block.timestamp, dep.ACCOUNT_CAP_E8, dep.INFLOW_WINDOW_MS
        )
        if level_e8 + added_e8 > dep.ACCOUNT_CAP_E8:
            return ACCOUNT_CAP, 0
    problem: uint256 = self._charge(request.source_chain_ids, added_e8)
    if problem != FINE:
        return problem, 0
    meter: uint256 = holder >> 160
    if dep.ACCOUNT_CAP_E8 != 0 and added_e8 != 0:
        meter = (level_e8 + added_e8) | (block.timestamp << 64)
    new_holder: uint256 = convert(request.beneficiary, uint256) | (meter << 160)
    if new_holder != holder:
        self.holders[request.account] = new_holder
    return FINE, self._credit(request, digest, account, replaced_e8)


@internal
def _credit(request: Request, digest: uint256, account: uint256, replaced_e8: uint256) -> uint256:
    whole: uint256 = unsafe_add(self.scopes[WHOLE], 1)
    number: uint256 = whole & (2**44 - 1)
    assert number != 0  # 2^44 receipts: the next would be taken for none
    self.scopes[WHOLE] = whole
    first: uint256 = account >> 177
    if first == 0:
        first = number
        self.account_of_receipt[number] = request.account
    sequence: uint256 = convert(request.sequence, uint256)
    credit_e8: uint256 = convert(request.credit_e8, uint256)
    expiry_ms: uint256 = convert(request.expiry_ms, uint256)
    # An expiry is at most an oracle time, which was not in the future, and a horizon later: 48 bits hold it.
    self.accounts[request.account] = (sequence + 1) | (credit_e8 << 65) | (expiry_ms << 129) | (first << 177)
    self.nullifiers[request.nullifier] = number | (digest << 44)
    self.settlements[request.settlement_id] = (
        number | (first << 44) | (sequence << 88) | (credit_e8 << 152) | (block.timestamp << 216)
    )
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
    return number


# The breaker.


@internal
@pure
def _limits(scope: uint256) -> rules.Limits:
    cap_e8: uint256 = dep.INFLOW_CAP_E8
    if scope != WHOLE:
        cap_e8 = dep._source_cap_e8(scope)
    return rules.Limits(
        cap_e8=cap_e8,
        window_ms=dep.INFLOW_WINDOW_MS,
        trial_cap_e8=dep.TRIAL_CAP_E8,
        trial_accepts=dep.TRIAL_ACCEPTS,
        half_open_after_ms=dep.HALF_OPEN_AFTER_MS,
    )


@internal
def _charge(chain_ids: uint64[dep.VENUES], added_e8: uint256) -> uint256:
    """
    @dev Each source's meter, then the whole ledger's. The first that would overflow trips its breaker, and then none
         is charged; only if all are within their caps a second round writes.
    """
    for i: uint256 in range(dep.VENUES + 1):
        problem: uint256 = self._charge_scope(convert(chain_ids[i], uint256) if i < dep.VENUES else WHOLE, added_e8, False)
        if problem != FINE:
            return problem
    for i: uint256 in range(dep.VENUES + 1):
        self._charge_scope(convert(chain_ids[i], uint256) if i < dep.VENUES else WHOLE, added_e8, True)
    return FINE


@internal
def _charge_scope(scope: uint256, added_e8: uint256, write: bool) -> uint256:
    limits: rules.Limits = self._limits(scope)
    word: uint256 = self.scopes[scope]
    if limits.cap_e8 == 0 and rules._position(word) == rules.CLOSED:
        return FINE
    state: rules.Scope = rules._due(rules._unpack(word), dep.HALF_OPEN_AFTER_MS, block.timestamp)
    if not write:
        exceeded: uint256 = rules._exceeded(state, limits, added_e8, block.timestamp)
        if exceeded == rules.WITHIN:
            return FINE
        reason: String[200] = "inflow cap exceeded"
        if exceeded == rules.TRIAL_EXCEEDED:
            reason = "trial cap exceeded"
        self._move(scope, rules.OPEN, False, reason)
        return INFLOW_CAP
    charged: rules.Scope = rules._charged(state, limits, added_e8, block.timestamp)
    if state.position == rules.HALF_OPEN and charged.position == rules.CLOSED:
        log BreakerMoved(
            scope=scope, position=rules.CLOSED, by_operator=False, reason="enough were accepted on trial"
        )
    packed: uint256 = rules._pack(charged)
    if packed != word:
        self.scopes[scope] = packed
    return FINE


@internal
def _move(scope: uint256, position: uint256, by_operator: bool, reason: String[200]):
    state: rules.Scope = rules._due(
        rules._unpack(self.scopes[scope]), dep.HALF_OPEN_AFTER_MS, block.timestamp
    )
    # What an operator has opened stays the operator's.
    if position == rules.OPEN and not by_operator and state.position == rules.OPEN and state.by_operator:
        return
    self.scopes[scope] = rules._pack(rules._moved(state, position, by_operator, block.timestamp))
    log BreakerMoved(scope=scope, position=position, by_operator=by_operator, reason=reason)


@internal
def _move_by_owner(scope: uint256, position: uint256, reason: String[200]):
    ownable._check_owner()
    assert len(reason) != 0, "statement-error"
    assert scope == WHOLE or dep._latency_plus_1(convert(scope, uint64)) != 0, "statement-error"
    self._move(scope, position, True, reason)


@external
def trip(reason: String[200], scope: uint256):
    """
    @notice Accept nothing more: of the whole ledger (scope 0), or of one source chain. Owner only.
    """
    self._move_by_owner(scope, rules.OPEN, reason)


@external
def probe(reason: String[200], scope: uint256):
    """
    @notice Accept a little, on trial: at most the trial cap, until enough requests were accepted. Owner only.
    """
    self._move_by_owner(scope, rules.HALF_OPEN, reason)


@external
def reset(reason: String[200], scope: uint256):
    """
    @notice Accept again; what came in before no longer counts towards the cap. Owner only.
    """
    self._move_by_owner(scope, rules.CLOSED, reason)


@external
def pause():
    """
    @notice Accept nothing, whatever the breakers say. Owner only.
    @dev A bit beside the breaker's, in place of a module with a word of its own that each accept would read.
    """
    ownable._check_owner()
    self.scopes[WHOLE] |= 2**44
    log Paused(paused=True)


@external
def unpause():
    ownable._check_owner()
    self.scopes[WHOLE] &= max_value(uint256) - 2**44
    log Paused(paused=False)


# What others attest.


@external
def attest_risk_root(
    risk_root: uint256, oracle_time_ms: uint64, signatures: DynArray[Bytes[65], MAX_SIGNATURES]
):
    """
    @notice Take note of a risk table's root on the word of a quorum of oracles, whoever brings it.
    @dev The signatures come by strictly ascending signer, so that none counts twice. A second root, validly signed for
         the same time, opens the whole ledger's breaker: that must not revert.
    """
    at_ms: uint256 = convert(oracle_time_ms, uint256)
    assert at_ms <= block.timestamp * 1000 + dep.CLOCK_SKEW_MS, "attestation-rejected"
    assert risk_root != 0, "attestation-rejected"
    assert risk_root < ELEMENT_BOUND, "statement-error"
    struct_hash: bytes32 = keccak256(abi_encode(RISK_TABLE, dep.MARKET, risk_root, oracle_time_ms))
    digest: bytes32 = keccak256(concat(b"\x19\x01", DOMAIN, struct_hash))
    last: address = empty(address)
    for signature: Bytes[65] in signatures:
        signer: address = self._signer(digest, signature)
        assert convert(signer, uint256) > convert(last, uint256) and dep._is_oracle(signer), "attestation-rejected"
        last = signer
    assert len(signatures) >= dep.ORACLE_QUORUM, "attestation-rejected"
    known: uint256 = self.risk_roots[at_ms]
    if known == risk_root:
        return
    if known != 0:
        # An old pair of signatures, kept by somebody, must not stop the ledger for good.
        assert block.timestamp * 1000 <= at_ms + dep.MAX_RISK_AGE_MS, "attestation-rejected"
        log OraclesDisagree(oracle_time_ms=at_ms, known=known, other=risk_root)
        self._move(WHOLE, rules.OPEN, False, "oracles signed two risk roots for one time")
        return
    self.risk_roots[at_ms] = risk_root
    if at_ms > self.newest_risk_time_ms:
        self.newest_risk_time_ms = at_ms
    log RiskRootAttested(oracle_time_ms=at_ms, risk_root=risk_root)


@external
def attest_source_root(
    chain_id: uint64,
    epoch: uint64,
    root: uint256,
    observed_at_ms: uint64,
    signatures: DynArray[Bytes[65], MAX_SIGNATURES],
):
    """
    @notice Take note of a source root on the word of a quorum of root signers, whoever brings it.
    @dev Epochs only grow, and one epoch has one root. The same root again changes nothing, not even its age.
    """
    struct_hash: bytes32 = keccak256(
        abi_encode(SOURCE_ROOT, dep.TARGET, chain_id, epoch, root, observed_at_ms)
    )
    digest: bytes32 = keccak256(concat(b"\x19\x01", DOMAIN, struct_hash))
    last: address = empty(address)
    for signature: Bytes[65] in signatures:
        signer: address = self._signer(digest, signature)
        assert convert(signer, uint256) > convert(last, uint256) and dep._is_root_signer(signer), "attestation-rejected"
        last = signer
    assert len(signatures) >= dep.ROOT_QUORUM, "attestation-rejected"
    assert root < ELEMENT_BOUND, "statement-error"
    assert convert(observed_at_ms, uint256) <= block.timestamp * 1000 + dep.CLOCK_SKEW_MS, "root-rejected"
    assert root != 0 and dep._latency_plus_1(chain_id) != 0, "root-rejected"
    self._observe(convert(chain_id, uint256), convert(epoch, uint256), root, convert(observed_at_ms, uint256))


@internal
def _observe(chain_id: uint256, epoch: uint256, root: uint256, observed_at_ms: uint256):
    known: uint256 = self.root_of_epoch[chain_id][epoch]
    if known == root:
        return
    source: uint256 = self.sources[chain_id]
    latest: uint256 = source & (2**64 - 1)
    has_latest: uint256 = (source >> 64) & 1
    assert known == 0 and self.roots[chain_id][root] == 0, "root-rejected"
    assert has_latest == 0 or epoch > latest, "root-rejected"
    # What was signed before a retraction may be of the branch that was given up; anybody could bring it back.
    assert observed_at_ms > source >> 65, "attestation-rejected"
    self.root_of_epoch[chain_id][epoch] = root
    self.roots[chain_id][root] = observed_at_ms | (epoch << 64) | (latest << 128) | (has_latest << 192)
    self.sources[chain_id] = epoch | (1 << 64) | (source >> 65 << 65)
    log RootObserved(chain_id=chain_id, epoch=epoch, root=root, observed_at_ms=observed_at_ms)


@external
def retract_root(chain_id: uint64, epoch: uint64, reason: String[200]):
    """
    @notice A reorganisation took a root away: it and every newer epoch of its chain count no more. Owner only.
    @dev Margin already credited stays; the source's breaker opens. From here on a root of this chain has to have been
         observed after this moment, so that no attestation from before it brings the branch back. With clocks that run
         ahead by up to CLOCK_SKEW_MS, root signers wait so long before they sign again.
    """
    ownable._check_owner()
    source_id: uint256 = convert(chain_id, uint256)
    source: uint256 = self.sources[source_id]
    latest: uint256 = source & (2**64 - 1)
    has_latest: bool = (source >> 64) & 1 == 1
    if not has_latest or latest < convert(epoch, uint256):
        return
    for i: uint256 in range(MAX_RETRACTED):
        if not has_latest or latest < convert(epoch, uint256):
            break
        # The list goes on: let the newer half be retracted first.
        assert i < MAX_RETRACTED - 1, "too-large"
        root: uint256 = self.root_of_epoch[source_id][latest]
        record: uint256 = self.roots[source_id][root]
        self.roots[source_id][root] = 0
        self.root_of_epoch[source_id][latest] = 0
        log RootRetracted(chain_id=source_id, epoch=latest, root=root)
        latest = (record >> 128) & (2**64 - 1)
        has_latest = (record >> 192) & 1 == 1
    self.sources[source_id] = (latest | (1 << 64) if has_latest else 0) | (block.timestamp * 1000 << 65)
    self._move(source_id, rules.OPEN, False, reason)


@internal
@pure
def _signer(digest: bytes32, signature: Bytes[65]) -> address:
    """
    @dev r | s | v with the low s, so that a signature has one form; reverts for what is none.
    """
    assert len(signature) == 65, "attestation-rejected"
    r: uint256 = extract32(signature, 0, output_type=uint256)
    s: uint256 = extract32(signature, 32, output_type=uint256)
    v: uint256 = convert(slice(signature, 64, 1), uint256)
    assert s <= LOW_S and (v == 27 or v == 28), "attestation-rejected"
    signer: address = ecrecover(digest, v, r, s)
    assert signer != empty(address), "attestation-rejected"
    return signer


# Releasing and repaying: always open.


@external
def release(settlement_id: bytes32) -> uint256:
    """
    @notice End a credit before its expiry: the margin the account is left with. For the owner, and the beneficiary of
            the account's newest credit. Before a source frees collateral, `release_account` is needed.
    """
    settlement: uint256 = self._settlement(settlement_id)
    return self._release(self._account_of(settlement), (settlement >> 88) & (2**64 - 1))


@external
def release_account(account: uint256, through_sequence: uint64) -> uint256:
    """
    @notice Let no state of the account up to this sequence back a credit, now or later: the margin it is left with.
            For the owner, and the beneficiary of the account's newest credit.
    """
    assert account < ELEMENT_BOUND, "statement-error"
    return self._release(account, convert(through_sequence, uint256))


@external
def repay(settlement_id: bytes32, remaining_e8: uint64) -> uint256:
    """
    @notice Lower a credit to at most this, never raise it: the margin the account is left with. For the owner, and the
            beneficiary of the account's newest credit.
    """
    settlement: uint256 = self._settlement(settlement_id)
    account: uint256 = self._account_of(settlement)
    self._check_holder(account)
    word: uint256 = self.accounts[account]
    is_newest: bool = word & (2**65 - 1) == ((settlement >> 88) & (2**64 - 1)) + 1
    if is_newest and (word >> 65) & (2**64 - 1) > convert(remaining_e8, uint256):
        word = self._with_credit(word, convert(remaining_e8, uint256))
        self.accounts[account] = word
        log Repaid(settlement_id=settlement_id, margin_e8=self._margin(word))
    return self._margin(word)


@internal
def _release(account: uint256, through_sequence: uint256) -> uint256:
    self._check_holder(account)
    word: uint256 = self.accounts[account]
    next_sequence: uint256 = word & (2**65 - 1)
    # The newest credit is that of the sequence before the next, unless a release has ended it already.
    if through_sequence + 1 >= next_sequence:
        released: uint256 = self._with_credit(word, 0) >> 65 << 65 | (through_sequence + 1)
        if released != word:
            word = released
            self.accounts[account] = word
            log Released(account=account, through_sequence=through_sequence, margin_e8=self._margin(word))
    return self._margin(word)


@internal
def _check_holder(account: uint256):
    """
    @dev Lowering an exposure needs less trust than raising it, but not none: whoever could end anybody's margin could
         have his position closed.
    """
    holder: uint256 = self.holders[account]
    if holder & (2**160 - 1) != convert(msg.sender, uint256) or holder == 0:
        ownable._check_owner()


@internal
@view
def _settlement(settlement_id: bytes32) -> uint256:
    settlement: uint256 = self.settlements[settlement_id]
    assert settlement != 0, "unknown-settlement"
    return settlement


@internal
@view
def _account_of(settlement: uint256) -> uint256:
    return self.account_of_receipt[(settlement >> 44) & (2**44 - 1)]


@internal
@pure
def _with_credit(word: uint256, credit_e8: uint256) -> uint256:
    return word & (max_value(uint256) - ((2**64 - 1) << 65)) | (credit_e8 << 65)


@internal
@view
def _margin(word: uint256) -> uint256:
    """
    @dev What is left of the newest credit, until it expires. Not the sum: each proof shows the same reservation again.
    """
    if block.timestamp * 1000 >= (word >> 129) & (2**48 - 1):
        return 0
    return (word >> 65) & (2**64 - 1)


# Views.


@external
@view
def margin_of(account: uint256) -> uint256:
    """
    @notice The account's margin in e8 now.
    """
    return self._margin(self.accounts[account])


@external
@view
def account(account: uint256) -> Account:
    word: uint256 = self.accounts[account]
    return Account(
        margin_e8=self._margin(word),
        expiry_ms=(word >> 129) & (2**48 - 1),
        next_sequence=word & (2**65 - 1),
        first_receipt=word >> 177,
        beneficiary=convert(self.holders[account] & (2**160 - 1), address),
    )


@external
@view
def receipt(settlement_id: bytes32) -> Receipt:
    settlement: uint256 = self.settlements[settlement_id]
    return Receipt(
        number=settlement & (2**44 - 1),
        account=self._account_of(settlement),
        sequence=(settlement >> 88) & (2**64 - 1),
        credit_e8=(settlement >> 152) & (2**64 - 1),
        accepted_at_ms=(settlement >> 216) * 1000,
    )


@external
@view
def breaker(scope: uint256) -> Breaker:
    """
    @notice The whole ledger's breaker (scope 0) or a source chain's, as it stands now.
    """
    state: rules.Scope = rules._due(
        rules._unpack(self.scopes[scope]), dep.HALF_OPEN_AFTER_MS, block.timestamp
    )
    limits: rules.Limits = self._limits(scope)
    level_e8: uint256 = 0
    if limits.cap_e8 != 0:
        level_e8 = rules._level(
            state.level_e8, state.level_at_s, block.timestamp, limits.cap_e8, limits.window_ms
        )
    return Breaker(
        position=state.position,
        by_operator=state.by_operator,
        at_ms=state.at_s * 1000,
        level_e8=level_e8,
        trial_e8=state.trial_e8,
        trial_accepts=state.trial_accepts,
    )


@external
@view
def paused() -> bool:
    return (self.scopes[WHOLE] >> 44) & 1 == 1


@external
@view
def receipts() -> uint256:
    """
    @notice How many requests have been accepted; the number of the newest receipt.
    """
    return self.scopes[WHOLE] & (2**44 - 1)


@external
@view
def root_observed_at_ms(chain_id: uint256, root: uint256) -> uint256:
    """
    @notice When a source root that counts was observed; 0 for one that does not.
    """
    return self.roots[chain_id][root] & (2**64 - 1)


@external
@view
def newest_root(chain_id: uint256) -> (uint256, uint256, uint256):
    """
    @notice Epoch, root and time of observation of a chain's newest root that counts; all 0 if there is none.
    """
    epoch: uint256 = self.sources[chain_id] & (2**64 - 1)
    root: uint256 = self.root_of_epoch[chain_id][epoch]
    return epoch, root, self.roots[chain_id][root] & (2**64 - 1)


@external
@view
def risk_root_at(oracle_time_ms: uint256) -> uint256:
    return self.risk_roots[oracle_time_ms]


@external
@pure
def target() -> uint256:
    """
    @notice The public input by which a proof names this ledger.
    """
    return dep.TARGET


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
