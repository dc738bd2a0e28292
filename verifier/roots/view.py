"""What a source of roots says at one moment, and the protocol by which it is asked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from ..attestation import SourceRootAttestation
from ..statement import ID_BITS, TIME_BITS, check_element, check_range


@dataclass(frozen=True)
class RootReport:
    """A root that is final on its chain; `attestation` is there where signers vouch for it and not the source alone."""

    chain_id: int
    epoch: int
    root: int
    observed_at_ms: int
    attestation: SourceRootAttestation | None = None

    def __post_init__(self) -> None:
        check_range("chain_id", self.chain_id, ID_BITS)
        check_range("epoch", self.epoch, ID_BITS)
        check_element("root", self.root)
        check_range("observed_at_ms", self.observed_at_ms, TIME_BITS)

    @classmethod
    def attested(cls, attestation: SourceRootAttestation) -> RootReport:
        a = attestation
        return cls(a.chain_id, a.epoch, a.root, a.observed_at_ms, a)


@dataclass(frozen=True)
class Withdrawal:
    """A root that had been reported as final and is not."""

    chain_id: int
    epoch: int
    root: int
    reason: str


@dataclass(frozen=True)
class RootView:
    """`final` in any order; `withdrawn` names only roots that were held when the source was asked, or that it lists."""

    final: tuple[RootReport, ...] = ()
    withdrawn: tuple[Withdrawal, ...] = ()


class HeldRoot(Protocol):
    """A root that the ledger holds; its own record of one is such."""

    @property
    def chain_id(self) -> int: ...
    @property
    def epoch(self) -> int: ...
    @property
    def root(self) -> int: ...
    @property
    def observed_at_ms(self) -> int: ...


class RootSource(Protocol):
    """Something that knows the roots of one or several source chains."""

    @property
    def name(self) -> str:
        """For messages; never with a secret in it."""

    def chain_ids(self, routes: Sequence[int]) -> Sequence[int]:
        """Those of a ledger's source chains that this source speaks for."""

    def poll(self, held: Sequence[HeldRoot], since_ms: int) -> RootView:
        """What is final now, of roots observed at `since_ms` or later.

        `held` is what the ledger holds of that time, so that the source can say what it no longer stands behind
        without a memory of its own. Raises `SourceError` where it cannot tell.
        """
