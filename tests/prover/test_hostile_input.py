"""The native prover's own door, past the checks of the Python classes before it: whatever comes in, a typed error or no
proof comes out, and the process lives."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator
from pathlib import Path
from random import Random
from types import SimpleNamespace
from typing import Any

import pytest

from zkmargin.algebra import BN254, AlgebraError, get_engine, scalars_to_bytes
from zkmargin.prover import ProvingKey, contribute, insecure_setup
from zkmargin.verifier.groth16 import verify
from zkmargin.verifier.proof import Proof

from .conftest import Example, powers_chain

if get_engine().name != "native":
    pytest.skip("the native prover's door", allow_module_level=True)

from zkmargin.algebra import _native

Q, R = BN254.q, BN254.r
MEMORY = 1 << 24
POINTS_G1 = ("alpha1", "beta1", "delta1", "ic", "a_points", "b1_points", "c_points", "h_points", "folded_points")
POINTS_G2 = ("beta2", "gamma2", "delta2", "b2_points")
SINGLES = ("alpha1", "beta1", "delta1", "beta2", "gamma2", "delta2", "ic")
ONE = scalars_to_bytes([1])
FIVE, SEVEN = scalars_to_bytes([5]), scalars_to_bytes([7])


@pytest.fixture(scope="module")
def example() -> Example:
    return powers_chain(9)


@pytest.fixture(scope="module")
def key(example: Example) -> ProvingKey:
    return contribute(insecure_setup(example.r1cs), "second", b"")


def changed(key: ProvingKey, **members: Any) -> Any:
    """The key with members that its class would refuse."""
    parts = {name: getattr(key, name) for name in ProvingKey.__dataclass_fields__} | members
    if "c_points" in members:
        parts["folded_points"] = None  # which would be used instead
    for side in ("a", "b"):
        matrix = parts[side]
        if not isinstance(matrix, SimpleNamespace):
            names = ("width", "row_ptr", "columns", "places", "scalars")
            parts[side] = SimpleNamespace(**{name: getattr(matrix, name) for name in names})
    return SimpleNamespace(**parts)


def outcome(parts: Any, witness: bytes, key: ProvingKey) -> str:
    """ "refused", "no proof", or "proven" where the honest key's verifier agrees."""
    try:
        proof, _ = _native.Prover(parts, MEMORY).prove(witness, FIVE, SEVEN, False)
    except (AlgebraError, OverflowError, TypeError):
        return "refused"
    if proof is None:
        return "no proof"
    honest = [int.from_bytes(witness[32 * k : 32 * k + 32], "little") for k in range(1, key.n_public + 1)]
    verify(key.verifying_key(), honest, Proof.from_bytes(proof), allow_development=True)
    return "proven"


def test_the_honest_key_proves(key: ProvingKey, example: Example) -> None:
    assert outcome(changed(key), example.witness, key) == "proven"


@pytest.mark.parametrize("name", [*POINTS_G1, *POINTS_G2])
def test_points_of_any_other_length(key: ProvingKey, example: Example, name: str) -> None:
    points: bytes = getattr(key, name) or b""
    for other in (
        b"",
        points[:-1],
        points + b"\0",
        points[:-64],
        points[:-128],
        points + points[-128:],
        points[:64] * 300,
    ):
        if len(other) != len(points):
            assert outcome(changed(key, **{name: other}), example.witness, key) == "refused"


