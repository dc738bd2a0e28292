"""Is the margin right? Paths through time, and how often a loss exceeds the margin held against it."""
