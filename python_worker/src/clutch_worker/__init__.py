"""What a module served by a clutch worker may import; a plain module needs nothing of it."""

import sys as _sys

if _sys.version_info >= (3, 11):  # noqa: UP036  an older one gets as far as __main__, which says that it is too old
    from clutch_worker._api import current_call, lifespan, limit, state

__all__ = ["current_call", "lifespan", "limit", "state"]
