"""Who calls: a name for messages, tags, and the policies that say what it may do."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from freehold.testing.iam.dynamodb import Ask
from freehold.testing.iam.evaluate import Decision, Verdict, evaluate
from freehold.testing.iam.policy import Policy


@dataclass(frozen=True, slots=True)
class Principal:
    """A role that somebody has assumed, with the tags of the session."""

    arn: str
    """As Amazon's messages name it: `arn:aws:sts::123456789012:assumed-role/data/acme`."""
    tags: Mapping[str, str] = field(default_factory=dict)
    policies: tuple[Policy, ...] = ()
    session: Policy | None = None

    @classmethod
    def of(
        cls,
        arn: str,
        *documents: Mapping[str, object] | str,
        tags: Mapping[str, str] | None = None,
        session: Mapping[str, object] | str | None = None,
    ) -> Principal:
        """One with these policy documents. Raises `Unsupported` as `Policy.parse` does."""
        policies = tuple(Policy.parse(document) for document in documents)
        return cls(arn, dict(tags or {}), policies, None if session is None else Policy.parse(session))

    def denial(self, asks: Iterable[Ask]) -> str:
        """Why not, in Amazon's words, when any of them is not allowed; empty when all are.

        Raises `Unsupported` when any of them cannot be evaluated, even where another is denied.
        """
        decided = [(ask, evaluate(self.policies, ask.by(self.tags), session=self.session)) for ask in asks]
        return next((self._words(ask, decision) for ask, decision in decided if not decision.allowed), "")

    def _words(self, ask: Ask, decision: Decision) -> str:
        """Source: IAM User Guide, "Troubleshoot access denied error messages"."""
        article = "an" if decision.origin.value[0] in "aeiou" else "a"
        why = (
            f"with an explicit deny in {article} {decision.origin} policy"
            if decision.verdict is Verdict.DENIED
            else f"because no {decision.origin} policy allows the {ask.action} action"
        )
        return f"User: {self.arn} is not authorized to perform: {ask.action} on resource: {ask.resource} {why}"
