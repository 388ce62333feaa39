"""IAM for tests: whether the policies of an app keep its tenants apart, in front of an emulator that does not ask them.

A small part of IAM is evaluated, and that exactly; whatever is outside of it is refused, with a code.
"""

from freehold.testing.iam.dynamodb import Ask, Call
from freehold.testing.iam.evaluate import Decision, Origin, Request, Verdict, evaluate
from freehold.testing.iam.gate import Gate
from freehold.testing.iam.policy import Policy
from freehold.testing.iam.principal import Principal
from freehold.testing.iam.proxy import IamProxy, Outcome, Recorded
from freehold.testing.iam.refusal import Unsupported
from freehold.testing.iam.tables import Place, TableKeys

__all__ = [
    "Ask",
    "Call",
    "Decision",
    "Gate",
    "IamProxy",
    "Origin",
    "Outcome",
    "Place",
    "Policy",
    "Principal",
    "Recorded",
    "Request",
    "TableKeys",
    "Unsupported",
    "Verdict",
    "evaluate",
]
