"""The service's routes, by who uses them."""

from . import feeding, health, operating, reading, settling

ROUTERS = (settling.ROUTER, reading.ROUTER, feeding.ROUTER, operating.ROUTER, health.ROUTER)

__all__ = ["ROUTERS"]
