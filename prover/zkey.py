"""Groth16 `.zkey` files, as snarkjs 0.7 writes them: `docs/formats-keys.md` has the layout.

Points are stored in Montgomery form; coefficients carry the factor twice. A section of our own, which other tools
ignore, keeps the circuit's digest and the mark of a development key.
"""

from __future__ import annotations

import json
from typing import Any, Literal

import numpy as np

from zkmargin.algebra import Buffer, Curve, Engine, SparseMatrix, get_engine, load_json
from zkmargin.algebra.errors import EncodingError, PointError
from zkmargin.circuits.formats.binfile import read_sections, write_sections

from .proving_key import Contribution, ProvingKey
from .records import Cursor, Parameters, read_parameters, write_parameters

MAGIC = b"zkey"
VERSION = 1
GROTH16 = 1
OWN_SECTION = 0x5A4B4D
WHAT = ".zkey"

PointCheck = Literal["curve", "full"]

_PROTOCOLS = {1: "Groth16", 2: "PLONK", 10: "fflonk"}
_COEFFICIENT = np.dtype([("matrix", "<u4"), ("row", "<u4"), ("column", "<u4"), ("value", "V32")])
_RECORD_BYTES = 3 * 64 + 128 + 64 + 4 + 4


def read_zkey(data: Buffer, engine: Engine | None = None, *, check: PointCheck = "curve") -> ProvingKey:
    """Read a key; anything malformed is an `EncodingError` or `PointError`.

    Every coordinate and coefficient must be canonical, every index in range, every G1 point on its curve and every
    point of the header in its group and not at infinity. The G2 query (`b2_points`) is checked point by point with
    `check="full"` only: the prover verifies each proof before it returns it, so a bad point there costs a proof and
    never yields a wrong one (docs/decisions/001-g2-checks-of-proving-keys.md).
    """
    engine = engine or get_engine()
    sections = read_sections(data, MAGIC, what=WHAT, max_version=VERSION)
    curve = engine.curve
    protocol = int.from_bytes(_section(sections, 1, 4), "little")
    if protocol != GROTH16:
        name = _PROTOCOLS.get(protocol, f"protocol {protocol}")
        raise EncodingError(f"{WHAT}: a key for {name}, where one for Groth16 is needed", what=WHAT)
    header = _read_header(_section(sections, 2), curve)
    n, n_public, size = header["n_wires"], header["n_public"], header["domain_size"]
    g1, g2 = curve.g1_bytes, curve.g2_bytes

    lengths = {3: g1 * (n_public + 1), 5: g1 * n, 6: g1 * n, 7: g2 * n, 8: g1 * (n - n_public - 1), 9: g1 * size}
    # All lengths before anything is allocated by the counts, so that a small file cannot ask for much memory.
    raw = {number: _section(sections, number, length) for number, length in lengths.items()}
    ic, a_points, b1_points, b2_points, c_points, h_points = map(engine.fq_from_montgomery, raw.values())
    a, b = _read_coefficients(_section(sections, 4), size, n, engine)
    circuit_hash, contributions = _read_contributions(_section(sections, 10), engine)
    digest, development = _read_own(sections.get(OWN_SECTION))
    singles = engine.fq_from_montgomery(header["points"])
    alpha1, beta1, beta2, gamma2, delta1, delta2 = _cut(singles, (g1, g1, g2, g2, g1, g2))
    key = ProvingKey(
        curve=curve,
        n_wires=n,
        n_public=n_public,
        domain_size=size,
        alpha1=alpha1,
        beta1=beta1,
        beta2=beta2,
        gamma2=gamma2,
        delta1=delta1,
        delta2=delta2,
        ic=ic,
        a=a,
        b=b,
        a_points=a_points,
        b1_points=b1_points,
        b2_points=b2_points,
        c_points=c_points,
        h_points=h_points,
        circuit_hash=circuit_hash,
        contributions=contributions,
        circuit_digest=digest,
        development=development,
    )
    check_points(key, engine, check)
    return key


