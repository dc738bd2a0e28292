"""The toolkit's checks as a test calls them: what goes wrong is one message at the test's own line."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from typing import TypeVar

import pytest

from zkmargin.algebra.errors import ZkMarginError
from zkmargin.circuits import CheckFailed, Circuit, CompiledCircuit, Expr
from zkmargin.circuits import testing as toolkit
from zkmargin.circuits.inputs import InputValues
from zkmargin.prover.trial import prove_and_verify

T = TypeVar("T")


class CircuitChecker:
    """The fixture `check_circuit`. A check that fails shows no frames of this library."""

    def __init__(self, engines: Sequence[str] | None = None) -> None:
        self.engines = engines

    def __repr__(self) -> str:
        return f"check_circuit on {' and '.join(self.engines or ('the installed engines',))}"

    def __call__(
        self,
        circuit: CompiledCircuit,
        valid: Iterable[InputValues] = (),
        invalid: Iterable[InputValues | toolkit.Refused] = (),
        *,
        prover: bool = False,
    ) -> None:
        """Accept the valid inputs and refuse the invalid ones, on the engines that `--zkmargin-engine` chooses.

        With `prover` a proof of each valid one is made with a throw-away key, and verified. A circuit over another
        field than BN254's runs on plain integers, whatever was chosen, and cannot be proven.
        """
        __tracebackhide__ = True
        known = toolkit.engines_for(circuit.r1cs.curve)
        engines = known if self.engines is None or known == ["plain"] else self.engines
        _told(
            lambda: toolkit.check_circuit(circuit, valid, invalid, engines=engines, prove=_proven if prover else None)
        )

    def liars(
        self, circuit: CompiledCircuit, inputs: InputValues, *, every_wire: bool = False, free: Collection[str] = ()
    ) -> int:
        """`zkmargin.circuits.testing.check_liars`: no lie about a hint may survive. Returns how many were told."""
        __tracebackhide__ = True
        return _told(lambda: toolkit.check_liars(circuit, inputs, every_wire=every_wire, free=free))

    def exact(
        self,
        function: Callable[[Circuit, Expr], Expr],
        interval: tuple[int, int] | None,
        expected: Callable[[int], int],
        prime: int = toolkit.PRIME,
    ) -> None:
        """`zkmargin.circuits.testing.check_exact`: a gadget against its plain twin, every witness of a tiny field."""
        __tracebackhide__ = True
        _told(lambda: toolkit.check_exact(function, interval, expected, prime))


def _proven(circuit: CompiledCircuit, witnesses: Sequence[bytes]) -> None:
    try:
        prove_and_verify(circuit, witnesses)
    except ZkMarginError as problem:
        raise CheckFailed(
            f"circuit {circuit.name!r} cannot be proven: {type(problem).__name__}: {problem}"
        ) from problem


def _told(check: Callable[[], T]) -> T:
    """Fail the test outside of the handler, so that pytest shows no second traceback."""
    __tracebackhide__ = True
    try:
        return check()
    except CheckFailed as failed:
        message = str(failed)
    pytest.fail(message)
