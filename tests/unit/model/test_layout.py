"""Where a model lies in a single table."""

from typing import Protocol

from examples.teamflow import app as teamflow
from freehold.model.data import Entity, Id, Page, Paging
from freehold.model.layout import Served, layout_of
from freehold.model.lookup import lookup, lookups_of
from freehold.model.model import Model, table_of
from freehold.model.ports import Store, User

TABLE = """
Projects.by_name       unique item  ORG#<tenant>                                   UNIQUE#PROJECT#NAME#<name>
Projects.listed        GSI1         ORG#<tenant>#ARCHIVED#<archived>               PROJECT#<name>#<id>
Tasks.assigned_to      GSI2         ORG#<tenant>#USER#<assignee>#STATUS#<status>   TASK#<due>#<id>
Tasks.by_number        unique item  ORG#<tenant>                                   UNIQUE#TASK#PROJECT#<project>#NUMBER#<number>
Tasks.due              GSI3         ORG#<tenant>#STATUS#<status>                   TASK#<due>#<id>
Tasks.in_project       GSI1         ORG#<tenant>#PROJECT#<project>                 TASK#<id>
Tasks.with_status      GSI4         ORG#<tenant>#PROJECT#<project>#STATUS#<status> TASK#<id>
Numberings.of          unique item  ORG#<tenant>                                   UNIQUE#NUMBERING#PROJECT#<project>
Comments.about         GSI1         ORG#<tenant>#TASK#<task>                       COMMENT#<id>
Activities.all         table        ORG#<tenant>                                   ACTIVITY#<id>
Activities.in_project  GSI1         ORG#<tenant>#PROJECT#<project>                 ACTIVITY#<id>
Digests.latest         GSI1         ORG#<tenant>                                   DIGEST#<day>#<id>
Digests.of             unique item  ORG#<tenant>                                   UNIQUE#DIGEST#DAY#<day>
"""  # fmt: skip  # noqa: E501  # a table


class Shelf(Entity):
    name: str = ""


class Book(Entity, within=Shelf):
    shelf: Id[Shelf]
    reader: Id[User] | None = None
    title: str = ""
    year: int = 0


class Books(Store[Book], Protocol):
    @lookup()
    def of(self, shelf: Id[Shelf], page: Paging) -> Page[Book]: ...

    @lookup(order="title")
    def by_title(self, year: int, page: Paging) -> Page[Book]: ...

    @lookup()
    def read_by(self, reader: Id[User] | None, page: Paging) -> Page[Book]: ...


class BooksLater(Store[Book], Protocol):
    @lookup(order="year")
    def all(self, page: Paging) -> Page[Book]: ...

    @lookup(order="title")
    def by_title(self, year: int, page: Paging) -> Page[Book]: ...

    @lookup()
    def read_by(self, reader: Id[User] | None, page: Paging) -> Page[Book]: ...


def model(*stores: type) -> Model:
    """Shelves, books, and these ways to find them."""
    kinds = {table_of(kind): kind for kind in (Shelf, Book)}
    return Model("t", (), None, {}, kinds, tuple(one for store in stores for one in lookups_of(store)), {})


def test_each_lookup_of_teamflow_has_its_place_in_the_single_table() -> None:
    ways = layout_of(teamflow.model()).ways
    told = [
        f"{way.lookup.store}.{way.lookup.name} {way.index or way.served} {way.partition} {way.sort}" for way in ways
    ]
    assert told == [" ".join(line.split()) for line in TABLE.strip().splitlines()]


def test_only_what_is_in_the_table_itself_is_strongly_consistent() -> None:
    for way in layout_of(teamflow.model()).ways:
        assert way.is_strong == (way.served in (Served.TABLE, Served.GUARD))


def test_every_partition_key_begins_with_the_tenant() -> None:
    layout = layout_of(teamflow.model())
    for partition in (*(way.partition for way in layout.ways), *(slot.partition for slot in layout.slots)):
        assert partition == "ORG#<tenant>" or partition.startswith("ORG#<tenant>#")


def test_no_kind_lies_in_one_index_twice() -> None:
    slots = layout_of(teamflow.model()).slots
    places = [(slot.kind, slot.index) for slot in slots]
    assert len(set(places)) == len(places)


def test_an_index_stays_where_it_is_when_lookups_come_and_go() -> None:
    before = layout_of(model(Books))
    after = layout_of(model(BooksLater), before.assigned())
    kept = set(before.assigned()) & set(after.assigned())
    assert {"book.of_year_by_title", "book.of_reader", "book.of_shelf"} <= kept
    assert {name: before.assigned()[name] for name in kept} == {name: after.assigned()[name] for name in kept}
    again = layout_of(model(Books), after.assigned())
    assert {name: again.assigned()[name] for name in before.assigned()} == before.assigned()


def test_a_child_is_found_by_its_parent_even_when_no_lookup_asks() -> None:
    slots = layout_of(model(BooksLater)).of(Book)
    assert [(slot.index, slot.keys) for slot in slots if slot.keys == ("shelf",)] == [("GSI1", ("shelf",))]


def test_what_belongs_to_somebody_is_in_the_second_index() -> None:
    layout = layout_of(model(Books))
    assert [slot.index for slot in layout.slots if slot.keys == ("reader",)] == ["GSI2"]
    assert layout.indexes == ("GSI1", "GSI2", "GSI3")
