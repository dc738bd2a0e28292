"""The contracts of the chains, as Vyper sources."""

from .sources import SUFFIX, contract_names, contract_source

__all__ = ["SUFFIX", "contract_names", "contract_source"]
