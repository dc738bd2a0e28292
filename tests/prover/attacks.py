"""Attacks on the prover, rows P1 to P5 of the list in docs/verifying.md; each returns quietly when it came to nothing.

Nothing here uses `assert`: `python -O attacks.py ENGINE` runs them all where asserts do not exist.
"""

from __future__ import annotations

import io
import logging
import math
import os
import pickle
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from zkmargin.algebra import BN254, Curve, Engine, get_engine, scalars_to_bytes
from zkmargin.circuits import (
    Circuit,
    CompiledCircuit,
    LieAccepted,
    UnsatisfiedConstraint,
    assert_equal,
    bind,
    build,
    divide,
    hint_divmod,
    is_zero,
    maximum,
    one_hot,
    sqrt_floor,
    to_bits,
    total,
    unsigned,
)
from zkmargin.circuits.testing import check_liars, plain_engine
from zkmargin.circuits.testing.steps import take_apart
from zkmargin.prover import (
    Prover,
    ProvingKey,
    UnsatisfiedWitness,
    ceremony,
    contribute,
    contribute_powers,
    new_powers,
    powers_of_tau,
    write_ptau,
    write_zkey,
)
from zkmargin.prover.chacha import ChaCha
from zkmargin.prover.hash_to_group import draw_scalar
from zkmargin.prover.setup import ToxicWaste, key_from_secrets
from zkmargin.verifier import Proof, verify


class AttackSucceeded(Exception):
    """Something came out that should not have, or not in the right way."""


def thirds(c: Circuit) -> None:
    """A third of a small private number, rounded down: few constraints, one hint, one line that can fail."""
    n = c.private("n", bits=3)
    third, _ = divide(n, 3)
    assert_equal(c.public("third"), third)  # LINE


LINE = next(number for number, text in enumerate(Path(__file__).read_text().splitlines(), 1) if text.endswith("# LINE"))
HONEST = {"n": 7, "third": 2}


def hints(c: Circuit) -> None:
    """A gadget for every kind of hint."""
    x, y = c.private("x", bits=8), c.private("y", bits=8)
    quotient, remainder = divide(x, y + 1)
    parts = [quotient, remainder, sqrt_floor(x), is_zero(x - y), maximum([x, y])]
    parts += [total(to_bits(x, 8)), total([place * place * bit for place, bit in enumerate(one_hot(quotient, 4), 1)])]
    assert_equal(c.public("all"), total(parts))


def square(c: Circuit) -> None:
    """A private number of any size, and its square."""
    n = c.private("n")
    assert_equal(c.public("squared"), n * n)


def forgetful(c: Circuit) -> None:
    """A division whose equation nobody checks: what P4 must find."""
    x = c.private("x", bits=8)
    bind(x)
    quotient, remainder = hint_divmod(x, x + 1, unsigned(8), unsigned(8))
    assert_equal(c.public("all"), quotient + remainder)