@pytest.mark.parametrize("name", [*POINTS_G1, *POINTS_G2])
def test_points_that_are_none(key: ProvingKey, example: Example, name: str) -> None:
    """Coordinates not below q, off the curve, outside the subgroup, at infinity; at the first place and at the last."""
    points: bytes = getattr(key, name) or b""
    width = 64 if name in POINTS_G1 else 128
    bad = [Q.to_bytes(32, "little") * (width // 32), b"\xff" * width, ONE + FIVE * (width // 32 - 1), bytes(width)]
    for wrong, place in itertools.product(bad, (0, len(points) - width)):
        parts = changed(key, **{name: points[:place] + wrong + points[place + width :]})
        found = outcome(parts, example.witness, key)
        assert found == "refused" or (name not in SINGLES or name == "ic")
        if max(wrong) > 0 and wrong[:32] in (b"\xff" * 32, Q.to_bytes(32, "little")):
            assert found == "refused"


def test_sizes_that_lie(key: ProvingKey, example: Example) -> None:
    sizes = (0, 1, 2, 3, 7, 8, 15, 16, 17, 32, 64, 1 << 20, 1 << 28, (1 << 31) - 1, 1 << 31, (1 << 32) - 1, 1 << 32, -1)
    for name in ("n_wires", "n_public", "domain_size"):
        for size in sizes:
            if size != getattr(key, name):
                assert outcome(changed(key, **{name: size}), example.witness, key) != "proven", (name, size)


def broken_matrices(key: ProvingKey) -> Iterator[Any]:
    side = key.a
    parts = {name: getattr(side, name) for name in ("width", "row_ptr", "columns", "places", "scalars")}
    last = (2**32 - 1).to_bytes(4, "little")
    for name in ("row_ptr", "columns", "places"):
        words: bytes = parts[name]
        for other in (b"", words[:-1], words[:-4], words + words[-4:], last + words[4:], words[:-4] + last, words[4:]):
            yield SimpleNamespace(**parts | {name: other})
    width = side.width.to_bytes(4, "little")
    yield SimpleNamespace(**parts | {"columns": parts["columns"][:-4] + width})
    yield SimpleNamespace(**parts | {"row_ptr": parts["row_ptr"][:4] + parts["row_ptr"][-4:] + parts["row_ptr"][8:]})
    yield SimpleNamespace(**parts | {"row_ptr": parts["row_ptr"] + parts["row_ptr"][-4:] * 5_000})
    for scalars in (
        b"",
        parts["scalars"][:-1],
        parts["scalars"][:-32],
        R.to_bytes(32, "little") + parts["scalars"][32:],
    ):
        yield SimpleNamespace(**parts | {"scalars": scalars})


@pytest.mark.parametrize("side", ["a", "b"])
def test_matrices_that_are_none(key: ProvingKey, example: Example, side: str) -> None:
    """Rows that hold nothing may be missing: the honest verifier then still agrees, as `outcome` sees."""
    found = [outcome(changed(key, **{side: matrix}), example.witness, key) for matrix in broken_matrices(key)]
    assert found.count("proven") <= 2
    assert found.count("refused") >= 15


def test_witnesses_and_blinding_that_are_none(key: ProvingKey, example: Example) -> None:
    prover, witness = _native.Prover(changed(key), MEMORY), example.witness
    large = R.to_bytes(32, "little")
    wrong = [b"", ONE, witness[:-1], witness[:-32], witness + ONE, witness * 2, bytes(32) + witness[32:]]
    wrong += [witness[:-32] + large, large + witness[32:], b"\xff" * len(witness)]
    for each in wrong:
        with pytest.raises(AlgebraError):
            prover.prove(each, FIVE, SEVEN, False)
        with pytest.raises(AlgebraError):
            prover.prove(each, FIVE, SEVEN, True)
        with pytest.raises(AlgebraError):
            prover.least_work(each)
    for r, s in itertools.product((b"", b"\0", large, ONE * 2, b"\xff" * 32, FIVE), repeat=2):
        if (r, s) != (FIVE, FIVE):
            with pytest.raises(AlgebraError):
                prover.prove(witness, r, s, False)
    assert prover.prove(example.with_wire(4, 99), FIVE, SEVEN, False)[0] is None


def test_other_buffers_than_bytes_and_what_is_none(key: ProvingKey, example: Example) -> None:
    prover = _native.Prover(changed(key), MEMORY)
    assert prover.prove(memoryview(bytearray(example.witness)), bytearray(FIVE), SEVEN, True)[0] is not None
    for wrong in (None, 5, "text", [1], memoryview(example.witness)[::2]):
        with pytest.raises((TypeError, AlgebraError)):
            prover.prove(wrong, FIVE, SEVEN, False)  # type: ignore[arg-type]
    for members in ({"a_points": None}, {"n_wires": "many"}, {"a": SimpleNamespace()}, {"circuit_hash": b"short"}):
        with pytest.raises((TypeError, AttributeError, AlgebraError)):
            _native.Prover(changed(key, **members), MEMORY)
    for memory in (0, 1, 1 << 62):
        assert _native.Prover(changed(key), memory).prove(example.witness, FIVE, SEVEN, False)[0] is not None


# Native key files.


@pytest.fixture(scope="module")
def native_key(key: ProvingKey, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("native") / "key"
    path.touch()
    _native.write_native_key(changed(key), MEMORY, str(path))
    return path.read_bytes()


def opened(path: Path, data: bytes, witness: bytes, key: ProvingKey) -> str:
    path.write_bytes(data)
    try:
        prover = _native.open_native_key(str(path), False)
        proof, _ = prover.prove(witness, FIVE, SEVEN, True)
        prover.least_work(witness)
    except AlgebraError:
        return "refused"
    if proof is None:
        return "no proof"
    facts = prover.facts()
    if all(facts[name] == getattr(key, name) for name in ("alpha1", "beta2", "gamma2", "delta2", "ic")):
        honest = [int.from_bytes(witness[32 * k : 32 * k + 32], "little") for k in range(1, key.n_public + 1)]
        verify(key.verifying_key(), honest, Proof.from_bytes(proof), allow_development=True)
    return "proven"


def test_a_native_key_cut_short_or_grown(key: ProvingKey, example: Example, native_key: bytes, tmp_path: Path) -> None:
    path = tmp_path / "key"
    assert opened(path, native_key, example.witness, key) == "proven"
    lengths = {*range(0, 1500, 37), *range(0, len(native_key), len(native_key) // 60), len(native_key) - 1}
    for length in sorted(lengths):
        assert opened(path, native_key[:length], example.witness, key) == "refused", length
    for more in (b"\0", bytes(64), native_key):
        assert opened(path, native_key + more, example.witness, key) == "refused"


def test_a_native_key_altered_anywhere(key: ProvingKey, example: Example, native_key: bytes, tmp_path: Path) -> None:
    """The header refuses every change; of the rest, what is not refused costs the proof or does not show in it."""
    random, path, found = Random(6), tmp_path / "key", []
    header = int.from_bytes(native_key[8:12], "little")
    places = [*range(0, header, 7), *(random.randrange(header, len(native_key)) for _ in range(250))]
    for place in places:
        data = bytearray(native_key)
        data[place] ^= 1 << random.randrange(8)
        found.append(opened(path, bytes(data), example.witness, key))
        assert place >= header or found[-1] == "refused", place
    assert {"refused", "proven"} <= set(found)  # what the tables hold for digits that no wire has may be anything


def test_a_native_key_with_words_that_lie(key: ProvingKey, example: Example, native_key: bytes, tmp_path: Path) -> None:
    """Indices and coordinates of all ones, zeros and large values, at every place a word may stand."""
    random, path = Random(7), tmp_path / "key"
    header = int.from_bytes(native_key[8:12], "little")
    for _ in range(250):
        place = random.randrange(header, len(native_key) - 64, 4)
        word = random.choice((b"\xff" * 4, bytes(4), b"\xff\xff\xff\x7f", b"\xff" * 64, bytes(64), b"\0\0\0\x80"))
        data = native_key[:place] + word + native_key[place + len(word) :]
        opened(path, data, example.witness, key)


def test_what_is_no_file(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "missing", tmp_path / "x" / "y"):
        with pytest.raises((OSError, AlgebraError)):
            _native.open_native_key(str(path), False)
        with pytest.raises((OSError, AlgebraError)):
            _native.verify_native_key(str(path))
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    (tmp_path / "empty").touch()
    for path in (fifo, tmp_path / "empty"):
        with pytest.raises((OSError, AlgebraError)):
            _native.open_native_key(str(path), False)


def test_costs_and_kernels_are_plain_answers() -> None:
    assert set(_native.unit_costs()) == {"product", "butterfly", "g1_addition", "g2_addition"}
    used, complaint = _native.kernels()
    assert used[0] in {"portable", "adx", "ifma"}
    assert complaint is None or isinstance(complaint, str)
