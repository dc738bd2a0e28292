"""Phase 2: contributions to one circuit's key, each multiplying delta by a secret, and the check of the whole chain.

Bowe, Gabizon and Miers (2017), section 6, in the form of iden3's `.zkey` files. As long as one contributor forgot the
secret, nobody knows delta.
"""

from __future__ import annotations

from dataclasses import replace

from zkmargin.algebra import Engine, get_engine, scalars_to_bytes
from zkmargin.circuits.r1cs import R1CS

from .chacha import ChaCha
from .errors import CeremonyInvalid, KeyMismatch
from .hash_to_group import draw_g1, draw_scalar, hash_to_g2
from .proving_key import Contribution, Progress, ProvingKey
from .ptau import PowersOfTau
from .randomness import beacon_stream, challenge_scalars, contributor_stream, recomputed_beacon_stream
from .records import Parameters
from .relations import fold, generator, same_ratio
from .setup import setup_from_ptau
from .transcript import blake2b512, plain_g1, plain_g2


def contribute(
    key: ProvingKey,
    name: str,
    entropy: str | bytes,
    engine: Engine | None = None,
    *,
    progress: Progress | None = None,
) -> ProvingKey:
    """Multiply a fresh secret into delta. The system's randomness is always used, `entropy` is stirred in."""
    return _apply(key, contributor_stream(entropy), Parameters(name), engine or get_engine(), progress)


def apply_beacon(
    key: ProvingKey,
    name: str,
    beacon: bytes,
    iterations_exp: int,
    engine: Engine | None = None,
    *,
    progress: Progress | None = None,
) -> ProvingKey:
    """The closing step: a factor that anybody can recompute from a public value fixed after the last contribution."""
    parameters = Parameters(name, beacon, iterations_exp)
    return _apply(key, beacon_stream(beacon, iterations_exp), parameters, engine or get_engine(), progress)


def contribution_hash(contribution: Contribution) -> bytes:
    """What a participant announces, so that others can see the contribution in the final key."""
    return blake2b512(_record(contribution))


def verify_contributions(key: ProvingKey, engine: Engine | None = None) -> None:
    """Check the chain alone: every step proves knowledge of its factor and leads from the delta before to the next.

    Raises `CeremonyInvalid`. A key nobody contributed to, or of the development setup, is refused. That the points of
    the key fit the circuit and this delta is for `verify_zkey`.
    """
    engine = engine or get_engine()
    if key.development:
        raise CeremonyInvalid("development", "this is a key of the insecure development setup, which has no ceremony")
    if not key.contributions:
        raise CeremonyInvalid("contributions", "nobody has contributed to phase 2, so everybody knows delta")
    g1, g2 = generator(engine, "g1"), generator(engine, "g2")
    seen, delta = key.circuit_hash, g1
    for number, step in enumerate(key.contributions, 1):
        if blake2b512(seen, plain_g1(step.g1_s + step.g1_sx)) != step.transcript:
            raise CeremonyInvalid("transcript", "the transcript is not that of the steps before", contribution=number)
        g2_s = hash_to_g2(step.transcript)
        if not same_ratio(engine, step.g1_s, step.g1_sx, g2_s, step.g2_spx):
            raise CeremonyInvalid("knowledge", "the proof of knowing the factor is wrong", contribution=number)
        if not same_ratio(engine, delta, step.delta_after, g2_s, step.g2_spx):
            raise CeremonyInvalid("chain", "delta does not follow from the step before", contribution=number)
        _verify_beacon(step, number, engine)
        seen, delta = seen + _record(step), step.delta_after
    if delta != key.delta1:
        raise CeremonyInvalid("delta", "the key's delta is not that of its last contribution")
    if not same_ratio(engine, g1, key.delta1, g2, key.delta2):
        raise CeremonyInvalid("delta", "delta differs between G1 and G2")
    if delta[:32] == g1[:32]:
        raise CeremonyInvalid("delta", "the contributions cancel out, so everybody knows delta")


