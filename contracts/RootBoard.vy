# pragma version ~=0.4.3
# pragma optimize gas
# pragma evm-version cancun
"""
@title Where a source venue publishes the roots of its accounts
@license Apache-2.0
@notice Trusts its operator for every root: the board keeps their order and makes them events. A ledger elsewhere takes a
        root once the block of its event is final; until then, and after a reorganisation, it does not count.
"""

R: constant(uint256) = 21888242871839275222246405745257275088548364400416034343698204186575808495617

event RootPublished:
    chain_id: indexed(uint64)
    epoch: indexed(uint64)
    root: uint256


event OperatorProposed:
    operator: indexed(address)


event OperatorChanged:
    operator: indexed(address)


CHAIN_ID: public(immutable(uint64))
operator: public(address)
proposed_operator: public(address)
latest_epoch: public(uint64)
latest_root: public(uint256)


@deploy
def __init__(chain_id: uint64):
    """
    @param chain_id The source chain's id among those of the ledgers: one venue's escrow, not the network's own id.
    """
    CHAIN_ID = chain_id
    self.operator = msg.sender
    log OperatorChanged(operator=msg.sender)


@external
def publish(epoch: uint64, root: uint256):
    """
    @notice Epochs start at 1 and only grow; a root is a field element and not zero.
    """
    assert msg.sender == self.operator, "not-operator"
    assert epoch > self.latest_epoch, "old-epoch"
    assert root != 0 and root < R, "no-root"
    self.latest_epoch = epoch
    self.latest_root = root
    log RootPublished(chain_id=CHAIN_ID, epoch=epoch, root=root)


@external
def propose_operator(operator: address):
    """
    @notice The first of two steps: nobody is operator who has not shown that they hold their key.
    """
    assert msg.sender == self.operator, "not-operator"
    self.proposed_operator = operator
    log OperatorProposed(operator=operator)


@external
def accept_operator():
    assert msg.sender == self.proposed_operator, "not-proposed"
    self.operator = msg.sender
    self.proposed_operator = empty(address)
    log OperatorChanged(operator=msg.sender)
