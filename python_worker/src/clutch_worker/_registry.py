"""Which functions the modules of BOOT serve, of what kind, and how their arguments are decoded. Asked at boot alone."""

from __future__ import annotations

import contextlib
import importlib
import inspect
import sys
import types
import typing
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

from clutch_worker._api import LIFESPAN_MARK, LIMIT_MARK
from clutch_worker._errors import call_error
from clutch_worker._protocol import Kind
from clutch_worker._values import Parameters, decoder

NAME_BYTES_MAX = 256
SIGNATURE_CHARS_MAX = 2048
DOC_CHARS_MAX = 8192
FUNCTIONS_MAX = 65_536


class BootFailure(Exception):
    """The worker cannot become ready. `error` is BOOT_FAILED's map."""

    def __init__(self, error: dict[str, Any]) -> None:
        super().__init__(error["message"])
        self.error = error


class Function:
    """One callable name."""

    __slots__ = (
        "call", "decoders", "doc", "inert", "inert_stream", "is_stream", "kind", "limit", "module", "name",
        "needs_check", "notes", "parameters", "per", "signature", "threaded",
    )  # fmt: skip

    def __init__(self, module: ModuleType, name: str, call: Callable[..., Any]) -> None:
        self.module = module.__name__
        self.name = name
        self.call = call
        self.kind: Kind = kind_of(call)
        self.threaded = self.kind in ("plain", "generator")
        self.is_stream = self.kind in ("async_generator", "generator")
        # Calling an `async def` runs none of its code; what wraps one may, and needs the call's context for it.
        flags = call.__code__.co_flags if isinstance(call, types.FunctionType) else 0
        self.inert = bool(flags & inspect.CO_COROUTINE)
        self.inert_stream = bool(flags & inspect.CO_ASYNC_GENERATOR)
        self.notes: list[str] = []
        self.signature, self.parameters = _parameters(call, self.notes)
        self.decoders, self.needs_check = self.parameters.by_head, self.parameters.needs_check
        self.doc = (inspect.getdoc(call) or "")[:DOC_CHARS_MAX]
        mark: tuple[int, str] = getattr(call, LIMIT_MARK, (0, "worker"))
        self.limit, self.per = mark

    def as_map(self) -> dict[str, Any]:
        """REGISTER's map."""
        texts = {"name": self.name, "kind": self.kind, "signature": self.signature, "doc": self.doc, "per": self.per}
        clean = {key: text.encode("utf-8", "backslashreplace").decode() for key, text in texts.items()}
        return {**clean, "limit": self.limit, "notes": self.notes}


class Registry:
    """The functions in REGISTER's order, and the modules they came from."""

    def __init__(self) -> None:
        self.modules: list[ModuleType] = []
        self.functions: list[Function] = []
        self.left_out: list[tuple[str, str]] = []

    def load(self, modules: list[str], path: list[str]) -> None:
        """Imports the modules and collects their functions. Raises BootFailure, stage import."""
        sys.path[:0] = path
        importlib.invalidate_caches()
        for name in modules:
            try:
                module = importlib.import_module(name)
                self._collect(module)
            except BaseException as error:  # SystemExit from an import must not pass for a worker that ended well
                message = f"module '{name}' cannot be imported: {type(error).__name__}: {_text(error)}"
                raise BootFailure(call_error("failed", "import", "not_started", message, error)) from error
            self.modules.append(module)
        if len(self.functions) > FUNCTIONS_MAX:
            message = f"{len(self.functions)} functions are more than the {FUNCTIONS_MAX} a pool may have: use __all__"
            raise BootFailure(call_error("failed", "import", "not_started", message))

    def _collect(self, module: ModuleType) -> None:
        for name, call, why in _candidates(module):
            full = f"{module.__name__}.{name}"
            if why is None and len(full.encode("utf-8", "replace")) > NAME_BYTES_MAX:
                why = f"its name is longer than {NAME_BYTES_MAX} bytes"
            if why is not None:
                self.left_out.append((full, why))
            else:
                self.functions.append(Function(module, full, call))


