"""The night of 31 January 2017 at GitLab, typed out of order by three people in three zones, with GitLab down for half of it.

Times and kinds are those on record (https://about.gitlab.com/blog/2017/02/10/postmortem-of-database-outage-of-january-31/);
what has no clock time of its own there follows the one before by a second.
"""

import random
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from tests.stories.night import declares, exported, notes_of, only_outage, plain
from tests.stories.world import CHANNEL, World

NIGHT = [
    ("2017-01-31T17:20:00Z", "change", "LVM snapshot of production taken and loaded into staging"),
    ("2017-01-31T18:00:00Z", "incident", "spam snippets make the database unstable"),
    ("2017-01-31T19:00:00Z", "incident", "load on the database grows"),
    ("2017-01-31T21:00:00Z", "incident", "writes are locked up, the site is down at times"),
    ("2017-01-31T21:00:01Z", "change", "spammers' addresses blocked; 47 000 of them on one account"),
    ("2017-01-31T22:00:00Z", "incident", "page: replication lags, db2 is 4 GB behind"),
    ("2017-01-31T22:00:01Z", "change", "data directory of db2 wiped for a clean replication"),
    ("2017-01-31T22:00:02Z", "change", "max_wal_senders = 32 on db1, PostgreSQL restarted"),
    ("2017-01-31T22:00:03Z", "incident", "PostgreSQL does not start: too many semaphores"),
    ("2017-01-31T22:00:04Z", "change", "max_connections from 8000 to 2000, PostgreSQL starts"),
    ("2017-01-31T22:00:05Z", "incident", "db2 does not replicate, it hangs without a word"),
    ("2017-01-31T23:00:00Z", "change", "rm of the data directory, meant for db2, runs on db1"),
    ("2017-01-31T23:27:00Z", "incident", "removal stopped: 4.5 GB of 300 GB are left"),
    ("2017-01-31T23:27:01Z", "incident", "site taken down, @gitlabstatus says so"),
    ("2017-02-01T00:36:00Z", "change", "backup of the data of db1.staging"),
    ("2017-02-01T00:55:00Z", "change", "copy from staging to production begins"),
    ("2017-02-01T01:05:00Z", "change", "nfs-share01 taken for /var/opt/gitlab/db-meltdown"),
    ("2017-02-01T01:18:00Z", "change", "remaining production data tarred up, pg_xlog too"),
    ("2017-02-01T17:00:00Z", "change", "database restored, without webhooks"),
    ("2017-02-01T18:00:00Z", "change", "webhooks restored, last checks done"),
    ("2017-02-01T18:14:00Z", "incident", "the site is back"),
]


def typed(at: str, kind: str, text: str, zone: str) -> str:
    """How somebody types it: by their own clock, or in UTC."""
    moment = datetime.fromisoformat(at)
    local = moment.astimezone(ZoneInfo(zone)) if zone else moment
    return f"/event log {kind} {local:%Y-%m-%d %H:%M:%S}{'' if zone else 'Z'} {text}"


def test_a_night_of_21_events_is_exported_in_order_to_the_second_and_each_is_once_in_gitlab_in_order_of_logging(
    tmp_path: Path,
) -> None:
    with World(tmp_path, "2017-02-01T19:00Z") as world:
        world.bot.starts()
        carol = world.slack.add_person("U3", "carol", tz="Pacific/Auckland")
        world.slack.joins("U3", CHANNEL)
        zones = {"U1": "Europe/Amsterdam", "U2": "America/New_York", "U3": "Pacific/Auckland"}
        people = [world.alice, world.bob, carol]
        declares(world, world.alice, "Database outage", "Data loss")
        world.said("(#1)")

        order = list(NIGHT)
        random.Random(31).shuffle(order)
        for number, (at, kind, text) in enumerate(order):
            if number == len(order) // 4:
                world.gitlab.goes_down()
            if number == len(order) * 3 // 4:
                world.gitlab.comes_back()
            who = people[number % 3]
            assert who.types(typed(at, kind, text, "" if number % 5 == 4 else zones[who.id]), CHANNEL).ok
        world.until(lambda: len(world.messages("Logged as event", to=carol)) == 7, "carol is known")
        world.is_idle(within=60)

        told = [one for one in exported(world, world.bob) if one["source"] == "command"]
        assert [(one["at"], one["kind"], one["text"]) for one in told] == NIGHT
        assert {one["by"] for one in told} == {"alice", "bob", "carol"}
        notes = notes_of(world.gitlab, only_outage(world.gitlab))
        logged = sorted(exported(world, world.bob), key=lambda one: int(one["id"]))
        assert len(notes) == len(logged) == len(NIGHT) + 1
        assert all(plain(one["text"]) in plain(note) for one, note in zip(logged, notes, strict=True))
