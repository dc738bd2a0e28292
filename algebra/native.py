"""The native engine: the Rust module behind the door of `engine.py`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from . import _native
from .curves import BN254, Curve
from .encoding import Buffer, scalars_to_bytes
from .engine import Bases, LoadedConstraints, LoadedKey, LoadedProgram, LoadedTree
from .errors import DomainError, EncodingError, EngineUnavailable
from .proving import LoadedProver, ProverFacts, ProvingParts
from .sparse import SparseMatrix

_TOO_WIDE = 1 << 32
"""More than any column or arity can be; larger integers would not cross into Rust."""


class NativeEngine:
    """Arithmetic in Rust on all cores. Calls let go of the interpreter; buffers other than bytes are copied first."""

    def __init__(self, curve: Curve = BN254) -> None:
        if curve != BN254:
            raise EngineUnavailable("native", f"it has no curve {curve.name}")
        self._curve = curve

    @property
    def name(self) -> str:
        return "native"

    @property
    def curve(self) -> Curve:
        return self._curve

    def fr_add(self, a: Buffer, b: Buffer) -> bytes:
        return _native.fr_add(a, b)

    def fr_sub(self, a: Buffer, b: Buffer) -> bytes:
        return _native.fr_sub(a, b)

    def fr_mul(self, a: Buffer, b: Buffer) -> bytes:
        return _native.fr_mul(a, b)

    def fr_inverse(self, a: Buffer) -> bytes:
        return _native.fr_inverse(a)

    def fr_powers(self, base: int, count: int, scale: int = 1) -> bytes:
        return _native.fr_powers(self._scalar(base), _size(count, "powers"), self._scalar(scale))

    def ntt(self, values: Buffer, *, inverse: bool = False, coset: int = 1) -> bytes:
        return _native.ntt_scalars(values, inverse, self._scalar(coset))

    def matrix_apply(self, matrix: SparseMatrix, vector: Buffer) -> bytes:
        return _native.matrix_apply(*_parts(matrix), vector)

    def fr_to_montgomery(self, values: Buffer) -> bytes:
        return _native.fr_to_montgomery(values)

    def fr_from_montgomery(self, values: Buffer) -> bytes:
        return _native.fr_from_montgomery(values)

    def fq_to_montgomery(self, values: Buffer) -> bytes:
        return _native.fq_to_montgomery(values)

    def fq_from_montgomery(self, values: Buffer) -> bytes:
        return _native.fq_from_montgomery(values)

    def g1_bases(self, points: Buffer) -> Bases:
        return _native.g1_bases(points)

    def g1_bases_unchecked(self, points: Buffer) -> Bases:
        return _native.g1_bases_unchecked(points)

    def g2_bases(self, points: Buffer) -> Bases:
        return _native.g2_bases(points)

    def g2_bases_unchecked(self, points: Buffer) -> Bases:
        return _native.g2_bases_unchecked(points)

    def g1_add(self, a: Buffer, b: Buffer) -> bytes:
        return _native.g1_add(a, b)

    def g2_add(self, a: Buffer, b: Buffer) -> bytes:
        return _native.g2_add(a, b)

    def g1_neg(self, points: Buffer) -> bytes:
        return _native.g1_neg(points)

    def g2_neg(self, points: Buffer) -> bytes:
        return _native.g2_neg(points)

    def g1_scale(self, points: Buffer, scalars: Buffer) -> bytes:
        return _native.g1_scale(points, scalars)

    def g2_scale(self, points: Buffer, scalars: Buffer) -> bytes:
        return _native.g2_scale(points, scalars)

    def g1_multiples(self, base: Buffer, scalars: Buffer) -> bytes:
        return _native.g1_multiples(base, scalars)

    def g2_multiples(self, base: Buffer, scalars: Buffer) -> bytes:
        return _native.g2_multiples(base, scalars)

    def g1_msm(self, bases: Bases, scalars: Buffer) -> bytes:
        return _native.g1_msm(_g1(bases), scalars)

    def g2_msm(self, bases: Bases, scalars: Buffer) -> bytes:
        return _native.g2_msm(_g2(bases), scalars)

    def g1_matrix_apply(self, matrix: SparseMatrix, bases: Bases) -> bytes:
        return _native.g1_matrix_apply(*_parts(matrix), _g1(bases))

    def g2_matrix_apply(self, matrix: SparseMatrix, bases: Bases) -> bytes:
        return _native.g2_matrix_apply(*_parts(matrix), _g2(bases))

    def g1_ntt(self, points: Buffer, *, inverse: bool = False) -> bytes:
        return _native.g1_ntt(points, inverse)

    def g2_ntt(self, points: Buffer, *, inverse: bool = False) -> bytes:
        return _native.g2_ntt(points, inverse)

    def g1_compress(self, points: Buffer) -> bytes:
        return _native.g1_compress(points)

    def g1_decompress(self, points: Buffer) -> bytes:
        return _native.g1_decompress(points)

    def g2_compress(self, points: Buffer) -> bytes:
        return _native.g2_compress(points)

    def g2_decompress(self, points: Buffer) -> bytes:
        return _native.g2_decompress(points)

    def pairing_check(self, g1_points: Buffer, g2_points: Buffer) -> bool:
        return _native.pairing_check(g1_points, g2_points)

    def groth16_key(self, alpha1: Buffer, g2_points: Buffer, ic: Buffer) -> LoadedKey:
        return _native.Groth16Key(alpha1, g2_points, ic)

    def load_prover(self, key: ProvingParts, memory: int) -> LoadedProver:
        return _NativeProver(_native.Prover(key, _memory(memory)))

    def open_prover(self, path: str, *, private: bool = False) -> LoadedProver:
        with _naming(path):
            return _NativeProver(_native.open_native_key(path, private))

    def write_native_key(self, key: ProvingParts, memory: int, path: str) -> None:
        """Make the key ready and write it over an empty file, for `open_prover`; its points have been checked."""
        with _naming(path):
            _native.write_native_key(key, _memory(memory), path)

    def verify_native_key(self, path: str) -> None:
        """Hold a native key file against its checksums; an `EncodingError` where it was damaged or altered."""
        with _naming(path):
            _native.verify_native_key(path)

    def poseidon(self, inputs: Buffer, arity: int) -> bytes:
        return _native.poseidon(inputs, min(max(arity, 0), _TOO_WIDE))

    def poseidon_lists(self, base_tag: int, items: Buffer, width: int) -> bytes:
        from .poseidon import list_capacity  # most processes hash no lists, and start faster without

        capacity = self._scalar(list_capacity(base_tag, width))
        return _native.poseidon_lists(capacity, items, width)

    def merkle_levels(self, leaves: Buffer, depth: int, arity: int = 2) -> list[bytes]:
        return _native.merkle_levels(leaves, _size(depth, "tree levels"), _size(arity, "children"))

    def merkle_tree(self, leaves: Buffer, depth: int, arity: int = 2) -> LoadedTree:
        return _NativeTree(_native.MerkleTree(leaves, _size(depth, "tree levels"), _size(arity, "children")))

    def load_program(self, program: Buffer) -> LoadedProgram:
        return _NativeProgram(_native.load_program(program))

    def load_constraints(self, a: SparseMatrix, b: SparseMatrix, c: SparseMatrix) -> LoadedConstraints:
        return _native.load_constraints(_parts(a), _parts(b), _parts(c))

    def run_program(self, program: Buffer, inputs: Buffer) -> bytes:
        return self.load_program(program).run(inputs)

    def _scalar(self, value: int) -> bytes:
        return scalars_to_bytes([value], self._curve)


class _NativeTree:
    """A tree whose places may be any integers."""

    def __init__(self, tree: _native.MerkleTree) -> None:
        self._tree = tree

    def __len__(self) -> int:
        return len(self._tree)

    def root(self) -> bytes:
        return self._tree.root()

    def append(self, leaves: Buffer) -> None:
        self._tree.append(leaves)

    def update_many(self, indices: Sequence[int], leaves: Buffer) -> None:
        self._tree.update_many([_place(index, "leaf") for index in indices], leaves)

    def path(self, index: int) -> bytes:
        return self._tree.path(_place(index, "leaf"))

    def nodes(self, level: int, start: int, count: int) -> bytes:
        return self._tree.nodes(_place(level, "level"), _place(start, "node"), _size(count, "nodes"))


class _NativeProver:
    """A loaded key, with scalars as integers."""

    def __init__(self, loaded: _native.Prover) -> None:
        self._loaded = loaded
        self.facts = ProverFacts(**loaded.facts())

    def least_work(self, witness: Buffer) -> dict[str, int]:
        return self._loaded.least_work(witness)

    def prove(self, witness: Buffer, r: int, s: int, *, alone: bool = False) -> tuple[bytes | None, dict[str, float]]:
        return self._loaded.prove(witness, scalars_to_bytes([r]), scalars_to_bytes([s]), alone)

    def prove_inputs(
        self, program: LoadedProgram, inputs: Buffer, r: int, s: int, *, alone: bool = False
    ) -> tuple[bytes, tuple[bytes | None, dict[str, float]]]:
        if not isinstance(program, _NativeProgram):
            raise EncodingError("this is not a program of the native engine", what="witness program")
        return self._loaded.prove_inputs(program.loaded, inputs, scalars_to_bytes([r]), scalars_to_bytes([s]), alone)


class _NativeProgram:
    """A loaded program, whose counts may be any integers."""

    def __init__(self, loaded: _native.Program) -> None:
        self.loaded = loaded

    @property
    def n_inputs(self) -> int:
        return self.loaded.n_inputs

    @property
    def n_wires(self) -> int:
        return self.loaded.n_wires

    def run(self, inputs: Buffer) -> bytes:
        return self.loaded.run_many(inputs, 1)

    def run_many(self, inputs: Buffer, count: int) -> bytes:
        return self.loaded.run_many(inputs, _size(count, "witnesses"))

    def first_broken(self, inputs: Buffer, count: int, constraints: LoadedConstraints) -> list[int | None]:
        if not isinstance(constraints, _native.Constraints):
            raise EncodingError("these are not constraints of the native engine", what="constraints")
        return self.loaded.first_broken(inputs, _size(count, "witnesses"), constraints)


def _parts(matrix: SparseMatrix) -> tuple[int, bytes, bytes, bytes, bytes]:
    if not 0 <= matrix.width < _TOO_WIDE:
        raise EncodingError(f"sparse matrix: {matrix.width} columns", what="sparse matrix")
    return matrix.width, matrix.row_ptr, matrix.columns, matrix.places, matrix.scalars


def _g1(bases: Bases) -> _native.G1Bases:
    if not isinstance(bases, _native.G1Bases):
        raise EncodingError("these are not G1 bases of the native engine", what="bases")
    return bases


def _g2(bases: Bases) -> _native.G2Bases:
    if not isinstance(bases, _native.G2Bases):
        raise EncodingError("these are not G2 bases of the native engine", what="bases")
    return bases


def _size(count: int, what: str) -> int:
    """A size that Rust can hold; whether it makes sense is decided there."""
    if not 0 <= count < 1 << 40:
        raise DomainError(f"there is no such number of {what}: {count}", size=count)
    return count


def _place(place: int, what: str) -> int:
    """The same for something that is counted from 0."""
    if not 0 <= place < 1 << 40:
        raise DomainError(f"there is no {what} {place}", size=place)
    return place


def _memory(size: int) -> int:
    """A number of bytes that Rust can hold."""
    return min(max(size, 0), 1 << 62)


@contextmanager
def _naming(path: str) -> Iterator[None]:
    """The system's errors from native code, with the file that they are about."""
    try:
        yield
    except OSError as problem:
        problem.filename = path
        raise
