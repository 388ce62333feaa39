"""May this principal do this to that? Explicit denial first, then whether every kind of policy allows it.

Source: IAM User Guide, "Policy evaluation logic". Identity policies and one session policy are evaluated; what a
resource's own policy, a boundary or an organisation would add is not.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from freehold.testing.iam.arn import covers
from freehold.testing.iam.conditions import Condition, Value
from freehold.testing.iam.pattern import Template, matches, tag
from freehold.testing.iam.policy import Effect, Policy, Statement
from freehold.testing.iam.refusal import Unsupported

_TAG = "aws:PrincipalTag/"


@dataclass(frozen=True, slots=True)
class Request:
    """One action on one resource, by somebody with these tags."""

    principal_tags: Mapping[str, str]
    action: str
    """`service:Name`."""
    resource: str
    """An ARN, or `*` for an action that is on no resource in particular."""
    context: Mapping[str, Value] = field(default_factory=dict)
    """The condition keys. One that is known to be absent is here with None; one that is not here is not known, and
    a statement that asks for it is refused."""

    def value(self, key: str) -> Value:
        """What is under a condition key. Raises `Unsupported` for one that nothing is known of."""
        if key.startswith(_TAG):
            return tag(self.principal_tags, key.removeprefix(_TAG))
        if key not in self.context:
            raise Unsupported("UNKNOWN_KEY", f"what {key} is in a request for {self.action} is not known here")
        return self.context[key]


class Verdict(StrEnum):
    """How it was decided."""

    ALLOWED = "allowed"
    DENIED = "explicitly denied"
    NOT_ALLOWED = "implicitly denied"


class Origin(StrEnum):
    """Which kind of policy decided, in the words of Amazon's messages."""

    IDENTITY = "identity-based"
    SESSION = "session"


@dataclass(frozen=True, slots=True)
class Decision:
    """The verdict, and what it comes from."""

    verdict: Verdict
    origin: Origin = Origin.IDENTITY
    sid: str = ""
    """The Sid of the first statement that decided: empty when it has none, and when no statement did."""

    @property
    def allowed(self) -> bool:
        """Whether it may be done."""
        return self.verdict is Verdict.ALLOWED


def evaluate(policies: Sequence[Policy], request: Request, *, session: Policy | None = None) -> Decision:
    """Decide. A session policy never adds to what the identity policies allow.

    Raises `Unsupported` when any statement about this action and resource has something that is not evaluated here,
    even where the others would settle it: so the answer does not depend on the order of statements.
    """
    applying = {Origin.IDENTITY: [one for policy in policies for one in _applying(policy, request)]}
    if session is not None:
        applying[Origin.SESSION] = list(_applying(session, request))
    for origin, statements in applying.items():
        for statement in statements:
            if statement.effect is Effect.DENY:
                return Decision(Verdict.DENIED, origin, statement.sid)
    for origin, statements in applying.items():
        if not statements:
            return Decision(Verdict.NOT_ALLOWED, origin)
    return Decision(Verdict.ALLOWED, Origin.IDENTITY, applying[Origin.IDENTITY][0].sid)


def _applying(policy: Policy, request: Request) -> Iterator[Statement]:
    """The statements that are about this action on this resource, and whose conditions are met."""
    for statement in policy.statements:
        if _about(statement, request) and _all_met(statement.conditions, request):
            yield statement


def _about(statement: Statement, request: Request) -> bool:
    action = request.action.lower()
    named = any(matches(pattern, action) for pattern in statement.actions or statement.not_actions)
    covered = _covered(statement.resources or statement.not_resources, request)
    if not covered and any(one is not None and one.lacks(request.principal_tags) for one in statement.not_resources):
        raise Unsupported("NO_VALUE", "whether NotResource with a variable without a value excludes anything")
    return named == bool(statement.actions) and covered == bool(statement.resources)


def _covered(resources: Iterable[Template | None], request: Request) -> bool:
    """Whether any of them covers the resource. What is on no resource in particular is covered by `*` alone."""
    # Every one is looked at, so that none that fits hides another that cannot be evaluated.
    found = [
        template is None
        or (
            request.resource != "*"
            and template.matches(request.principal_tags, lambda pattern: covers(pattern, request.resource))
        )
        for template in resources
    ]
    return any(found)


def _all_met(conditions: Iterable[Condition], request: Request) -> bool:
    met = [condition.met(request.value(condition.key), request.principal_tags) for condition in conditions]
    return all(met)
