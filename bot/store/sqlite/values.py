"""Domain values as JSON text, and back."""

from functools import cache, lru_cache
from typing import Any, TypeVar

from pydantic import TypeAdapter

T = TypeVar("T")


@cache
def _adapter(kind: Any) -> TypeAdapter[Any]:  # noqa: ANN401 - a type of any kind
    return TypeAdapter(kind)


def prepare(*kinds: type) -> None:
    """Work out how values of these kinds are written and read: the first time takes a tenth of a second."""
    for kind in kinds:
        _adapter(kind)


def dump(value: object) -> str:
    """Write a value as JSON."""
    kind: Any = type(value)
    return _adapter(kind).dump_json(value).decode()


def load(kind: type[T], written: str) -> T:
    """Read a value of `kind` back; raises ValueError when the text is not one."""
    any_kind: Any = kind
    result: T = _adapter(any_kind).validate_json(written)
    return result


@lru_cache(maxsize=16)
def load_frozen(kind: type[T], written: str) -> T:
    """Read a large value that nobody changes back, once for many readings of the same text."""
    return load(kind, written)
