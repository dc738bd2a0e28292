"""Powers-of-tau files (`.ptau`), as snarkjs 0.7 writes them: `docs/formats-keys.md` has the layout.

Sections stay as they are in the file, in Montgomery form, and points are converted as they are asked for: a small
circuit needs little of a large file.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from zkmargin.algebra import Buffer, Curve, Engine, get_engine
from zkmargin.algebra.errors import EncodingError
from zkmargin.circuits.formats.binfile import read_sections, write_sections

from .blake2b_state import STATE_BYTES, Blake2bState
from .records import Cursor, Parameters, read_parameters, write_parameters
from .transcript import plain_g1, plain_g2

MAGIC = b"ptau"
VERSION = 1
WHAT = ".ptau"
MAX_POWER = 28

Series = Literal["tau_g1", "tau_g2", "alpha_g1", "beta_g1"]
SERIES: tuple[Series, ...] = ("tau_g1", "tau_g2", "alpha_g1", "beta_g1")
"""tau^i G1, tau^i G2, alpha tau^i G1, beta tau^i G1."""

_RECORD_BYTES = (3 * 64 + 2 * 128) + (6 * 64 + 3 * 128) + STATE_BYTES + 64 + 8


@dataclass(frozen=True)
class KeyProof:
    """Proof that a contributor knew x: g1_sx = x g1_s, and g2_spx = x times a point hashed from both."""

    g1_s: bytes
    g1_sx: bytes
    g2_spx: bytes


@dataclass(frozen=True)
class PowersContribution:
    """One participant's step of phase 1: the first points after it, proofs of knowledge, the hashes of the chain."""

    tau_g1: bytes
    tau_g2: bytes
    alpha_g1: bytes
    beta_g1: bytes
    beta_g2: bytes
    tau: KeyProof
    alpha: KeyProof
    beta: KeyProof
    partial_hash: bytes
    next_challenge: bytes
    parameters: Parameters

    def public_key(self) -> bytes:
        """The proofs as the response hash takes them in."""
        proofs = (self.tau, self.alpha, self.beta)
        return plain_g1(b"".join(p.g1_s + p.g1_sx for p in proofs)) + plain_g2(b"".join(p.g2_spx for p in proofs))

    def response_hash(self) -> bytes:
        """The hash a participant announces, from the saved state and the public key."""
        state = Blake2bState.resume(self.partial_hash)
        state.update(self.public_key())
        return state.digest()


@dataclass(frozen=True)
class PowersOfTau:
    """A ceremony file of 2^power; `ceremony_power` is larger where the file was cut down from a larger one."""

    curve: Curve
    power: int
    ceremony_power: int
    monomials: dict[Series, Buffer] = field(repr=False)
    beta_g2: Buffer = field(repr=False)
    contributions: tuple[PowersContribution, ...] = ()
    lagrange: dict[Series, Buffer] | None = field(default=None, repr=False)

    def width(self, series: Series) -> int:
        return self.curve.g2_bytes if series == "tau_g2" else self.curve.g1_bytes

    def points(self, series: Series, engine: Engine, start: int = 0, count: int | None = None) -> bytes:
        """Canonical monomial points; all from `start` on without a count."""
        data, width = memoryview(self.monomials[series]), self.width(series)
        end = data.nbytes if count is None else (start + count) * width
        return engine.fq_from_montgomery(data[start * width : end])

    def lagrange_points(self, series: Series, power: int, engine: Engine) -> bytes:
        """Canonical Lagrange points of the domain of 2^power, from the file or, where it was not prepared, computed."""
        width, size = self.width(series), 1 << power
        if self.lagrange is None:
            return lagrange_from_monomials(self, series, power, engine)
        data = memoryview(self.lagrange[series])
        return engine.fq_from_montgomery(data[(size - 1) * width : (2 * size - 1) * width])


def lagrange_from_monomials(ptau: PowersOfTau, series: Series, power: int, engine: Engine) -> bytes:
    """The inverse transform of the first 2^power points; the one monomial that tau_g1 lacks at its end is infinity."""
    size, width = 1 << power, ptau.width(series)
    monomials = ptau.points(series, engine, 0, min(size, monomial_count(series, ptau.power)))
    monomials = monomials.ljust(size * width, b"\0")
    return engine.g2_ntt(monomials, inverse=True) if series == "tau_g2" else engine.g1_ntt(monomials, inverse=True)


def monomial_count(series: Series, power: int) -> int:
    return (2 << power) - 1 if series == "tau_g1" else 1 << power


def lagrange_powers(series: Series, power: int) -> range:
    """The domains a prepared file has Lagrange points for: tau_g1 goes one further, for the quotient."""
    return range(power + 2 if series == "tau_g1" else power + 1)


