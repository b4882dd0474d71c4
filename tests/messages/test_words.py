"""One word for one thing, numbers that agree with their nouns, and nothing said by a sign alone.

What is looked at is every sentence in the rooms that speak, read from their source: a string with a blank in it that is
no docstring. Whether a sentence is a good one, no test can tell.
"""

import ast
import functools
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.messages import only_members, operations_wait, silence, trying_again

ROOT = Path(__file__).parents[2]
ROOMS = ("bot/messages", "bot/domain", "bot/services", "bot/terminal", "bot/verbs", "bot/doctor", "handlers")
INSTEAD = {
    r"\bmodals?\b": "window",
    r"\bmend(s|ed)?\b": "fix",
    r"\banew\b|\bonce more\b": "again",
    r"\bturn(s|ed|ing)? (the|of the|any) weeks?\b": "roll over",
    r"\b(goes|go|went) on\b": "is ongoing, or continues",
    r"\bno member\b": "not a member",
    r"\bI know no\b": "I do not know",
    r"\b(stand-?by|on duty)\b": "on call",
    r"\bhand-?overs?\b": "hand-off",
    r"\bday zone\b|\btimezone of\b": "time zone",
    r"\bcannot not\b|\bnot un\w+": "the same without two negations",
}
"""What is not said, and what is said in its place."""
NOUNS = "issues|events|outages|operations|days|weeks|steps|things|minutes|labels|scopes|people|requests"
NEVER_ONE = {
    "bot/domain/week.py": {" days ("},  # only a week of more than seven is spoken of
    "bot/messages/wow.py": {" open issues"},  # more than have a field each
    "bot/messages/outages.py": {" outages are ongoing", " outages are ongoing. Which one "},  # one is said otherwise
    "bot/messages/week.py": {" closed weeks"},  # one is said otherwise
    "bot/messages/weekly.py": {" weeks"},  # carried over more than once
    "bot/services/handoff.py": {" people are called “"},
    "handlers/handoff.py": {" ongoing issues."},  # more than have a field each
    "handlers/wow.py": {" open issues of the week ending "},  # more than have a field each
}
"""Plural nouns behind a number that is never one there."""


@functools.cache
def sentences() -> list[tuple[str, int, str]]:
    """Give all that the rooms say: file, line, and the words of a string, with {} for what is filled in."""
    found = []
    for path in sorted(path for room in ROOMS for path in (ROOT / room).rglob("*.py")):
        tree = ast.parse(path.read_text())
        silent = {id(part) for node in ast.walk(tree) for part in _unsaid(node)}
        for node in ast.walk(tree):
            text = _text(node)
            if " " in text.strip() and id(node) not in silent:
                found.append((str(path.relative_to(ROOT)), getattr(node, "lineno", 0), text))
    return found


def _unsaid(node: ast.AST) -> Iterator[ast.AST]:
    """Give docstrings, and the pieces of a string that is looked at as a whole."""
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
        yield node.value
    if isinstance(node, ast.JoinedStr):
        yield from node.values


def _text(node: ast.AST) -> str:
    if isinstance(node, ast.JoinedStr):
        return "".join(_text(part) or "{}" for part in node.values)
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


@pytest.mark.parametrize("word", INSTEAD)
def test_one_thing_has_one_name(word: str) -> None:
    said = [f"{path}:{line}: {text}" for path, line, text in sentences() if re.search(word, text, re.IGNORECASE)]

    assert not said, f"say: {INSTEAD[word]}"


def test_a_number_agrees_with_its_noun() -> None:
    """Whatever is counted is counted by `count`, unless it is never one."""
    said = [
        (path, line, found[0])
        for path, line, text in sentences()
        for found in re.finditer(rf"(?<=\{{\}}) (?:\w+ )?(?:{NOUNS})\b[^{{}}:,]*", text)
        if found[0] not in NEVER_ONE.get(path, ())
    ]

    assert not said
    assert not [text for _, _, text in sentences() if re.search(r"\w\(s\)", text)]


def test_one_is_spoken_of_as_one() -> None:
    assert [operations_wait(number) for number in (0, 1, 2)] == [
        "0 operations wait",
        "1 operation waits",
        "2 operations wait",
    ]
    assert [only_members(number) for number in (1, 2)] == [
        "only members of its channel can read it",
        "only members of their channels can read them",
    ]
    assert [trying_again(number) for number in (1, 2)] == ["Trying 1 operation again.", "Trying 2 operations again."]


def test_no_button_and_no_choice_is_a_sign_alone() -> None:
    """Whoever hears the page read, or does not know the sign, has words."""
    labels = [
        (path, node.lineno, text)
        for path in sorted((ROOT / "bot/messages").glob("*.py"))
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Dict)
        for key, value in zip(node.keys, node.values, strict=True)
        if isinstance(key, ast.Constant) and key.value == "text" and (text := _text(value))
    ]

    assert len(labels) > 20
    assert not [label for label in labels if not re.search(r"[A-Za-z]{2}|\{\}", re.sub(r":[a-z_]+:", "", label[2]))]


@pytest.mark.parametrize(
    ("reason", "said"),
    [
        ("GitLab does not answer: the connection broke", "GitLab does not answer (the connection broke)"),
        ("GitLab does not answer: it is too slow", "GitLab does not answer (it is too slow)"),
        ("GitLab limits our rate", "GitLab does not answer (it limits our rate)"),
        ("GitLab answers with an error (500)", "GitLab does not answer (it answers with an error (500))"),
        ("GitLab does not answer (RuntimeError)", "GitLab does not answer (RuntimeError)"),
        ("GitLab does not answer", "GitLab does not answer"),
    ],
)
def test_a_silence_is_told_with_its_reason_and_names_gitlab_once(reason: str, said: str) -> None:
    assert silence(reason) == said
