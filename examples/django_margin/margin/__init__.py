"""The app: margin credited for proofs, and what accounts have."""