def _candidates(module: ModuleType) -> Iterator[tuple[str, Any, str | None]]:
    """Name, object, and why it is left out, if it is. What nobody would call a function is passed over in silence."""
    listed = getattr(module, "__all__", None)
    names = list(dict.fromkeys(listed)) if listed is not None else [n for n in vars(module) if not n.startswith("_")]
    for name in names:
        if not hasattr(module, name):
            yield name, None, "it is in __all__ but not defined"
            continue
        value = getattr(module, name)
        if inspect.isclass(value):
            if listed is not None or value.__module__ == module.__name__:
                yield name, value, "it is a class"
        elif not callable(value):
            if listed is not None:
                yield name, value, "it is not callable"
        elif hasattr(value, LIFESPAN_MARK):
            yield name, value, "it is the module's lifespan"
        elif getattr(getattr(value, "__code__", None), "co_filename", "") == contextlib.__file__:
            yield name, value, "it is a context manager"
        elif listed is None and not _belongs(value, module.__name__):
            home = getattr(value, "__module__", None)
            yield name, value, f"it is defined in {home}: list it in __all__ to serve it from here"
        else:
            yield name, value, None


def _belongs(value: Any, module: str) -> bool:
    home = getattr(value, "__module__", None)
    return isinstance(home, str) and (home == module or home.startswith(module + "."))


def kind_of(call: Callable[..., Any]) -> Kind:
    """What calling it gives, by the function inside of its decorators."""
    inner = _unwrap(call)
    if not inspect.isroutine(inner) and not isinstance(inner, types.MethodType):
        method = _unwrap(type(inner).__call__)
        inner = method if inspect.isfunction(method) else inner
    if inspect.iscoroutinefunction(inner):
        return "coroutine"
    if inspect.isasyncgenfunction(inner):
        return "async_generator"
    if inspect.isgeneratorfunction(inner):
        return "generator"
    return "plain"


def _unwrap(call: Any) -> Any:
    try:
        return inspect.unwrap(call)
    except ValueError:  # __wrapped__ goes in a circle
        return call


def _text(error: BaseException) -> str:
    try:
        return str(error)
    except BaseException:
        return "it does not say why"


def _parameters(call: Callable[..., Any], notes: list[str]) -> tuple[str, Parameters]:
    try:
        signature = inspect.signature(call)
        text = str(signature)[:SIGNATURE_CHARS_MAX]
    except Exception as error:  # a builtin without one, or a default whose repr raises
        notes.append(f"its signature cannot be read ({type(error).__name__}), so its arguments are decoded untyped")
        return "(...)", Parameters([], [], typing.Any, {}, typing.Any)
    names: list[str] = []
    annotations: list[Any] = []
    keywords: dict[str, Any] = {}
    rest: Any = None
    others: Any = typing.Any
    scope = getattr(_unwrap(call), "__globals__", {})
    for parameter in signature.parameters.values():
        annotation = _annotation(parameter, scope, notes)
        if parameter.kind is parameter.VAR_POSITIONAL:
            rest = annotation
        elif parameter.kind is parameter.VAR_KEYWORD:
            others = annotation
        else:
            if parameter.kind is not parameter.KEYWORD_ONLY:
                names.append(parameter.name)
                annotations.append(annotation)
            if parameter.kind is not parameter.POSITIONAL_ONLY:
                keywords[parameter.name] = annotation
    return text, Parameters(names, annotations, rest, keywords, others)


def _annotation(parameter: inspect.Parameter, scope: dict[str, Any], notes: list[str]) -> Any:
    """What msgspec decodes the parameter into: Any, with a note, where it cannot build what is annotated."""
    if parameter.annotation is parameter.empty:
        return typing.Any
    why: object
    try:
        hint = types.SimpleNamespace(__annotations__={"it": parameter.annotation})
        annotation = typing.get_type_hints(hint, scope, scope, include_extras=True)["it"]
        decoder(annotation)
        custom = _custom_type(annotation)
        if custom is None:
            return annotation
        why = f"nothing can be decoded into {custom}"
    except Exception as error:
        why = error
    notes.append(f"parameter '{parameter.name}' is decoded untyped: {why}"[:512])
    return typing.Any


def _custom_type(annotation: Any) -> str | None:
    """A class in an annotation that msgspec accepts, and then refuses every value for."""
    from msgspec import inspect as info

    todo, seen = [info.type_info(annotation)], set()
    while todo:
        node: Any = todo.pop()
        if isinstance(node, info.CustomType):
            return node.cls.__qualname__
        if id(node) in seen or not isinstance(node, (info.Type, info.Field)):
            continue
        seen.add(id(node))
        for name in node.__struct_fields__:
            value = getattr(node, name)
            todo.extend(value if isinstance(value, tuple) else [value])
    return None
