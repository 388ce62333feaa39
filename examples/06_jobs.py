"""Jobs: what is to be done every so often, for each tenant by itself.

A job takes capabilities only, bound to one tenant like everybody's. It runs once for each tenant when a period
begins, in a transaction of its own; when it fails for one it is tried again there, and the others never notice.
It asks for no clock and no loop over tenants: the time is given (`Now`), and no code can see all tenants by accident.
"""

from datetime import datetime, timedelta
from typing import Protocol

from freehold import App, Entity, Id, Now, Page, Paging, Range, Store, lookup

app = App("notes")
(member,) = app.roles("member")

KEPT = timedelta(days=30)


class Note(Entity):
    text: str
    binned: bool = False


class Notes(Store[Note], Protocol):
    @lookup(newest_first=True)
    def listed(self, binned: bool, page: Paging) -> Page[Note]: ...

    @lookup(order="updated_at")
    def untouched(self, binned: bool, updated_at: Range[datetime], page: Paging) -> Page[Note]: ...


@app.command("POST /notes", allow=member)
def write_note(text: str, notes: Notes) -> Note:
    """Write something down."""
    return notes.add(Note(text=text))


@app.query("GET /notes", allow=member)
def list_notes(page: Paging, notes: Notes, binned: bool = False) -> Page[Note]:
    """Read what was written down, or what is in the bin."""
    return notes.listed(binned, page)


@app.command("POST /notes/{id}/bin", allow=member)
def bin_note(id: Id[Note], notes: Notes) -> Note:
    """Throw a note into the bin. It stays there for thirty days."""
    note = notes.get(id)
    note.binned = True
    return notes.save(note)


@app.every("hour")
def empty_bins(notes: Notes, now: Now) -> None:
    """Forget what has been in the bin for long enough. A part at a time: the next hour takes the rest."""
    for note in notes.untouched(True, Range(stop=now - KEPT), Paging(200)):
        notes.remove(note.id)
