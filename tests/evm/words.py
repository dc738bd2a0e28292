"""Proofs as the contracts take them: eight numbers, the imaginary part of each coordinate of B first."""

from __future__ import annotations

from zkmargin.verifier import Proof


def proof_words(proof: Proof) -> list[int]:
    data = proof.to_bytes()
    ax, ay, bx0, bx1, by0, by1, cx, cy = (int.from_bytes(data[i : i + 32], "little") for i in range(0, 256, 32))
    return [ax, ay, bx1, bx0, by1, by0, cx, cy]
