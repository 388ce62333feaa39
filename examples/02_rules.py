"""Rules: who may do what, when it depends on more than a role.

A rule is a predicate over who is calling (`User`), what the call is about (an entity that the route names), and the
time (`Now`), as far as it needs them. Roles and rules combine with `|` and `&`. They are asked before the use case
runs, so none has to check anything itself. A rule about what is not there, or is another tenant's, is a 404.
"""

from datetime import timedelta

from freehold import App, Entity, Id, Now, Store, User

app = App("articles")
reader, writer, editor = app.roles("reader", "writer", "editor")  # each role can do what the ones before it can


class Article(Entity):
    author: Id[User]
    text: str
    published: bool = False


@app.rule
def is_author(me: User, article: Article) -> bool:
    return article.author == me.id


@app.rule
def is_draft(article: Article) -> bool:
    return not article.published


@app.rule
def is_fresh(article: Article, now: Now) -> bool:
    return article.created_at > now - timedelta(hours=1)


@app.command("POST /articles", allow=writer)
def write_article(text: str, me: User, articles: Store[Article]) -> Article:
    """Write an article. Who calls is its author: nobody can send somebody else's name."""
    return articles.add(Article(author=me.id, text=text))


@app.query("GET /articles/{id}", allow=reader)
def read_article(id: Id[Article], articles: Store[Article]) -> Article:
    """Read an article."""
    return articles.get(id)


@app.command("PATCH /articles/{id}", allow=editor | (writer & is_author & is_draft))
def change_article(id: Id[Article], text: str, articles: Store[Article]) -> Article:
    """Put it differently: authors until it is published, editors always."""
    article = articles.get(id)
    article.text = text
    return articles.save(article)


@app.command("POST /articles/{id}/publish", allow=editor)
def publish_article(id: Id[Article], articles: Store[Article]) -> Article:
    """Show it to the readers. That takes an editor."""
    article = articles.get(id)
    article.published = True
    return articles.save(article)


@app.command("DELETE /articles/{id}", allow=editor | (is_author & is_fresh))
def withdraw_article(id: Id[Article], articles: Store[Article]) -> None:
    """Think better of it: authors within the hour, published or not."""
    articles.remove(id)
