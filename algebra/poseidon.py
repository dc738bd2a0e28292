"""The Poseidon hash over F_r with circomlib's parameters, on plain integers.

Source: Grassi, Khovratovich, Rechberger, Roy, Schofnegger, "Poseidon: a new hash function for zero-knowledge proof
systems" (USENIX Security 2021). Section 2.2: the rounds, S-box x^5 on every element in full rounds, on the first one
only in partial rounds. Section 2.3: the Cauchy matrix. Appendix E: constants and matrix drawn from the Grain LFSR.

A hash of n elements is the permutation of width t = n + 1 on (0, inputs...); the digest is the first element. As
nothing else tells two lengths apart, only hashes of the same number of inputs are ever compared with each other. A list
of any length is hashed by `poseidon_list`, which tells lengths apart.
"""

from __future__ import annotations

import operator
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import compress

from .curves import BN254, Curve
from .encoding import check_canonical
from .errors import EncodingError

MAX_INPUTS = 16
LENGTH_SHIFT = 128
LENGTH_BITS = 32
FULL_ROUNDS = 8
PARTIAL_ROUNDS = (56, 57, 56, 60, 60, 63, 64, 63, 60, 66, 60, 65, 70, 60, 64, 68)
"""For the widths t = 2 .. 17: 128-bit security for x^5 over a 254-bit field, rounded up as circomlib has them."""


@dataclass(frozen=True)
class PoseidonParameters:
    """What one width needs; `round_constants` holds t a round, in order, and `mds[i][j]` maps input j to output i."""

    full_rounds: int
    partial_rounds: int
    round_constants: tuple[int, ...]
    mds: tuple[tuple[int, ...], ...]


def poseidon_hash(inputs: Sequence[int], curve: Curve = BN254, *, initial: int = 0) -> int:
    """Hash 1 to 16 canonical field elements to one. `initial` is the capacity, circomlib's `initialState`."""
    check_canonical(inputs, curve.r, "hash input")
    check_canonical([initial], curve.r, "initial state")
    return poseidon_permutation([initial, *inputs], curve)[0]


def poseidon_list(base_tag: int, items: Sequence[int], curve: Curve = BN254) -> int:
    """Hash one or more canonical field elements, however many, to one; `base_tag`, below 2^128, says what they are.

    A sponge in overwrite mode: the capacity starts as `base_tag + (len(items) << 128)`, each block of up to 16 items is
    one permutation of (capacity, block...), whose first element is the next capacity, and the last one is the digest.

    Why two lists with one digest are not found, the permutations taken as random ones: tag and length stand in the
    first capacity, so lists that differ in them start apart, and lists that agree in them are cut into the same blocks;
    the narrower last permutation is then that of both. Where digests agree and lists do not, there is a last block
    after which the capacities agree and before which capacity or block did not. Going forwards, each permutation gives
    one new capacity of 254 bits; going backwards from a chosen one, one that must be among those reached. Either way q
    permutations hit with a chance of about q^2 / 2^254: 127 bits. The digest is a whole capacity, and yet lets nobody
    continue the list, since a longer list starts elsewhere. It equals no `poseidon_hash` but by such an accident, since
    that starts from 0 and this never does.
    """
    capacity = list_capacity(base_tag, len(items))
    check_canonical(items, curve.r, "hash input")
    for start in range(0, len(items), MAX_INPUTS):
        capacity = poseidon_permutation([capacity, *items[start : start + MAX_INPUTS]], curve)[0]
    return capacity


def list_capacity(base_tag: int, length: int) -> int:
    """What the capacity of `poseidon_list` starts as."""
    if type(base_tag) is not int or not 0 <= base_tag < 1 << LENGTH_SHIFT:
        raise EncodingError(f"the tag of a list is an integer of at most {LENGTH_SHIFT} bits", what="list tag")
    if not 1 <= length < 1 << LENGTH_BITS:
        raise EncodingError(f"a list to hash has 1 to 2^{LENGTH_BITS} - 1 items, not {length}", what="hash input")
    return base_tag + (length << LENGTH_SHIFT)


