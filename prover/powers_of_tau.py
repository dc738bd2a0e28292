"""Phase 1: the ceremony that makes powers of tau, to be used by any circuit up to a size.

Bowe, Gabizon and Miers, "Scalable Multi-party Computation for zk-SNARK Parameters in the Random Beacon Model" (2017),
in the form of iden3's files: each contribution multiplies tau, alpha and beta by secrets, proves knowledge of them, and
chains to the one before by hashes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from zkmargin.algebra import Buffer, Engine, get_engine, scalars_to_bytes

from .blake2b_state import Blake2bState
from .chacha import ChaCha
from .errors import CeremonyInvalid, KeyMismatch
from .hash_to_group import draw_g1, draw_scalar, hash_to_g2
from .proving_key import Progress
from .ptau import (
    SERIES,
    KeyProof,
    PowersContribution,
    PowersOfTau,
    Series,
    lagrange_from_monomials,
    lagrange_powers,
    monomial_count,
)
from .randomness import beacon_stream, contributor_stream, recomputed_beacon_stream
from .records import Parameters
from .relations import Group, generator, is_lagrange_basis, same_ratio, steps_of
from .transcript import CHUNK_BYTES, blake2b512, compressed_g1, compressed_g2, plain_g1, plain_g2


@dataclass(frozen=True)
class _Secrets:
    """What a contributor must forget."""

    tau: int = field(repr=False)
    alpha: int = field(repr=False)
    beta: int = field(repr=False)


def new_powers(power: int, engine: Engine | None = None) -> PowersOfTau:
    """The start of a ceremony, tau = alpha = beta = 1: of no use before somebody contributed."""
    engine = engine or get_engine()
    if not 1 <= power < engine.curve.two_adicity:
        raise KeyMismatch("power", f"a ceremony has a power of 1 to {engine.curve.two_adicity - 1}, not {power}")
    g1, g2 = (engine.fq_to_montgomery(generator(engine, group)) for group in ("g1", "g2"))
    monomials: dict[Series, Buffer] = {
        series: (g2 if series == "tau_g2" else g1) * monomial_count(series, power) for series in SERIES
    }
    return PowersOfTau(engine.curve, power, power, monomials, g2)


def contribute_powers(
    ptau: PowersOfTau,
    name: str,
    entropy: str | bytes,
    engine: Engine | None = None,
    *,
    progress: Progress | None = None,
) -> PowersOfTau:
    """Multiply fresh secrets in; they are forgotten when this returns. The result must be prepared for phase 2 anew."""
    return _apply(ptau, contributor_stream(entropy), Parameters(name), engine or get_engine(), progress)


def apply_beacon_to_powers(
    ptau: PowersOfTau,
    name: str,
    beacon: bytes,
    iterations_exp: int,
    engine: Engine | None = None,
    *,
    progress: Progress | None = None,
) -> PowersOfTau:
    """The closing step: secrets that anybody can recompute from a public value fixed after the last contribution."""
    parameters = Parameters(name, beacon, iterations_exp)
    return _apply(ptau, beacon_stream(beacon, iterations_exp), parameters, engine or get_engine(), progress)


def prepare_phase2(ptau: PowersOfTau, engine: Engine | None = None, *, progress: Progress | None = None) -> PowersOfTau:
    """Add the Lagrange points of every domain, so that each circuit's setup need not compute them."""
    engine = engine or get_engine()
    lagrange: dict[Series, Buffer] = {}
    for place, series in enumerate(SERIES):
        parts = []
        for power in lagrange_powers(series, ptau.power):
            _report(progress, f"Lagrange points of {series}", (place + 2.0 ** (power - ptau.power - 2)) / len(SERIES))
            parts.append(engine.fq_to_montgomery(lagrange_from_monomials(ptau, series, power, engine)))
        lagrange[series] = b"".join(parts)
    _report(progress, "prepared", 1.0)
    return replace(ptau, lagrange=lagrange)


