from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from textwrap import dedent

import pytest

from clutch_worker._registry import BootFailure, Function, Registry


@pytest.fixture
def load(tmp_path: Path) -> Iterator[object]:
    before, path = set(sys.modules), list(sys.path)

    def load(**sources: str) -> Registry:
        for name, source in sources.items():
            target = tmp_path / name.replace("__", "/")
            target.parent.mkdir(exist_ok=True)
            target.with_suffix(".py").write_text(dedent(source))
        registry = Registry()
        registry.load([name for name in sources if "__" not in name or name.endswith("__init__")], [str(tmp_path)])
        return registry

    yield load
    sys.path[:] = path
    for name in set(sys.modules) - before:
        del sys.modules[name]


def names(registry: Registry) -> dict[str, Function]:
    return {function.name: function for function in registry.functions}


def test_public_functions_of_the_module_are_served(load) -> None:
    registry = load(
        reg_plain="""
            import asyncio, functools
            from contextlib import contextmanager
            from os.path import join
            NUMBER = 1
            def wraps(f):
                @functools.wraps(f)
                def wrapper(*args): return f(*args)
                return wrapper
            class Model: pass
            class Callable:
                __module__ = __name__
                async def __call__(self, x: int): "Documented."
            def plain(a, b=1): ...
            async def coroutine(): ...
            async def stream(): yield
            def generator(): yield
            @wraps
            async def wrapped(): ...
            @contextmanager
            def manager(): yield
            instance = Callable()
            def _private(): ...
            """
    )
    served = names(registry)
    assert {name.removeprefix("reg_plain."): function.kind for name, function in served.items()} == {
        "wraps": "plain",
        "plain": "plain",
        "coroutine": "coroutine",
        "stream": "async_generator",
        "generator": "generator",
        "wrapped": "coroutine",
        "instance": "coroutine",
    }
    assert served["reg_plain.plain"].signature == "(a, b=1)"
    why = dict(registry.left_out)
    assert why["reg_plain.Model"] == "it is a class"
    assert why["reg_plain.manager"] == "it is a context manager"
    assert "list it in __all__" in why["reg_plain.join"]
    assert "reg_plain.NUMBER" not in why


def test_all_decides_where_it_is_given(load) -> None:
    registry = load(
        reg_all="""
            from os.path import join
            __all__ = ["join", "_hidden", "gone", "VALUE", "Model"]
            VALUE = 1
            class Model: ...
            def _hidden(): ...
            def other(): ...
            """
    )
    assert names(registry).keys() == {"reg_all.join", "reg_all._hidden"}
    assert dict(registry.left_out) == {
        "reg_all.gone": "it is in __all__ but not defined",
        "reg_all.VALUE": "it is not callable",
        "reg_all.Model": "it is a class",
    }


def test_a_package_serves_its_submodules_functions(tmp_path: Path, load) -> None:
    package = tmp_path / "reg_package"
    package.mkdir()
    (package / "__init__.py").write_text("from reg_package.inner import inside\n")
    (package / "inner.py").write_text("def inside(): ...\n")
    registry = Registry()
    registry.load(["reg_package"], [str(tmp_path)])
    assert names(registry).keys() == {"reg_package.inside"}


def test_limits_and_hostile_signatures(load) -> None:
    served = names(
        load(
            reg_limits="""
                import clutch_worker
                class Loud:
                    def __repr__(self): raise RuntimeError
                @clutch_worker.limit(4, per="pool")
                async def limited(): "A doc."
                async def loud(x=Loud()): ...
                """
        )
    )
    limited = served["reg_limits.limited"].as_map()
    assert (limited["limit"], limited["per"], limited["doc"]) == (4, "pool", "A doc.")
    assert served["reg_limits.loud"].signature == "(...)"
    assert served["reg_limits.loud"].notes


def test_a_module_that_cannot_be_imported(load) -> None:
    with pytest.raises(BootFailure) as caught:
        load(reg_broken="import reg_nowhere\n")
    error = caught.value.error
    assert (error["stage"], error["certainty"]) == ("import", "not_started")
    assert error["message"].startswith("module 'reg_broken' cannot be imported: ModuleNotFoundError")
