"""The files that a prover takes from others: circuits, witnesses, keys and ceremonies, each read and then used."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path
from random import Random

from zkmargin.algebra import get_engine, scalars_from_bytes
from zkmargin.circuits.formats import read_r1cs, read_wtns, write_r1cs, write_wtns
from zkmargin.circuits.r1cs import R1CS
from zkmargin.prover import (
    PowersOfTau,
    Prover,
    ProvingKey,
    apply_beacon,
    apply_beacon_to_powers,
    insecure_setup,
    new_powers,
    prepare_phase2,
    read_ptau,
    read_zkey,
    setup_from_ptau,
    verify_ptau,
    write_ptau,
    write_zkey,
)
from zkmargin.verifier.errors import InvalidProof
from zkmargin.verifier.groth16 import verify

from ..prover.conftest import Example, cubic, powers_chain
from .verdicts import Accepted, Target

MAX_BYTES = 1 << 17
LARGEST = 64
"""Wires and constraints of a circuit that is set up: a lie about sizes has been found out before that."""


# From public beacons, so that every process has the same honest files.


@cache
def _ceremony() -> PowersOfTau:
    return prepare_phase2(apply_beacon_to_powers(new_powers(3), "first", bytes(32), 10))


@cache
def _key() -> ProvingKey:
    return apply_beacon(setup_from_ptau(cubic().r1cs, _ceremony()), "second", bytes(32), 10)


def _circuits() -> Target:
    """Read, written and read again, set up, and proven with the honest witness, which proves no other circuit."""
    honest, longer = cubic(), powers_chain(5)
    digests = [example.r1cs.digest() for example in (honest, longer)]

    def check(data: bytes) -> str:
        r1cs = read_r1cs(data)
        if read_r1cs(write_r1cs(r1cs)) != r1cs:
            raise Accepted("a circuit that changes when it is written")
        if r1cs.digest() in digests:
            return "honest"
        if max(r1cs.n_wires, r1cs.a.rows) <= LARGEST:
            example = honest if r1cs.n_wires == honest.r1cs.n_wires else longer
            Prover(insecure_setup(r1cs)).prove(example.witness)
            if not _holds(r1cs, example):
                raise Accepted("a proof of a witness that breaks a constraint")
        return "read"

    return Target([write_r1cs(example.r1cs) for example in (honest, longer)], check)


def _holds(r1cs: R1CS, example: Example) -> bool:
    wires, order = example.wires, r1cs.curve.r
    sides = (side.to_rows() for side in (r1cs.a, r1cs.b, r1cs.c))
    for row in zip(*sides, strict=True):
        a, b, c = (sum(factor * wires[wire] for wire, factor in terms) for terms in row)
        if (a * b - c) % order:
            return False
    return True


def _witnesses() -> Target:
    """Read, and proven: the honest one's public inputs are all that come out of it."""
    honest = cubic()
    key = _key()
    prover, verifying_key = Prover(key), key.verifying_key()

    def check(data: bytes) -> str:
        witness = read_wtns(data)
        if read_wtns(write_wtns(witness)) != witness:
            raise Accepted("a witness that changes when it is written")
        proof, public = prover.prove(witness)
        verify(verifying_key, public, proof)
        if not _holds(cubic().r1cs, replace(honest, wires=tuple(scalars_from_bytes(witness)))):
            raise Accepted("a proof of a witness that breaks a constraint")
        return "honest" if witness == honest.witness else "read"

    return Target([write_wtns(honest.witness), write_wtns(cubic(5).witness)], check)


def _keys() -> Target:
    """Read, and proven with: no proof comes out of a spoilt key but one that the honest verifier takes as well."""
    example, key = cubic(), _key()
    verifying_key = key.verifying_key()
    other = insecure_setup(example.r1cs, rng=Random(1).randrange)

    def check(data: bytes) -> str:
        read = read_zkey(data)
        if read_zkey(write_zkey(read)) != read:
            raise Accepted("a key that changes when it is written")
        proof, public = Prover(read).prove(example.witness)
        if read.verifying_key() != verifying_key:
            return "read"
        _must_verify(verifying_key, public, proof)
        return "honest"

    return Target([write_zkey(key), write_zkey(replace(other, development=True))], check)


def _native_keys() -> Target:
    """Opened, and proven with, from a file: what leaves verifies, by the honest key where the file has its points."""
    from zkmargin.algebra.native import NativeEngine

    example, key = cubic(), _key()
    verifying_key = key.verifying_key()
    engine = get_engine()
    assert isinstance(engine, NativeEngine)
    folder = tempfile.TemporaryDirectory(dir="/dev/shm" if Path("/dev/shm").is_dir() else None)

    def written(data: bytes) -> Path:
        path = Path(folder.name) / "key"
        path.write_bytes(data)
        return path

    def check(data: bytes) -> str:
        path = written(data)
        prover = Prover.open(path)
        proof, public = prover.prove(example.witness)
        if prover.verifying_key() != verifying_key:
            return "read"
        _must_verify(verifying_key, public, proof)
        return "honest"

    seeds = []
    for each in (key, insecure_setup(example.r1cs, rng=Random(1).randrange)):
        for memory in (0, 1 << 20):
            path = written(b"")
            engine.write_native_key(each, memory, str(path))
            if path.stat().st_size <= MAX_BYTES:
                seeds.append(path.read_bytes())
    return Target(seeds, check)


def _must_verify(*statement: object) -> None:
    try:
        verify(*statement)  # type: ignore[arg-type]
    except InvalidProof as problem:
        raise Accepted("a false proof has left the prover") from problem


def _ceremonies() -> Target:
    """Read, written, read again, and verified: no points but the honest ones hold."""
    honest = _ceremony()
    plain = replace(honest, lagrange=None)

    def check(data: bytes) -> str:
        read = read_ptau(data)
        again = read_ptau(write_ptau(read))
        if _content(again) != _content(read):
            raise Accepted("a ceremony that changes when it is written")
        verify_ptau(read)
        if _content(read) != _content(honest):
            raise Accepted("a changed ceremony")
        return "honest"

    return Target([write_ptau(honest), write_ptau(plain)], check)


def _content(ptau: PowersOfTau) -> tuple[object, ...]:
    engine = get_engine()
    return tuple(ptau.points(series, engine) for series in ("tau_g1", "tau_g2", "alpha_g1", "beta_g1"))


PROVER_TARGETS: dict[str, Callable[[], Target]] = {
    "r1cs": _circuits,
    "wtns": _witnesses,
    "zkey": _keys,
    "ptau": _ceremonies,
}
if get_engine().name == "native":
    PROVER_TARGETS["native-key"] = _native_keys
