"""Which partition a `Query` reads: the equality on the partition key in its `KeyConditionExpression`.

Source: Amazon DynamoDB Developer Guide, "Key condition expressions for the Query operation".

    expression = condition { "AND" condition }
    condition  = "(" expression ")" | name operator value | name "BETWEEN" value "AND" value
               | "begins_with" "(" name "," value ")"
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from freehold.testing.iam.refusal import Unsupported
from freehold.testing.iam.shape import entries, text

_TOKEN = re.compile(r"\s*(?:(?P<word>[#:]?[A-Za-z0-9_][A-Za-z0-9_.-]*)|(?P<sign><=|>=|<|>|=|\(|\)|,))")
_OPERATORS = frozenset({"=", "<", "<=", ">", ">="})
_MOST = 2  # conditions: one on the partition key, one on the sort key
_DEEPEST = 32  # parentheses; nobody writes three


@dataclass(slots=True)
class _Reader:
    """A walk over the tokens of an expression, and the conditions met on it: name, operator, first value."""

    expression: str
    tokens: list[str]
    at: int = 0
    depth: int = 0
    met: list[tuple[str, str, str]] = field(default_factory=list)

    def next(self, *wanted: str) -> str:
        """Take a token; if any are named, only one of these."""
        token = self.tokens[self.at] if self.at < len(self.tokens) else ""
        if not token or (wanted and token.upper() not in wanted):
            raise Unsupported("BAD_EXPRESSION", f"{self.expression!r} is not a key condition that is understood here")
        self.at += 1
        return token

    def value(self) -> str:
        """Take a token that stands for a value."""
        token = self.next()
        if not token.startswith(":"):
            raise Unsupported("BAD_EXPRESSION", f"{token!r} stands where {self.expression!r} needs a value")
        return token

    def peek(self) -> str:
        """The next token, in capitals."""
        return self.tokens[self.at].upper() if self.at < len(self.tokens) else ""

    def expressions(self) -> None:
        """Read conditions joined by AND."""
        self.condition()
        while self.peek() == "AND":
            self.next()
            self.condition()

    def condition(self) -> None:
        """Read one condition."""
        if self.peek() == "(":
            self.depth += 1
            if self.depth > _DEEPEST:
                raise Unsupported("BAD_EXPRESSION", "a key condition nested too deep")
            self.next("(")
            self.expressions()
            self.next(")")
            return
        name = self.next()
        if name == "begins_with" and self.peek() == "(":
            self.next("(")
            name = self.next()
            self.next(",")
            self.met.append((name, "begins_with", self.value()))
            self.next(")")
            return
        operator = self.next(*_OPERATORS, "BETWEEN").upper()
        self.met.append((name, operator, self.value()))
        if operator == "BETWEEN":
            self.next("AND")
            self.value()


def queried_partition(request: Mapping[str, object], attribute: str) -> object:
    """The value that a `Query` asks of the partition key `attribute`, as DynamoDB writes values: `{"S": ...}`.

    Raises `Unsupported` for an expression without exactly one equality on it, and for the older `KeyConditions`.
    """
    if "KeyConditions" in request:
        raise Unsupported("OLDER_PARAMETER", "KeyConditions is not evaluated here: use KeyConditionExpression")
    expression = text(request.get("KeyConditionExpression"), "KeyConditionExpression")
    reader = _Reader(expression, _tokens(expression))
    reader.expressions()
    if reader.at != len(reader.tokens) or len(reader.met) > _MOST:
        raise Unsupported("BAD_EXPRESSION", f"{expression!r} is not a key condition that is understood here")
    named = [(_name(name, request), operator, value) for name, operator, value in reader.met]
    found = [(operator, value) for name, operator, value in named if name == attribute]
    if len(found) != 1 or found[0][0] != "=":
        raise Unsupported("NO_PARTITION", f"{expression!r} does not say once what {attribute} equals")
    return _value(found[0][1], request)


def _tokens(expression: str) -> list[str]:
    tokens: list[str] = []
    at, end = 0, len(expression.rstrip())
    while at < end:
        found = _TOKEN.match(expression, at)
        if found is None:
            raise Unsupported("BAD_EXPRESSION", f"{expression!r} is not a key condition that is understood here")
        tokens.append(found["word"] or found["sign"])
        at = found.end()
    return tokens


def _name(token: str, request: Mapping[str, object]) -> str:
    if token.startswith("#"):
        names = entries(request.get("ExpressionAttributeNames"), "ExpressionAttributeNames")
        return text(names.get(token), f"the name {token}")
    if re.fullmatch(r"[A-Za-z][A-Za-z0-9_]*", token) is None:
        raise Unsupported("BAD_EXPRESSION", f"{token!r} is not the name of a key attribute")
    return token


def _value(token: str, request: Mapping[str, object]) -> object:
    values = entries(request.get("ExpressionAttributeValues"), "ExpressionAttributeValues")
    if not token.startswith(":") or token not in values:
        raise Unsupported("BAD_EXPRESSION", f"{token!r} is not among the expression's values")
    return values[token]
