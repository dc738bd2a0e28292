# pragma version ~=0.4.3
# pragma optimize gas
# pragma evm-version cancun
"""
@title A Groth16 verifier of one key, for any contract to call
@license Apache-2.0
@notice Trusts nobody: it has no owner, no storage, and its key is part of its code.
"""
import groth16
import verifying_key as key


@external
@view
def verify(proof: uint256[8], inputs: uint256[key.INPUTS]) -> bool:
    """
    @notice Whether the proof holds for these public inputs, those that the key does not fix already.
    @dev False, never a revert, for whatever is well-formed calldata: the points may be none, the inputs not below r.
         With too little gas it reverts: whoever sends a transaction must not make a good proof look bad.
    """
    for x: uint256 in inputs:
        if x >= groth16.R:
            return False
    return groth16._check(proof, inputs) == groth16.VALID


@external
@view
def verify_many(
    proofs: DynArray[uint256[8], groth16.MAX_BATCH], inputs: DynArray[uint256[key.INPUTS], groth16.MAX_BATCH]
) -> bool:
    """
    @notice Whether all of these proofs hold, each for its own inputs: one pairing for up to 32 of them.
    @dev False for an empty batch, of which nothing is known, and for lists of different lengths.
    """
    if len(proofs) == 0 or len(proofs) != len(inputs):
        return False
    for row: uint256[key.INPUTS] in inputs:
        for x: uint256 in row:
            if x >= groth16.R:
                return False
    return groth16._check_many(proofs, inputs)
