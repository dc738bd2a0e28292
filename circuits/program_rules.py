"""What the tables of a witness program must keep to, looked at all at once with numpy; engines check the same."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from .errors import FormatError
from .program import WHAT, WIDEST_ONE_HOT, Opcode, WitnessProgram, malformed

_READS_B = (Opcode.PRODUCT, Opcode.QUOTIENT, Opcode.DIVMOD)
_COUNTED = (Opcode.BITS, Opcode.ONE_HOT, Opcode.SORT)
_PROGRAM_BITS = 254
_Words = npt.NDArray[np.uint32]


def require_sound(program: WitnessProgram) -> None:
    """Indices in range, every wire after the inputs written once, nothing read before it is written."""
    if _first_inner(program) > program.n_wires:
        raise malformed("it has more inputs than wires")
    if _all_wires(program) + len(program.lc_ptr) // 4 - 1 >= 1 << 32:
        raise malformed("it has more wires and linear combinations than 32 bits count")
    _require_constants(program)
    pointers, wires = _words(program.lc_ptr), _words(program.term_wire)
    steps = np.diff(pointers.astype(np.int64))
    if pointers[0] != 0 or pointers[-1] != len(wires) or bool((steps < 0).any()):
        raise malformed("its linear combinations do not cover its terms")
    if bool((wires >= _all_wires(program)).any()):
        raise malformed("a term names a wire that does not exist")
    if bool((_words(program.term_const) >= len(program.constants) // 32).any()):
        raise malformed("a term names a constant that does not exist")
    times = _write_times(program, wires)
    ready = np.full(len(steps), -1, dtype=np.int64)
    filled = steps > 0
    if bool(filled.any()):
        ready[filled] = np.maximum.reduceat(times, pointers[:-1][filled].astype(np.int64))
    for used, readers in _reads(program):
        if bool((used >= len(steps)).any()):
            raise malformed("an operation reads a linear combination that does not exist")
        if bool((ready[used] >= readers).any()):
            raise malformed("an operation reads a wire before it is written")


def _reads(program: WitnessProgram) -> Iterator[tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]]:
    """Linear combinations, each with the operation that reads it."""
    ops = _operation_table(program).astype(np.int64)
    for column, codes in ((1, tuple(Opcode)), (2, _READS_B)):
        readers = np.flatnonzero(np.isin(ops[:, 0], codes))
        yield ops[readers, column], readers
    sorts = np.flatnonzero(ops[:, 0] == Opcode.SORT)
    counts = ops[sorts, 4]
    if int(counts.sum()) > len(program.lc_ptr) // 4 - 1:
        # Else a short file could ask for work without end, by sorting the same values again and again.
        raise malformed("it sorts more values than it has linear combinations")
    places = np.arange(int(counts.sum())) - np.repeat(np.cumsum(counts) - counts, counts)
    yield np.repeat(ops[sorts, 1], counts) + places, np.repeat(sorts, counts)


def _require_constants(program: WitnessProgram) -> None:
    limit = program.curve.r.to_bytes(32, "big")
    for index in range(len(program.constants) // 32):
        if program.constants[32 * index : 32 * index + 32][::-1] >= limit:
            raise FormatError(f"{WHAT}: constant {index} is not below r", what=WHAT, index=index)


def _first_inner(program: WitnessProgram) -> int:
    return 1 + program.n_public + program.n_private


def _all_wires(program: WitnessProgram) -> int:
    return program.n_wires + program.n_scratch


def _operation_table(program: WitnessProgram) -> _Words:
    return _words(program.operations).reshape(-1, 5)


def _write_times(program: WitnessProgram, wires: _Words) -> npt.NDArray[np.int64]:
    """For each of the wires the operation that writes it, -1 where it is an input.

    Operations are kept as intervals of wires, since one of twenty bytes may write 256 of them: the memory taken
    is linear in the file's bytes.
    """
    first = _first_inner(program)
    ops = _operation_table(program)
    codes, b, counts = ops[:, 0], ops[:, 2].astype(np.int64), ops[:, 4].astype(np.int64)
    if bool((codes > max(Opcode)).any()):
        raise malformed("an operation has an unknown code")
    counted = np.isin(codes, _COUNTED)
    uses_b = np.isin(codes, (*_READS_B, Opcode.BITS))
    if bool((b[~uses_b] != 0).any() or (counts[~counted] != 0).any()):
        raise malformed("an operation has a field set that it does not use")
    if bool((counts[counted] < 1).any()):
        raise malformed("an operation writes no wires")
    if bool(((b + counts)[codes == Opcode.BITS] > _PROGRAM_BITS).any()):
        raise malformed(f"a decomposition goes past bit {_PROGRAM_BITS}")
    if bool((counts[codes == Opcode.ONE_HOT] > WIDEST_ONE_HOT).any()):
        raise malformed(f"a one-hot encoding is wider than {WIDEST_ONE_HOT} wires")
    widths = np.where(counted, counts, np.where(codes == Opcode.DIVMOD, 2, 1))
    targets = ops[:, 3].astype(np.int64)
    order = np.argsort(targets, kind="stable")
    starts = targets[order]
    ends = starts + widths[order]
    # From the first wire after the inputs to the last, each interval starts where the one before it ends: no gap,
    # no wire written twice, none that is not an operation's to write.
    if not np.array_equal(np.append(starts, _all_wires(program)), np.append(first, ends)):
        raise malformed("its operations do not write each wire once")
    if _all_wires(program) - first <= len(wires):
        # A table of all wires is no larger than that of the terms, and quicker than searching.
        table = np.append(np.repeat(order, widths[order]), -1)
        return table[np.maximum(wires.astype(np.int64) - first, -1)]
    writers = np.searchsorted(starts, wires, side="right") - 1
    return np.append(order, -1)[writers]


def _words(data: bytes) -> _Words:
    return np.frombuffer(data, dtype="<u4")
