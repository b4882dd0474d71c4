"""A post-mortem is public and names nobody, also where it stands in the issue in which people were named before."""

import re
from pathlib import Path

from tests.stories.night import declares, file_sent, only_outage, plain
from tests.stories.side_by_side import side_by_side
from tests.stories.world import CHANNEL, World


@side_by_side
def test_a_draft_put_into_the_issue_names_nobody_and_keeps_what_people_added(tmp_path: Path) -> None:
    with World(tmp_path) as world:
        world.slack.change_person("U2", real_name="Bob Real", email="b.real@example.org")
        world.bot.starts()
        alice, bob = world.alice, world.bob
        alice.types("/event outage db1 of Bob Real lost data", CHANNEL)
        world.modal(alice, "Open issue")
        alice.fills("What is seen", "Pages fail, says @bob.\nB.Real@example.org told Alice, and so did eve@example.org")
        assert alice.submits().ok
        world.said("(#1)")
        bob.types("/event log Bob Real removed db1 with @alice", CHANNEL)
        world.is_idle()
        iid = only_outage(world.gitlab)
        first = world.gitlab.state.issues[iid].description
        assert "Declared by alice" in first
        world.gitlab.edit_issue(iid, description=f"{first}\n\nGraphs: see the board", by="carol")

        before = set(world.slack.files)
        alice.types("/event postmortem", CHANNEL)
        draft = file_sent(world, before, ".md").decode()
        for _ in range(2):
            alice.clicks(world.said("A draft for"), "Put it into the issue")
            world.is_idle()

        after = world.gitlab.state.issues[iid].description
        for written in (draft, after):
            assert re.findall(r"\b(?:alice|bob|real|eve)\b|@example", plain(written), re.IGNORECASE) == []
        assert "# Post-mortem: db1 of team-member-1 lost data" in after
        assert "team-member-1 told team-member-2, and so did (e-mail address)" in plain(after)
        assert "Declared by" not in after
        marked, below = after.split("<!-- baton:outage:")
        assert marked.count("# Post-mortem") == 1
        assert below.endswith(" -->\n\nGraphs: see the board")


@side_by_side
def test_a_post_mortem_that_nobody_began_is_reminded_of_once_on_the_morning_after(tmp_path: Path) -> None:
    with World(tmp_path) as world:
        world.bot.starts()
        for title in ("Database is down", "Mail is late"):
            declares(world, world.alice, title)
            world.said(f"{title}”")
            world.alice.types("/event resolve", CHANNEL)
            world.until(lambda: world.messages("post-mortem is due*"), "it is over")
            world.is_idle()
        world.alice.types("/event postmortem O2", CHANNEL)
        world.alice.clicks(world.said("A draft for"), "Put it into the issue")
        world.is_idle()
        for _ in range(2):
            next_morning(world)

        (reminder,) = world.messages("I have seen no post-mortem yet")
        assert "O1 (#1)" in reminder.text
        assert "I remind only once" in reminder.text
        world.alice.clicks(reminder, "Draft post-mortem")
        world.alice.clicks(world.said("A draft for the post-mortem of O1"), "Put it into the issue")
        world.said("The post-mortem of outage O1 (#1) “Database is down” stands in its issue.")


def next_morning(world: World) -> None:
    """The bot is away until the morning after, at eleven."""
    world.bot.is_killed()
    world.clock.moves(hours=26)
    world.bot.starts()
    world.until(lambda: len(world.messages("no post-mortem yet")) == 1, "the reminder", within=60)
    world.is_idle()
