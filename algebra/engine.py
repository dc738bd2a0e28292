"""The one door to the arithmetic: what every engine can do, and how to get one.

Two engines stand behind it and are tested equal, operation by operation: `native` (Rust, arkworks, all cores) and
`reference` (py_ecc and plain integers; reads like the papers, serves as the oracle, and takes over where the native
module is missing). Data crosses in bulk, as the canonical bytes of `encoding.py`; nothing here is a number at a time.

Every method checks its bytes: wrong lengths and non-canonical scalars raise `EncodingError`, points off the curve (or,
in G2, outside the subgroup of order r) raise `PointError` with the index at fault. Methods named `_unchecked` skip the
curve and subgroup checks, for bytes this process has already checked or made itself.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from functools import cache
from typing import Protocol

from .curves import BN254, Curve
from .encoding import Buffer
from .errors import EncodingError, EngineUnavailable
from .proving import LoadedProver, ProvingParts
from .sparse import SparseMatrix

ENGINE_VARIABLE = "ZKMARGIN_ENGINE"
ENGINE_NAMES = ("native", "reference")


class Bases(Protocol):
    """Points an engine has decoded and checked once, to be multiplied many times."""

    def __len__(self) -> int: ...


LoadedConstraints = object
"""The rows of a * b = c that an engine has decoded and checked once; only that engine reads them."""


class LoadedProgram(Protocol):
    """A witness program an engine has decoded and checked once, to be run on many inputs."""

    @property
    def n_inputs(self) -> int: ...
    @property
    def n_wires(self) -> int:
        """Those of the witness, without scratch."""
        ...

    def run(self, inputs: Buffer) -> bytes:
        """The witness, every wire of it, from the canonical values of all inputs."""
        ...

    def run_many(self, inputs: Buffer, count: int) -> bytes:
        """`count` witnesses end to end, from as many vectors of inputs end to end."""
        ...

    def first_broken(self, inputs: Buffer, count: int, constraints: LoadedConstraints) -> list[int | None]:
        """For each vector of inputs the first constraint that its witness breaks, if any; no witness leaves the engine.

        The constraints must be this engine's, over as many wires as the program's; else an `EncodingError`.
        """
        ...


class LoadedTree(Protocol):
    """The nodes of a Poseidon tree that an engine holds, and changes one leaf or many at a time.

    Level 0 has the leaves, the last one the root; a level holds the nodes from the left up to the last one above a
    leaf, at least one.
    """

    def __len__(self) -> int:
        """How many leaves there are."""
        ...

    def root(self) -> bytes: ...
    def append(self, leaves: Buffer) -> None:
        """Put leaves at the next free places; a `DomainError`, and no change, where there is no room for all."""
        ...

    def update_many(self, indices: Sequence[int], leaves: Buffer) -> None:
        """Replace or append leaves, as many as indices, all or none; each node above them is hashed once.

        New ones follow the last without a gap, in any order; an index that leaves one, or comes twice, is a
        `DomainError`.
        """
        ...

    def path(self, index: int) -> bytes:
        """The siblings of a place from the leaf up, arity - 1 a level; outside the tree a `DomainError`."""
        ...

    def nodes(self, level: int, start: int, count: int) -> bytes:
        """Nodes that a level holds, for whoever keeps them elsewhere; a `DomainError` where it does not."""
        ...


class LoadedKey(Protocol):
    """A Groth16 verifying key an engine has decoded, checked and made ready once."""

    @property
    def n_public(self) -> int:
        """Public inputs, the constant 1 not among them."""
        ...

    def check(self, inputs: Buffer, proof: Buffer) -> bool:
        """Does the equation hold? The proof is A | B | C; for a bad point `PointError.index` is 0, 1 or 2.

        A point at infinity is a bad one. Works on the thread that asks, without the interpreter.
        """
        ...

    def check_many(self, inputs: Buffer, proofs: Buffer, weights: Buffer) -> list[bool | EncodingError]:
        """For each of many proofs what `check` gives, or the error it raises, at less than half the price each.

        `inputs` and `proofs` are those of each proof end to end. `weights` are 16 bytes for each, fresh from the
        operating system: whoever can guess them can make two false proofs pass together. Works on all threads.
        """
        ...


class Engine(Protocol):
    """Arithmetic over one curve. All vectors are canonical bytes; see `encoding.py`."""

    @property
    def name(self) -> str: ...
    @property
    def curve(self) -> Curve: ...

    # Vectors over F_r, elementwise; lengths must agree.
    def fr_add(self, a: Buffer, b: Buffer) -> bytes: ...
    def fr_sub(self, a: Buffer, b: Buffer) -> bytes: ...
    def fr_mul(self, a: Buffer, b: Buffer) -> bytes: ...
    def fr_inverse(self, a: Buffer) -> bytes:
        """Elementwise inverses; a zero is an `EncodingError` with its index."""
        ...

    def fr_powers(self, base: int, count: int, scale: int = 1) -> bytes:
        """scale * base^i for i in 0 .. count - 1."""
        ...

    def ntt(self, values: Buffer, *, inverse: bool = False, coset: int = 1) -> bytes:
        """Evaluate the polynomial with these coefficients on coset * <w>, in natural order (or interpolate, `inverse`).

        The length n is a power of two, w = `curve.root_of_unity(log2 n)`. Any other length is a `DomainError`.
        """
        ...

    def matrix_apply(self, matrix: SparseMatrix, vector: Buffer) -> bytes:
        """matrix times vector; the vector has `matrix.width` elements."""
        ...

    # Montgomery form (x * 2^256 mod the modulus), which iden3's files use inside; bulk conversion both ways.
    def fr_to_montgomery(self, values: Buffer) -> bytes: ...
    def fr_from_montgomery(self, values: Buffer) -> bytes: ...
    def fq_to_montgomery(self, values: Buffer) -> bytes: ...
    def fq_from_montgomery(self, values: Buffer) -> bytes: ...

    # Groups. Bases are decoded and checked once; every point result is affine canonical bytes.
    def g1_bases(self, points: Buffer) -> Bases: ...
    def g1_bases_unchecked(self, points: Buffer) -> Bases: ...
    def g2_bases(self, points: Buffer) -> Bases: ...
    def g2_bases_unchecked(self, points: Buffer) -> Bases: ...

    def g1_add(self, a: Buffer, b: Buffer) -> bytes:
        """Elementwise sums of two equally long vectors of points."""
        ...

    def g2_add(self, a: Buffer, b: Buffer) -> bytes: ...

    def g1_neg(self, points: Buffer) -> bytes: ...
    def g2_neg(self, points: Buffer) -> bytes: ...

    def g1_scale(self, points: Buffer, scalars: Buffer) -> bytes:
        """Elementwise products scalars[i] * points[i]."""
        ...

    def g2_scale(self, points: Buffer, scalars: Buffer) -> bytes: ...

    def g1_multiples(self, base: Buffer, scalars: Buffer) -> bytes:
        """scalars[i] * base for one base point: the setup's work-horse (fixed-base windows)."""
        ...

    def g2_multiples(self, base: Buffer, scalars: Buffer) -> bytes: ...

    def g1_msm(self, bases: Bases, scalars: Buffer) -> bytes:
        """sum scalars[i] * bases[i]; one point. There must be exactly one scalar for each base."""
        ...

    def g2_msm(self, bases: Bases, scalars: Buffer) -> bytes: ...

    def g1_matrix_apply(self, matrix: SparseMatrix, bases: Bases) -> bytes:
        """One point per row: sum over the row's entries of coefficient * bases[column]."""
        ...

    def g2_matrix_apply(self, matrix: SparseMatrix, bases: Bases) -> bytes: ...

    def g1_ntt(self, points: Buffer, *, inverse: bool = False) -> bytes:
        """The transform of `ntt` with points for coefficients: monomial powers of tau to Lagrange and back."""
        ...

    def g2_ntt(self, points: Buffer, *, inverse: bool = False) -> bytes: ...

    def g1_compress(self, points: Buffer) -> bytes:
        """Points in half the bytes, in arkworks' canonical form; the point at infinity is a `PointError`.

        x little-endian (x.c0 | x.c1 in G2); in its last byte bit 7 says that y is the larger of y and -y, compared as
        integers (in G2 by c1 first), and bit 6, which would be infinity, is 0.
        """
        ...

    def g1_decompress(self, points: Buffer) -> bytes:
        """The inverse: affine points, checked. No y to this x, x not below q or bit 6 set is a `PointError`."""
        ...

    def g2_compress(self, points: Buffer) -> bytes: ...
    def g2_decompress(self, points: Buffer) -> bytes: ...

    def pairing_check(self, g1_points: Buffer, g2_points: Buffer) -> bool:
        """Is the product of e(P_i, Q_i) one? Checks every point first; pairs with a point at infinity count as one."""
        ...

    def groth16_key(self, alpha1: Buffer, g2_points: Buffer, ic: Buffer) -> LoadedKey:
        """Load a verifying key: alpha, then beta | gamma | delta, then the public inputs' points, the constant's first.

        Every point is checked, and may be at infinity: whether the key can be trusted is not decided here.
        """
        ...

    def load_prover(self, key: ProvingParts, memory: int) -> LoadedProver:
        """Make a proving key ready, whose points have been checked: no proof that does not verify leaves it.

        `memory` is what its points and the tables of their multiples may take together, in bytes; the points themselves
        are held whatever it says.
        """
        ...

    def open_prover(self, path: str, *, private: bool = False) -> LoadedProver:
        """The same from a native key file, which only the native engine has; see `docs/formats-keys.md`.

        The file is mapped and must not change meanwhile; with `private` it is copied into memory.
        """
        ...

    # Plain twins of gadgets, in bulk.
    def poseidon(self, inputs: Buffer, arity: int) -> bytes:
        """Poseidon of each consecutive `arity` scalars (1 to 16), circomlib's parameters."""
        ...

    def poseidon_lists(self, base_tag: int, items: Buffer, width: int) -> bytes:
        """`poseidon_list` of each consecutive `width` scalars (at least one) under the same tag."""
        ...

    def merkle_levels(self, leaves: Buffer, depth: int, arity: int = 2) -> list[bytes]:
        """Levels 0 (the leaves, as given) to `depth` (the root) of a Poseidon tree with 2 to 16 children a node.

        Level k holds ceil(n / arity^k) nodes, at least one; a missing sibling is the root of an empty subtree whose
        leaves are 0. More than arity^depth leaves is a `DomainError`; no leaves is a tree of empty ones.
        """
        ...

    def merkle_tree(self, leaves: Buffer, depth: int, arity: int = 2) -> LoadedTree:
        """The tree of `merkle_levels`, held by the engine."""
        ...

    def load_program(self, program: Buffer) -> LoadedProgram:
        """A witness program (`docs/formats.md` has the format), every rule of it checked; else an `EncodingError`."""
        ...

    def load_constraints(self, a: SparseMatrix, b: SparseMatrix, c: SparseMatrix) -> LoadedConstraints:
        """The three sides of constraints, of as many rows and columns each; else an `EncodingError`."""
        ...

    def run_program(self, program: Buffer, inputs: Buffer) -> bytes:
        """Load a witness program and run it once."""
        ...


