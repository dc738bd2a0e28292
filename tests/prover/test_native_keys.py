"""Native key files: what they prove, when they are refused, and what is left behind."""

from __future__ import annotations

import errno
import os
from dataclasses import replace
from pathlib import Path

import pytest

from zkmargin.algebra import Engine, get_engine
from zkmargin.algebra.engine import native_problem
from zkmargin.algebra.errors import EncodingError, EngineUnavailable
from zkmargin.prover import (
    CeremonyInvalid,
    Prover,
    ProvingKey,
    UnsatisfiedWitness,
    insecure_setup,
    is_native_key,
    verify_native_key,
    write_native_key,
)

from .conftest import Example

pytestmark = pytest.mark.skipif(native_problem() is not None, reason="native keys are the native engine's")

R, S = 2**200 + 5, 2**150 + 7


@pytest.fixture(scope="module")
def native() -> Engine:
    return get_engine("native")


@pytest.fixture
def key(cubic_example: Example, native: Engine) -> ProvingKey:
    return insecure_setup(cubic_example.r1cs, native)


@pytest.mark.parametrize("memory", [0, 100_000, None])
@pytest.mark.parametrize("folded", [False, True])
def test_a_file_proves_what_the_reference_engine_proves(
    cubic_example: Example, native: Engine, key: ProvingKey, tmp_path: Path, memory: int | None, folded: bool
) -> None:
    key = key if folded else replace(key, folded_points=None)
    path = tmp_path / "cubic.zkmkey"
    write_native_key(key, path, native, memory=memory)
    assert is_native_key(path.read_bytes())
    verify_native_key(path, native)
    expected = Prover(key, get_engine("reference")).prove_with_known_randomness(cubic_example.witness, R, S)
    for private in (False, True):
        prover = Prover.open(path, native, private=private)
        assert prover.prove_with_known_randomness(cubic_example.witness, R, S) == expected
        assert prover.verifying_key() == key.verifying_key()
        facts = prover.facts
        assert (facts.n_wires, facts.n_public, facts.domain_size) == (key.n_wires, key.n_public, key.domain_size)
        assert (facts.circuit_digest, facts.circuit_hash) == (key.circuit_digest, key.circuit_hash)
        assert (facts.development, facts.folded) == (True, folded)


def test_a_file_refuses_a_false_witness(
    cubic_example: Example, native: Engine, key: ProvingKey, tmp_path: Path
) -> None:
    write_native_key(key, tmp_path / "k", native)
    with pytest.raises(UnsatisfiedWitness):
        Prover.open(tmp_path / "k", native).prove(cubic_example.with_wire(2, 1))


def test_nothing_is_overwritten_unasked_and_nobody_may_write(native: Engine, key: ProvingKey, tmp_path: Path) -> None:
    path = tmp_path / "k"
    write_native_key(key, path, native, memory=0)
    assert not path.stat().st_mode & 0o222
    before = path.read_bytes()
    with pytest.raises(FileExistsError):
        write_native_key(key, path, native)
    assert path.read_bytes() == before
    write_native_key(key, path, native, memory=1 << 20, replace=True)
    assert path.read_bytes() != before
    assert os.listdir(tmp_path) == ["k"]


def test_nothing_is_left_where_a_key_is_refused(native: Engine, key: ProvingKey, tmp_path: Path) -> None:
    infinite = replace(key, delta1=bytes(64))
    with pytest.raises(EncodingError, match="infinity"):
        write_native_key(infinite, tmp_path / "k", native)
    assert os.listdir(tmp_path) == []


def test_damage_is_found_when_asked_for(
    cubic_example: Example, native: Engine, key: ProvingKey, tmp_path: Path
) -> None:
    """A point of a query that was altered opens, is found by the checksums, and gives no proof."""
    path = tmp_path / "k"
    write_native_key(key, path, native, memory=0)
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.unlink()
    path.write_bytes(data)
    with pytest.raises(EncodingError, match="checksum"):
        verify_native_key(path, native)
    with pytest.raises((UnsatisfiedWitness, CeremonyInvalid)):
        Prover.open(path, native).prove(cubic_example.witness)


@pytest.mark.parametrize("length", [0, 3, 400, 900, -1])
def test_a_file_cut_short_is_a_typed_error(native: Engine, key: ProvingKey, tmp_path: Path, length: int) -> None:
    whole, cut = tmp_path / "k", tmp_path / "cut"
    write_native_key(key, whole, native, memory=0)
    cut.write_bytes(whole.read_bytes()[:length])
    for use in (Prover.open, verify_native_key):
        with pytest.raises(EncodingError) as caught:
            use(cut, native)
        assert caught.value.what == "native key"


def test_a_missing_file_is_the_systems_error(native: Engine, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError) as caught:
        Prover.open(tmp_path / "none", native)
    assert caught.value.filename == str(tmp_path / "none")


@pytest.mark.parametrize("failing", ["write_native_key", "chmod"])
def test_what_the_system_refuses_names_the_key_and_leaves_nothing(
    native: Engine, key: ProvingKey, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failing: str
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "no storage space")

    monkeypatch.setattr(type(native) if failing == "write_native_key" else os, failing, full)
    with pytest.raises(OSError, match="no storage space") as caught:
        write_native_key(key, tmp_path / "k", native)
    assert caught.value.filename == str(tmp_path / "k")
    assert os.listdir(tmp_path) == []


def test_without_hard_links_a_key_is_moved_and_still_replaces_nothing(
    native: Engine, key: ProvingKey, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: object) -> None:
        raise PermissionError(errno.EPERM, "no links here")

    monkeypatch.setattr(os, "link", refused)
    write_native_key(key, tmp_path / "k", native, memory=0)
    before = (tmp_path / "k").read_bytes()
    with pytest.raises(FileExistsError):
        write_native_key(key, tmp_path / "k", native)
    assert (tmp_path / "k").read_bytes() == before
    assert os.listdir(tmp_path) == ["k"]


def test_the_reference_engine_says_that_it_has_none(key: ProvingKey, tmp_path: Path) -> None:
    reference = get_engine("reference")
    with pytest.raises(EngineUnavailable):
        Prover.open(tmp_path / "k", reference)
    with pytest.raises(EngineUnavailable):
        write_native_key(key, tmp_path / "k", reference)


def test_a_key_with_rows_that_do_not_belong_is_refused(native: Engine, key: ProvingKey) -> None:
    beyond = replace(key.a, columns=key.n_wires.to_bytes(4, "little") + key.a.columns[4:])
    with pytest.raises(EncodingError, match="column"):
        Prover(replace(key, a=beyond), native)
