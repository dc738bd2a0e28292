"""vk_alphabeta_12, the pairing of alpha and beta that snarkjs writes into a verification key.

No check reads it, neither snarkjs's nor ours; it is there so that our file is the file snarkjs would have written.
snarkjs's pairing is the 2u(6u^2 + 3u + 1)-th power of the reduced ate pairing, u being BN254's parameter: the factor
that the fast final exponentiation of Fuentes-Castaneda, Knapp and Rodriguez-Henriquez ("Faster hashing to G2") leaves.
"""

from __future__ import annotations

from functools import lru_cache

from zkmargin.algebra import BN254, PointError, g1_from_bytes, g2_from_bytes

U = 4965661367192848881
FACTOR = 2 * U * (6 * U * U + 3 * U + 1) % BN254.r

TargetElement = list[list[list[str]]]


@lru_cache(maxsize=64)
def alphabeta_12(alpha1: bytes, beta2: bytes) -> TargetElement:
    """The pairing as snarkjs writes it: over F_q2[v]/(v^3 - 9 - u), then w^2 = v; c0 before c1 at each step.

    Takes most of a second, in py_ecc, the first time it is asked for a key.
    """
    from py_ecc.fields import optimized_bn128_FQ as Fq
    from py_ecc.fields import optimized_bn128_FQ2 as Fq2
    from py_ecc.optimized_bn128.optimized_curve import b, b2, is_on_curve, multiply
    from py_ecc.optimized_bn128.optimized_pairing import pairing

    (alpha,), (beta,) = g1_from_bytes(alpha1), g2_from_bytes(beta2)
    if alpha is None or beta is None:
        raise PointError("verifying key: alpha or beta is at infinity", what="verifying key")
    p = (Fq(alpha[0]), Fq(alpha[1]), Fq(1))
    q = (Fq2(beta[0]), Fq2(beta[1]), Fq2.one())
    if not is_on_curve(p, b) or not is_on_curve(q, b2):
        raise PointError("verifying key: alpha or beta is not on the curve", what="verifying key")
    # py_ecc's element is a polynomial in w with w^12 = 18 w^6 - 82, so u = w^6 - 9.
    c = [int(coefficient) for coefficient in pairing(q, multiply(p, FACTOR)).coeffs]
    over_fq2 = [[str((c[i] + 9 * c[i + 6]) % BN254.q), str(c[i + 6])] for i in range(6)]
    return [over_fq2[0::2], over_fq2[1::2]]
