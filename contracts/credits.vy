# pragma version ~=0.4.3
# pragma optimize gas
# pragma evm-version cancun
"""
@title Who has margin: accounts, receipts, used nullifiers; releasing and repaying, which nothing stops
@license Apache-2.0
@notice An account's margin is its newest credit, less what was repaid, until it expires or is released.
"""
from snekmate.auth import ownable

import breaker as rules
import deployment as dep
import groth16

uses: ownable


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


event Released:
    account: indexed(uint256)
    through_sequence: uint256
    margin_e8: uint256


event Repaid:
    settlement_id: indexed(bytes32)
    margin_e8: uint256


ELEMENT_BOUND: constant(uint256) = groth16.R

# accounts: next sequence 65, credit 64, expiry in ms 48, first receipt 44.
accounts: HashMap[uint256, uint256]
# holders: beneficiary of the newest credit 160, level of the account's meter 64, its time in s 32.
holders: HashMap[uint256, uint256]
# nullifiers: receipt 44, the low 212 bits of the request's digest.
nullifiers: HashMap[uint256, uint256]
# settlements: receipt 44, the account's first receipt 44, sequence 64, credit 64, accepted at in s 40.
settlements: HashMap[bytes32, uint256]
account_of_receipt: HashMap[uint256, uint256]


@internal
@view
def _next_sequence(account: uint256) -> uint256:
    """
    @dev The lowest sequence that may still be credited.
    """
    return self.accounts[account] & (2**65 - 1)


@internal
@view
def _margin_of(account: uint256) -> uint256:
    return self._margin(self.accounts[account])


@internal
@view
def _is_within_cap(account: uint256, added_e8: uint256) -> bool:
    if dep.ACCOUNT_CAP_E8 == 0:
        return True
    return self._level(self.holders[account]) + added_e8 <= dep.ACCOUNT_CAP_E8


@internal
@view
def _level(holder: uint256) -> uint256:
    return rules._level(
        (holder >> 160) & (2**64 - 1), holder >> 224, block.timestamp, dep.ACCOUNT_CAP_E8, dep.INFLOW_WINDOW_MS
    )


@internal
def _credit(number: uint256, account: uint256, sequence: uint256, credit_e8: uint256, expiry_ms: uint256):
    """
    @dev An expiry is at most an oracle time, which was not in the future, and a horizon later: 48 bits hold it.
    """
    first: uint256 = self.accounts[account] >> 177
    if first == 0:
        first = number
        self.account_of_receipt[number] = account
    self.accounts[account] = (sequence + 1) | (credit_e8 << 65) | (expiry_ms << 129) | (first << 177)


@internal
def _hold(account: uint256, beneficiary: address, added_e8: uint256):
    """
    @dev Who may release, and the account's meter. An account that goes on as before costs no write.
    """
    holder: uint256 = self.holders[account]
    meter: uint256 = holder >> 160
    if dep.ACCOUNT_CAP_E8 != 0 and added_e8 != 0:
        meter = (self._level(holder) + added_e8) | (block.timestamp << 64)
    held: uint256 = convert(beneficiary, uint256) | (meter << 160)
    if held != holder:
        self.holders[account] = held


@internal
def _use(
    number: uint256,
    account: uint256,
    nullifier: uint256,
    digest: uint256,
    settlement_id: bytes32,
    sequence: uint256,
    credit_e8: uint256,
):
    first: uint256 = self.accounts[account] >> 177
    self.nullifiers[nullifier] = number | (digest << 44)
    self.settlements[settlement_id] = (
        number | (first << 44) | (sequence << 88) | (credit_e8 << 152) | (block.timestamp << 216)
    )


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
