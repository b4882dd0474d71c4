"""What a check-up says tells how to mend it, and stands on the page about trouble."""

import re
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
import yaml

from bot.domain import checkup
from bot.domain.checkup import labels_of
from bot.domain.priority import AP_LABELS
from bot.domain.rollover import find_weeks
from bot.domain.team import Team
from bot.domain.tracker import Milestone, Project, WeekFacts
from bot.domain.week import Week
from bot.messages import doctor, doctor_parts
from bot.messages.labels import LABELS
from bot.messages.scopes import NEEDED_SCOPES, WITHOUT

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "troubleshooting.md").read_text()
SAYINGS = {name: one for name, one in vars(doctor).items() if isinstance(one, doctor.Saying)}
PASSED_ON = {"SETTING_WRONG", "STORE_REFUSED"}
"""What says what another room has worded."""
OF_THE_STORE = (
    "DATABASE_URL: the folder … does not exist.",
    "DATABASE_URL: … cannot be read as a database (…).",
    "DATABASE_URL: … is the database of another program.",
    "DATABASE_URL: … was written by a newer Baton (it knows “…”).",
)
TUESDAY = date(2026, 11, 24)


def test_everything_that_is_said_of_trouble_stands_on_the_page() -> None:
    said = {name: re.sub(r"\{\w+\}", "…", one.said) for name, one in SAYINGS.items() if one.level != "ok"}

    missing = {name for name, words in said.items() if f"**{words}**" not in PAGE}
    assert missing == PASSED_ON
    assert [words for words in OF_THE_STORE if f"**{words}**" not in PAGE] == []


def test_the_page_says_nothing_that_the_doctor_does_not() -> None:
    said = {re.sub(r"\{\w+\}", "…", one.said) for one in SAYINGS.values()} | set(OF_THE_STORE)
    on_the_page = set(re.findall(r"^\*\*(.+?)\*\*", PAGE, re.MULTILINE))

    assert on_the_page - said == {"A variable, and what is wrong with it."}


def test_every_check_has_its_part_of_the_page() -> None:
    parts = set(re.findall(r"^## (.+)$", PAGE, re.MULTILINE))

    assert {one.check for one in SAYINGS.values()} - {"…"} == parts - {"Any check"}


def test_whatever_is_wrong_comes_with_a_mend() -> None:
    wrong = {name: one for name, one in SAYINGS.items() if one.level in {"warning", "problem"}}

    assert {name for name, one in wrong.items() if not one.mend} == PASSED_ON
    assert [name for name, one in SAYINGS.items() if one.level == "ok" and one.mend] == []


def test_every_scope_of_the_manifest_is_checked_and_no_other() -> None:
    manifest = yaml.safe_load((ROOT / "manifest.yml").read_text())

    assert set(WITHOUT) == set(manifest["oauth_config"]["scopes"]["bot"])
    assert set(WITHOUT) >= NEEDED_SCOPES


def test_every_label_that_is_created_gets_a_colour_of_its_own_and_a_description() -> None:
    assert set(LABELS) == {*labels_of(Team("")).values(), *AP_LABELS}
    assert len({colour for colour, _ in LABELS.values()}) == len(LABELS)
    assert all(re.fullmatch("#[0-9a-f]{6}", colour) and words for colour, words in LABELS.values())


@pytest.mark.parametrize(
    ("count", "said"),
    [(0, "0 bytes"), (999, "999 bytes"), (1_500, "1.5 kB"), (12_345_678, "12 MB"), (80 * 10**9, "80 GB")],
)
def test_sizes_are_short(count: int, said: str) -> None:
    assert doctor_parts.size(count) == said


# Which weeks can be created


def lacks(*milestones: Milestone, today: date = TUESDAY) -> dict[str, Week]:
    facts = WeekFacts(datetime.now(UTC), Project("acme/production"), milestones)
    return dict(checkup.lacking(facts, find_weeks(facts, Team("")), Team(""), today).weeks)


def test_the_week_that_is_created_is_the_one_in_which_today_lies() -> None:
    assert lacks() == {"WoW": Week(TUESDAY), "Next WoW": Week(TUESDAY + timedelta(days=7))}
    assert lacks(today=TUESDAY + timedelta(days=1))["WoW"] == Week(TUESDAY + timedelta(days=7))


def test_the_next_week_follows_the_one_that_is_there() -> None:
    week = Milestone(1, "WoW", start=date(2026, 11, 11), due=date(2026, 11, 17))

    assert lacks(week) == {"Next WoW": Week(TUESDAY)}


def test_a_title_that_is_there_in_another_way_is_left_to_a_person() -> None:
    closed, of_group = Milestone(1, "WoW", active=False), Milestone(2, "Next WoW", group=True)
    begun = Milestone(3, "Next WoW", start=TUESDAY)

    assert lacks(closed, of_group) == {}
    assert lacks(begun) == {}
    assert set(lacks(Milestone(4, "Next WoW", start=TUESDAY + timedelta(days=1)))) == {"WoW"}
