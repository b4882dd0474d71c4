"""This machine: the settings, time zones, the locale, the address to listen on, and whether pictures can be drawn."""

import errno
import locale
import socket
from collections.abc import Collection
from datetime import timedelta
from pathlib import Path
from zoneinfo import available_timezones

import aiohttp

from bot import charts
from bot.doctor.patient import Notes, Patient
from bot.domain.checkup import Finding
from bot.domain.errors import Unavailable
from bot.domain.pictures import Mark, Picture
from bot.messages import doctor as say
from bot.settings import Partly

FEWEST_ZONES = 100
DRAWING_SECONDS = 10.0
HEALTH_SECONDS = 3.0


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
        return [say.left_out("TEAM_TIMEZONE comes first", "time zones")]
    zone = patient.team.zone
    return [say.ZONE_FINE.of(zone=zone.key, time=f"{patient.now().astimezone(zone):%H:%M}")]


def encoding(name: str) -> Finding:
    """Judge the encoding in which the machine reads and writes."""
    is_wide = name.casefold().replace("-", "").replace("_", "").startswith("utf")
    return (say.LOCALE_FINE if is_wide else say.LOCALE_NARROW).of(encoding=name)


async def address(patient: Patient, notes: Notes) -> None:
    """Try whether Baton could listen where it shall, or whether it is Baton that does so already."""
    if wrong := patient.lacks("HOST", "PORT"):
        notes.leave_out(f"{wrong} comes first", "address")
        return
    host, port = patient.settings.host, patient.settings.port
    where = f"{host}:{port}"
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        socket.create_server((host, port), family=family).close()
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            notes.add(say.ADDRESS_REFUSED, where=where, reason=(error.strerror or str(error)).lower())
        else:
            is_ours = await _is_baton(patient, host, port)
            notes.add(say.ADDRESS_OURS if is_ours else say.ADDRESS_TAKEN, where=where)
    else:
        notes.add(say.ADDRESS_FREE, where=where)


async def _is_baton(patient: Patient, host: str, port: int) -> bool:
    """Tell whether what listens there tells of its database, as Baton's health does."""
    name = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)  # noqa: S104 - asked, not listened on
    timeout = aiohttp.ClientTimeout(total=HEALTH_SECONDS)
    try:
        async with patient.session.get(f"http://{name}:{port}/healthz", timeout=timeout) as answer:
            facts = await answer.json(content_type=None)
    except (aiohttp.ClientError, TimeoutError, OSError, ValueError):
        return False
    return isinstance(facts, dict) and "database" in facts


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
