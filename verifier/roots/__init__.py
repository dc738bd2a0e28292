"""Where a ledger's source roots come from: a trusted file, a server, a node of the source chain; and what follows them.

Nothing here is imported by `zkmargin.verifier` itself. Everything works with the base install.
"""

from .feed import FileSource, HttpSource
from .follower import FollowEvent, RootFollower
from .json_rpc import JsonRpc
from .node_source import Finality, NodeSource
from .view import RootReport, RootSource, RootView, Withdrawal

__all__ = [
    "FileSource",
    "Finality",
    "FollowEvent",
    "HttpSource",
    "JsonRpc",
    "NodeSource",
    "RootFollower",
    "RootReport",
    "RootSource",
    "RootView",
    "Withdrawal",
]
