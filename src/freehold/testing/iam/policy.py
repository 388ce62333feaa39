"""Policy documents, read into values. What is not known is refused when it is read, whether or not it would matter.

Source: IAM User Guide, "IAM JSON policy elements reference" and "Grammar of the IAM JSON policy language".
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from freehold.edges.jose import read_object
from freehold.testing.iam.arn import read_resource
from freehold.testing.iam.conditions import Condition, read_conditions
from freehold.testing.iam.pattern import Pattern, Template, Variable
from freehold.testing.iam.refusal import Unsupported
from freehold.testing.iam.shape import entries, listed, text

VERSION = "2012-10-17"
"""The one with variables. In a document of the older version they are letters like any others."""

_DOCUMENT = frozenset({"Version", "Id", "Statement"})
_STATEMENT = frozenset({"Sid", "Effect", "Action", "NotAction", "Resource", "NotResource", "Condition"})
_ACTION = re.compile(r"[a-z0-9-]+:[A-Za-z0-9*?]+", re.IGNORECASE)
_SID = re.compile(r"[A-Za-z0-9]*")


class Effect(StrEnum):
    """What a statement does when it applies."""

    ALLOW = "Allow"
    DENY = "Deny"


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement. Of `actions` and `not_actions` one is empty, and of `resources` and `not_resources` too."""

    sid: str
    effect: Effect
    actions: tuple[Pattern, ...]
    not_actions: tuple[Pattern, ...]
    resources: tuple[Template | None, ...]
    """None is `*`, which is every resource."""
    not_resources: tuple[Template | None, ...]
    conditions: tuple[Condition, ...] = ()


@dataclass(frozen=True, slots=True)
class Policy:
    """An identity policy or a session policy. Those of resources, which name a principal, are refused."""

    statements: tuple[Statement, ...]

    @classmethod
    def parse(cls, document: Mapping[str, object] | str) -> Policy:
        """Read a document, as JSON or as what JSON stands for.

        Raises `Unsupported` for a name or a form that is not known, and for JSON that could mean two things.
        """
        if isinstance(document, str):
            try:
                document = read_object(document.encode("utf-8", "surrogatepass"))
            except ValueError as error:
                raise Unsupported("BAD_JSON", f"the policy is no JSON with one meaning: {error}") from None
        found = entries(document, "the policy")
        _only(found, _DOCUMENT, "a policy")
        if found.get("Version") != VERSION:
            raise Unsupported("OTHER_VERSION", f"the policy's Version is {found.get('Version')!r}, not {VERSION!r}")
        statements = tuple(
            _statement(entries(one, "a statement")) for one in listed(found.get("Statement"), "Statement")
        )
        named = [statement.sid for statement in statements if statement.sid]
        if len(set(named)) != len(named):
            raise Unsupported("SAME_SID", "two statements of a policy have the same Sid")
        return cls(statements)


def _statement(found: Mapping[str, object]) -> Statement:
    _only(found, _STATEMENT, "a statement")
    for one in ("Action", "Resource"):
        if (one in found) == (f"Not{one}" in found):
            raise Unsupported("BAD_STATEMENT", f"a statement has either {one} or Not{one}")
    sid = found.get("Sid", "")
    if not isinstance(sid, str) or _SID.fullmatch(sid) is None:
        raise Unsupported("BAD_SID", f"the Sid {sid!r} is not of letters and digits")
    effect = found.get("Effect")
    if effect not in tuple(Effect):
        raise Unsupported("BAD_EFFECT", f"the Effect is {effect!r}, neither Allow nor Deny")
    return Statement(
        sid=sid,
        effect=Effect(str(effect)),
        actions=_actions(found, "Action"),
        not_actions=_actions(found, "NotAction"),
        resources=_resources(found, "Resource"),
        not_resources=_resources(found, "NotResource"),
        conditions=tuple(read_conditions(found["Condition"])) if "Condition" in found else (),
    )


def _actions(found: Mapping[str, object], element: str) -> tuple[Pattern, ...]:
    return tuple(_action(text(one, element)) for one in listed(found[element], element)) if element in found else ()


def _action(written: str) -> Pattern:
    if written != "*" and _ACTION.fullmatch(written) is None:
        raise Unsupported("BAD_ACTION", f"the action {written!r} is neither `*` nor `service:Name`")
    template = Template.parse(written.lower())  # names of actions have no capitals, as far as IAM is concerned
    return tuple(part for part in template.parts if not isinstance(part, Variable))


def _resources(found: Mapping[str, object], element: str) -> tuple[Template | None, ...]:
    if element not in found:
        return ()
    return tuple(read_resource(text(one, element)) for one in listed(found[element], element))


def _only(found: Mapping[str, object], known: frozenset[str], where: str) -> None:
    if unknown := sorted(found.keys() - known):
        raise Unsupported("UNKNOWN_ELEMENT", f"{where} has {', '.join(unknown)}, which is not evaluated here")
