"""Children: what lives and dies with its parent.

`within=` says so, and one field names the parent, which must exist. To throw a parent away takes its children along,
and theirs, in the same transaction and on every store. A child has a version of its own: to change one leaves its
parent and its siblings as they are. What merely refers to something else is not within it, and needs no `within=`.
"""

from typing import Protocol

from freehold import App, Entity, Id, Page, Paging, Store, lookup

app = App("surveys")
guest, author = app.roles("guest", "author")


class Survey(Entity):
    title: str


class Question(Entity, within=Survey):
    survey: Id[Survey]
    text: str


class Reply(Entity, within=Question):
    question: Id[Question]
    text: str


class Questions(Store[Question], Protocol):
    @lookup()
    def of(self, survey: Id[Survey], page: Paging) -> Page[Question]: ...


class Replies(Store[Reply], Protocol):
    @lookup()
    def to(self, question: Id[Question], page: Paging) -> Page[Reply]: ...


@app.command("POST /surveys", allow=author)
def create_survey(title: str, surveys: Store[Survey]) -> Survey:
    """Begin a survey."""
    return surveys.add(Survey(title=title))


@app.command("DELETE /surveys/{id}", allow=author)
def delete_survey(id: Id[Survey], surveys: Store[Survey]) -> None:
    """Throw a survey away, with its questions and all replies to them."""
    surveys.remove(id)


@app.command("POST /surveys/{survey}/questions", allow=author)
def ask_question(survey: Id[Survey], text: str, surveys: Store[Survey], questions: Questions) -> Question:
    """Ask one more question."""
    surveys.get(survey)  # a survey that is not here is not found
    return questions.add(Question(survey=survey, text=text))


@app.query("GET /surveys/{survey}/questions", allow=guest)
def list_questions(survey: Id[Survey], page: Paging, questions: Questions) -> Page[Question]:
    """Read the questions, in the order they were asked."""
    return questions.of(survey, page)


@app.command("POST /replies", allow=guest)
def reply(question: Id[Question], text: str, replies: Replies) -> Reply:
    """Answer a question. One that does not exist is wrong input: the store sees to that when it commits."""
    return replies.add(Reply(question=question, text=text))


@app.query("GET /questions/{question}/replies", allow=author)
def list_replies(question: Id[Question], page: Paging, replies: Replies) -> Page[Reply]:
    """Read what was replied."""
    return replies.to(question, page)
