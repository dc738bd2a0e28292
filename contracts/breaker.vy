# pragma version ~=0.4.3
# pragma optimize gas
# pragma evm-version cancun
"""
@title The circuit breaker's rules for one scope, the whole ledger or one source chain, in one word of storage
@license Apache-2.0
@notice A scope is closed (accepts), open (accepts nothing) or half-open (accepts a little, on trial). Its meter is a
        leaky bucket: it holds what came in and drains at a full cap for each window, so that over any time t at most
        cap + cap * t / window comes in. The ledger's twin off the chain follows the same rules in the same integers.
@dev Times are kept in whole seconds, as blocks have them, and compared in milliseconds.
"""

CLOSED: constant(uint256) = 0
OPEN: constant(uint256) = 1
HALF_OPEN: constant(uint256) = 2

WITHIN: constant(uint256) = 0
CAP_EXCEEDED: constant(uint256) = 1
TRIAL_EXCEEDED: constant(uint256) = 2


struct Scope:
    position: uint256
    by_operator: bool  # whether its last move was an operator's; what an operator opened never tries by itself
    at_s: uint256  # when it last moved
    level_e8: uint256
    level_at_s: uint256
    trial_e8: uint256
    trial_accepts: uint256
    rest: uint256  # 45 bits that are the ledger's own


struct Limits:
    cap_e8: uint256  # 0: none
    window_ms: uint256
    trial_cap_e8: uint256
    trial_accepts: uint256
    half_open_after_ms: uint256  # 0: never


@internal
@pure
def _unpack(word: uint256) -> Scope:
    return Scope(
        position=(word >> 45) & 3,
        by_operator=(word >> 47) & 1 == 1,
        at_s=(word >> 48) & (2**32 - 1),
        level_e8=(word >> 80) & (2**64 - 1),
        level_at_s=(word >> 144) & (2**32 - 1),
        trial_e8=(word >> 176) & (2**64 - 1),
        trial_accepts=word >> 240,
        rest=word & (2**45 - 1),
    )


@internal
@pure
def _position(word: uint256) -> uint256:
    return (word >> 45) & 3


@internal
@pure
def _pack(scope: Scope) -> uint256:
    """
    @dev Levels and trials stay below caps, which are 64 bits; seconds reach 2106.
    """
    return (
        scope.rest
        | (scope.position << 45)
        | (convert(scope.by_operator, uint256) << 47)
        | (scope.at_s << 48)
        | (scope.level_e8 << 80)
        | (scope.level_at_s << 144)
        | (scope.trial_e8 << 176)
        | (scope.trial_accepts << 240)
    )


@internal
@pure
def _level(level_e8: uint256, at_s: uint256, now_s: uint256, cap_e8: uint256, window_ms: uint256) -> uint256:
    """
    @dev What is left in a bucket. Time between blocks does not go back, and if it did nothing would drain.
    """
    if now_s <= at_s:
        return level_e8
    drained: uint256 = cap_e8 * (now_s - at_s) * 1000 // window_ms
    return unsafe_sub(level_e8, drained) if level_e8 > drained else 0


@internal
@pure
def _due(scope: Scope, half_open_after_ms: uint256, now_s: uint256) -> Scope:
    """
    @dev What time alone does: what the ledger opened becomes half-open after a while, if it is told to.
    """
    if scope.position != OPEN or scope.by_operator or half_open_after_ms == 0:
        return scope
    if (now_s - scope.at_s) * 1000 < half_open_after_ms:
        return scope
    return self._moved(scope, HALF_OPEN, False, now_s)


@internal
@pure
def _moved(scope: Scope, position: uint256, by_operator: bool, now_s: uint256) -> Scope:
    """
    @dev An operator who closes a breaker empties its meter; a trial that ends well does not.
    """
    moved: Scope = scope
    moved.position = position
    moved.by_operator = by_operator
    moved.at_s = now_s
    moved.trial_e8 = 0
    moved.trial_accepts = 0
    if position == CLOSED and by_operator:
        moved.level_e8 = 0
        moved.level_at_s = 0
    return moved


@internal
@pure
def _exceeded(scope: Scope, limits: Limits, added_e8: uint256, now_s: uint256) -> uint256:
    if limits.cap_e8 != 0:
        level: uint256 = self._level(scope.level_e8, scope.level_at_s, now_s, limits.cap_e8, limits.window_ms)
        if level + added_e8 > limits.cap_e8:
            return CAP_EXCEEDED
    if scope.position == HALF_OPEN and scope.trial_e8 + added_e8 > limits.trial_cap_e8:
        return TRIAL_EXCEEDED
    return WITHIN


@internal
@pure
def _charged(scope: Scope, limits: Limits, added_e8: uint256, now_s: uint256) -> Scope:
    """
    @dev The scope after one more accepted request that is within its caps. Nothing added leaves the meter alone, since
         each change rounds the draining down. A trial that has seen enough requests closes the breaker.
    """
    charged: Scope = scope
    if limits.cap_e8 != 0 and added_e8 != 0:
        level: uint256 = self._level(scope.level_e8, scope.level_at_s, now_s, limits.cap_e8, limits.window_ms)
        charged.level_e8 = level + added_e8
        charged.level_at_s = max(scope.level_at_s, now_s)
    if scope.position == HALF_OPEN:
        if scope.trial_accepts + 1 >= limits.trial_accepts:
            return self._moved(charged, CLOSED, False, now_s)
        charged.trial_e8 = scope.trial_e8 + added_e8
        charged.trial_accepts = scope.trial_accepts + 1
    return charged
