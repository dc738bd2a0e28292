"""A process with little memory that reads every hostile variant of one small file, and prints how they fared.

    python hostile_worker.py r1cs|wtns|sym native|reference STEP

At every STEP-th place of the file: cut there, every telling byte, every hostile 32- and 64-bit number, and parts left
out or repeated. What is not refused by a typed error must be whole: it is written and read again, checked, and set up.
"""

from __future__ import annotations

import json
import resource
import struct
import sys
from collections import Counter
from collections.abc import Callable, Iterator

from zkmargin.algebra import BN254, SparseMatrix, get_engine, scalars_to_bytes
from zkmargin.algebra.errors import ZkMarginError
from zkmargin.circuits import R1CS, ImportedCircuit, check_witness
from zkmargin.circuits.formats import read_r1cs, read_sym, read_wtns, write_r1cs, write_sym, write_wtns
from zkmargin.prover import insecure_setup

SPARE_BYTES = 1 << 30
BYTES = (0x00, 0x01, 0x7F, 0x80, 0xC3, 0xFF)
TEXT = b"\n,-9"
WORDS = (0, 1, 2**31 - 1, 2**31, 2**32 - 1)
LONG_WORDS = (0, 1, 2**31, 2**32 - 1, 2**32, 2**63, 2**64 - 1)
R = BN254.r
set_up: set[tuple[int, ...]] = set()
"""The counts for which a key has been made; one key for each will do."""


def matrix(*rows: dict[int, int]) -> SparseMatrix:
    return SparseMatrix.from_rows([[(wire, k % R) for wire, k in row.items()] for row in rows], 4)


CIRCUIT = R1CS(
    n_wires=4,
    n_public_outputs=1,
    n_public_inputs=0,
    n_private_inputs=1,
    a=matrix({2: 1}, {3: -1, 1: 1}),
    b=matrix({2: 1}, {0: 1}),
    c=matrix({3: 1}, {}),
    wire_labels=(0, 1, 2, 7),
    n_labels=9,
    metadata={"n": [2]},
)
WITNESS = scalars_to_bytes([1, 9, 3, 9])
SYM = b"1,1,0,main.a\n2,2,0,main.b[0]\n3,-1,1,main.c.d\n7,3,1,main.c.e\n"


def variants(data: bytes, kind: str, step: int) -> Iterator[bytes]:
    for place in range(0, len(data), step):
        before, after = data[:place], data[place:]
        yield before
        for byte in (*BYTES, *(TEXT if kind == "sym" else b""), data[place] ^ 1, data[place] ^ 0x80):
            yield before + bytes([byte]) + after[1:]
        if len(after) >= 4:
            yield from (before + struct.pack("<I", word) + after[4:] for word in WORDS)
        if len(after) >= 8:
            yield from (before + struct.pack("<Q", word) + after[8:] for word in LONG_WORDS)
        yield from (before + after[size:] for size in (1, 4, 8, 32))
        yield from (before + after[:size] + after for size in (1, 4, 12))


def use_circuit(data: bytes) -> None:
    r1cs = read_r1cs(data)
    again = read_r1cs(write_r1cs(r1cs))
    if again != r1cs or again.digest() != r1cs.digest():
        raise AssertionError("a circuit that was read does not survive being written")
    shape = (r1cs.n_wires, r1cs.n_public_outputs, r1cs.n_public_inputs, r1cs.n_constraints)
    if shape not in set_up:
        set_up.add(shape)
        insecure_setup(r1cs, engine)
    check_witness(r1cs, WITNESS, engine=engine)


def use_witness(data: bytes) -> None:
    check_witness(CIRCUIT, read_wtns(data), engine=engine)


def use_symbols(data: bytes) -> None:
    symbols = read_sym(data)
    if read_sym(write_sym(symbols)) != symbols:
        raise AssertionError("symbols that were read do not survive being written")
    ImportedCircuit.from_bytes(CIRCUIT_FILE, data).constraints_by_component()


def fates(data: bytes, use: Callable[[bytes], None], kind: str, step: int) -> Counter[str]:
    """How often each error came; anything but the typed errors of the library ends the process."""
    counts: Counter[str] = Counter()
    for variant in variants(data, kind, step):
        try:
            use(variant)
        except ZkMarginError as refusal:
            counts[type(refusal).__name__] += 1
        else:
            counts["accepted"] += 1
    return counts


def limit_memory() -> None:
    """Less than any of the hostile counts would need; the engine has started its threads by then."""
    with open("/proc/self/statm") as file:
        used = int(file.read().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (used + SPARE_BYTES, used + SPARE_BYTES))
    try:
        bytearray(2 * SPARE_BYTES)
    except MemoryError:
        return
    raise AssertionError("the limit does not hold, so nothing would be shown")


if __name__ == "__main__":
    kind, engine_name, step = sys.argv[1:]
    engine = get_engine(engine_name)
    CIRCUIT_FILE = write_r1cs(CIRCUIT)
    files = {"r1cs": (CIRCUIT_FILE, use_circuit), "wtns": (write_wtns(WITNESS), use_witness), "sym": (SYM, use_symbols)}
    insecure_setup(CIRCUIT, engine)
    limit_memory()
    print(json.dumps(fates(*files[kind], kind, int(step))))
