"""A draft for the public names nobody it knows, and nobody in it plays two roles."""

import random
import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.redaction import Roles

TEAM = {
    "U1": ("alice",),
    "U2": ("Bob Builder",),
    "U3": ("Will Smith",),
    "U4": ("田中",),
    "U5": ("Straußenberg",),
    "U6": ("A",),
    "gitlab:carol": ("carol",),
    "gitlab:root": ("Administrator",),
}
CALLED = {
    "U2": ("bob", "Bob Real", "bobr", "bob@x.example"),
    "U3": ("Carol", "Carol van der Real", "c.real", "Carol.Real@x.example"),
    "U4": ("dave", "Dave O’Neill", "dave", "d'oneill@x.example"),
    "U6": ("Jan", "Jan de Vries", "jan.de.vries", "jan@x.example"),
    "U5": ("boss", "Dr. Anna-Lena Weiß", "boss", ""),
}
"""People with all their names: the one that is shown, the real one, the user name, the address."""


@pytest.mark.parametrize(
    ("typed", "redacted"),
    [
        ("alice restarted it", "team-member-1 restarted it"),
        ("ALICE's fix, (Alice)", "team-member-1's fix, (team-member-1)"),
        ("@alice and alice", "team-member-1 and team-member-1"),
        ("Bob Builder, bob  builder, Bob\nBuilder", "team-member-1, team-member-1, team-member-1"),
        ("@Bob Builder! @bob, @bob.builder and Bob", "team-member-1! team-member-1, team-member-1 and team-member-1"),
        ("Bob said bob", "team-member-1 said bob"),
        ("will it? Will did", "will it? team-member-1 did"),
        ("@dave.smith: hi, Dave", "team-member-1: hi, Dave"),
        ("田中さんが再起動", "team-member-1さんが再起動"),
        ("STRAUSSENBERG, Straußenberg", "team-member-1, team-member-1"),
        ("al\u200bice", "team-member-1"),
        ("carol, then @carol", "team-member-1, then team-member-1"),
        ("U1 left", "team-member-1 left"),
        ("<@U1>", "<team-member-1>"),
        ("@root, the root cause", "team-member-1, the root cause"),
        ("A backup, and @a", "A backup, and team-member-1"),
        ("alice-laptop", "team-member-1-laptop"),
    ],
)
def test_names_become_roles(typed: str, redacted: str) -> None:
    assert Roles(TEAM).redact(typed) == redacted


@pytest.mark.parametrize(
    "typed",
    [
        "malice, alices, alice_x, alice2",
        "https://gitlab.example/alice and www.alice.example",
        "alice.db.example.com is down",
        "@here @channel @everyone @all",
        "import @types/node",
        "👩\u200d🚒 at work",
        "",
    ],
)
def test_addresses_words_and_everybody_stay(typed: str) -> None:
    assert Roles(TEAM).redact(typed) == typed


@pytest.mark.parametrize(
    ("typed", "redacted"),
    [
        ("Bob Real removed db1", "team-member-1 removed db1"),
        ("bob, BOB REAL, bobr, @bobr, @Bob Real, U2", ", ".join(["team-member-1"] * 6)),
        ("Carol van der Real and @c.real", "team-member-1 and team-member-1"),
        ("O’Neill or Dave O’Neill", "team-member-1 or team-member-1"),
        ("Weiß and Anna-Lena of @weiß", "team-member-1 and team-member-1 of team-member-1"),
        ("Real saw it, in real time", "team-member-1 saw it, in real time"),
        ("jan.de.vries of jan.db.x.example", "team-member-1 of jan.db.x.example"),
        ("a van der bridge", "a van der bridge"),
        ("bob@x.example, <BOB@X.example>. _bob@x.example_", "team-member-1, <team-member-1>. team-member-1"),
        ("carol.real@x.example's key", "team-member-1's key"),
        ("to 'bob@x.example' and d'oneill@x.example", "to 'team-member-1' and team-member-2"),
        ("mailto:bob@x.example, eve@y.example", "mailto:team-member-1, (e-mail address)"),
        ("bob@y.example is not bob", "(e-mail address) is not team-member-1"),
        ("https://x.example/?by=bob@x.example&to=eve%40y.example", "https://x.example/?by=team-member-1&to=(e-mail address)"),
        ("o'eve+alerts@mail.y.example: hi", "(e-mail address): hi"),
    ],
)  # fmt: skip
def test_all_that_somebody_is_called_means_the_same_role(typed: str, redacted: str) -> None:
    assert Roles(CALLED).redact(typed) == redacted


