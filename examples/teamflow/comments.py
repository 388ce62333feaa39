"""Comments: what people say about a task. They live and die with it."""

from typing import Annotated, Protocol

from pydantic import StringConstraints

from freehold import Emit, Entity, Event, Id, Page, Paging, Store, User, lookup

from .app import admin, app, member, viewer
from .tasks import Task, Tasks

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=5_000)]


class Comment(Entity, within=Task):
    task: Id[Task]
    author: Id[User]
    text: Text


class CommentWritten(Event):
    comment: Id[Comment]
    task: Id[Task]
    by: Id[User]


class Comments(Store[Comment], Protocol):
    @lookup()
    def about(self, task: Id[Task], page: Paging) -> Page[Comment]: ...


@app.rule
def is_author(me: User, comment: Comment) -> bool:
    return comment.author == me.id


@app.command("POST /tasks/{task}/comments", allow=member)
def write_comment(
    task: Id[Task], text: Text, me: User, tasks: Tasks, comments: Comments, emit: Emit[CommentWritten]
) -> Comment:
    """Say something about a task."""
    tasks.get(task)
    comment = comments.add(Comment(task=task, author=me.id, text=text))
    emit(CommentWritten(comment=comment.id, task=task, by=me.id))
    return comment


@app.query("GET /tasks/{task}/comments", allow=viewer)
def read_comments(task: Id[Task], page: Paging, tasks: Tasks, comments: Comments) -> Page[Comment]:
    """Read what was said about a task, from the beginning."""
    tasks.get(task)
    return comments.about(task, page)


@app.command("PATCH /comments/{id}", allow=member & is_author)
def edit_comment(id: Id[Comment], text: Text, comments: Comments) -> Comment:
    """Change one's own comment."""
    comment = comments.get(id)
    comment.text = text
    return comments.save(comment)


@app.command("DELETE /comments/{id}", allow=admin | member & is_author)
def delete_comment(id: Id[Comment], comments: Comments) -> None:
    """Delete one's own comment; an admin may delete anybody's."""
    comments.remove(id)
