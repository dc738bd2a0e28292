"""The versions of the ledger's schema, each made from the one before. What is here never changes."""
