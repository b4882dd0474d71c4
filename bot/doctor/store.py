"""The database: is it ours, whole, writable, and is there room."""

import asyncio

from bot.doctor.patient import Notes, Patient
from bot.messages import doctor as say
from bot.messages import doctor_parts as words
from bot.store import examine_store

TIGHT = 200 * 10**6
"""Bytes that should be free: a year's log, and its backup."""
FULL = 10**6


async def examine(patient: Patient, notes: Notes) -> None:
    """Look at the file, without touching it."""
    if wrong := patient.lacks("DATABASE_URL"):
        notes.leave_out(f"{wrong} comes first", "database")
        return
    found = await asyncio.to_thread(examine_store, patient.settings.database_url)
    path, free = found.path.absolute(), words.size(found.free)
    if found.refusal:
        notes.add(say.STORE_REFUSED, reason=found.refusal)
        return
    if found.is_full or (not found.not_written and found.free < FULL):
        notes.add(say.STORE_FULL, path=path, free=free)
    elif found.not_written:
        notes.add(say.STORE_READ_ONLY, path=path, reason=found.not_written)
    elif found.free < TIGHT:
        notes.add(say.STORE_TIGHT, path=path, free=free)
    if found.damage:
        notes.add(say.STORE_DAMAGED, path=path, damage=found.damage)
    if not notes.findings:
        notes.add(say.STORE_FINE if found.exists else say.STORE_NEW, path=path, free=free)
    if found.behind:
        notes.add(say.STORE_BEHIND, path=path, steps=found.behind)
    if not found.checked:
        notes.add(say.STORE_LARGE, path=path)