class Target:
    """A key whose secrets are known here, and an honest witness, on one engine."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.circuit: CompiledCircuit = build(thirds, name="thirds")
        self.waste = ToxicWaste(*(int.from_bytes(os.urandom(31), "little") for _ in range(4)))
        self.key: ProvingKey = key_from_secrets(self.circuit.r1cs, self.waste, engine)
        self.prover = Prover(self.key, engine)
        self.witness = self.circuit.witness(HONEST, engine)
        self.proof = self.prover.prove(self.witness)[0]
        self.check(self.proof)

    def check(self, proof: Proof) -> None:
        verify(self.key.verifying_key(), [HONEST["third"]], proof, engine=self.engine, allow_development=True)

    def no_proof(self, witness: bytes, what: str) -> None:
        try:
            self.prover.prove(witness)
        except UnsatisfiedWitness:
            return
        raise AttackSucceeded(f"{what} was proven")


@cache
def target_on(engine_name: str) -> Target:
    return Target(get_engine(engine_name))


def p1_witness_that_does_not_satisfy(target: Target) -> None:
    """The circuit's check names the user's line; the prover makes no proof of it, nor of any single wire changed."""
    false = target.circuit.witness({**HONEST, "third": 1}, target.engine)
    try:
        target.circuit.check(false, target.engine)
        raise AttackSucceeded("a false statement satisfies the circuit")
    except UnsatisfiedConstraint as problem:
        if problem.line != LINE or problem.file is None or not problem.file.endswith(Path(__file__).name):
            raise AttackSucceeded(f"the error names {problem.file}:{problem.line} instead of line {LINE}") from problem
    target.no_proof(false, "a false statement")
    wires = len(target.witness) // 32
    for wire in range(wires) if target.engine.name == "native" else (0,):
        target.no_proof(_changed(target.witness, wire), f"a witness with wire {wire} changed")


def p2_the_same_witness_twice(target: Target) -> None:
    """Another A, B and C each time, every one of them valid."""
    more = 3 if target.engine.name == "native" else 1
    proofs = [target.proof, *(target.prover.prove(target.witness)[0] for _ in range(more))]
    for element in ("a", "b", "c"):
        if len({getattr(proof, element) for proof in proofs}) != len(proofs):
            raise AttackSucceeded(f"two proofs share {element}")
    target.check(proofs[-1])


def p3_repeated_randomness(target: Target) -> None:
    """Parent and children prove the same after a fork, from a prover made before it; no two A, B or C agree."""
    if not hasattr(os, "fork"):
        return
    children = [_proof_of_a_child(target) for _ in range(2 if target.engine.name == "native" else 1)]
    again = target.prover.prove(target.witness)[0] if target.engine.name == "native" else target.proof
    proofs = [*children, again.to_bytes()]
    for part in (slice(0, 64), slice(64, 192), slice(192, 256)):
        if len({proof[part] for proof in proofs}) != len(proofs):
            raise AttackSucceeded("a forked prover repeats its parent's randomness")


def p4_every_hint_a_liar(target: Target) -> None:
    """Each hint replaced by lies, the rest computed from them: nothing satisfies, and nothing is proven."""
    told = check_liars(build(hints, name="hints"), {"x": 77, "y": 30, "all": _sum_of_hints(77, 30)})
    if told < 100:
        raise AttackSucceeded(f"only {told} lies were told")
    try:
        check_liars(build(forgetful, name="forgetful"), {"x": 77, "all": 77})
        raise AttackSucceeded("lies about a hint that nothing checks were not noticed")
    except LieAccepted:
        pass
    circuit = target.circuit
    steps = take_apart(circuit.program.to_bytes()).steps
    hinted = [wire for step in steps if step.is_hint for wire in step.wires]
    if not hinted:
        raise AttackSucceeded("the circuit to lie in has no hints")
    for wire in hinted:
        for lie in (0, 1, 3, BN254.r - 1):
            witness = circuit.witness(HONEST, plain_engine(BN254, {wire: lie}))
            if witness == target.witness:
                continue
            try:
                circuit.check(witness, target.engine)
                raise AttackSucceeded(f"a lie about hint {wire} satisfies the circuit")
            except UnsatisfiedConstraint:
                pass
            if target.engine.name == "native":
                target.no_proof(witness, f"a lie about hint {wire}")


def p5_secrets_in_files_logs_repr_and_pickles(target: Target) -> None:
    """Neither the setup's secrets nor the witness are in anything that leaves the process."""
    with _all_logs() as log:
        proof = target.prover.prove(target.witness)[0] if target.engine.name == "native" else target.proof
        images = [write_zkey(target.key, target.engine), pickle.dumps(target.key), repr(target.key).encode()]
        images += [repr(target.prover).encode(), repr(target.waste).encode(), str(target.waste).encode()]
        images += [proof.to_bytes(), repr(proof).encode(), pickle.dumps(proof)]
    images.append(log.getvalue().encode())
    for name in ("tau", "alpha", "beta", "delta"):
        secret: int = getattr(target.waste, name)
        if any(form in image for form in _forms(secret, target.engine) for image in images):
            raise AttackSucceeded(f"{name} can be read off something that is shown or stored")
    _refuses_to_be_pickled(target.waste)
    _ceremony_forgets(target)
    _witness_stays(target)


@contextmanager
def _all_logs() -> Iterator[io.StringIO]:
    """What anybody logs meanwhile, at any level."""
    log, root = io.StringIO(), logging.getLogger()
    handler, level = logging.StreamHandler(log), root.level
    root.addHandler(handler)
    root.setLevel(0)
    try:
        yield log
    finally:
        root.removeHandler(handler)
        root.setLevel(level)


