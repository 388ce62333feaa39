"""A small app that the tests of the runtime call: notes in folders, with a handler that can be made to fail."""

from collections.abc import Callable
from typing import Protocol

from freehold import App, Conflict, Emit, Entity, Event, Id, Now, Page, Paging, Port, ReadOnly, Store, User, lookup


class Folder(Entity):
    name: str
    count: int = 0


class Note(Entity, within=Folder):
    folder: Id[Folder]
    text: str
    author: Id[User] | None = None
    number: int = 0


class Noted(Event):
    note: Id[Note]
    text: str


class Echo(Entity):
    text: str


class Notes(Store[Note], Protocol):
    @lookup(newest_first=True)
    def of(self, folder: Id[Folder], page: Paging) -> Page[Note]: ...

    @lookup(unique=True)
    def by_number(self, folder: Id[Folder], number: int) -> Note | None: ...


class Echoes(Store[Echo], Protocol):
    @lookup()
    def all(self, page: Paging) -> Page[Echo]: ...


class Postbox(Port, Protocol):
    def drop(self, text: str) -> None: ...


class Dropped:
    """Remembers what was dropped into it."""

    def __init__(self) -> None:
        self.texts: list[str] = []

    def drop(self, text: str) -> None:
        self.texts.append(text)


class Desk:
    """The app and its use cases, made anew for each test, since what a handler does is set by the test."""

    def __init__(self) -> None:
        self.app = app = App("desk")
        self.reader, self.writer, self.owner = app.roles("reader", "writer", "owner")
        self.failing = False
        self.says = ""
        self.follows: Callable[[], object] | None = None
        self.handled: list[str] = []
        self.ran: list[object] = []
        self.postbox = Dropped()
        app.provide(Postbox, local=self.postbox)
        _declare(self)


def _declare(desk: Desk) -> None:  # noqa: C901  # a list of declarations, each of them short
    app = desk.app

    @app.rule
    def is_author(me: User, note: Note) -> bool:
        return note.author == me.id

    @app.command("POST /folders", allow=desk.writer)
    def make_folder(name: str, folders: Store[Folder]) -> Folder:
        return folders.add(Folder(name=name))

    @app.query("GET /folders/{id}", allow=desk.reader)
    def read_folder(id: Id[Folder], folders: Store[Folder]) -> Folder:
        return folders.get(id)

    @app.command("DELETE /folders/{id}", allow=desk.owner)
    def remove_folder(id: Id[Folder], folders: Store[Folder]) -> None:
        folders.remove(id)

    @app.command("POST /notes", allow=desk.writer)
    def write_note(
        folder: Id[Folder], text: str, me: User, folders: Store[Folder], notes: Notes, emit: Emit[Noted]
    ) -> Note:
        """Write a note, numbered within its folder."""
        desk.ran.append(text)
        kept = folders.get(folder)
        kept.count += 1
        folders.save(kept)
        note = notes.add(Note(folder=folder, text=text, author=me.id, number=kept.count))
        emit(Noted(note=note.id, text=text))
        return note

    @app.command("POST /folders/{folder}/notes", allow=desk.writer)
    def jot(folder: Id[Folder], notes: Notes) -> Note:
        return notes.add(Note(folder=folder, text="jotted", number=-1))

    @app.command("PATCH /notes/{id}", allow=desk.owner | is_author)
    def edit_note(id: Id[Note], text: str, notes: Notes) -> Note:
        note = notes.get(id)
        note.text = text
        return notes.save(note)

    @app.query("GET /folders/{folder}/notes", allow=desk.reader)
    def notes_of(folder: Id[Folder], page: Paging, notes: ReadOnly[Notes]) -> Page[Note]:
        return notes.of(folder, page)

    @app.command("POST /once", allow=desk.writer, idempotent=True)
    def once(text: str, echoes: Echoes) -> Echo:
        return echoes.add(Echo(text=text))

    @app.command("POST /refused", allow=desk.writer)
    def refused(text: str, echoes: Echoes) -> Echo:
        echoes.add(Echo(text=text))
        desk.ran.append(text)
        raise Conflict("NO_MORE", "There is enough.")

    @app.command("POST /posted", allow=desk.writer)
    async def posted(text: str, postbox: Postbox) -> str:
        postbox.drop(text)
        return text.upper()

    @app.query("GET /echoes", allow=desk.reader)
    def echoes(page: Paging, echoes: Echoes) -> Page[Echo]:
        return echoes.all(page)

    @app.on(Noted)
    def echo(event: Noted, echoes: Echoes, emit: Emit[Noted]) -> None:
        desk.handled.append(event.text)
        if desk.failing:
            raise RuntimeError(desk.says or event.text)
        if desk.follows is not None:
            desk.follows()
            emit(event)
        echoes.add(Echo(text=event.text))

    @app.every("day")
    def tally(echoes: Echoes, now: Now) -> None:
        echoes.add(Echo(text=f"tally of {now:%d}"))

    for function in (
        make_folder, read_folder, remove_folder, write_note, jot, edit_note, notes_of, once, refused, posted, echoes
    ):  # fmt: skip
        setattr(desk, function.__name__, function)
