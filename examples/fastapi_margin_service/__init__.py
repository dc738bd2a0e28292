"""A venue of one's own, on FastAPI, with the margin ledger inside it."""
