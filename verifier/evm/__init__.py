"""The target chain as an EVM: contracts made from a key and a ledger's configuration. Needs the extra `evm`."""
