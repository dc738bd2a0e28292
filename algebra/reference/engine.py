"""The reference engine behind the door of `engine.py`: plain integers and py_ecc's points between bytes."""

from __future__ import annotations

from ..curves import BN254, Curve
from ..encoding import Buffer, elements_from_bytes, elements_to_bytes, scalars_from_bytes, scalars_to_bytes
from ..engine import Bases, LoadedConstraints, LoadedKey, LoadedProgram, LoadedTree
from ..errors import DomainError, EncodingError, EngineUnavailable
from ..groth16 import PlainGroth16Key
from ..merkle_nodes import merkle_levels
from ..plain_prover import PlainProver
from ..poseidon import MAX_INPUTS, list_capacity, poseidon_hash, poseidon_list
from ..proving import LoadedProver, ProvingParts
from ..sparse import SparseMatrix
from . import compressed, machine, pairing, products, scalars, transforms
from .groups import Group, Point, first_group, second_group
from .tree import ReferenceTree


class ReferenceEngine:
    """Arithmetic over one curve; slow, small and the oracle of the tests."""

    def __init__(self, curve: Curve = BN254) -> None:
        self._curve = curve
        self._g1, self._g2 = first_group(curve), second_group(curve)

    @property
    def name(self) -> str:
        return "reference"

    @property
    def curve(self) -> Curve:
        return self._curve

    # Vectors over F_r.

    def fr_add(self, a: Buffer, b: Buffer) -> bytes:
        left, right = self._pair(a, b)
        return self._bytes([(x + y) % self._curve.r for x, y in zip(left, right, strict=True)])

    def fr_sub(self, a: Buffer, b: Buffer) -> bytes:
        left, right = self._pair(a, b)
        return self._bytes([(x - y) % self._curve.r for x, y in zip(left, right, strict=True)])

    def fr_mul(self, a: Buffer, b: Buffer) -> bytes:
        return self._bytes(scalars.products(*self._pair(a, b), self._curve.r))

    def fr_inverse(self, a: Buffer) -> bytes:
        return self._bytes(scalars.inverses(self._scalars(a), self._curve.r))

    def fr_powers(self, base: int, count: int, scale: int = 1) -> bytes:
        self._bytes([base, scale])
        if count < 0:
            raise DomainError(f"there is no such number of powers: {count}", size=count)
        return self._bytes(scalars.powers(base, count, scale, self._curve.r))

    def ntt(self, values: Buffer, *, inverse: bool = False, coset: int = 1) -> bytes:
        self._bytes([coset])
        return self._bytes(transforms.ntt(self._scalars(values), self._curve, inverse=inverse, coset=coset))

    def matrix_apply(self, matrix: SparseMatrix, vector: Buffer) -> bytes:
        rows, values = matrix.to_rows(self._curve), self._scalars(vector)
        scalars.same_length("scalar", matrix.width, len(values))
        return self._bytes(scalars.matrix_times(rows, values, self._curve.r))

    def fr_to_montgomery(self, values: Buffer) -> bytes:
        return _montgomery(values, self._curve.r, self._curve.scalar_bytes, 1, "scalar")

    def fr_from_montgomery(self, values: Buffer) -> bytes:
        return _montgomery(values, self._curve.r, self._curve.scalar_bytes, -1, "scalar")

    def fq_to_montgomery(self, values: Buffer) -> bytes:
        return _montgomery(values, self._curve.q, self._curve.coordinate_bytes, 1, "coordinate")

    def fq_from_montgomery(self, values: Buffer) -> bytes:
        return _montgomery(values, self._curve.q, self._curve.coordinate_bytes, -1, "coordinate")

    # Groups.

    def g1_bases(self, points: Buffer) -> Bases:
        return self._g1.bases(self._g1.decode(points))

    def g1_bases_unchecked(self, points: Buffer) -> Bases:
        return self._g1.bases(self._g1.decode_unchecked(points))

    def g2_bases(self, points: Buffer) -> Bases:
        return self._g2.bases(self._g2.decode(points))

    def g2_bases_unchecked(self, points: Buffer) -> Bases:
        return self._g2.bases(self._g2.decode_unchecked(points))

    def g1_add(self, a: Buffer, b: Buffer) -> bytes:
        return _add(self._g1, a, b)

    def g2_add(self, a: Buffer, b: Buffer) -> bytes:
        return _add(self._g2, a, b)

    def g1_neg(self, points: Buffer) -> bytes:
        return self._g1.encode([self._g1.neg(point) for point in self._g1.decode(points)])

    def g2_neg(self, points: Buffer) -> bytes:
        return self._g2.encode([self._g2.neg(point) for point in self._g2.decode(points)])

    def g1_scale(self, points: Buffer, scalars: Buffer) -> bytes:
        return self._scale(self._g1, points, scalars)

    def g2_scale(self, points: Buffer, scalars: Buffer) -> bytes:
        return self._scale(self._g2, points, scalars)

    def g1_multiples(self, base: Buffer, scalars: Buffer) -> bytes:
        return self._multiples(self._g1, base, scalars)

    def g2_multiples(self, base: Buffer, scalars: Buffer) -> bytes:
        return self._multiples(self._g2, base, scalars)

    def g1_msm(self, bases: Bases, scalars: Buffer) -> bytes:
        return self._msm(self._g1, bases, scalars)

    def g2_msm(self, bases: Bases, scalars: Buffer) -> bytes:
        return self._msm(self._g2, bases, scalars)

    def g1_matrix_apply(self, matrix: SparseMatrix, bases: Bases) -> bytes:
        return self._point_rows(self._g1, matrix, bases)

    def g2_matrix_apply(self, matrix: SparseMatrix, bases: Bases) -> bytes:
        return self._point_rows(self._g2, matrix, bases)

    def g1_ntt(self, points: Buffer, *, inverse: bool = False) -> bytes:
        return self._g1.encode(products.ntt_points(self._g1, self._g1.decode(points), inverse=inverse))

    def g2_ntt(self, points: Buffer, *, inverse: bool = False) -> bytes:
        return self._g2.encode(products.ntt_points(self._g2, self._g2.decode(points), inverse=inverse))

    def g1_compress(self, points: Buffer) -> bytes:
        self._g1.decode(points)
        return compressed.compress_g1(points, self._curve)

    def g2_compress(self, points: Buffer) -> bytes:
        self._g2.decode(points)
        return compressed.compress_g2(points, self._curve)

    def g1_decompress(self, points: Buffer) -> bytes:
        affine = compressed.decompress_g1(points, self._curve)
        self._g1.decode(affine)
        return affine

    def g2_decompress(self, points: Buffer) -> bytes:
        affine = compressed.decompress_g2(points, self._curve)
        self._g2.decode(affine)
        return affine

    def pairing_check(self, g1_points: Buffer, g2_points: Buffer) -> bool:
        left, right = self._g1.decode(g1_points), self._g2.decode(g2_points)
        scalars.same_length("G2 point", len(left), len(right))
        return pairing.product_is_one(self._curve, left, right)

    def groth16_key(self, alpha1: Buffer, g2_points: Buffer, ic: Buffer) -> LoadedKey:
        return PlainGroth16Key(self, alpha1, g2_points, ic)

    def load_prover(self, key: ProvingParts, memory: int) -> LoadedProver:
        return PlainProver(self, key)

    def open_prover(self, path: str, *, private: bool = False) -> LoadedProver:
        raise EngineUnavailable("native", "only it reads native key files; the reference engine takes a .zkey")

    # Plain twins of gadgets.

    def poseidon(self, inputs: Buffer, arity: int) -> bytes:
        if not 1 <= arity <= MAX_INPUTS:
            raise EncodingError(f"Poseidon takes 1 to {MAX_INPUTS} inputs, not {arity}", what="poseidon")
        values = self._scalars(inputs)
        if len(values) % arity:
            raise EncodingError(
                f"{len(values)} scalars are not a whole number of {arity}-scalar inputs", what="poseidon"
            )
        groups = (values[i : i + arity] for i in range(0, len(values), arity))
        return self._bytes([poseidon_hash(group, self._curve) for group in groups])

    def poseidon_lists(self, base_tag: int, items: Buffer, width: int) -> bytes:
        list_capacity(base_tag, width)
        values = self._scalars(items)
        if len(values) % width:
            raise EncodingError(
                f"{len(values)} scalars are not a whole number of {width}-scalar lists", what="poseidon"
            )
        lists = (values[i : i + width] for i in range(0, len(values), width))
        return self._bytes([poseidon_list(base_tag, items, self._curve) for items in lists])

    def merkle_levels(self, leaves: Buffer, depth: int, arity: int = 2) -> list[bytes]:
        levels = merkle_levels(self._scalars(leaves), depth, self._curve, arity)
        return [self._bytes(level) for level in levels]

    def merkle_tree(self, leaves: Buffer, depth: int, arity: int = 2) -> LoadedTree:
        return ReferenceTree(self._scalars(leaves), depth, arity, self._curve)

    def load_program(self, program: Buffer) -> LoadedProgram:
        return machine.decode(self._curve, program)

    def load_constraints(self, a: SparseMatrix, b: SparseMatrix, c: SparseMatrix) -> LoadedConstraints:
        return machine.load_constraints(self._curve, a, b, c)

    def run_program(self, program: Buffer, inputs: Buffer) -> bytes:
        return self.load_program(program).run(inputs)

    # From bytes and back.

    def _scalars(self, data: Buffer) -> list[int]:
        return scalars_from_bytes(data, self._curve)

    def _bytes(self, values: list[int]) -> bytes:
        return scalars_to_bytes(values, self._curve)

    def _pair(self, a: Buffer, b: Buffer) -> tuple[list[int], list[int]]:
        left, right = self._scalars(a), self._scalars(b)
        scalars.same_length("scalar", len(left), len(right))
        return left, right

    def _scale(self, group: Group, points: Buffer, factors: Buffer) -> bytes:
        decoded, values = group.decode(points), self._scalars(factors)
        scalars.same_length("scalar", len(decoded), len(values))
        return group.encode([group.times(s, p) for s, p in zip(values, decoded, strict=True)])

    def _multiples(self, group: Group, base: Buffer, factors: Buffer) -> bytes:
        decoded, values = group.decode(base), self._scalars(factors)
        scalars.same_length("point", 1, len(decoded))
        return group.encode(products.multiples(group, decoded[0], values))

    def _msm(self, group: Group, bases: Bases, factors: Buffer) -> bytes:
        points, values = group.points_of(bases), self._scalars(factors)
        scalars.same_length("scalar", len(points), len(values))
        return group.encode([products.msm(group, points, values)])

    def _point_rows(self, group: Group, matrix: SparseMatrix, bases: Bases) -> bytes:
        points: tuple[Point, ...] = group.points_of(bases)
        rows = matrix.to_rows(self._curve)
        scalars.same_length("point", matrix.width, len(points))
        return group.encode(products.matrix_times_points(group, rows, points))


def _add(group: Group, a: Buffer, b: Buffer) -> bytes:
    left, right = group.decode(a), group.decode(b)
    scalars.same_length("point", len(left), len(right))
    return group.encode([group.add(x, y) for x, y in zip(left, right, strict=True)])


def _montgomery(values: Buffer, modulus: int, size: int, power: int, what: str) -> bytes:
    """Times R or 1 / R, for R = 2^(8 size)."""
    factor = pow(1 << 8 * size, power, modulus)
    elements = elements_from_bytes(values, size, modulus, what)
    return elements_to_bytes(scalars.scaled(elements, factor, modulus), size, modulus, what)
