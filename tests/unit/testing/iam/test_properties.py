"""What is true of every policy and every request, and not only of those somebody thought of."""

from collections.abc import Sequence

from hypothesis import assume, given
from hypothesis import strategies as st

from freehold.testing.iam import Decision, Policy, Request, Verdict, evaluate
from freehold.testing.iam.conditions import Value
from freehold.testing.iam.pattern import Template, Wild, matches
from tests.unit.testing.iam.grounds import RIGHT, TABLE, Document, document, member, tenant_policy

LETTERS = "ab#*?$"
LEADING = "dynamodb:LeadingKeys"
words = st.text(LETTERS, min_size=1, max_size=6)
tenants = st.text("acme2#*?/-", min_size=1, max_size=6)
keys = st.lists(st.sampled_from(["ORG#a", "ORG#a#1", "ORG#ab", "ORG#b", "x"]), max_size=3).map(tuple)
variables = st.sampled_from(["${aws:PrincipalTag/t}", "${aws:PrincipalTag/gone}", "${aws:PrincipalTag/gone, 'a'}"])
written = st.one_of(words.filter(lambda word: "${" not in word), variables, st.sampled_from(["ORG#a*", "ORG#a", "*"]))
operators = st.builds(
    "".join,
    st.tuples(
        st.sampled_from(["ForAllValues:", "ForAnyValue:"]),
        st.sampled_from(["StringEquals", "StringNotEquals", "StringLike", "StringNotLike"]),
        st.sampled_from(["", "IfExists"]),
    ),
)
on_keys = st.dictionaries(
    operators, st.builds(lambda values: {LEADING: values}, st.lists(written, min_size=1, max_size=3))
)
presence = st.sampled_from([{}, {"Null": {LEADING: "false"}}, {"Null": {LEADING: "true"}}])
conditions = st.builds(lambda one, other: {**one, **other}, on_keys, presence)
actions = st.sampled_from(["*", "dynamodb:*", "dynamodb:Get*", "dynamodb:GetItem", "dynamodb:PutItem"])
resources = st.sampled_from(["*", TABLE, f"{TABLE}/index/*", TABLE.replace("app", "*")])
effects = st.sampled_from(["Allow", "Deny"])


@st.composite
def statements(draw: st.DrawFn, effect: st.SearchStrategy[str] = effects) -> Document:
    """A statement, one of many kinds."""
    action, resource = (
        draw(st.sampled_from(["Action", "NotAction"])),
        draw(st.sampled_from(["Resource", "NotResource"])),
    )
    found: Document = {"Effect": draw(effect), action: draw(actions), resource: draw(resources)}
    block = draw(conditions)
    return found | ({"Condition": block} if block else {})


@st.composite
def requests(draw: st.DrawFn) -> Request:
    """A request for one of two actions, about some keys or none."""
    action = draw(st.sampled_from(["dynamodb:GetItem", "dynamodb:PutItem"]))
    leading: Value = draw(keys)
    return Request(
        {"t": draw(words)}, action, draw(st.sampled_from([TABLE, f"{TABLE}/index/GSI1"])), {LEADING: leading}
    )


several = st.lists(statements(), min_size=1, max_size=4)


def decide(found: Sequence[Document], request: Request, session: Sequence[Document] = ()) -> Decision:
    """Evaluate some statements."""
    within = Policy.parse(document(*session)) if session else None
    return evaluate([Policy.parse(document(*found))], request, session=within)


@given(found=several, more=statements(st.just("Deny")), request=requests())
def test_one_more_denial_never_allows_more(found: list[Document], more: Document, request: Request) -> None:
    assert decide(found, request).allowed or not decide([*found, more], request).allowed


@given(found=several, more=statements(st.just("Allow")), request=requests())
def test_one_more_permission_never_denies_more(found: list[Document], more: Document, request: Request) -> None:
    assert decide([*found, more], request).allowed or not decide(found, request).allowed


