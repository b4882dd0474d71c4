"""Domain values as JSON text, and back."""

from functools import cache
from typing import Any, TypeVar

from pydantic import TypeAdapter

T = TypeVar("T")


@cache
def _adapter(kind: Any) -> TypeAdapter[Any]:  # noqa: ANN401 - a type of any kind
    return TypeAdapter(kind)


def dump(value: object) -> str:
    """Write a value as JSON."""
    return _adapter(type(value)).dump_json(value).decode()


def load(kind: type[T], written: str) -> T:
    """Read a value of `kind` back; raises ValueError when the text is not one."""
    result: T = _adapter(kind).validate_json(written)
    return result
