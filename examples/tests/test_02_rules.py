"""Roles and rules, combined."""

from collections.abc import Iterator
from datetime import timedelta
from types import ModuleType

import pytest

from freehold import NotFound
from freehold.testing import Caller, Forbidden, caller


@pytest.fixture
def author(example: ModuleType) -> Iterator[Caller]:
    """Somebody who writes."""
    with caller(example.app, "writer") as author:
        yield author


def test_authors_change_their_own_drafts_only(example: ModuleType, author: Caller) -> None:
    article = author.call(example.write_article, text="Long ago")
    assert author.call(example.change_article, id=article.id, text="Lately").text == "Lately"
    with pytest.raises(Forbidden):
        author.acting_as("writer", "ben").call(example.change_article, id=article.id, text="Never")
    author.acting_as("editor").call(example.publish_article, id=article.id)
    with pytest.raises(Forbidden):
        author.call(example.change_article, id=article.id, text="Long ago")


def test_an_editor_changes_anybodys_at_any_time(example: ModuleType, author: Caller) -> None:
    article, editor = author.call(example.write_article, text="Long ago"), author.acting_as("editor")
    editor.call(example.publish_article, id=article.id)
    assert editor.call(example.change_article, id=article.id, text="Once").text == "Once"


def test_an_author_withdraws_within_the_hour(example: ModuleType, author: Caller) -> None:
    first, second = [author.call(example.write_article, text=text) for text in ("One", "Two")]
    author.clock.turn(timedelta(minutes=59))
    author.call(example.withdraw_article, id=first.id)
    author.clock.turn(timedelta(minutes=1))
    with pytest.raises(Forbidden):
        author.call(example.withdraw_article, id=second.id)


def test_a_reader_reads(example: ModuleType, author: Caller) -> None:
    article, reader = author.call(example.write_article, text="Long ago"), author.acting_as("reader")
    assert reader.call(example.read_article, id=article.id) == article
    with pytest.raises(Forbidden):
        reader.call(example.write_article, text="Me too")


def test_a_rule_about_another_tenants_article_finds_none(example: ModuleType, author: Caller) -> None:
    article = author.call(example.write_article, text="Long ago")
    for stranger in (author.of("evil"), author.of("evil").acting_as("editor")):
        with pytest.raises(NotFound):
            stranger.call(example.change_article, id=article.id, text="Mine")
