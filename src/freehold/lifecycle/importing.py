"""A tenant brought in from an archive, all or nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pydantic import TypeAdapter, ValidationError

from freehold.accounts.door import Slug
from freehold.accounts.records import Organisation
from freehold.edges.issuers import is_tenant
from freehold.lifecycle.archive import Archive
from freehold.lifecycle.content import Part
from freehold.lifecycle.deployment import Deployment, Progress, claimed, unheard
from freehold.lifecycle.filling import fill
from freehold.lifecycle.fits import check_fits
from freehold.lifecycle.people import Guests, people_in
from freehold.lifecycle.platform import Platform, depart
from freehold.model.finding import Finding, ModelError, Place
from freehold.runtime.scope import Scope

_SLUG: TypeAdapter[str] = TypeAdapter(Slug)

CASE = "import_tenant"
"""What the platform's audit chain calls it."""

GO_BACK = "go back to the archive with `freehold tenant restore`, or erase the tenant first"


@dataclass(frozen=True, slots=True)
class Arrived:
    """A tenant that was brought in."""

    organisation: Organisation
    parts: Mapping[str, Part]
    """What lies on its ground."""
    people: Mapping[str, int]
    """How many of its people were known here, and how many are new."""
    shut: float = 0.0
    """For how many seconds nobody was let in anywhere, if it was in use in another store."""


def bring_in(to: Deployment, archive: Archive, *, slug: str = "", progress: Progress = unheard) -> Arrived:
    """Bring in a tenant that is not there, with its ids; under another short name, if `slug` says so.

    Until all is there and was held against the archive the tenant is `arriving`, and nobody is let in. Whatever goes
    wrong, nothing is left; and what is left of an import that was killed goes with the next one, or with an erase.

    Raises `ModelError`: FH320 for an archive that cannot be believed, FH321 for one that does not fit, FH322 when the
    tenant is there, FH323 when what was put is not what lies there.
    """
    check_fits(archive, to.model)
    archive.check(progress)
    platform, there = Platform(to), _named(archive, slug)
    with Scope(there.id) as scope, claimed(to.estate, scope, there.slug):
        make_room(to, platform, scope, there)
        guests = Guests(lambda: people_in(archive), platform)
        platform.add(there.model_copy(update={"state": "arriving"}), case=CASE)
        try:
            parts = fill(to, scope, archive, guests, progress)
            people = guests.enter(there.id, CASE)
        except BaseException:
            clear(to, platform, scope, CASE)
            raise
        platform.become(there.id, there.state, CASE, archive.manifest.chain)
    return Arrived(there, parts, people)


def clear(to: Deployment, platform: Platform, scope: Scope, case: str) -> None:
    """Take away what there is of a tenant that has not arrived. It is noted as a `case`."""
    with to.estate.hold(scope):
        to.estate.erase(scope)
    depart(platform, scope.tenant, case)
    platform.remove(Organisation, scope.tenant, case, outcome="undone")


def _named(archive: Archive, slug: str) -> Organisation:
    """The tenant of an archive, under the name that it is to have."""
    there = archive.manifest.organisation
    try:
        named = _SLUG.validate_python(slug or there.slug)
    except ValidationError:
        raise archive.refused("its tenant has no proper short name: give one with --as") from None
    if not is_tenant(there.id) or there.state == "arriving":
        raise archive.refused("it holds no tenant that was whole")
    return there.model_copy(update={"slug": named})


def make_room(
    to: Deployment, platform: Platform, scope: Scope, there: Organisation, case: str = CASE, fix: str = GO_BACK
) -> None:
    """Clear away what is left of an import or a move, and note that as a `case`.

    Raises `ModelError` (FH322) when the tenant is there already, which `fix` is for, or another one of its short name.
    """
    known, namesake = platform.organisation(there.id), platform.by_slug(there.slug)
    if known is not None and known.state != "arriving":
        raise _in_the_way(there, f"the tenant is there, as {known.slug}", fix)
    if namesake is not None and namesake.id != there.id:
        raise _in_the_way(
            there, "another tenant has this short name", "export it, and import it under another: --as SLUG"
        )
    if known is not None or to.estate.residue(scope):
        clear(to, platform, scope, case)  # somebody's has ended in the middle


def _in_the_way(there: Organisation, message: str, fix: str) -> ModelError:
    return ModelError([Finding("FH322", Place(there.slug, 0), message, fix)])
