"""Where a circuit's constraints go: counted by gadget, line and component, compared, and drawn."""

from .difference import Difference, difference
from .document import read_profile, write_profile
from .flame_graph import flame_page, flame_svg
from .profile import Cost, Profile, profile_circuit, profile_imported
from .report import difference_lines, profile_lines

__all__ = [
    "Cost",
    "Difference",
    "Profile",
    "difference",
    "difference_lines",
    "flame_page",
    "flame_svg",
    "profile_circuit",
    "profile_imported",
    "profile_lines",
    "read_profile",
    "write_profile",
]
