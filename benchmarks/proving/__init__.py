"""Proving side by side: this library and its peers on the same constraint systems and witnesses."""