def check_points(key: ProvingKey, engine: Engine, check: PointCheck) -> None:
    """Raise `PointError` for a point off its curve or group, or at infinity in the header."""
    singles_g1, singles_g2 = (key.alpha1, key.beta1, key.delta1), (key.beta2, key.gamma2, key.delta2)
    if not all(any(point) for point in (*singles_g1, *singles_g2)):
        raise PointError(f"{WHAT}: a point of the header is at infinity", what=WHAT)
    engine.g1_bases(b"".join(singles_g1))
    engine.g2_bases(b"".join(singles_g2))
    for query in (key.ic, key.a_points, key.b1_points, key.c_points, key.h_points):
        engine.g1_bases(query)
    if check == "full":
        engine.g2_bases(key.b2_points)


def write_zkey(key: ProvingKey, engine: Engine | None = None) -> bytes:
    """The key as a file. A key without digest and mark gets no section of ours and equals what snarkjs would write."""
    engine = engine or get_engine()
    curve = key.curve
    primes = [(32).to_bytes(4, "little") + prime.to_bytes(32, "little") for prime in (curve.q, curve.r)]
    counts = b"".join(count.to_bytes(4, "little") for count in (key.n_wires, key.n_public, key.domain_size))
    singles = engine.fq_to_montgomery(
        key.alpha1 + key.beta1 + key.beta2 + key.gamma2 + key.delta1 + key.delta2
    )  # the header's order, G1 and G2 mixed
    sections: list[tuple[int, bytes]] = [
        (1, GROTH16.to_bytes(4, "little")),
        (2, b"".join(primes) + counts + singles),
        (4, _write_coefficients(key, engine)),
        (3, engine.fq_to_montgomery(key.ic)),
        (9, engine.fq_to_montgomery(key.h_points)),
        (8, engine.fq_to_montgomery(key.c_points)),
        (5, engine.fq_to_montgomery(key.a_points)),
        (6, engine.fq_to_montgomery(key.b1_points)),
        (7, engine.fq_to_montgomery(key.b2_points)),
        (10, _write_contributions(key, engine)),
    ]
    if key.circuit_digest is not None or key.development:
        own = {"circuit_digest": key.circuit_digest and key.circuit_digest.hex(), "development": key.development}
        sections.append((OWN_SECTION, json.dumps(own, separators=(",", ":"), sort_keys=True).encode()))
    return write_sections(MAGIC, VERSION, sections)


def _section(sections: dict[int, memoryview], number: int, size: int | None = None) -> memoryview:
    if number not in sections:
        raise EncodingError(f"{WHAT}: section {number} is missing", what=WHAT)
    found = sections[number]
    if size is not None and len(found) != size:
        raise EncodingError(f"{WHAT}: section {number} has {len(found)} bytes, not {size}", what=WHAT)
    return found


def _cut(data: bytes, sizes: tuple[int, ...]) -> list[bytes]:
    pieces, start = [], 0
    for size in sizes:
        pieces.append(data[start : start + size])
        start += size
    return pieces


def _read_header(section: memoryview, curve: Curve) -> dict[str, Any]:
    cursor = Cursor(section, WHAT)
    for prime, field in ((curve.q, "base"), (curve.r, "scalar")):
        size = cursor.u32()
        if size != 32 or cursor.integer(size) != prime:
            raise EncodingError(f"{WHAT}: the {field} field is not that of {curve.name}", what=WHAT)
    header = {name: cursor.u32() for name in ("n_wires", "n_public", "domain_size")}
    points = cursor.take(3 * (curve.g1_bytes + curve.g2_bytes))
    cursor.finish()
    if header["n_wires"] <= header["n_public"]:
        raise EncodingError(f"{WHAT}: more public wires than wires", what=WHAT)
    return {**header, "points": points}


def _read_coefficients(section: memoryview, rows: int, width: int, engine: Engine) -> tuple[SparseMatrix, SparseMatrix]:
    count = Cursor(section, WHAT).u32()
    if len(section) != 4 + count * _COEFFICIENT.itemsize:
        raise EncodingError(f"{WHAT}: section 4 does not hold the {count} coefficients it announces", what=WHAT)
    records = np.frombuffer(section, dtype=_COEFFICIENT, offset=4)
    if count and (
        records["matrix"].max() > 1 or int(records["row"].max()) >= rows or int(records["column"].max()) >= width
    ):
        raise EncodingError(f"{WHAT}: a coefficient lies outside the matrices", what=WHAT)
    a, b = (_matrix(records[records["matrix"] == side], rows, width, engine) for side in (0, 1))
    return a, b


