"""Leaks in the accounts: who is a member, in which role, by which key, and what strangers are told."""

from freehold.accounts import entering, joining, membership
from freehold.accounts.membership import Accounts
from freehold.edges import identity
from freehold.edges.door import LocalDoor
from freehold.runtime import access, bulk
from tests.isolation.planted.mutant import Mutant
from tests.isolation.surgery import Edit, Swap

FIND = "found = unit.find(Member, principal.subject)"
STRANGER = Edit(Accounts._member, "raise Unauthenticated", 'return User(Id(principal.subject), "", "", "owner")')


def _remembered(key: str) -> Edit:
    memo = f"memo = vars(self).setdefault('_memo', {{}}); key = {key}"
    return Edit(
        Accounts._member,
        FIND,
        f"{memo}\n        found = memo[key] = memo.get(key) or unit.find(Member, principal.subject)",
    )


REMEMBERED_KEY = """memo = vars(self).setdefault('_keys', {})
    key = (principal.tenant, principal.subject)
    found = memo[key] = memo.get(key) or unit.find(ApiKey, principal.subject)"""

MEMBERS = (
    Mutant("whoever has a token is a member", (STRANGER,), attacks=("T22", "T25")),
    Mutant(
        "a member is remembered for ever", (_remembered("(principal.tenant, principal.subject)"),), attacks=("T25",)
    ),
    Mutant("a member's role counts in every tenant", (_remembered("principal.subject"),), attacks=("T27", "API5")),
    Mutant(
        "suspended tenants go on",
        (
            Edit(Accounts.admit, 'if state in ("suspended", "arriving"):', "if False:"),
            Edit(Accounts.admit, 'if state != "active":', 'if state not in ("active", "suspended"):'),
        ),
        attacks=("T26",),
    ),
    Mutant(
        "that a tenant was suspended is noticed next year", (Swap(membership, "STALE_AFTER", 3e7),), attacks=("T26",)
    ),
    Mutant(
        "all tenants are suspended together",
        (
            Edit(Accounts._state, "self._states.get(tenant,", 'self._states.get("",'),
            Edit(Accounts._state, "self._states[tenant] =", 'self._states[""] ='),
        ),
        attacks=("T26",),
    ),
    Mutant(
        "a role is enough when it is too low",
        (Edit(access.permits, "ranks.get(me.role, -1) >= rank", "ranks.get(me.role, -1) <= rank"),),
        attacks=("API5",),
    ),
    Mutant(
        "every member may do everything",
        (Edit(access.permits, "ranks.get(me.role, -1) >= rank", "rank >= 0"),),
        attacks=("API5",),
    ),
    Mutant(
        "of two conditions one will do",
        (Edit(access.permits, "and other(me, inputs, unit)", "or other(me, inputs, unit)"),),
        attacks=("API5",),
    ),
)

KEYS = (
    Mutant(
        "a key's secret is not compared",
        (Edit(Accounts._key, " or not compare_digest(principal.session, found.secret)", ""),),
        attacks=("T28",),
    ),
    Mutant(
        "a revoked key goes on",
        (Edit(Accounts._key, "found = unit.find(ApiKey, principal.subject)", REMEMBERED_KEY),),
        attacks=("T55",),
    ),
    Mutant(
        "who claims to be a tenant's key counts as its own",
        (Edit(identity._key, "vouched=False", "vouched=True"),),
        attacks=("T53",),
    ),
    Mutant(
        "a bulk vouches for whoever has sent it",
        (Edit(bulk.bulk, "runtime.recognise(call)", "pass"),),
        app="08_bulk",
        attacks=("T53",),
    ),
    Mutant(
        "a key is vouched for by its id alone",
        (
            Edit(
                identity.Identity.principal,
                "principal in self._vouched",
                "principal.subject in [known.subject for known in self._vouched]",
            ),
        ),
        attacks=("T53",),
    ),
)

STRANGERS = (
    Mutant(
        "signing in tells who has an account",
        (
            Edit(
                entering.sign_in,
                'raise Unauthenticated("WRONG_CREDENTIALS", WRONG)',
                'raise Unauthenticated("WRONG_CREDENTIALS", WRONG if person else "Nobody has this address.")',
            ),
        ),
        attacks=("API2",),
    ),
    Mutant(
        "switching tells which organisations there are",
        (
            Edit(
                entering.switch,
                'raise NotFound("ORGANISATION_NOT_FOUND"',
                'raise (Forbidden if there else NotFound)("ORGANISATION_NOT_FOUND"',
            ),
        ),
        attacks=("API2",),
    ),
    Mutant(
        "one may switch to where one is no member",
        (Edit(entering.switch, " or members(there.id).find(Id(me.id)) is None", ""),),
        attacks=("API2",),
    ),
    Mutant(
        "my organisations are everybody's",
        (
            Edit(
                entering.my_organisations,
                "for id in people.get(Id(me.id)).organisations:",
                "from freehold.model.data import Paging\n    for id in [one.id for one in organisations.all(Paging(200))]:",
            ),
            Edit(entering.my_organisations, "if there is not None and member is not None:", "if there is not None:"),
            Edit(entering.my_organisations, "role=member.role", 'role=""'),
        ),
        attacks=("T02", "T10", "T50"),
    ),
    Mutant(
        "an invitation's secret is not compared",
        (Edit(joining._invited, " or not matches(secret, found.secret)", ""),),
        attacks=("T31",),
    ),
    Mutant(
        "an invitation is good for more than one",
        (Edit(joining.accept_invitation, "invitations(ground).remove(invitation.id)", "pass"),),
        attacks=("T31",),
    ),
    Mutant(
        "a session that was ended goes on", (Edit(entering._presented, " or session.revoked", ""),), attacks=("T55",)
    ),
    Mutant(
        "all accounts are locked out together",
        (
            Edit(
                LocalDoor.check,
                "return self._lockout.attempt(email, address, verify_there",
                'return self._lockout.attempt("", "", verify_there',
            ),
        ),
        attacks=("T53",),
    ),
)

MUTANTS = (*MEMBERS, *KEYS, *STRANGERS)