def test_somebody_known_by_one_name_is_the_same_where_another_is_used() -> None:
    roles = Roles(CALLED)
    assert roles.role("U2") == roles.role("gitlab:bobr") == roles.redact("Bob Real") == "team-member-1"


def test_a_name_that_is_shown_of_one_person_means_no_other_who_is_called_so_too() -> None:
    roles = Roles({"U1": ("bob", "Robert Smith"), "U2": ("Bobby", "Bob", "bob"), "U3": ("Will", "Robert Smith")})

    assert roles.redact("Bobby told bob") == "team-member-1 told team-member-2"
    assert roles.role("U1") == "team-member-2"
    assert roles.redact("Robert Smith of two") == "team-member-3 of two"
    assert roles.role("U3") == "team-member-4"


def test_roles_are_counted_in_the_order_of_first_appearance() -> None:
    roles = Roles(TEAM)

    assert roles.role("U2") == "team-member-1"
    assert roles.redact("alice told @bob") == "team-member-2 told team-member-1"
    assert roles.role("U77") == "team-member-3"
    assert roles.role("U1") == "team-member-2"


def test_ids_of_one_name_are_one_person() -> None:
    roles = Roles({"U1": ("Carol",), "gitlab:carol": ("carol",)})
    assert roles.role("U1") == roles.role("gitlab:carol") == roles.role("terminal:carol")


def test_roles_that_the_texts_speak_of_already_are_given_to_nobody() -> None:
    roles = Roles(TEAM, ["Team-member-1 removed it, team-member-3 saw it"])
    assert [roles.role(who) for who in ("U1", "U2", "U3")] == ["team-member-2", "team-member-4", "team-member-5"]


def test_of_two_people_whose_names_begin_alike_the_longest_name_counts() -> None:
    roles = Roles({"U1": ("Bob Builder",), "U2": ("Bob Builder Jr",)})
    assert roles.redact("Bob Builder Jr, Bob Builder, Bob") == "team-member-1, team-member-2, team-member-3"


@given(
    st.lists(st.text("abcdefgXYZ äßİς'.-", min_size=2, max_size=12), max_size=6),
    st.lists(st.sampled_from(["was", "here", ",", "\n", "(", ")", "then", "’s", "@"]), max_size=12),
    st.randoms(use_true_random=False),
)
def test_no_known_name_is_left_as_a_whole_word(called: list[str], between: list[str], chance: random.Random) -> None:
    names = {f"U{number}": name.strip(" '.-") for number, name in enumerate(called)}
    words = [*between, *names.values(), *(name.upper() for name in names.values())]
    chance.shuffle(words)

    said = Roles({who: (name,) for who, name in names.items()}).redact(" ".join(words))

    for name in names.values():
        if len(name) > 1 and name.casefold() not in {"team", "member"} and not re.search(r"\w+\.[\w-]+\.", name):
            whole = re.escape(" ".join(name.split()))
            assert not re.search(rf"(?<!\w){whole}(?!\w)", " ".join(said.split()), re.IGNORECASE), (name, said)


@given(st.text(max_size=200))
def test_any_text_survives_where_nobody_is_known(text: str) -> None:
    once = Roles({}).redact(text)
    assert "@" in text or once == Roles({}).redact(once)


def test_five_hundred_texts_among_a_thousand_people_take_no_time() -> None:
    names = {
        f"U{number}": (f"Person{number} Name{number}", f"Real{number} Name", f"user{number}", f"user{number}@x.example")
        for number in range(1000)
    }
    roles = Roles(names)
    begun = time.process_time()

    for number in range(500):
        roles.redact(f"Person{number} Name{number} restarted everything, and @person{number} looked at it. " * 2)
    for sign in ("a", "a'", "a.", "a@", "a@a."):
        roles.redact(sign * (3000 // len(sign)))

    assert time.process_time() - begun < 10
