"""A call, from member to commit."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from pydantic_core import from_json

from freehold.edges.identity import Identity
from freehold.model.data import Id
from freehold.runtime import audit
from freehold.runtime.failures import (
    BadRequest,
    Conflict,
    Forbidden,
    Invalid,
    NotFound,
    Precondition,
    Unauthenticated,
)
from freehold.runtime.invoke import Call
from freehold.runtime.ports import Principal
from freehold.runtime.prepared import Sent
from freehold.runtime.scope import Scope
from freehold.testing import Caller
from tests.unit.runtime.desk import Desk, Note

NOWHERE = "01900000-0000-7000-8000-000000000000"


def test_a_folder_is_seen_by_its_own_tenant_only(desk: Desk, ada: Caller) -> None:
    folder = ada.call(desk.make_folder, name="mine")
    assert ada.call(desk.read_folder, id=folder.id) == folder
    with pytest.raises(NotFound) as foreign:
        ada.of("globex").call(desk.read_folder, id=folder.id)
    with pytest.raises(NotFound) as absent:
        ada.of("globex").call(desk.read_folder, id=NOWHERE)
    assert (foreign.value.code, foreign.value.message) == (absent.value.code, absent.value.message)


def test_a_role_can_do_what_the_roles_before_it_can_and_no_more(desk: Desk, ada: Caller) -> None:
    folder = ada.acting_as(desk.writer).call(desk.make_folder, name="mine")
    assert ada.acting_as(desk.reader).call(desk.read_folder, id=folder.id) == folder
    with pytest.raises(Forbidden):
        ada.acting_as(desk.reader).call(desk.make_folder, name="no")
    with pytest.raises(Forbidden):
        ada.acting_as(desk.writer).call(desk.remove_folder, id=folder.id)


def test_a_rule_lets_the_author_in_and_nobody_else(desk: Desk, ada: Caller) -> None:
    folder = ada.call(desk.make_folder, name="mine")
    author = ada.acting_as(desk.writer, "bob")
    note = author.call(desk.write_note, folder=folder.id, text="draft")
    assert author.call(desk.edit_note, id=note.id, text="final").text == "final"
    with pytest.raises(Forbidden):
        ada.acting_as(desk.writer, "eve").call(desk.edit_note, id=note.id, text="mine now")
    with pytest.raises(NotFound):
        author.of("globex").call(desk.edit_note, id=note.id, text="mine now")


def test_a_missing_thing_named_in_the_body_is_wrong_input(desk: Desk, ada: Caller) -> None:
    with pytest.raises(Invalid) as refused:
        ada.call(desk.write_note, folder=NOWHERE, text="where?")
    assert refused.value.code == "UNKNOWN_REFERENCE"
    assert refused.value.details == [{"loc": ["folder"], "msg": "There is no such thing here."}]


def test_what_an_id_names_must_be_of_the_same_tenant(desk: Desk, ada: Caller) -> None:
    theirs = ada.of("globex").call(desk.make_folder, name="theirs")
    with pytest.raises(Invalid) as foreign:
        ada.call(desk.write_note, folder=theirs.id, text="in theirs")
    with pytest.raises(Invalid) as unknown:
        ada.call(desk.write_note, folder=NOWHERE, text="in theirs")
    assert foreign.value.details == unknown.value.details


def test_an_api_key_may_name_itself_as_the_author_and_nobody_it_does_not_know(desk: Desk, ada: Caller) -> None:
    folder = ada.call(desk.make_folder, name="mine")
    issued = ada.answer("create_api_key", name="robot", role="writer").data
    key = Identity(ada.backend.tokens).principal(from_json(issued)["token"])
    inputs = {"folder": folder.id, "text": "beep"}
    note = ada.backend.runtime(Call(ada.backend.runtime.cases["write_note"], Sent(inputs), key)).value
    assert isinstance(note, Note)
    assert note.author == key.subject


def test_an_id_in_the_path_that_names_nothing_is_absent_even_if_only_the_commit_finds_out(
    desk: Desk, ada: Caller
) -> None:
    theirs = ada.of("globex").call(desk.make_folder, name="theirs")
    for id in (theirs.id, NOWHERE):
        with pytest.raises(NotFound, match="FOLDER_NOT_FOUND"):
            ada.call(desk.jot, folder=id)


def test_a_failed_command_leaves_nothing(desk: Desk, ada: Caller) -> None:
    with pytest.raises(Conflict, match="NO_MORE"):
        ada.call(desk.refused, text="nothing of this")
    assert ada.call(desk.echoes).items == []


def test_if_match_with_another_version_is_refused(desk: Desk, ada: Caller) -> None:
    folder = ada.call(desk.make_folder, name="mine")
    note = ada.call(desk.write_note, folder=folder.id, text="one")
    ada.call(desk.edit_note, id=note.id, text="two", expected=1)
    with pytest.raises(Precondition):
        ada.call(desk.edit_note, id=note.id, text="three", expected=1)
    assert ada.call(desk.notes_of, folder=folder.id).items[0].text == "two"


def test_read_increment_save_is_right_however_many_do_it_at_once(desk: Desk, ada: Caller) -> None:
    folder = ada.call(desk.make_folder, name="busy")

    def write(number: int) -> int:
        return ada.call(desk.write_note, folder=folder.id, text=str(number)).number

    with ThreadPoolExecutor(8) as pool:
        numbers = list(pool.map(write, range(60)))
    assert sorted(numbers) == list(range(1, 61))


def test_children_go_with_their_parent(desk: Desk, ada: Caller) -> None:
    folder = ada.call(desk.make_folder, name="mine")
    note = ada.call(desk.write_note, folder=folder.id, text="within")
    ada.call(desk.remove_folder, id=folder.id)
    with pytest.raises(NotFound):
        ada.call(desk.edit_note, id=note.id, text="gone")


def test_an_async_use_case_runs_and_a_port_is_supplied(desk: Desk, ada: Caller) -> None:
    assert ada.answer("posted", text="hello").value == "HELLO"
    assert desk.postbox.texts == ["hello"]


def test_who_is_no_member_is_told_to_sign_in(desk: Desk, ada: Caller) -> None:
    ready = ada.backend.runtime.cases["read_folder"]
    stranger = Principal(tenant=ada.tenant, subject=NOWHERE)
    with pytest.raises(Unauthenticated):
        ada.backend.runtime(Call(ready, Sent({"id": NOWHERE}), stranger))
    with pytest.raises(Unauthenticated):
        ada.backend.runtime(Call(ready, Sent({"id": NOWHERE})))
    with pytest.raises(Forbidden, match="NO_TENANT"):
        ada.backend.runtime(Call(ready, Sent({"id": NOWHERE}), Principal(tenant="", subject=ada.me)))


def test_nobody_but_the_system_runs_handlers_and_operations(ada: Caller) -> None:
    for name in ("echo", "tally", "list_tenants", "suspend_tenant"):
        ready = ada.backend.runtime.cases[name]
        inputs = {given.name: None for given in ready.case.inputs}
        with pytest.raises(Forbidden):
            ada.backend.runtime(Call(ready, Sent(inputs), ada.principal))


def test_every_command_and_every_refusal_is_in_the_audit_chain(desk: Desk, ada: Caller) -> None:
    ada.call(desk.make_folder, name="mine")
    with pytest.raises(Forbidden):
        ada.acting_as(desk.reader).call(desk.make_folder, name="no")
    with Scope(ada.tenant) as scope:
        chain = ada.backend.database.audit(scope, 0, 100)
        broken = list(audit.verify(ada.backend.database, scope))
    texts = [link.text for link in chain]
    assert any('"case":"make_folder"' in text and '"outcome":"done"' in text for text in texts)
    assert any('"outcome":"FORBIDDEN"' in text for text in texts)
    assert not any("mine" in text for text in texts)
    assert broken == []


def test_a_key_that_is_required_must_be_sent(desk: Desk, ada: Caller) -> None:
    with pytest.raises(BadRequest, match="IDEMPOTENCY_KEY_REQUIRED"):
        ada.call(desk.once, text="x")
    assert ada.call(desk.once, text="x", key="k").text == "x"


def test_ids_of_the_wrong_form_are_absent_in_a_path_and_invalid_in_a_body(desk: Desk, ada: Caller) -> None:
    with pytest.raises(NotFound):
        ada.call(desk.read_folder, id="../etc")
    with pytest.raises(Invalid):
        ada.call(desk.write_note, folder=Id("nonsense"), text="x")