@given(found=several, request=requests(), data=st.data())
def test_the_order_of_statements_decides_nothing(found: list[Document], request: Request, data: st.DataObject) -> None:
    shuffled = data.draw(st.permutations(found))
    assert decide(found, request).verdict == decide(shuffled, request).verdict


@given(found=several, request=requests(), at=st.integers(0, 4))
def test_it_makes_no_difference_how_statements_are_spread_over_policies(
    found: list[Document], request: Request, at: int
) -> None:
    parts = [part for part in (found[:at], found[at:]) if part]
    spread = evaluate([Policy.parse(document(*part)) for part in parts], request)
    assert spread.verdict == decide(found, request).verdict


@given(found=several, session=several, request=requests())
def test_a_session_allows_what_both_allow(found: list[Document], session: list[Document], request: Request) -> None:
    both = decide(found, request).allowed and decide(session, request).allowed
    assert decide(found, request, session).allowed is both


@given(found=several, request=requests())
def test_who_denies_everything_allows_nothing(found: list[Document], request: Request) -> None:
    nothing: Document = {"Effect": "Deny", "Action": "*", "Resource": "*"}
    assert decide([*found, nothing], request).verdict is Verdict.DENIED


def like(pattern: Sequence[str | Wild], text: str) -> bool:
    """The same question, answered from the definition: a table of which ends fit which."""
    fits = [[False] * (len(text) + 1) for _ in range(len(pattern) + 1)]
    fits[0][0] = True
    for at, token in enumerate(pattern, 1):
        fits[at][0] = fits[at - 1][0] and token is Wild.ANY
        for here, letter in enumerate(text, 1):
            if token is Wild.ANY:
                fits[at][here] = fits[at - 1][here] or fits[at][here - 1]
            else:
                fits[at][here] = fits[at - 1][here - 1] and token in {Wild.ONE, letter}
    return fits[-1][-1]


@given(
    pattern=st.lists(st.sampled_from(["a", "b", "*", Wild.ANY, Wild.ONE]), max_size=8), text=st.text("ab*", max_size=10)
)
def test_patterns_match_as_their_definition_says(pattern: list[str | Wild], text: str) -> None:
    assert matches(pattern, text) is like(pattern, text)


@given(tag=tenants, text=st.text("acme2#*?/-", max_size=8))
def test_a_tag_stands_for_itself_and_for_nothing_else(tag: str, text: str) -> None:
    template = Template.parse("${aws:PrincipalTag/t}")
    assert template.matches({"t": tag}, lambda pattern: matches(pattern, text)) is (tag == text)


@given(tenant=tenants, other=tenants, rest=st.text("acme2#*?", max_size=4))
def test_no_tenant_reaches_a_key_of_another(tenant: str, other: str, rest: str) -> None:
    foreign = f"ORG#{other}" + (f"#{rest}" if rest else "")
    assume(foreign != f"ORG#{tenant}" and not foreign.startswith(f"ORG#{tenant}#"))
    request = Request({"tenant_id": tenant}, "dynamodb:GetItem", TABLE, {LEADING: (foreign,)})
    assert not evaluate(member(tenant=tenant).policies, request).allowed


@given(found=keys, chosen=st.lists(st.booleans(), min_size=3, max_size=3), present=st.booleans())
def test_of_allowed_keys_any_some_are_allowed(found: tuple[str, ...], chosen: list[bool], *, present: bool) -> None:
    policy = [Policy.parse(tenant_policy(RIGHT, present=present))]
    fewer = tuple(key for key, taken in zip(found, chosen, strict=False) if taken)

    def allowed(leading: tuple[str, ...]) -> bool:
        request = Request({"tenant_id": "a"}, "dynamodb:BatchGetItem", TABLE, {LEADING: leading})
        return evaluate(policy, request).allowed

    assume(allowed(found))
    assert allowed(fewer) is (bool(fewer) or not present)
