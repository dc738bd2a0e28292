# pragma version ~=0.4.3
# pragma optimize gas
# pragma evm-version cancun
"""
@title The Groth16 check on BN254, of one proof or of many at once, under a key that is part of the code
@license Apache-2.0
@notice Groth 2016, section 3.2: e(A, B) = e(alpha, beta) e(S, gamma) e(C, delta) with S = IC_0 + sum x_i IC_i. The key
        module holds -alpha, -IC_i and -delta, so that no point of a proof is negated and what is checked reads

            e(A, B) e(-alpha, beta) e(-S, gamma) e(C, -delta) = 1.

@dev A proof is A.x, A.y, B.x, B.y, C.x, C.y, each coordinate of B its imaginary part first (EIP-197). The precompiles
     refuse a coordinate >= q, a point off its curve, and a B outside the subgroup; this module refuses the point at
     infinity, which no honest prover makes. The caller has checked that each input is below r: x + r would pass as x.
"""
import verifying_key as key


R: constant(uint256) = 21888242871839275222246405745257275088548364400416034343698204186575808495617
MUL: constant(address) = 0x0000000000000000000000000000000000000007
PAIRING: constant(address) = 0x0000000000000000000000000000000000000008

# What the precompiles cost (EIP-1108), and a quarter more. A malformed point burns all that is forwarded to it; without
# a cap that would be 63/64 of the transaction. The quarter is for a chain whose prices are a little higher.
MUL_GAS: constant(uint256) = 7_500
PAIRING_GAS: constant(uint256) = 56_250
PAIR_GAS: constant(uint256) = 42_500

MAX_BATCH: constant(uint256) = 32
WEIGHT_BITS: constant(uint256) = 128

VALID: constant(uint256) = 0
INVALID: constant(uint256) = 1  # everything was a point, and the equation does not hold
MALFORMED: constant(uint256) = 2  # a coordinate or a point that is none


@internal
@view
def _check(proof: uint256[8], inputs: uint256[key.INPUTS]) -> uint256:
    """
    @dev VALID, INVALID or MALFORMED; reverts for want of gas alone.
    """
    if self._has_infinity(proof):
        return MALFORMED
    statement: uint256[2] = key._statement(inputs)
    success: bool = False
    result: Bytes[32] = b""
    success, result = raw_call(
        PAIRING,
        abi_encode(
            proof[0], proof[1], proof[2], proof[3], proof[4], proof[5],
            key.NEG_ALPHA_X, key.NEG_ALPHA_Y, key.BETA_X1, key.BETA_X0, key.BETA_Y1, key.BETA_Y0,
            statement[0], statement[1], key.GAMMA_X1, key.GAMMA_X0, key.GAMMA_Y1, key.GAMMA_Y0,
            proof[6], proof[7], key.NEG_DELTA_X1, key.NEG_DELTA_X0, key.NEG_DELTA_Y1, key.NEG_DELTA_Y0,
        ),
        max_outsize=32,
        gas=PAIRING_GAS + 4 * PAIR_GAS,
        is_static_call=True,
        revert_on_failure=False,
    )
    if not success:
        self._require_fed(PAIRING_GAS + 4 * PAIR_GAS)
        return MALFORMED
    return VALID if convert(result, uint256) == 1 else INVALID


@internal
@pure
def _has_infinity(proof: uint256[8]) -> bool:
    return (
        (proof[0] | proof[1]) == 0
        or (proof[2] | proof[3] | proof[4] | proof[5]) == 0
        or (proof[6] | proof[7]) == 0
    )