def verify_ptau(ptau: PowersOfTau, engine: Engine | None = None, *, progress: Progress | None = None) -> None:
    """Check the whole file: the chain of contributions, each section's powers, the hashes, the Lagrange points.

    Raises `CeremonyInvalid` (or `PointError`); a file nobody contributed to is refused too.
    """
    engine = engine or get_engine()
    if not ptau.contributions:
        raise CeremonyInvalid("contributions", "nobody has contributed, so everybody knows tau")
    _report(progress, "contributions", 0.0)
    _verify_chain(ptau, engine)
    last = ptau.contributions[-1]
    _report(progress, "powers", 0.2)
    check_powers(ptau, ptau.power, engine)
    firsts = {"tau_g1": last.tau_g1, "tau_g2": last.tau_g2, "alpha_g1": last.alpha_g1, "beta_g1": last.beta_g1}
    for series in SERIES:
        if ptau.points(series, engine, 1 if series.startswith("tau") else 0, 1) != firsts[series]:
            raise CeremonyInvalid(series, f"{series} does not begin as its last contribution says")
    if engine.fq_from_montgomery(ptau.beta_g2) != last.beta_g2:
        raise CeremonyInvalid("beta_g2", "beta in G2 is not that of the last contribution")
    _report(progress, "hashes", 0.5)
    if ptau.power == ptau.ceremony_power and _challenge(ptau, last.response_hash(), engine) != last.next_challenge:
        raise CeremonyInvalid("hash", "the points are not those the last contribution's hash was taken of")
    if ptau.lagrange is not None:
        for place, series in enumerate(SERIES):
            _report(progress, f"Lagrange points of {series}", 0.6 + 0.1 * place)
            for power in lagrange_powers(series, ptau.power):
                check_lagrange(ptau, series, power, engine)
    _report(progress, "verified", 1.0)


def check_powers(ptau: PowersOfTau, power: int, engine: Engine) -> None:
    """Are the points up to 2^power what they should be: powers of one tau, which is not 1, times alpha and beta?"""
    g1, g2 = generator(engine, "g1"), generator(engine, "g2")
    tau_g1 = ptau.points("tau_g1", engine, 0, monomial_count("tau_g1", power))
    tau_g2 = ptau.points("tau_g2", engine, 0, 1 << power)
    if tau_g1[:64] != g1 or tau_g2[:128] != g2:
        raise CeremonyInvalid("tau_g1", "the powers of tau do not begin with the generators")
    tau1, tau2 = tau_g1[64:128], tau_g2[128:256]
    if not any(tau1) or tau1[:32] == g1[:32]:
        raise CeremonyInvalid("tau_g1", "tau is zero, one or minus one")
    if not same_ratio(engine, g1, tau1, g2, tau2):
        raise CeremonyInvalid("tau_g2", "tau differs between G1 and G2")
    for series, points in (
        ("tau_g1", tau_g1),
        ("alpha_g1", ptau.points("alpha_g1", engine, 0, 1 << power)),
        ("beta_g1", ptau.points("beta_g1", engine, 0, 1 << power)),
    ):
        if not same_ratio(engine, *steps_of(engine, "g1", points), g2, tau2):
            raise CeremonyInvalid(series, f"{series} is not a sequence of powers of tau")
    if not same_ratio(engine, g1, tau1, *steps_of(engine, "g2", tau_g2)):
        raise CeremonyInvalid("tau_g2", "tau_g2 is not a sequence of powers of tau")
    beta1, beta2 = ptau.points("beta_g1", engine, 0, 1), engine.fq_from_montgomery(ptau.beta_g2)
    alpha1 = ptau.points("alpha_g1", engine, 0, 1)
    for name, point in (("alpha", alpha1), ("beta", beta1)):
        if not any(point) or point[:32] == g1[:32]:
            raise CeremonyInvalid(f"{name}_g1", f"{name} is zero, one or minus one: nobody has contributed to it")
    if not same_ratio(engine, g1, beta1, g2, beta2):
        raise CeremonyInvalid("beta_g2", "beta differs between G1 and G2")