def verify_zkey(
    r1cs: R1CS,
    ptau: PowersOfTau,
    key: ProvingKey,
    engine: Engine | None = None,
    *,
    progress: Progress | None = None,
) -> None:
    """Is this the key of this circuit, on top of this phase 1, with nothing but a valid phase 2 done to it?

    Raises `KeyMismatch` where it belongs to another circuit or phase 1, `CeremonyInvalid` where it was tampered with.
    """
    engine = engine or get_engine()
    verify_contributions(key, engine)
    initial = setup_from_ptau(
        r1cs,
        ptau,
        engine,
        folded=key.folded_points is not None,
        progress=None if progress is None else lambda what, done: progress(what, 0.7 * done),
    )
    for part in ("n_wires", "n_public", "domain_size", "alpha1", "beta1", "beta2", "gamma2", "ic"):
        _same(part, initial, key)
    for part in ("a", "b", "a_points", "b1_points", "b2_points", "circuit_hash"):
        _same(part, initial, key)
    if key.circuit_digest is not None:
        _same("circuit_digest", initial, key)
    g2 = generator(engine, "g2")
    for place, part in enumerate(_divided_by_delta(key)):
        if progress is not None:
            progress(f"checking {part}", 0.7 + 0.1 * place)
        before, after = getattr(initial, part), getattr(key, part)
        coefficients = challenge_scalars(len(before) // 64)
        folded_before = fold(engine, "g1", before, coefficients)
        folded_after = fold(engine, "g1", after, coefficients)
        if not any(folded_before) and not any(folded_after):
            continue  # no private wire is used at all
        if not same_ratio(engine, folded_after, folded_before, g2, key.delta2):
            raise CeremonyInvalid(part, f"{part} was not divided by the key's delta")
    if progress is not None:
        progress("verified", 1.0)


def _same(part: str, initial: ProvingKey, key: ProvingKey) -> None:
    if getattr(initial, part) != getattr(key, part):
        raise KeyMismatch(part, f"the key's {part} is not that of this circuit and these powers of tau")


def _apply(
    key: ProvingKey, stream: ChaCha, parameters: Parameters, engine: Engine, progress: Progress | None
) -> ProvingKey:
    factor = draw_scalar(stream)
    g1_s = draw_g1(stream)
    if factor in (0, 1):
        raise CeremonyInvalid("secret", "the secret came out as zero or one")
    scalar = scalars_to_bytes([factor])
    inverse = scalars_to_bytes([pow(factor, -1, key.curve.r)])
    g1_sx = engine.g1_scale(g1_s, scalar)
    seen = key.circuit_hash + b"".join(map(_record, key.contributions))
    transcript = blake2b512(seen, plain_g1(g1_s + g1_sx))
    delta1 = engine.g1_scale(key.delta1, scalar)
    step = Contribution(
        delta_after=delta1,
        g1_s=g1_s,
        g1_sx=g1_sx,
        g2_spx=engine.g2_scale(hash_to_g2(transcript), scalar),
        transcript=transcript,
        name=parameters.name,
        beacon_hash=parameters.beacon_hash,
        iterations_exp=parameters.iterations_exp,
    )

    def divided(points: bytes, place: int) -> bytes:
        if progress is not None:
            progress("dividing by the secret", place / 3)
        return engine.g1_scale(points, inverse * (len(points) // 64))

    result = replace(
        key,
        delta1=delta1,
        delta2=engine.g2_scale(key.delta2, scalar),
        c_points=divided(key.c_points, 0),
        h_points=divided(key.h_points, 1),
        folded_points=None if key.folded_points is None else divided(key.folded_points, 2),
        contributions=(*key.contributions, step),
    )
    if progress is not None:
        progress("contributed", 1.0)
    return result


def _divided_by_delta(key: ProvingKey) -> tuple[str, ...]:
    return ("c_points", "h_points") if key.folded_points is None else ("c_points", "h_points", "folded_points")


def _record(step: Contribution) -> bytes:
    """A contribution as the transcripts after it take it in."""
    return plain_g1(step.delta_after + step.g1_s + step.g1_sx) + plain_g2(step.g2_spx) + step.transcript


def _verify_beacon(step: Contribution, number: int, engine: Engine) -> None:
    if step.beacon_hash is None or step.iterations_exp is None:
        return
    stream = recomputed_beacon_stream(step.beacon_hash, step.iterations_exp, number)
    factor, g1_s = scalars_to_bytes([draw_scalar(stream)]), draw_g1(stream)
    if (g1_s, engine.g1_scale(g1_s, factor)) != (step.g1_s, step.g1_sx):
        raise CeremonyInvalid("beacon", "the factor is not that of the beacon", contribution=number)