def get_engine(name: str | None = None, curve: Curve = BN254) -> Engine:
    """The engine of that name; without one, `$ZKMARGIN_ENGINE`, else native where installed, else reference."""
    wanted = name or os.environ.get(ENGINE_VARIABLE) or None
    if wanted is not None and wanted not in ENGINE_NAMES:
        raise EngineUnavailable(wanted, f"there are only {' and '.join(ENGINE_NAMES)}")
    if wanted is None:
        wanted = "native" if native_problem() is None else "reference"
    return _load(wanted, curve)


def native_problem() -> str | None:
    """Why the native engine cannot be used here, or None."""
    try:
        from . import _native  # noqa: F401
    except ImportError as problem:
        return str(problem)
    return None


def native_kernels() -> tuple[list[str], str | None]:
    """The native engine's kernels that run on this processor, the one in use first; and why that is not the one that
    `$ZKMARGIN_KERNEL` asks for, where it is not. Without the native engine there are none."""
    if native_problem() is not None:
        return [], None
    from . import _native

    return _native.kernels()


@cache
def _load(name: str, curve: Curve) -> Engine:
    if name == "native":
        problem = native_problem()
        if problem is not None:
            raise EngineUnavailable("native", f"{problem} (install with a Rust toolchain present)")
        from .native import NativeEngine

        return NativeEngine(curve)
    from .reference import ReferenceEngine

    return ReferenceEngine(curve)
