"""What the suite reports, for people and for machines."""

import json

from freehold.testing.isolation.report import Case, Fault, Leak, Report, Sort


def leaking() -> Report:
    case = Case("T01", "read_task", "owner of A", "B's id")
    return Report(
        "tasks",
        7,
        titles={"T01": "read B's object by its id"},
        cases=[case, Case("T01", "read_task", "member of A")],
        leaks=[Leak(case, Sort.DATA, "a text of B's", "curl -X GET /tasks/1")],
        faults=[Fault(case, "500", "curl")],
        exercised={"read_task"},
        unexercised={"pay": "409"},
        gaps=["the route GET /x"],
        inapplicable={"T35": "needs a store on PostgreSQL"},
        uncovered={"T16": "needs a quiet machine"},
    )


def test_a_leak_is_shown_with_how_to_do_it_again() -> None:
    text = "\n".join(leaking().lines())
    assert "1 leak," in text
    assert "1 LEAKS" in text
    assert "T01 read_task as owner of A (B's id): data: a text of B's" in text
    assert "curl -X GET /tasks/1" in text


def test_what_was_not_tried_is_said() -> None:
    text = "\n".join(leaking().lines())
    for word in ("needs a store on PostgreSQL", "needs a quiet machine", "the route GET /x", "pay"):
        assert word in text


def test_a_leak_or_a_gap_or_a_crash_is_a_failure() -> None:
    clean = Report("tasks", 0)
    assert clean.ok
    assert not leaking().ok
    assert not Report("tasks", 0, gaps=["x"]).ok
    assert not Report("tasks", 0, crashes={"T01": "x"}).ok


def test_what_never_succeeded_is_a_failure_unless_somebody_said_so() -> None:
    assert not Report("tasks", 0, unexercised={"pay": "409"}).ok
    excused = Report("tasks", 0, unexercised={"pay": "409"}, unproven=frozenset({"pay"}))
    assert excused.ok
    assert "pay   409" in "\n".join(excused.lines())


def test_machines_get_json() -> None:
    found = json.loads(json.dumps(leaking().as_json()))
    assert found["by_attack"] == {"T01": 2}
    assert found["by_operation"] == {"read_task": 2}
    assert found["leaks"][0]["sort"] == "data"
    assert found["ok"] is False
