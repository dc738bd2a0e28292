"""The reference engine: every operation of the door in plain Python, written to be read beside the papers."""

from .engine import ReferenceEngine

__all__ = ["ReferenceEngine"]
