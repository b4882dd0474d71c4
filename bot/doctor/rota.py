"""The rota: can it be read, and does it tell of shifts to come."""

from bot.doctor.patient import Notes, Patient
from bot.messages import count
from bot.messages import doctor as say
from bot.rota import NotReadError, RotaSource

SECONDS = 6.0


async def examine(patient: Patient, notes: Notes) -> None:
    """Read the calendar once."""
    if wrong := patient.lacks("ROTA"):
        notes.leave_out(f"{wrong} comes first", "rota")
        return
    if not patient.settings.rota:
        notes.add(say.ROTA_UNSET)
        return
    at = patient.now()
    source = RotaSource(patient.settings.rota, patient.team.zone, patient.session, timeout=SECONDS)
    try:
        entries = await source.read(at)
    except NotReadError as failure:
        notes.add(say.ROTA_UNREAD, reason=failure)
        return
    coming = [entry for entry in entries if entry.until > at]
    if coming:
        notes.add(say.ROTA_FINE, count=count(len(coming), "entry", "entries"))
    else:
        notes.add(say.ROTA_EMPTY)
