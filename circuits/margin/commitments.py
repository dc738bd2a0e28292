"""Every hash of the margin statement, in plain integers: tags, roots, pseudonyms, nullifiers.

`opening.py` and `constraints.py` compute the same values inside the circuit. Each hash has a tag of its own, so that a
value of one kind can never pass for another. The tag of a list carries the list's layout and length, so that an element
read for another, a missing or an extra one changes it.
"""

from __future__ import annotations

from collections.abc import Sequence

from zkmargin.algebra import poseidon_hash


def tag(name: str) -> int:
    """A domain tag: the ASCII bytes of the name as a number, below 2^128."""
    return int.from_bytes(name.encode("ascii").rjust(16, b"\0"), "big")


TAG_KEY = tag("zkmargin.key")
TAG_GROUP = tag("zkmargin.group")
TAG_ROOT = tag("zkmargin.root")
TAG_ACCOUNT = tag("zkmargin.account")
TAG_NULLIFIER = tag("zkmargin.nullif")

TAG_LEAF = tag("zkm.leaf")
TAG_RISK = tag("zkm.risk")
"""Tags of lists: eight letters, so that a layout and then the list's length find room above them."""
LAYOUT_SHIFT = 64


def laid_out(base: int, layout: int) -> int:
    """The tag of a list whose elements mean what the layout, at most 60 bits, says."""
    return base + (layout << LAYOUT_SHIFT)


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
