"""Comments: written, read, edited by who wrote them, taken back by them or an admin."""

import pytest

from examples.teamflow.app import member
from examples.teamflow.comments import Comment, delete_comment, edit_comment, read_comments, write_comment
from examples.teamflow.tasks import Task, delete_task
from freehold import Invalid, NotFound
from freehold.testing import Caller, Forbidden


@pytest.fixture
def comment(ben: Caller, task: Task) -> Comment:
    """Ben's."""
    return ben.call(write_comment, task=task.id, text="Chocolate, please.")


def test_comments_are_read_in_the_order_they_were_written(ada: Caller, comment: Comment, task: Task) -> None:
    answer = ada.call(write_comment, task=task.id, text="Of course.")
    assert ada.call(read_comments, task=task.id).items == [comment, answer]


def test_a_viewer_reads_and_does_not_write(cleo: Caller, comment: Comment, task: Task) -> None:
    assert cleo.call(read_comments, task=task.id).items == [comment]
    with pytest.raises(Forbidden):
        cleo.call(write_comment, task=task.id, text="Me too.")


def test_a_comment_says_something(ben: Caller, task: Task) -> None:
    with pytest.raises(Invalid):
        ben.call(write_comment, task=task.id, text="  ")


def test_another_team_neither_reads_nor_writes_nor_takes_back(mallory: Caller, comment: Comment, task: Task) -> None:
    with pytest.raises(NotFound):
        mallory.call(read_comments, task=task.id)
    with pytest.raises(NotFound):
        mallory.call(write_comment, task=task.id, text="Hello.")
    with pytest.raises(NotFound):
        mallory.call(edit_comment, id=comment.id, text="Hello.")
    with pytest.raises(NotFound):
        mallory.call(delete_comment, id=comment.id)


def test_an_author_may_put_it_differently(ben: Caller, comment: Comment) -> None:
    assert ben.call(edit_comment, id=comment.id, text="Vanilla, please.").text == "Vanilla, please."


def test_nobody_puts_words_into_anothers_mouth(ada: Caller, comment: Comment) -> None:
    with pytest.raises(Forbidden):
        ada.call(edit_comment, id=comment.id, text="No cake, please.")


def test_an_author_may_take_it_back(ben: Caller, comment: Comment, task: Task) -> None:
    ben.call(delete_comment, id=comment.id)
    assert ben.call(read_comments, task=task.id).items == []


def test_an_admin_may_take_back_anybodys(ada: Caller, comment: Comment, task: Task) -> None:
    ada.call(delete_comment, id=comment.id)
    assert ada.call(read_comments, task=task.id).items == []


def test_another_member_may_not_take_it_back(ada: Caller, comment: Comment) -> None:
    dora = ada.acting_as(member, "dora")
    with pytest.raises(Forbidden):
        dora.call(delete_comment, id=comment.id)


def test_comments_go_with_their_task(ada: Caller, comment: Comment, task: Task) -> None:
    ada.call(delete_task, id=task.id)
    with pytest.raises(NotFound):
        ada.call(delete_comment, id=comment.id)
