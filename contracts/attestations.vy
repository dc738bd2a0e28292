# pragma version ~=0.4.3
# pragma optimize gas
# pragma evm-version cancun
"""
@title What root signers and oracles attest: source roots and risk roots, each by a quorum of EIP-712 signatures
@license Apache-2.0
@notice Whoever has the signatures may bring them. The signers are part of the code: nobody can add one.
"""
from snekmate.auth import ownable

import breaker as rules
import deployment as dep
import groth16
import scopes

uses: ownable
uses: scopes


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


ELEMENT_BOUND: constant(uint256) = groth16.R
# Of EIP712Domain(string name,string version) = ("zkmargin", "1"); neither chain nor contract, on purpose.
DOMAIN: constant(bytes32) = 0x09fbf8d3e9bcf3a90a199fdd7237de6983e5f41a218bc0336288db7cedc93f3e
RISK_TABLE: constant(bytes32) = keccak256("RiskTable(bytes32 market,uint256 riskRoot,uint64 oracleTimeMs)")
SOURCE_ROOT: constant(bytes32) = keccak256(
    "SourceRoot(uint256 target,uint64 chainId,uint64 epoch,uint256 root,uint64 observedAtMs)"
)
LOW_S: constant(uint256) = 57896044618658097711785492504343953926418782139537452191302581570759080747168  # half the group's order
# half the group's order
MAX_SIGNATURES: constant(uint256) = 64
MAX_RETRACTED: constant(uint256) = 256

# From the lowest bit up. roots, by chain id and root: observed at in ms 64, epoch 64, the epoch before it 64, whether
# there is one 1; 0 for a root that counts not.
roots: HashMap[uint256, HashMap[uint256, uint256]]
root_of_epoch: HashMap[uint256, HashMap[uint256, uint256]]
# sources: newest epoch 64, whether there is one 1, when in ms a root was retracted last 64.
sources: HashMap[uint256, uint256]
risk_roots: HashMap[uint256, uint256]
newest_risk_time_ms: public(uint256)


@external
def attest_risk_root(
    risk_root: uint256, oracle_time_ms: uint64, signatures: DynArray[Bytes[65], MAX_SIGNATURES]
):
    """
    @notice Take note of a risk table's root on the word of a quorum of oracles, whoever brings it.
    @dev The signatures come by strictly ascending signer, so that none counts twice. A second root, validly signed for
         the same time, opens the whole ledger's breaker: that must not revert.
    """
    assert risk_root < ELEMENT_BOUND, "statement-error"
    at_ms: uint256 = convert(oracle_time_ms, uint256)
    assert at_ms <= block.timestamp * 1000 + dep.CLOCK_SKEW_MS, "attestation-rejected"
    assert risk_root != 0, "attestation-rejected"
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
        scopes._move(scopes.WHOLE, rules.OPEN, False, "oracles signed two risk roots for one time")
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
    assert root < ELEMENT_BOUND, "statement-error"
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
    assert len(reason) != 0, "statement-error"
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
    scopes._move(source_id, rules.OPEN, False, reason)


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
    # The zero address, for a signature of nobody, is above no earlier signer: the callers' order refuses it.
    return ecrecover(digest, v, r, s)


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
