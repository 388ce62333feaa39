"""Unique, sorted, bounded and paged."""

from collections.abc import Iterator
from types import ModuleType

import pytest

from freehold import Conflict, NotFound
from freehold.testing import Caller, caller


@pytest.fixture
def ada(example: ModuleType) -> Iterator[Caller]:
    """A librarian, with four books."""
    with caller(example.app, "librarian") as ada:
        for isbn, title, author, published in (
            ("1", "Waves", "Woolf", "1931-10-08"),
            ("2", "Orlando", "Woolf", "1928-10-11"),
            ("3", "Years", "Woolf", "1937-03-15"),
            ("4", "Ulysses", "Joyce", "1922-02-02"),
        ):
            ada.call(example.add_book, isbn=isbn, title=title, author=author, published=published)
        yield ada


def test_a_book_is_found_by_what_is_unique(example: ModuleType, ada: Caller) -> None:
    assert ada.call(example.find_book, isbn="2").title == "Orlando"
    with pytest.raises(NotFound):
        ada.call(example.find_book, isbn="5")


def test_what_is_unique_is_unique_for_each_tenant(example: ModuleType, ada: Caller) -> None:
    book = {"title": "Dubliners", "author": "Joyce", "published": "1914-06-15"}
    with pytest.raises(Conflict) as refused:
        ada.answer("add_book", isbn="1", **book)
    assert refused.value.code == "BOOK_ISBN_TAKEN"
    assert ada.of("elsewhere").answer("add_book", isbn="1", **book).status == 201


def test_a_list_is_sorted_and_bounded_by_its_order(example: ModuleType, ada: Caller) -> None:
    books = ada.call(example.books_of, author="Woolf")
    assert [book.title for book in books] == ["Years", "Waves", "Orlando"]
    books = ada.call(example.books_of, author="Woolf", published_start="1928-10-11", published_stop="1937-03-15")
    assert [book.title for book in books] == ["Waves", "Orlando"]


def test_a_list_goes_on_where_its_page_ended(example: ModuleType, ada: Caller) -> None:
    first = ada.call(example.latest_books, limit=3)
    rest = ada.call(example.latest_books, limit=3, cursor=first.next)
    assert [book.isbn for book in (*first, *rest)] == ["4", "3", "2", "1"]


def test_what_can_be_absent_can_be_looked_up(example: ModuleType, ada: Caller) -> None:
    book = ada.call(example.find_book, isbn="1")
    ada.call(example.shelve_book, id=book.id, shelf="W")
    assert [found.title for found in ada.call(example.books_on, shelf="W")] == ["Waves"]
    ada.call(example.shelve_book, id=book.id, shelf=None)
    assert ada.call(example.books_on, shelf="W").items == []