def poseidon_permutation(state: Sequence[int], curve: Curve = BN254) -> list[int]:
    """The permutation of width len(state), on canonical elements."""
    t, r = len(state), curve.r
    parameters = poseidon_parameters(t, curve)
    rounds = parameters.full_rounds + parameters.partial_rounds
    first_partial = parameters.full_rounds // 2
    first_full = first_partial + parameters.partial_rounds
    state = list(state)
    for index in range(rounds):
        constants = parameters.round_constants[index * t : (index + 1) * t]
        state = [x + c for x, c in zip(state, constants, strict=True)]
        if first_partial <= index < first_full:
            state[0] = pow(state[0], 5, r)
        else:
            state = [pow(x, 5, r) for x in state]
        state = [sum(map(operator.mul, row, state)) % r for row in parameters.mds]
    return state


@cache
def poseidon_parameters(t: int, curve: Curve = BN254) -> PoseidonParameters:
    """The constants for width t (2 to 17), generated on first use."""
    if not 2 <= t <= MAX_INPUTS + 1:
        raise EncodingError(f"Poseidon takes 1 to {MAX_INPUTS} inputs, not {t - 1}", what="hash input")
    partial_rounds = PARTIAL_ROUNDS[t - 2]
    r, bits = curve.r, curve.r.bit_length()
    stream = _Grain(bits, t, FULL_ROUNDS, partial_rounds)
    constants: list[int] = []
    while len(constants) < t * (FULL_ROUNDS + partial_rounds):
        candidate = stream.take(bits)
        if candidate < r:
            constants.append(candidate)
    return PoseidonParameters(FULL_ROUNDS, partial_rounds, tuple(constants), _cauchy_matrix(stream, bits, t, r))


def _cauchy_matrix(stream: _Grain, bits: int, t: int, r: int) -> tuple[tuple[int, ...], ...]:
    """M[i][j] = 1 / (x_i + y_j) for the next 2t elements of the stream, which must all differ."""
    while True:
        drawn = [stream.take(bits) % r for _ in range(2 * t)]
        xs, ys = drawn[:t], drawn[t:]
        if len(set(drawn)) == 2 * t and all((x + y) % r for x in xs for y in ys):
            return tuple(tuple(pow(x + y, -1, r) for y in ys) for x in xs)


class _Grain:
    """The bits of the self-shrinking Grain LFSR, seeded with a description of the instance.

    The seed is 80 bits: field kind (1: prime), S-box (0: x^alpha), field size, width, rounds, then ones. The first 160
    bits are thrown away; of each later pair, the second bit is used if the first one is 1.

    The recurrence b[i + 80] = sum of b[i + tap] also holds with every distance doubled, as squaring is linear over
    GF(2). So with 160 s bits known, 18 s more follow from whole-word operations with distances s times as long.
    """

    TAPS = (62, 51, 38, 23, 13, 0)

    def __init__(self, bits: int, t: int, full_rounds: int, partial_rounds: int) -> None:
        fields = ((1, 2), (0, 4), (bits, 12), (t, 12), (full_rounds, 10), (partial_rounds, 10), (2**30 - 1, 30))
        seed = "".join(format(value, f"0{width}b") for value, width in fields)
        self._raw = int(seed[::-1], 2)  # bit i is the i-th oldest
        self._length, self._stride = 80, 1
        self._shrunk_to = 80 + 160
        self._ready, self._taken = "", 0

    def take(self, bits: int) -> int:
        """The next integer of that many bits, the first bit the most significant."""
        while len(self._ready) - self._taken < bits:
            self._grow(max(2 * self._length, 4096))
        start, self._taken = self._taken, self._taken + bits
        return int(self._ready[start : self._taken], 2)

    def _grow(self, length: int) -> None:
        while self._length < length:
            if self._length >= 160 * self._stride:
                self._stride *= 2
            s, fresh = self._stride, 0
            for tap in self.TAPS:
                fresh ^= self._raw >> self._length - (80 - tap) * s
            self._raw |= (fresh & (1 << 18 * s) - 1) << self._length
            self._length += 18 * s
        pairs = format(self._raw >> self._shrunk_to, f"0{self._length - self._shrunk_to}b")[::-1]
        chosen = pairs[::2].encode().translate(bytes(byte == ord("1") for byte in range(256)))
        self._ready = self._ready[self._taken :] + "".join(compress(pairs[1::2], chosen))
        self._taken, self._shrunk_to = 0, self._length
