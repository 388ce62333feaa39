import pytest

from freehold import App, User, anyone
from freehold.model.finding import ModelError
from freehold.model.rules import Both, Either, signed_in

app = App("tasks")
viewer, member, owner = app.roles("viewer", "member", "owner")


@app.rule
def is_early(me: User) -> bool:
    """The early bird."""
    return me.name == "early"


def test_roles_rise_in_the_order_they_are_named() -> None:
    assert [(role.name, role.rank) for role in (viewer, member, owner)] == [("viewer", 0), ("member", 1), ("owner", 2)]


def test_a_rule_is_still_its_function() -> None:
    assert is_early(User(name="early"))
    assert not is_early(User(name="late"))
    assert (is_early.__name__, is_early.__doc__) == ("is_early", "The early bird.")


def test_access_is_shown_as_it_was_written() -> None:
    assert str(owner | member & is_early) == "owner | member & is_early"
    assert str((owner | member) & is_early) == "(owner | member) & is_early"
    assert (str(anyone), str(signed_in)) == ("anyone", "signed_in")


def test_and_binds_closer_than_or() -> None:
    assert owner | member & is_early == Either(owner, Both(member, is_early))


def test_the_parts_and_rules_of_a_combination_are_found_however_deep() -> None:
    access = owner | (member & is_early) | anyone
    assert list(access.parts()) == [owner, member, is_early, anyone]
    assert list(access.rules()) == [is_early]


def test_what_is_no_access_is_among_the_parts_so_that_it_is_found() -> None:
    assert list(Either(owner, "member").parts()) == [owner, "member"]


@pytest.mark.parametrize("written", ["owner and is_early", "owner or is_early", "not owner", "bool(owner & is_early)"])
def test_pythons_own_and_or_and_not_are_refused_where_they_are_written(written: str) -> None:
    with pytest.raises(ModelError) as raised:
        eval(written)
    (finding,) = raised.value.findings
    assert (finding.code, finding.place.line) == ("FH161", 1)