def _witness_stays(target: Target) -> None:
    """A private input is in no proof, repr, log or pickle, nor in the errors where it satisfies nothing."""
    secret, engine = int.from_bytes(os.urandom(31), "little"), target.engine
    circuit = build(square, name="square")
    prover = Prover(key_from_secrets(circuit.r1cs, target.waste, engine), engine)
    with _all_logs() as log:
        proof, public = prover.prove(circuit.witness({"n": secret, "squared": secret * secret % BN254.r}, engine))
        images = [proof.to_bytes(), pickle.dumps(proof), repr((prover, circuit, proof, public)).encode()]
        false = circuit.witness({"n": secret, "squared": 1}, engine)
        for use in (lambda: circuit.check(false, engine), lambda: prover.prove(false)):
            try:
                use()
                raise AttackSucceeded("a false square was taken")
            except (UnsatisfiedConstraint, UnsatisfiedWitness) as problem:
                images.append("".join(traceback.format_exception(problem)).encode() + repr(problem).encode())
    images.append(log.getvalue().encode())
    if any(form in image for form in _forms(secret, engine) for image in images):
        raise AttackSucceeded("a private input can be read off something that is shown or stored")


def _ceremony_forgets(target: Target) -> None:
    """What contributors draw, and the entropy they type, are in neither phase's file."""
    engine, typed = target.engine, "correct horse battery staple"
    drawn: list[int] = []

    def recording(stream: ChaCha, curve: Curve = BN254) -> int:
        drawn.append(draw_scalar(stream, curve))
        return drawn[-1]

    try:
        ceremony.draw_scalar = powers_of_tau.draw_scalar = recording  # type: ignore[attr-defined]
        powers = contribute_powers(new_powers(1, engine), "somebody", typed, engine)
        key = contribute(target.key, "somebody", typed, engine)
    finally:
        ceremony.draw_scalar = powers_of_tau.draw_scalar = draw_scalar  # type: ignore[attr-defined]
    if len(drawn) != 4:
        raise AttackSucceeded(f"{len(drawn)} secrets were drawn instead of tau, alpha, beta and delta")
    images = [write_ptau(powers, engine), write_zkey(key, engine), repr(powers).encode(), repr(key).encode()]
    images += [pickle.dumps(powers), pickle.dumps(key)]
    forms = [form for secret in drawn for form in _forms(secret, engine)]
    if any(form in image for form in (*forms, typed.encode()) for image in images):
        raise AttackSucceeded("a contributor's secret can be read off the ceremony's files")


def _refuses_to_be_pickled(waste: ToxicWaste) -> None:
    try:
        pickle.dumps(waste)
    except TypeError:
        return
    raise AttackSucceeded("the setup's secrets can be pickled")


def _forms(secret: int, engine: Engine) -> list[bytes]:
    """The spellings that a leak would have."""
    plain = scalars_to_bytes([secret])
    return [plain, plain[::-1], str(secret).encode(), f"{secret:x}".encode(), engine.fr_to_montgomery(plain)]


def _changed(witness: bytes, wire: int) -> bytes:
    value = int.from_bytes(witness[32 * wire : 32 * wire + 32], "little")
    return witness[: 32 * wire] + ((value + 1) % BN254.r).to_bytes(32, "little") + witness[32 * wire + 32 :]


def _sum_of_hints(x: int, y: int) -> int:
    quotient, remainder = divmod(x, y + 1)
    root = math.isqrt(x)
    return quotient + remainder + root + (x == y) + max(x, y) + x.bit_count() + (quotient + 1) ** 2


def _proof_of_a_child(target: Target) -> bytes:
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.write(writer, target.prover.prove(target.witness)[0].to_bytes())
        finally:
            os._exit(0)
    os.close(writer)
    with open(reader, "rb") as pipe:
        proof = pipe.read()
    os.waitpid(child, 0)
    if len(proof) != 256:
        raise AttackSucceeded("a forked prover made no proof")
    return proof


ATTACKS: dict[str, Callable[[Target], None]] = {
    name: attack for name, attack in list(globals().items()) if name[0] == "p" and name[1:2].isdigit()
}


def main(engine_name: str) -> int:
    if __debug__:
        raise SystemExit("run this with python -O: the point is that asserts are gone")
    target = target_on(engine_name)
    for attack in ATTACKS.values():
        attack(target)
    print(f"{len(ATTACKS)} attacks came to nothing")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
