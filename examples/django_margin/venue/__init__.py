"""The project: settings, addresses, and the ways in."""