def _matrix(records: Any, rows: int, width: int, engine: Engine) -> SparseMatrix:
    if len(records) and (np.diff(records["row"].astype(np.int64)) < 0).any():
        records = records[np.argsort(records["row"], kind="stable")]
    pointers = np.zeros(rows + 1, dtype="<u4")
    np.cumsum(np.bincount(records["row"], minlength=rows), out=pointers[1:])
    values = engine.fr_from_montgomery(engine.fr_from_montgomery(records["value"].tobytes()))
    return SparseMatrix.from_flat(width, pointers.tobytes(), records["column"].tobytes(), values)


def _write_coefficients(key: ProvingKey, engine: Engine) -> bytes:
    """Rows in order, in each row A's entries before B's."""
    sides = [_records(side, matrix, engine) for side, matrix in enumerate((key.a, key.b))]
    # The rows after the circuit's constraints hold one entry each, so sorting by row alone keeps the right order.
    records = np.concatenate(sides)
    records = records[np.argsort(records["row"], kind="stable")]
    return len(records).to_bytes(4, "little") + records.tobytes()


def _records(side: int, matrix: SparseMatrix, engine: Engine) -> Any:
    records = np.zeros(matrix.entries, dtype=_COEFFICIENT)
    pointers = np.frombuffer(matrix.row_ptr, dtype="<u4").astype(np.int64)
    records["matrix"] = side
    records["row"] = np.repeat(np.arange(matrix.rows), np.diff(pointers))
    records["column"] = np.frombuffer(matrix.columns, dtype="<u4")
    table = np.frombuffer(engine.fr_to_montgomery(engine.fr_to_montgomery(matrix.scalars)), dtype="V32")
    records["value"] = table[np.frombuffer(matrix.places, dtype="<u4")]
    return records


def _read_contributions(section: memoryview, engine: Engine) -> tuple[bytes, tuple[Contribution, ...]]:
    cursor = Cursor(section, WHAT)
    circuit_hash = cursor.take(64)
    count = cursor.u32()
    if count > cursor.left // _RECORD_BYTES:
        raise EncodingError(f"{WHAT}: section 10 cannot hold {count} contributions", what=WHAT)
    contributions = []
    for _ in range(count):
        points = engine.fq_from_montgomery(cursor.take(3 * 64 + 128))
        delta_after, g1_s, g1_sx, g2_spx = _cut(points, (64, 64, 64, 128))
        transcript = cursor.take(64)
        facts = read_parameters(cursor, WHAT)
        contributions.append(
            Contribution(
                delta_after, g1_s, g1_sx, g2_spx, transcript, facts.name, facts.beacon_hash, facts.iterations_exp
            )
        )
    cursor.finish()
    return circuit_hash, tuple(contributions)


def _write_contributions(key: ProvingKey, engine: Engine) -> bytes:
    out = bytearray(key.circuit_hash + len(key.contributions).to_bytes(4, "little"))
    for c in key.contributions:
        out += engine.fq_to_montgomery(c.delta_after + c.g1_s + c.g1_sx + c.g2_spx) + c.transcript
        out += write_parameters(Parameters(c.name, c.beacon_hash, c.iterations_exp))
    return bytes(out)


def _read_own(section: memoryview | None) -> tuple[bytes | None, bool]:
    if section is None:
        return None, False
    own = load_json(section, WHAT)
    if not isinstance(own, dict) or set(own) != {"circuit_digest", "development"}:
        raise EncodingError(f"{WHAT}: the section of zkmargin's own is not understood", what=WHAT)
    digest, development = own["circuit_digest"], own["development"]
    if type(development) is not bool or not (digest is None or isinstance(digest, str)):
        raise EncodingError(f"{WHAT}: the section of zkmargin's own has values of the wrong kind", what=WHAT)
    if digest is None:
        return None, development
    if len(digest) != 64 or set(digest) - set("0123456789abcdef"):
        raise EncodingError(f"{WHAT}: the circuit digest is not 32 bytes of lower-case hex", what=WHAT)
    return bytes.fromhex(digest), development
