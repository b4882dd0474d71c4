"""Collects what is wrong with a piece of JSON, in the words of Slack's Web API, each fault with its JSON pointer."""

from collections.abc import Iterable, Mapping
from typing import Any, TypeGuard


class Judge:
    """Says what is wrong; the questions answer whether it makes sense to look further inside."""

    def __init__(self) -> None:
        self.faults: list[str] = []

    def says(self, fault: str, at: str) -> None:
        """One more fault."""
        self.faults.append(f"{fault} [json-pointer:{at}]")

    def is_object(self, value: object, at: str) -> TypeGuard[dict[str, Any]]:
        """Whether it is a JSON object."""
        if isinstance(value, dict):
            return True
        self.says("must be an object", at)
        return False

    def is_list(self, value: object, at: str, *, most: int | None = None, least: int = 1) -> TypeGuard[list[Any]]:
        """Whether it is a list; its length is judged too."""
        if not isinstance(value, list):
            self.says("must be an array", at)
            return False
        if len(value) < least:
            self.says(f"must have at least {least} item{'' if least == 1 else 's'}", at)
        if most is not None and len(value) > most:
            self.says(f"no more than {most} items allowed", at)
        return True

    def keys(self, value: Mapping[str, object], at: str, required: Iterable[str], optional: Iterable[str]) -> bool:
        """Whether everything needed is there; what does not belong is a fault as well."""
        required = set(required)
        missing = sorted(required - set(value))
        for each in missing:
            self.says(f"missing required field: {each}", at)
        for each in sorted(set(value) - required - set(optional)):
            self.says(f"invalid additional property: {each}", at)
        return not missing

    def string(self, holder: Mapping[str, object], key: str, at: str, *, most: int, least: int = 1) -> None:
        """A string that may be absent, and has a length."""
        value = holder.get(key)
        if value is None:
            return
        if not isinstance(value, str):
            self.says("must provide a string", f"{at}/{key}")
        elif len(value) > most:
            self.says(f"must be less than {most + 1} characters", f"{at}/{key}")
        elif len(value) < least:
            self.says(f"must be more than {least - 1} characters", f"{at}/{key}")

    def flag(self, holder: Mapping[str, object], key: str, at: str) -> None:
        """A boolean that may be absent."""
        if key in holder and not isinstance(holder[key], bool):
            self.says("must be a boolean", f"{at}/{key}")

    def text(self, value: object, at: str, *, most: int, plain: bool = False) -> None:
        """A text object (https://docs.slack.dev/reference/block-kit/composition-objects/text-object)."""
        if not self.is_object(value, at):
            return
        kind = value.get("type")
        if kind not in ({"plain_text"} if plain else {"plain_text", "mrkdwn"}):
            self.says(f"unsupported type: {kind}", f"{at}/type")
            return
        if self.keys(value, at, {"type", "text"}, {"emoji"} if kind == "plain_text" else {"verbatim"}):
            self.string(value, "text", at, most=most)
