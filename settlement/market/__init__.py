"""Market data: signed reports, the consensus over them, and histories."""
