# pragma version ~=0.4.3
# pragma optimize gas
# pragma evm-version cancun
"""
@title The ledger's breakers, one for the whole and one for each source chain, and its pause
@license Apache-2.0
@notice The owner moves them, and so does the ledger itself where a cap is exceeded. None of them stops release or repay.
"""
from snekmate.auth import ownable

import breaker as rules
import deployment as dep

uses: ownable


struct Breaker:
    position: uint256  # 0 closed, 1 open, 2 half-open
    by_operator: bool
    at_ms: uint256
    level_e8: uint256
    trial_e8: uint256
    trial_accepts: uint256


event BreakerMoved:
    scope: indexed(uint256)
    position: uint256
    by_operator: bool
    reason: String[200]


event Paused:
    paused: bool


WHOLE: constant(uint256) = 0  # the scope of the whole ledger; every other is a chain id

# Storage, from the lowest bit up; an accept touches one word of each, and a second of the account.
# From the lowest bit up. scopes[WHOLE]: receipts 44, paused 1, then the breaker's. scopes[chain id]: 45 unused, then the breaker's.
scopes: HashMap[uint256, uint256]


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
@view
def _is_paused() -> bool:
    return (self.scopes[WHOLE] >> 44) & 1 == 1


@internal
@view
def _is_open(scope: uint256) -> bool:
    word: uint256 = self.scopes[scope]
    if rules._position(word) != rules.OPEN:
        return False
    state: rules.Scope = rules._due(rules._unpack(word), dep.HALF_OPEN_AFTER_MS, block.timestamp)
    return state.position == rules.OPEN


@internal
def _has_room(scope: uint256, added_e8: uint256) -> bool:
    """
    @dev Whether a scope takes that much more. If not, its breaker opens: the caller must not revert then.
    """
    word: uint256 = self.scopes[scope]
    limits: rules.Limits = self._limits(scope)
    if limits.cap_e8 == 0 and rules._position(word) == rules.CLOSED:
        return True
    state: rules.Scope = rules._due(rules._unpack(word), dep.HALF_OPEN_AFTER_MS, block.timestamp)
    exceeded: uint256 = rules._exceeded(state, limits, added_e8, block.timestamp)
    if exceeded == rules.WITHIN:
        return True
    if exceeded == rules.TRIAL_EXCEEDED:
        self._move(scope, rules.OPEN, False, "trial cap exceeded")
    else:
        self._move(scope, rules.OPEN, False, "inflow cap exceeded")
    return False


@internal
def _charge(scope: uint256, added_e8: uint256):
    """
    @dev After every scope had room: charging one and refusing for another would count what never came in.
    """
    word: uint256 = self.scopes[scope]
    limits: rules.Limits = self._limits(scope)
    if limits.cap_e8 == 0 and rules._position(word) == rules.CLOSED:
        return
    state: rules.Scope = rules._due(rules._unpack(word), dep.HALF_OPEN_AFTER_MS, block.timestamp)
    charged: rules.Scope = rules._charged(state, limits, added_e8, block.timestamp)
    if state.position == rules.HALF_OPEN and charged.position == rules.CLOSED:
        log BreakerMoved(
            scope=scope, position=rules.CLOSED, by_operator=False, reason="enough were accepted on trial"
        )
    packed: uint256 = rules._pack(charged)
    if packed != word:
        self.scopes[scope] = packed


@internal
def _next_receipt() -> uint256:
    word: uint256 = unsafe_add(self.scopes[WHOLE], 1)
    number: uint256 = word & (2**44 - 1)
    assert number != 0  # after 2^44 receipts the count would run into the pause
    self.scopes[WHOLE] = word
    return number


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
