"""Inputs that a circuit must accept, and inputs that it must refuse, on every engine."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from zkmargin.algebra import BN254, Curve, Engine, get_engine
from zkmargin.algebra.engine import ENGINE_NAMES, native_problem

from ..build import CompiledCircuit
from ..errors import CheckFailed, InputError, UnsatisfiedConstraint
from ..inputs import InputValues
from .plain_engine import integers, plain_engine

Prove = Callable[[CompiledCircuit, Sequence[bytes]], None]
"""Makes a proof of each witness and verifies it, or raises; `zkmargin.prover.prove_and_verify` is one."""
_SHOWN = 500


@dataclass(frozen=True)
class Refused:
    """Inputs that the circuit must refuse for the right reason; what is not given is not looked at.

    `input` names the input that is out of range, missing or unknown, so that no witness is made. Or a constraint fails:
    `gadget` is on its path, `line` is its line in the user's file. `message` (a regular expression) is found in the
    error's text.
    """

    inputs: InputValues
    gadget: str | None = None
    line: int | None = None
    message: str | None = None
    input: str | None = None


def check_circuit(
    circuit: CompiledCircuit,
    valid: Iterable[InputValues] = (),
    invalid: Iterable[InputValues | Refused] = (),
    *,
    engines: Sequence[str] | None = None,
    prove: Prove | None = None,
) -> None:
    """Accept the valid inputs, refuse the invalid ones, the same on every engine; else `CheckFailed` names the cases.

    Engines are `"native"`, `"reference"` and `"plain"`, by default the first two, as far as they are installed and know
    the circuit's field; a tiny field only `"plain"` knows. Their witnesses must agree byte for byte. A refusal is an
    `InputError` or an `UnsatisfiedConstraint`; an invalid mapping has all the circuit's inputs and no other, so that a
    misspelt one is no refusal. `prove` is given the witnesses of all valid inputs.
    """
    __tracebackhide__ = True
    used = [(name, _engine(name, circuit.r1cs.curve)) for name in engines or engines_for(circuit.r1cs.curve)]
    cases: list[tuple[str, InputValues, Refused | None]] = []
    cases += [(f"valid[{place}]", inputs, None) for place, inputs in enumerate(valid)]
    for place, given in enumerate(invalid):
        if not isinstance(given, Refused):
            _require_the_names(circuit, f"invalid[{place}]", given)
            given = Refused(given)
        cases.append((f"invalid[{place}]", given.inputs, given))
    if not cases:
        raise CheckFailed(f"circuit {circuit.name!r}: no cases are given, so nothing was checked")
    faults: list[str] = []
    witnesses: list[bytes] = []
    for case, inputs, wanted in cases:
        outcomes = [_outcome(circuit, inputs, engine) for _, engine in used]
        fault = _disagreement(circuit, [name for name, _ in used], outcomes) or _fault(outcomes[0], wanted)
        if fault:
            faults += [f"  {case}: {fault}", f"    with the inputs {_cut(str(dict(inputs)))}"]
        elif wanted is None and outcomes[0].witness is not None:
            witnesses.append(outcomes[0].witness)
    if faults:
        heading = f"circuit {circuit.name!r}: {len(faults) // 2} of {len(cases)} cases are not as they should be"
        raise CheckFailed("\n".join((heading, *faults)))
    if prove is not None:
        prove(circuit, witnesses)


def _require_the_names(circuit: CompiledCircuit, case: str, inputs: InputValues) -> None:
    """A misspelt input is refused for its name, and then says nothing of the circuit."""
    if not isinstance(inputs, Mapping):
        raise CheckFailed(f"circuit {circuit.name!r}: {case} is no mapping of inputs; give a list of mappings")
    odd = sorted(set(inputs) ^ set(circuit.input_names))
    if odd:
        raise CheckFailed(
            f"circuit {circuit.name!r}: {case} leaves out or misspells {', '.join(odd)}; "
            "if that is the point, say so with Refused(inputs, input=...)"
        )


def engines_for(curve: Curve) -> list[str]:
    """The engines that are installed and know the curve, or the plain one, which knows any prime."""
    if curve != BN254:
        return ["plain"]
    return [name for name in ENGINE_NAMES if name != "native" or native_problem() is None]


def _engine(name: str, curve: Curve) -> Engine:
    return plain_engine(curve) if name == "plain" else get_engine(name, curve)


@dataclass(frozen=True)
class _Outcome:
    witness: bytes | None
    problem: InputError | UnsatisfiedConstraint | None


def _outcome(circuit: CompiledCircuit, inputs: InputValues, engine: Engine) -> _Outcome:
    witness = None
    try:
        witness = circuit.witness(inputs, engine)
        circuit.check(witness, engine)
    except (InputError, UnsatisfiedConstraint) as problem:
        return _Outcome(witness, problem)
    return _Outcome(witness, None)


def _disagreement(circuit: CompiledCircuit, names: Sequence[str], outcomes: Sequence[_Outcome]) -> str | None:
    first = outcomes[0]
    for name, other in zip(names, outcomes, strict=True):
        if first.witness is not None and other.witness is not None and first.witness != other.witness:
            ours, theirs = integers(first.witness), integers(other.witness)
            wire = next(wire for wire, value in enumerate(ours) if value != theirs[wire])
            what = f"{circuit.symbols.name(wire)} is {ours[wire]} on {names[0]} and {theirs[wire]} on {name}"
            return f"the engines disagree: {what}"
        if str(first.problem) != str(other.problem):
            return f"the engines disagree: {names[0]} says {first.problem}, {name} says {other.problem}"
    return None


def _fault(outcome: _Outcome, wanted: Refused | None) -> str | None:
    problem = outcome.problem
    if wanted is None:
        return None if problem is None else f"was refused: {_revealed(problem)}"
    if problem is None:
        return "was accepted and must be refused"
    wrong = list(_wrong_reason(problem, wanted))
    return f"was refused, but {' and '.join(wrong)}: {_revealed(problem)}" if wrong else None


def _wrong_reason(problem: InputError | UnsatisfiedConstraint, wanted: Refused) -> Iterable[str]:
    gadget, line = (problem.gadget, problem.line) if isinstance(problem, UnsatisfiedConstraint) else ((), None)
    if wanted.input is not None and not (isinstance(problem, InputError) and problem.name == wanted.input):
        yield f"not for its input {wanted.input!r}"
    if wanted.gadget is not None and wanted.gadget not in gadget:
        yield f"not by {wanted.gadget}"
    if wanted.line is not None and wanted.line != line:
        yield f"not at line {wanted.line}"
    if wanted.message is not None and not re.search(wanted.message, str(problem)):
        yield f"not with a message that has {wanted.message!r}"


def _revealed(problem: InputError | UnsatisfiedConstraint) -> str:
    return problem.revealing() if isinstance(problem, UnsatisfiedConstraint) else str(problem)


def _cut(text: str) -> str:
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."
