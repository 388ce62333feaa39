"""From method and path to a use case."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from freehold import App
from freehold.model.usecase import UseCase
from freehold.runtime.access import permits
from freehold.runtime.failures import MethodNotAllowed, NotFound
from freehold.runtime.invoke import Ready
from freehold.runtime.prepared import Prepared
from freehold.runtime.routes import Routes

app = App("routes")
(anybody,) = app.roles("anybody")
ROUTES = [
    "GET /tasks", "POST /tasks", "GET /tasks/due", "GET /tasks/{one}", "DELETE /tasks/{one}",
    "GET /tasks/{one}/notes/{two}", "GET /tasks/due/notes",
]  # fmt: skip


def ready(number: int, route: str) -> Ready:
    def read(one: str = "", two: str = "") -> None:
        """Answer."""

    read.__name__ = f"case_{number}"
    method, _, path = route.partition(" ")
    declare = app.query if method == "GET" else app.command
    declare(route, allow=anybody)(read)
    case: UseCase = next(c for c in app.model().use_cases.values() if (c.method, c.path) == (method, path))
    return Ready(case, Prepared(case), (), permits(case, case.allow, {}))


routes = Routes([ready(number, route) for number, route in enumerate(ROUTES)])


@pytest.mark.parametrize(
    ("path", "route", "values"),
    [
        ("/tasks", "GET /tasks", {}), ("/tasks/due", "GET /tasks/due", {}),
        ("/tasks/7", "GET /tasks/{one}", {"one": "7"}),
        ("/tasks/due/notes/2", "GET /tasks/{one}/notes/{two}", {"one": "due", "two": "2"}),
        ("/tasks/due/notes", "GET /tasks/due/notes", {}), ("/tasks/notes", "GET /tasks/{one}", {"one": "notes"}),
        ("/tasks/a%20b", "GET /tasks/{one}", {"one": "a b"}),
        ("/tasks/a%2Fb", "GET /tasks/{one}", {"one": "a/b"}), ("/tasks/%2564ue", "GET /tasks/{one}", {"one": "%64ue"}),
        ("/tasks/%64ue", "GET /tasks/due", {}), ("/tasks/a+b", "GET /tasks/{one}", {"one": "a+b"}),
    ],
)  # fmt: skip
def test_a_path_leads_to_one_use_case(path: str, route: str, values: dict[str, str]) -> None:
    found, given_ = routes.match("GET", path)
    assert (found.case.route, given_) == (route, values)


@pytest.mark.parametrize(
    "path", ["", "/", "tasks", "/tasks/", "//tasks", "/tasks//", "/tasks/%ff", "/tasks/%0", "/tasks/%00"]
)
def test_what_is_no_path_leads_nowhere(path: str) -> None:
    with pytest.raises(NotFound):
        routes.match("GET", path)


def test_another_method_is_told_which_there_are() -> None:
    with pytest.raises(MethodNotAllowed) as caught:
        routes.match("PUT", "/tasks/7")
    assert caught.value.details == [{"allow": ["DELETE", "GET", "HEAD"]}]


@given(st.text())
def test_whatever_path_comes_leads_somewhere_or_nowhere(path: str) -> None:
    try:
        found, values = routes.match("GET", path)
    except (NotFound, MethodNotAllowed):
        return
    assert set(values) == {part[1:-1] for part in found.case.path.split("/") if part.startswith("{")}
    assert all(values.values())
