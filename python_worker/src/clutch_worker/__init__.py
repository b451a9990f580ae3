"""What a module served by a clutch worker may import; a plain module needs nothing of it."""

from clutch_worker._api import current_call, lifespan, limit, state

__all__ = ["current_call", "lifespan", "limit", "state"]
