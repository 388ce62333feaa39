"""Children live and die with their parent."""

from collections.abc import Iterator
from types import ModuleType

import pytest

from freehold import Invalid, NotFound
from freehold.testing import Caller, caller


@pytest.fixture
def ada(example: ModuleType) -> Iterator[Caller]:
    """Somebody who asks."""
    with caller(example.app, "author") as ada:
        yield ada


def test_a_survey_takes_its_questions_and_their_replies_with_it(example: ModuleType, ada: Caller) -> None:
    gone, kept = [ada.call(example.create_survey, title=title) for title in ("Gone", "Kept")]
    questions = [ada.call(example.ask_question, survey=survey.id, text="Why?") for survey in (gone, kept)]
    for question in questions:
        ada.call(example.reply, question=question.id, text="Because.")
    ada.call(example.delete_survey, id=gone.id)
    assert [len(ada.call(example.list_replies, question=question.id)) for question in questions] == [0, 1]
    assert [len(ada.call(example.list_questions, survey=survey.id)) for survey in (gone, kept)] == [0, 1]


def test_a_child_needs_a_parent_of_the_same_tenant(example: ModuleType, ada: Caller) -> None:
    survey = ada.call(example.create_survey, title="Ours")
    question = ada.call(example.ask_question, survey=survey.id, text="Why?")
    with pytest.raises(NotFound):
        ada.of("evil").call(example.ask_question, survey=survey.id, text="Why not?")
    with pytest.raises(Invalid) as refused:
        ada.of("evil").call(example.reply, question=question.id, text="Because.")
    assert [detail["loc"] for detail in refused.value.details] == [["question"]]
