"""What a process remembers, forgotten: so that no test finds what another, or itself on another engine, left there."""

import functools
import importlib
import pkgutil
from collections.abc import Callable
from types import ModuleType
from typing import Any

from structlog._config import BoundLoggerLazyProxy

import core
import projections
import workers
from core.lru import Lru


@functools.cache
def memories() -> list[Callable[[], Any]]:
    """What empties each memory that a module holds: an `Lru`, the results of a function, or how a logger was set up.

    A cache without a bound stays: it holds what the program itself is made of, such as its files and documents.
    """
    found: dict[int, Callable[[], Any]] = {}
    for module in _modules():
        for one in vars(module).values():
            if isinstance(one, Lru):
                found[id(one)] = one.clear
            elif isinstance(one, functools._lru_cache_wrapper) and one.cache_parameters()["maxsize"] is not None:
                found[id(one)] = one.cache_clear
            elif isinstance(one, BoundLoggerLazyProxy):
                # Bound for good by a program that was run in this process, it would be captured by no test after that.
                found[id(one)] = functools.partial(vars(one).pop, "bind", None)
    return list(found.values())


def forget() -> None:
    """Empty all of them."""
    for empty in memories():
        empty()


def _modules() -> list[ModuleType]:
    return [
        importlib.import_module(found.name)
        for package in (core, projections, workers)
        for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}.")
        if not found.name.endswith("__main__")
    ]