def read_ptau(data: Buffer, engine: Engine | None = None) -> PowersOfTau:
    """Read the layout; points are checked when used, the whole ceremony by `verify_ptau`."""
    engine = engine or get_engine()
    curve = engine.curve
    sections = read_sections(data, MAGIC, what=WHAT, max_version=VERSION)
    header = Cursor(_section(sections, 1), WHAT)
    if header.u32() != curve.coordinate_bytes or header.integer(curve.coordinate_bytes) != curve.q:
        raise EncodingError(f"{WHAT}: a ceremony on another curve than {curve.name}", what=WHAT)
    power, ceremony_power = header.u32(), header.u32()
    header.finish()
    if not 1 <= power <= ceremony_power <= MAX_POWER:
        raise EncodingError(f"{WHAT}: powers {power} of {ceremony_power} are out of range", what=WHAT)
    widths = {series: curve.g2_bytes if series == "tau_g2" else curve.g1_bytes for series in SERIES}
    monomials: dict[Series, Buffer] = {
        series: _section(sections, 2 + i, monomial_count(series, power) * widths[series])
        for i, series in enumerate(SERIES)
    }
    lagrange: dict[Series, Buffer] | None = None
    if any(12 + i in sections for i in range(4)):
        lagrange = {
            series: _section(sections, 12 + i, sum(1 << p for p in lagrange_powers(series, power)) * widths[series])
            for i, series in enumerate(SERIES)
        }
    beta_g2 = _section(sections, 6, curve.g2_bytes)
    contributions = _read_contributions(_section(sections, 7), engine)
    return PowersOfTau(curve, power, ceremony_power, monomials, beta_g2, contributions, lagrange)


def write_ptau(ptau: PowersOfTau, engine: Engine | None = None) -> bytes:
    """The inverse of `read_ptau`."""
    engine = engine or get_engine()
    curve = ptau.curve
    header = curve.coordinate_bytes.to_bytes(4, "little") + curve.q.to_bytes(curve.coordinate_bytes, "little")
    header += ptau.power.to_bytes(4, "little") + ptau.ceremony_power.to_bytes(4, "little")
    sections = [(1, header)]
    sections += [(2 + i, bytes(ptau.monomials[series])) for i, series in enumerate(SERIES)]
    sections += [(6, bytes(ptau.beta_g2)), (7, _write_contributions(ptau.contributions, engine))]
    if ptau.lagrange is not None:
        sections += [(12 + i, bytes(ptau.lagrange[series])) for i, series in enumerate(SERIES)]
    return write_sections(MAGIC, VERSION, sections)


def _section(sections: dict[int, memoryview], number: int, size: int | None = None) -> memoryview:
    if number not in sections:
        raise EncodingError(f"{WHAT}: section {number} is missing", what=WHAT)
    found = sections[number]
    if size is not None and len(found) != size:
        raise EncodingError(f"{WHAT}: section {number} has {len(found)} bytes, not {size}", what=WHAT)
    return found


def _read_contributions(section: memoryview, engine: Engine) -> tuple[PowersContribution, ...]:
    cursor = Cursor(section, WHAT)
    count = cursor.u32()
    if count > cursor.left // _RECORD_BYTES:
        raise EncodingError(f"{WHAT}: section 7 cannot hold {count} contributions", what=WHAT)
    contributions = tuple(_read_contribution(cursor, engine) for _ in range(count))
    cursor.finish()
    return contributions


def _read_contribution(cursor: Cursor, engine: Engine) -> PowersContribution:
    def point(size: int) -> bytes:
        return engine.fq_from_montgomery(cursor.take(size))

    first = (point(64), point(128), point(64), point(64), point(128))
    pairs = [(point(64), point(64)) for _ in range(3)]
    tau, alpha, beta = (KeyProof(*pair, point(128)) for pair in pairs)
    partial_hash, next_challenge = cursor.take(STATE_BYTES), cursor.take(64)
    return PowersContribution(
        *first, tau, alpha, beta, partial_hash, next_challenge, read_parameters(cursor, WHAT)
    )  # fmt: skip


def _write_contributions(contributions: tuple[PowersContribution, ...], engine: Engine) -> bytes:
    out = bytearray(len(contributions).to_bytes(4, "little"))
    for c in contributions:
        proofs = (c.tau, c.alpha, c.beta)
        points = c.tau_g1 + c.tau_g2 + c.alpha_g1 + c.beta_g1 + c.beta_g2
        points += b"".join(p.g1_s + p.g1_sx for p in proofs) + b"".join(p.g2_spx for p in proofs)
        out += engine.fq_to_montgomery(points) + c.partial_hash + c.next_challenge
        out += write_parameters(c.parameters)
    return bytes(out)
