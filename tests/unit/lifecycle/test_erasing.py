"""A tenant that is erased leaves nothing but a signed statement."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from freehold.accounts.door import SignedIn
from freehold.accounts.records import Organisation, Person, Session
from freehold.edges.keys import KeyRing
from freehold.lifecycle.certificate import jwks_of, signed, verified
from freehold.lifecycle.deployment import claimed
from freehold.lifecycle.erasing import Erasure, erase
from freehold.lifecycle.exporting import export
from freehold.model.data import Id
from freehold.model.finding import ModelError
from freehold.runtime.failures import Failure
from freehold.runtime.idempotency import Receipt
from freehold.runtime.scope import Scope
from freehold.runtime.system import SystemRandom
from freehold.testing.caller import PASSWORD
from tests.unit.lifecycle.place import NOW, Place

AT = 1_800_000_000.0


def test_nothing_of_a_tenant_is_left(here: Place) -> None:
    acme = here.tenant("acme")
    chain = here.chain(acme.id)
    erasure = erase(here.of, acme, grace=NOW)
    assert erasure.residue == {} == here.residue(acme.id)
    assert erasure.erased["task"] == 12
    assert erasure.erased["freehold_audit"] == len(chain)
    assert (erasure.chain_number, erasure.chain_hash) == (chain[-1].number, chain[-1].hash)
    assert here.platform.by_slug("acme") is None
    assert here.chain(acme.id) == []


def test_nobody_else_is_touched(here: Place) -> None:
    globex = here.tenant("globex")
    before, chain, people = here.digest(globex.id), here.chain(globex.id), here.member("globex").me
    erase(here.of, here.tenant("acme"), grace=NOW)
    assert (here.digest(globex.id), here.chain(globex.id)) == (before, chain)
    assert here.person(people).organisations == [globex.id]


def test_the_bytes_of_a_tenant_are_gone_from_the_file(here: Place) -> None:
    acme = here.tenant("acme")
    erase(here.of, acme, grace=NOW)
    here.of.estate.close()
    here.backend.close()
    folder = Path(here.backend.settings.data)
    held = b"".join(path.read_bytes() for path in folder.glob("data.db*"))
    assert b"ada.owner@globex.test" in held
    assert b"ada.owner@acme.test" not in held
    assert b"bob.member@acme.test" not in held


def test_the_platform_notes_which_tenant_was_erased_and_where_its_chain_ended(here: Place) -> None:
    acme, tip = here.tenant("acme"), here.chain(here.tenant("acme").id)[-1]
    erase(here.of, acme, grace=NOW)
    noted = [one for one in here.noted() if one["case"] == "erase_tenant" and "chain" in one]
    assert noted[-1]["tenant"] == acme.id
    assert noted[-1]["chain"] == [tip.number, tip.hash]
    assert here.chain("00000000-0000-0000-0000-000000000000")


def test_people_go_with_the_last_tenant_they_are_in(here: Place) -> None:
    ada, bob = here.member("acme"), here.member("acme", "member", "bob")
    globex = here.tenant("globex")
    here.platform.change(Person, bob.me, lambda one: one.organisations.append(globex.id) is None, "test")
    session = Session(
        id=Id("01a21d25-ccc5-7436-96a9-b7e1e5557df4"), person=Id(ada.me), organisation=ada.tenant, secret="s",
        expires=here.clock.now() + timedelta(1),
    )  # fmt: skip
    here.platform.add(session, case="test")
    erasure = erase(here.of, here.tenant("acme"), grace=NOW)
    assert (erasure.erased["memberships"], erasure.erased["people"], erasure.erased["sessions"]) == (2, 1, 1)
    assert here.platform.person(ada.me) is None
    assert here.person(bob.me).organisations == [globex.id]
    assert list(here.platform.all(Session)) == []


def test_answers_that_were_kept_outside_of_any_tenant_go_with_the_one_they_name(here: Place) -> None:
    bob = here.member("globex", "member", "bob")
    bob.answer("found_organisation", organisation="third", key="founded")
    first = bob.answer("sign_in", email=bob.email, password=PASSWORD).value
    assert isinstance(first, SignedIn)
    bob.answer("switch", organisation="third", token=first.refresh_token, key="switched")
    assert here.residue(here.tenant("third").id)["freehold_receipt"] == 1
    erasure = erase(here.of, here.tenant("third"), grace=NOW)
    assert (erasure.residue, erasure.erased["answers"]) == ({}, 2)
    assert list(here.platform.all(Receipt)) == []


def test_who_was_signing_in_meanwhile_leaves_no_session(here: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    acme, bob = here.tenant("acme"), here.member("globex", "member", "bob")
    late, estate = [bob.answer("sign_in", email=bob.email, password=PASSWORD).value], here.of.estate
    search = estate.residue

    def residue(scope: Scope) -> Mapping[str, int]:
        while late and isinstance(signed_in := late.pop(), SignedIn):
            session = Id[Session](signed_in.refresh_token.partition(".")[0])
            here.platform.change(Session, session, lambda one: _lands(one, acme.id), "test")
        return search(scope)

    monkeypatch.setattr(estate, "residue", residue)
    assert erase(here.of, acme, grace=NOW).residue == {} == here.residue(acme.id)


def _lands(session: Session, tenant: str) -> bool:
    session.organisation = tenant
    return True


def test_an_erasure_that_was_interrupted_goes_on(here: Place) -> None:
    acme = here.tenant("acme")
    here.platform.become(acme.id, "arriving", "erase_tenant")
    with Scope(acme.id) as scope:
        here.of.estate.erase(scope)
    erasure = erase(here.of, here.tenant("acme"), grace=NOW)
    assert erasure.residue == {}
    assert here.platform.by_slug("acme") is None


def test_a_claim_that_the_disk_refuses_is_not_taken_for_somebody_else(here: Place) -> None:
    claim = Path(f"{here.backend.settings.database_file}-claim")
    claim.unlink(missing_ok=True)
    claim.mkdir()  # nothing can be written under this name, as on a disk that is full
    with pytest.raises(Failure, match="cannot answer now"):
        erase(here.of, here.tenant("acme"), grace=NOW)
    claim.rmdir()
    assert erase(here.of, here.tenant("acme"), grace=NOW).residue == {}


def test_a_tenant_of_the_same_name_or_id_finds_nothing(here: Place) -> None:
    acme = here.tenant("acme")
    erase(here.of, acme, grace=NOW)
    here.platform.add(Organisation(id=acme.id, slug="acme", name="acme"), case="test")
    ada = here.member("acme")
    assert ada.tenant == acme.id
    projects = ada.answer("list_projects")
    assert json.loads(projects.data) == []


def test_two_do_not_work_on_a_tenant_at_once(here: Place, tmp_path: Path) -> None:
    acme = here.tenant("acme")
    with Scope(acme.id) as scope, claimed(here.of.estate, scope, "acme"), pytest.raises(ModelError, match="FH322"):
        erase(here.of, acme, grace=NOW)
    assert here.tenant("acme").state == "active"
    export(here.of, acme, tmp_path / "whole.zip")


@pytest.fixture
def ring() -> KeyRing:
    """Keys of a deployment."""
    return KeyRing.create(SystemRandom())


@pytest.fixture
def erasure() -> Erasure:
    """Something that was erased."""
    return Erasure(
        app="teamflow", tenant="01a21d25-ccc5-7436-96a9-b7e1e5557df4", slug="acme", at=datetime(2026, 1, 1, tzinfo=UTC),
        erased={"task": 3}, chain_number=7, chain_hash="0" * 64, residue={},
    )  # fmt: skip


@pytest.fixture
def certificate(ring: KeyRing, erasure: Erasure, tmp_path: Path) -> Path:
    """Its certificate."""
    path = tmp_path / "acme.erased.json"
    path.write_text(signed(erasure, ring, AT))
    return path


def test_a_certificate_says_what_was_erased(certificate: Path, ring: KeyRing, erasure: Erasure) -> None:
    assert verified(certificate, jwks_of(ring)) == erasure


def test_a_certificate_holds_after_the_keys_were_rotated(certificate: Path, ring: KeyRing, erasure: Erasure) -> None:
    rotated = ring.rotated(SystemRandom(), AT, keep=3600)
    assert verified(certificate, jwks_of(rotated)) == erasure


def test_a_certificate_may_be_formatted_anew(certificate: Path, ring: KeyRing, erasure: Erasure) -> None:
    held = json.loads(certificate.read_text())
    certificate.write_text(json.dumps(held, sort_keys=True, separators=(",", ":")))
    assert verified(certificate, jwks_of(ring)) == erasure


@pytest.mark.parametrize(
    ("old", "new"),
    [('"task": 3', '"task": 4'), ("acme", "ACME"), ('"residue": {}', '"residue": {"x": 1}'), ("..", ".e30."),
     ('"signature": "', '"signature": "x'), ("}", ""), ('"certificate"', '"other"')],
)  # fmt: skip
def test_a_certificate_that_was_altered_does_not_hold(certificate: Path, ring: KeyRing, old: str, new: str) -> None:
    text = certificate.read_text()
    assert old in text
    certificate.write_text(text.replace(old, new))
    with pytest.raises(ModelError, match="FH324"):
        verified(certificate, jwks_of(ring))


def test_a_certificate_of_somebody_else_does_not_hold(certificate: Path, ring: KeyRing) -> None:
    other = jwks_of(KeyRing.create(SystemRandom()))
    with pytest.raises(ModelError, match="none of these keys"):
        verified(certificate, other)
    disguised = {"keys": [{**dict(other["keys"][0]), "kid": ring.signing[0].id}]}  # type: ignore[index]
    with pytest.raises(ModelError, match="none of these keys"):
        verified(certificate, disguised)


@pytest.mark.parametrize(
    "jwks", [{}, {"keys": 1}, {"keys": [{}]}, {"keys": [{"kty": "OKP", "crv": "Ed25519", "x": "?"}]}]
)
def test_a_key_set_that_is_none_proves_nothing(certificate: Path, jwks: dict[str, object]) -> None:
    with pytest.raises(ModelError, match="FH324"):
        verified(certificate, jwks)


def test_a_certificate_is_no_token(here: Place, erasure: Erasure, ring: KeyRing) -> None:
    signature = json.loads(signed(erasure, ring, AT))["signature"]
    with pytest.raises(Exception, match=r"UNAUTHENTICATED|Unauthenticated|Sign in"):
        here.backend.tokens.verify(signature)