@internal
@view
def _check_many(
    proofs: DynArray[uint256[8], MAX_BATCH], inputs: DynArray[uint256[key.INPUTS], MAX_BATCH]
) -> bool:
    """
    @dev Whether every proof of a batch holds, by one pairing over their random linear combination:

            prod_i e(w_i A_i, B_i) * e(-w alpha, beta) e(-sum_i w_i S_i, gamma) e(sum_i w_i C_i, -delta) = 1,  w = sum w_i

         Sound: write each proof's equation as E_i = 1 in the pairing's group of prime order r. If some E_i is not 1,
         prod E_i^w_i = 1 holds for at most one value of w_i mod r, whatever the other weights are. The weights are
         128 bits of a hash over all proofs and inputs, so whoever chooses those chooses before the weights are known:
         one attempt passes with chance 2^-128, and k attempts at choosing with k 2^-128.
         False says that one of them fails and not which; `_check` says that.
    """
    count: uint256 = len(proofs)
    seed: bytes32 = keccak256(abi_encode(proofs, inputs))
    pairs: uint256[6][MAX_BATCH + 3] = empty(uint256[6][MAX_BATCH + 3])
    total: uint256 = 0
    combined: uint256[key.INPUTS] = empty(uint256[key.INPUTS])
    c_sum: uint256[2] = empty(uint256[2])
    for i: uint256 in range(count, bound=MAX_BATCH):
        proof: uint256[8] = proofs[i]
        row: uint256[key.INPUTS] = inputs[i]
        if self._has_infinity(proof):
            return False
        weight: uint256 = convert(keccak256(concat(seed, convert(i, bytes32))), uint256) >> (256 - WEIGHT_BITS)
        is_point: bool = False
        point: uint256[2] = empty(uint256[2])
        is_point, point = self._multiply(proof[0], proof[1], weight)
        if not is_point:
            return False
        pairs[i] = [point[0], point[1], proof[2], proof[3], proof[4], proof[5]]
        is_point, point = self._multiply(proof[6], proof[7], weight)
        if not is_point:
            return False
        c_sum = ecadd(c_sum, point)
        total = uint256_addmod(total, weight, R)
        for j: uint256 in range(key.INPUTS):
            combined[j] = uint256_addmod(combined[j], uint256_mulmod(row[j], weight, R), R)
    alpha: uint256[2] = ecmul([key.NEG_ALPHA_X, key.NEG_ALPHA_Y], total)
    statement: uint256[2] = key._weighted_statement(total, combined)
    pairs[count] = [alpha[0], alpha[1], key.BETA_X1, key.BETA_X0, key.BETA_Y1, key.BETA_Y0]
    pairs[count + 1] = [statement[0], statement[1], key.GAMMA_X1, key.GAMMA_X0, key.GAMMA_Y1, key.GAMMA_Y0]
    pairs[count + 2] = [c_sum[0], c_sum[1], key.NEG_DELTA_X1, key.NEG_DELTA_X0, key.NEG_DELTA_Y1, key.NEG_DELTA_Y0]
    success: bool = False
    result: Bytes[32] = b""
    success, result = raw_call(
        PAIRING,
        slice(abi_encode(pairs), 0, 192 * (count + 3)),
        max_outsize=32,
        gas=PAIRING_GAS + (count + 3) * PAIR_GAS,
        is_static_call=True,
        revert_on_failure=False,
    )
    if not success:
        self._require_fed(PAIRING_GAS + (count + 3) * PAIR_GAS)
        return False
    return convert(result, uint256) == 1


@internal
@view
def _require_fed(cap: uint256):
    """
    @dev After a call that failed: that it had the gas of its cap, and did not fail for want of it, which is no fault of
         the proof. A call gets at most 63/64 of what there is, so below a 63rd of the cap left it had less.
    """
    assert msg.gas >= cap // 63, "too-little-gas"


@internal
@view
def _multiply(x: uint256, y: uint256, scalar: uint256) -> (bool, uint256[2]):
    """
    @dev A multiple of what may be no point; then False.
    """
    success: bool = False
    result: Bytes[64] = b""
    success, result = raw_call(
        MUL, abi_encode(x, y, scalar), max_outsize=64, gas=MUL_GAS, is_static_call=True, revert_on_failure=False
    )
    if not success:
        return False, empty(uint256[2])
    return True, [extract32(result, 0, output_type=uint256), extract32(result, 32, output_type=uint256)]
