"""The modules' lifespans: entered and left in one task, since what they hold (task groups, say) asks for it."""

from __future__ import annotations

import asyncio
import inspect
from asyncio import AbstractEventLoop
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from types import ModuleType
from typing import Any

from clutch_worker._api import LIFESPAN_MARK
from clutch_worker._errors import call_error
from clutch_worker._registry import BootFailure


class Lifespans:
    """`states` has what each module's lifespan yielded, by the module's name, once `enter` is through."""

    def __init__(self, modules: list[ModuleType]) -> None:
        self._modules = modules
        self.states: dict[str, Any] = {}
        self._leave = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def enter(self, loop: AbstractEventLoop, timeout_s: float | None) -> None:
        """Enters them in the modules' order. Raises BootFailure, stage setup; timeout_s None waits for ever."""
        entered: asyncio.Future[None] = loop.create_future()
        self._task = loop.create_task(self._run(entered), name="clutch-lifespan")
        done, _ = await asyncio.wait([entered, self._task], timeout=timeout_s, return_when=asyncio.FIRST_COMPLETED)
        if entered in done:
            return
        if self._task in done:
            error = self._task.exception() if not self._task.cancelled() else asyncio.CancelledError()
            if isinstance(error, BootFailure):
                raise error
            raise _failure("a lifespan failed", error)
        self._task.cancel()
        raise _failure(f"the lifespans were not entered within {timeout_s:.1f} s", None)

    async def leave(self, timeout_s: float | None) -> str | None:
        """Leaves them in the reverse order; gives a sentence about what went wrong, if anything did."""
        if self._task is None:
            return None
        self._leave.set()
        done, _ = await asyncio.wait([self._task], timeout=timeout_s)
        if not done:
            return f"the lifespans were not left within {timeout_s:.1f} s"
        if self._task.cancelled():
            return "the lifespans were cancelled"
        error = self._task.exception()
        return None if error is None else f"a lifespan failed when it was left: {type(error).__name__}: {error}"

    async def _run(self, entered: asyncio.Future[None]) -> None:
        async with AsyncExitStack() as stack:
            for module in self._modules:
                for manager in _managers(module):
                    try:
                        self.states[module.__name__] = await stack.enter_async_context(manager)
                    except asyncio.CancelledError:
                        raise
                    except BaseException as error:
                        raise _failure(f"the lifespan of module '{module.__name__}' failed", error) from error
            if not entered.done():
                entered.set_result(None)
            await self._leave.wait()


def _managers(module: ModuleType) -> list[AbstractAsyncContextManager[Any]]:
    marked = {id(value): value for value in vars(module).values() if _is_lifespan(value, module)}
    if len(marked) > 1:
        raise _failure(f"module '{module.__name__}' has {len(marked)} lifespans and may have one", None)
    managers = []
    for function in marked.values():
        bare = inspect.isasyncgenfunction(function)
        managers.append(asynccontextmanager(function)() if bare else function())
    return managers


def _is_lifespan(value: Any, module: ModuleType) -> bool:
    # An imported lifespan belongs to the module that defines it.
    return (
        inspect.isfunction(value)
        and hasattr(value, LIFESPAN_MARK)
        and inspect.unwrap(value).__module__ == module.__name__
    )


def _failure(message: str, error: BaseException | None) -> BootFailure:
    if error is not None:
        try:
            message += f": {type(error).__name__}: {error}"
        except Exception:
            message += f": {type(error).__name__}"
    return BootFailure(call_error("failed", "setup", "not_started", message, error))
