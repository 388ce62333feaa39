"""Whether a model can take the rows of an archive that was written by another version of it."""

from __future__ import annotations

from collections.abc import Iterator

from freehold.lifecycle.archive import Archive
from freehold.model.finding import Finding, ModelError
from freehold.model.model import Model
from freehold.stores.migrate import Change, Step, steps
from freehold.stores.schema import Schema, schema_of

_HARMLESS = {Change.CREATE_INDEX, Change.DROP_INDEX, Change.CREATE_TABLE, Change.MOVE_TABLE}


def check_fits(archive: Archive, model: Model) -> None:
    """Raises `ModelError` (FH321) for each thing in which the rows of an archive do not fit a model.

    A table or a field that is new and has a default does no harm; a value that will not do is noticed when it is read.
    """
    manifest, fix = archive.manifest, "import with the version of the app that wrote it, then migrate"
    if manifest.app != model.name:
        message = f"it was written by the app {manifest.app}, and this is {model.name}"
        raise ModelError([Finding("FH321", archive.place, message, "take an archive of this app")])
    found = [
        Finding("FH321", archive.place, f"the model cannot take it: {step}", fix) for step in _lost(archive, model)
    ]
    if found:
        raise ModelError(found)


def _lost(archive: Archive, model: Model) -> Iterator[Step]:
    held = {table for table, part in archive.manifest.rows().items() if part.count}
    old = Schema(tables=archive.manifest.tables)
    for step in steps(old, schema_of(model)):
        altered = step.change is Change.ALTER_COLUMN and step.before and step.column
        same_form = altered and step.before.form == step.column.form if step.before and step.column else False
        if step.is_breaking and step.change not in _HARMLESS and step.table.name in held and not same_form:
            yield step