def check_lagrange(ptau: PowersOfTau, series: Series, power: int, engine: Engine) -> None:
    """Are the file's Lagrange points of this domain those of its monomials?"""
    group: Group = "g2" if series == "tau_g2" else "g1"
    count = min(1 << power, monomial_count(series, ptau.power))
    monomials = ptau.points(series, engine, 0, count)
    if not is_lagrange_basis(engine, group, monomials, ptau.lagrange_points(series, power, engine)):
        raise CeremonyInvalid(f"lagrange {series}", f"the Lagrange points of {series} at 2^{power} are wrong")


def _apply(
    ptau: PowersOfTau, stream: ChaCha, parameters: Parameters, engine: Engine, progress: Progress | None
) -> PowersOfTau:
    if ptau.power != ptau.ceremony_power:
        raise KeyMismatch("power", "this file was cut down from a larger one and takes no contributions")
    challenge = _last_challenge(ptau, engine)
    secrets, proofs = _draw_key(stream, challenge, engine)
    state = Blake2bState()
    state.update(challenge)
    monomials: dict[Series, Buffer] = {}
    points: dict[Series, bytes] = {}
    scales = {"tau_g1": 1, "tau_g2": 1, "alpha_g1": secrets.alpha, "beta_g1": secrets.beta}
    for place, series in enumerate(SERIES):
        _report(progress, f"multiplying {series}", place / 5)
        factors = engine.fr_powers(secrets.tau, monomial_count(series, ptau.power), scales[series])
        scale = engine.g2_scale if series == "tau_g2" else engine.g1_scale
        points[series] = scale(ptau.points(series, engine), factors)
        state.update(compressed_g2(points[series]) if series == "tau_g2" else compressed_g1(points[series]))
        monomials[series] = engine.fq_to_montgomery(points[series])
    beta_g2 = engine.g2_scale(engine.fq_from_montgomery(ptau.beta_g2), scalars_to_bytes([secrets.beta]))
    state.update(compressed_g2(beta_g2))
    contribution = PowersContribution(
        tau_g1=points["tau_g1"][64:128],
        tau_g2=points["tau_g2"][128:256],
        alpha_g1=points["alpha_g1"][:64],
        beta_g1=points["beta_g1"][:64],
        beta_g2=beta_g2,
        **proofs,
        partial_hash=state.save(),
        next_challenge=b"",
        parameters=parameters,
    )
    _report(progress, "hashing", 4 / 5)
    result = replace(
        ptau, monomials=monomials, beta_g2=engine.fq_to_montgomery(beta_g2), lagrange=None, contributions=()
    )
    contribution = replace(contribution, next_challenge=_challenge(result, contribution.response_hash(), engine))
    _report(progress, "contributed", 1.0)
    return replace(result, contributions=(*ptau.contributions, contribution))


def _draw_key(stream: ChaCha, challenge: bytes, engine: Engine) -> tuple[_Secrets, dict[str, KeyProof]]:
    values = [draw_scalar(stream) for _ in range(3)]
    if not all(values):
        raise CeremonyInvalid("secrets", "a secret came out as zero")
    secrets = _Secrets(*values)
    proofs = {}
    for personalization, (name, value) in enumerate(zip(("tau", "alpha", "beta"), values, strict=True)):
        scalar = scalars_to_bytes([value])
        g1_s = draw_g1(stream)
        g1_sx = engine.g1_scale(g1_s, scalar)
        g2_spx = engine.g2_scale(_g2_challenge(personalization, challenge, g1_s, g1_sx), scalar)
        proofs[name] = KeyProof(g1_s, g1_sx, g2_spx)
    return secrets, proofs


