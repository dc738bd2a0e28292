"""The errors of the circuits' room.

    CircuitError
    |-- BuildError               a circuit that must not exist; `file` and `line` are the user's
    |-- InputError               an input of a circuit or statement is missing, unknown or out of range; `name` is which
    |-- UnsatisfiedConstraint    a witness that does not satisfy the circuit; names gadget, line and expression
    |-- NotEquivalent            the optimiser made something else of a circuit than its account says; `row` is where
    |-- StatementFalse           the statement itself does not hold; `part` is what falls short
    |-- CheckFailed              a circuit's test fails (also an `AssertionError`)
    |   `-- LieAccepted          a witness that no honest prover would make satisfies it; `survivors` says which
    |-- ForeignProgram           a witness program of another circuit than the one at hand
    `-- FormatError              a circuit or witness file that is not what it claims to be (also an `EncodingError`)

`CircuitWarning` is what `build` warns of, and with `strict=True` raises as a `BuildError`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from zkmargin.algebra.errors import EncodingError, ZkMarginError
from zkmargin.algebra.fixed_point import format_decimal


class CircuitError(ZkMarginError):
    """Base of the errors of `zkmargin.circuits`."""


class BuildError(CircuitError):
    """The circuit at `file`:`line` would not mean what it says."""

    def __init__(self, reason: str, *, file: str, line: int, text: str = "") -> None:
        super().__init__(f"{file}:{line}: {reason}" + (f" [in `{text}`]" if text else ""))
        self.reason = reason
        self.file = file
        self.line = line
        self.text = text


class CircuitWarning(UserWarning):
    """Something was built and then used nowhere: an input no constraint binds, or a product nobody reads."""


class InputError(CircuitError):
    """The input `name` cannot be used. The message never contains its value."""

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(f"{name} {reason}")
        self.name = name
        self.reason = reason


class UnsatisfiedConstraint(CircuitError):
    """Constraint `index` does not hold. The message names no values; `revealing()` is the text that does.

    `gadget` is the path of gadgets, the outermost first; `file`, `line` and `text` are the user's own line and the
    expression on it; `requires` is what the gadget called there asks of its operands.
    """

    def __init__(
        self,
        index: int,
        expression: str,
        values: Mapping[str, int],
        *,
        gadget: tuple[str, ...] = (),
        file: str | None = None,
        line: int | None = None,
        text: str = "",
        requires: str = "",
    ) -> None:
        inside = f" in {'/'.join(gadget)}" if gadget else ""
        where = f" at {file}:{line}" if file is not None else ""
        written = f" [`{text}`{f' requires {requires}' if requires else ''}]" if text else ""
        super().__init__(f"constraint {index}{inside}{where} is not satisfied: {expression}{written}")
        self.index = index
        self.expression = expression
        self.values = dict(values)
        self.gadget = gadget
        self.file = file
        self.line = line
        self.text = text
        self.requires = requires
        self.shown = {name: str(value) for name, value in values.items()}
        """The same values as a person reads them, in their units."""
        self.operands: dict[str, str] = {}
        """What the gadget called on that line was given, by its parameters' names."""

    def revealing(self) -> str:
        """The message followed by the operands and the value of every signal: private values among them."""
        operands = ", ".join(f"{name} = {value}" for name, value in self.operands.items())
        signals = ", ".join(f"{name} = {value}" for name, value in self.shown.items())
        return "; ".join(part for part in (str(self), operands, signals) if part)


class NotEquivalent(CircuitError):
    """An optimised system is not shown to have the solutions of the recorded one."""

    def __init__(self, reason: str, *, row: int | None = None) -> None:
        super().__init__(f"optimiser: {reason}")
        self.reason = reason
        self.row = row


class StatementFalse(CircuitError):
    """The statement does not hold: `part` falls short, by `short_by_e8` where that is an amount.

    The amount is private; only `revealing()` spells it out.
    """

    def __init__(self, part: str, reason: str, *, short_by_e8: int | None = None) -> None:
        super().__init__(f"the statement is false ({part}): {reason}")
        self.part = part
        self.reason = reason
        self.short_by_e8 = short_by_e8

    def revealing(self) -> str:
        """The message with the amount that is missing, in the quote currency."""
        return str(self) if self.short_by_e8 is None else f"{self}; short by {format_decimal(self.short_by_e8, 8)}"


class ForeignProgram(CircuitError):
    """A sound witness program, but of circuit `found` where one of circuit `expected` is needed."""

    def __init__(self, *, expected: bytes, found: bytes) -> None:
        other = f"of circuit {found.hex()[:16]}..." if found != expected else "with other wires"
        super().__init__(f"the witness program is one {other}, not of {expected.hex()[:16]}...: compile it anew")
        self.expected = expected
        self.found = found


class FormatError(CircuitError, EncodingError):
    """A file of this room is malformed; `what` names the kind of file."""


class CheckFailed(CircuitError, AssertionError):
    """A circuit does not do what its test says. Made by `zkmargin.circuits.testing`; the message shows values."""


@dataclass(frozen=True)
class Survivor:
    """A lie that no constraint noticed: wires, what an honest prover puts there, and what a liar got away with."""

    names: tuple[str, ...]
    honest: tuple[int, ...]
    lies: tuple[int, ...]
    gadget: tuple[str, ...]
    file: str | None
    line: int | None

    def __str__(self) -> str:
        values = zip(self.names, self.lies, self.honest, strict=True)
        told = ", ".join(f"{name} = {lie} instead of {honest}" for name, lie, honest in values)
        inside = f" in {'/'.join(self.gadget)}" if self.gadget else ""
        return told + inside + (f" at {self.file}:{self.line}" if self.file is not None else "")


class LieAccepted(CheckFailed):
    """The circuit `circuit` has other witnesses for the same inputs; `survivors` has one for each operation."""

    SHOWN = 10

    def __init__(self, circuit: str, survivors: Sequence[Survivor]) -> None:
        lines = [f"  {survivor}" for survivor in survivors[: self.SHOWN]]
        if len(survivors) > self.SHOWN:
            lines.append(f"  and {len(survivors) - self.SHOWN} more")
        heading = f"circuit {circuit!r} accepts lies: add the constraint that tells them from the honest values"
        super().__init__("\n".join((heading, *lines)))
        self.circuit = circuit
        self.survivors = tuple(survivors)
