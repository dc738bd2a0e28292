"""The command line: parsing, files, progress and exit codes; the work is done in the other rooms."""

from .application import main

__all__ = ["main"]