def _g2_challenge(personalization: int, challenge: bytes, g1_s: bytes, g1_sx: bytes) -> bytes:
    return hash_to_g2(blake2b512(bytes([personalization]), challenge, plain_g1(g1_s), plain_g1(g1_sx)))


def _last_challenge(ptau: PowersOfTau, engine: Engine) -> bytes:
    return ptau.contributions[-1].next_challenge if ptau.contributions else _first_challenge(ptau, engine)


def _first_challenge(ptau: PowersOfTau, engine: Engine) -> bytes:
    """The hash of a new ceremony of the original size, without building one."""
    g1, g2 = plain_g1(generator(engine, "g1")), plain_g2(generator(engine, "g2"))
    size = 1 << ptau.ceremony_power
    runs = ((g1, 2 * size - 1), (g2, size), (g1, 2 * size), (g2, 1))
    return blake2b512(blake2b512(), *(part for point, count in runs for part in _repeat(point, count)))


def _repeat(point: bytes, count: int) -> Iterator[bytes]:
    per_chunk = CHUNK_BYTES // len(point)
    chunk = point * min(count, per_chunk)
    for start in range(0, count, per_chunk):
        yield chunk[: (count - start) * len(point)]


def _challenge(ptau: PowersOfTau, response_hash: bytes, engine: Engine) -> bytes:
    parts = [response_hash]
    for series in SERIES:
        points = ptau.points(series, engine)
        parts.append(plain_g2(points) if series == "tau_g2" else plain_g1(points))
    return blake2b512(*parts, plain_g2(engine.fq_from_montgomery(ptau.beta_g2)))


def _verify_chain(ptau: PowersOfTau, engine: Engine) -> None:
    g1, g2 = generator(engine, "g1"), generator(engine, "g2")
    before = {"tau_g1": g1, "tau_g2": g2, "alpha_g1": g1, "beta_g1": g1, "beta_g2": g2}
    challenge = _first_challenge(ptau, engine)
    for number, step in enumerate(ptau.contributions, 1):
        after = {name: getattr(step, name) for name in before}
        _verify_step(step, before, after, challenge, number, engine)
        before, challenge = after, step.next_challenge


def _verify_step(
    step: PowersContribution,
    before: dict[str, bytes],
    after: dict[str, bytes],
    challenge: bytes,
    number: int,
    engine: Engine,
) -> None:
    facts = step.parameters
    if facts.beacon_hash is not None and facts.iterations_exp is not None:
        stream = recomputed_beacon_stream(facts.beacon_hash, facts.iterations_exp, number)
        _, proofs = _draw_key(stream, challenge, engine)
        if proofs != {"tau": step.tau, "alpha": step.alpha, "beta": step.beta}:
            raise CeremonyInvalid("beacon", "the secrets are not those of the beacon", contribution=number)
    for personalization, name in enumerate(("tau", "alpha", "beta")):
        proof: KeyProof = getattr(step, name)
        g2_s = _g2_challenge(personalization, challenge, proof.g1_s, proof.g1_sx)
        if not same_ratio(engine, proof.g1_s, proof.g1_sx, g2_s, proof.g2_spx):
            raise CeremonyInvalid("knowledge", f"the proof of knowing {name} is wrong", contribution=number)
        if not same_ratio(engine, before[f"{name}_g1"], after[f"{name}_g1"], g2_s, proof.g2_spx):
            raise CeremonyInvalid("chain", f"{name} in G1 does not follow from the step before", contribution=number)
        if name != "alpha" and not same_ratio(
            engine, proof.g1_s, proof.g1_sx, before[f"{name}_g2"], after[f"{name}_g2"]
        ):
            raise CeremonyInvalid("chain", f"{name} in G2 does not follow from the step before", contribution=number)


def _report(progress: Progress | None, what: str, done: float) -> None:
    if progress is not None:
        progress(what, done)
