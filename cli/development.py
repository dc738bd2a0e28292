"""What is said of a key that one party made, wherever one is used."""

from __future__ import annotations

INSECURE = (
    "this key was made by one party, who could forge proofs with what it knew; "
    "use it for development only, ledgers refuse it unless told otherwise"
)
