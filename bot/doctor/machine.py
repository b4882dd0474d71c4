"""This machine: the settings, time zones, the locale, and whether pictures can be drawn."""

import locale
from collections.abc import Collection
from datetime import timedelta
from pathlib import Path
from zoneinfo import available_timezones

from bot import charts
from bot.doctor.patient import Notes, Patient
from bot.domain.checkup import Finding
from bot.domain.errors import Unavailable
from bot.domain.pictures import Mark, Picture
from bot.messages import doctor as say
from bot.settings import Partly

FEWEST_ZONES = 100
DRAWING_SECONDS = 10.0


def settings(patient: Patient, notes: Notes, found: Partly, env_file: Path | None) -> None:
    """Tell what is wrong with the settings, all of it, and look at what belongs to the machine itself."""
    _settings(notes, found, env_file)
    notes.findings += [*zones(patient, available_timezones()), encoding(locale.getencoding())]


def _settings(notes: Notes, found: Partly, env_file: Path | None) -> None:
    for problem in found.problems:
        notes.add(say.SETTING_WRONG, problem=problem)
    if not found.problems:
        notes.add(say.SETTINGS_FINE)
    elif env_file is not None and not env_file.exists():
        notes.add(say.NO_ENV_FILE, folder=env_file.absolute().parent)


def zones(patient: Patient, known: Collection[str]) -> list[Finding]:
    """Judge the time zones that the machine knows."""
    if len(known) < FEWEST_ZONES:
        return [say.ZONES_MISSING.of(count=len(known))]
    if patient.lacks("TEAM_TIMEZONE"):
        return [say.left_out("time zones", "TEAM_TIMEZONE comes first")]
    zone = patient.team.zone
    return [say.ZONE_FINE.of(zone=zone.key, time=f"{patient.now().astimezone(zone):%H:%M}")]


def encoding(name: str) -> Finding:
    """Judge the encoding in which the machine reads and writes."""
    is_wide = name.casefold().replace("-", "").replace("_", "").startswith("utf")
    return (say.LOCALE_FINE if is_wide else say.LOCALE_NARROW).of(encoding=name)


async def pictures(patient: Patient, notes: Notes) -> None:
    """Draw a small picture, and throw it away."""
    at = patient.now()
    picture = Picture("Check-up", at - timedelta(hours=1), at, (Mark(at, "change", "Looked"),), at)
    try:
        await charts.draw(picture, DRAWING_SECONDS)
    except Unavailable as failure:
        notes.add(say.PICTURES_FAIL, reason=failure.reason)
    else:
        notes.add(say.PICTURES_FINE)
