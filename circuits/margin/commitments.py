"""Every hash of the margin statement, in plain integers: tags, the chained Poseidon, roots, pseudonyms, nullifiers.

`constraints.py` computes the same values inside the circuit. Each hash starts with a tag of its own, so that a value of
one kind can never pass for another; the tag of a list carries the list's length, so that a missing or extra trailing
element changes it.
"""

from __future__ import annotations

from collections.abc import Sequence

from zkmargin.algebra import poseidon_hash


def tag(name: str) -> int:
    """A domain tag: the ASCII bytes of the name as a number, below 2^128."""
    return int.from_bytes(name.encode("ascii").rjust(16, b"\0"), "big")


TAG_KEY = tag("zkmargin.key")
TAG_LEAF = tag("zkmargin.leaf")
TAG_GROUP = tag("zkmargin.group")
TAG_ROOT = tag("zkmargin.root")
TAG_RISK = tag("zkmargin.risk")
TAG_ACCOUNT = tag("zkmargin.account")
TAG_NULLIFIER = tag("zkmargin.nullif")

BLOCK = 16
"""Poseidon takes at most 16 inputs; longer lists are chained, the running value first in each later block."""


def list_tag(base: int, length: int) -> int:
    """The tag of a list hash: `base` with the list's length above it."""
    return base + (length << 128)


def hash_list(base: int, items: Sequence[int]) -> int:
    """Chained Poseidon of a list whose length is committed in its tag."""
    state = list_tag(base, len(items))
    for start in range(0, len(items), BLOCK - 1):
        state = poseidon_hash([state, *items[start : start + BLOCK - 1]])
    return state


def key_commitment(secret: int) -> int:
    """What a venue stores of the trader's secret."""
    return poseidon_hash([TAG_KEY, secret])


def account_pseudonym(secret: int, target: int) -> int:
    """Stable at one target, unlinkable across targets."""
    return poseidon_hash([TAG_ACCOUNT, secret, target])


def nullifier(secret: int, target: int, sequence: int) -> int:
    """Stops the same state of the same account from being used twice at one target."""
    return poseidon_hash([TAG_NULLIFIER, secret, target, sequence])


def venue_group(venue_ids: Sequence[int]) -> int:
    """The set of venues whose collateral is netted together; ids strictly ascending."""
    return poseidon_hash([TAG_GROUP, *venue_ids])


def source_root(venue_id: int, epoch: int, tree_root: int) -> int:
    """A tree root bound to its venue and epoch."""
    return poseidon_hash([TAG_ROOT, venue_id, epoch, tree_root])
