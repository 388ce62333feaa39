"""Strings of a policy, and what they match."""

from collections.abc import Mapping

import pytest

from freehold.testing.iam import Unsupported
from freehold.testing.iam.pattern import Template, matches


def fits(written: str, text: str, tags: Mapping[str, str] | None = None) -> bool:
    """Whether `text` is as a policy writes it."""
    return Template.parse(written).matches(tags or {}, lambda pattern: matches(pattern, text))


@pytest.mark.parametrize(
    ("written", "text"),
    [
        ("", ""),
        ("a", "a"),
        ("*", ""),
        ("*", "anything\nat all"),
        ("a*", "a"),
        ("a*c", "abcbc"),
        ("*a*b*", "xaxxbx"),
        ("a?c", "abc"),
        ("??", "ab"),
        ("*?", "a"),
        ("a**b", "ab"),
        ("ORG#*#USER#*", "ORG#acme#USER#7"),
        ("[a-z]", "[a-z]"),
        ("a.c", "a.c"),
        ("a\\*", "a\\b"),
        ("$5", "$5"),
        ("$", "$"),
        ("{*}", "{x}"),
        ("${*}", "*"),
        ("${?}", "?"),
        ("${$}", "$"),
        ("${$}{aws:username}", "${aws:username}"),
        ("a${*}*", "a*b"),
        ("\u00e9?", "\u00e9\U0001f600"),
    ],
)
def test_a_text_fits_its_pattern(written: str, text: str) -> None:
    assert fits(written, text)


@pytest.mark.parametrize(
    ("written", "text"),
    [
        ("", "a"),
        ("a", ""),
        ("a", "A"),
        ("a", "ab"),
        ("?", ""),
        ("a?c", "ac"),
        ("a?c", "abbc"),
        ("a*c", "abcb"),
        ("*a*b*", "xbxa"),
        ("a.c", "abc"),
        ("[a-z]", "b"),
        ("${*}", "a"),
        ("${?}", "a"),
        ("a\n", "a"),
    ],
)
def test_another_text_does_not_fit(written: str, text: str) -> None:
    assert not fits(written, text)


@pytest.mark.parametrize(
    ("written", "tags", "text", "expected"),
    [
        ("${aws:PrincipalTag/t}", {"t": "acme"}, "acme", True),
        ("${aws:PrincipalTag/t}", {"t": "acme"}, "acme2", False),
        ("${aws:PrincipalTag/t}*", {"t": "acme"}, "acme2", True),
        ("${aws:PrincipalTag/t}", {}, "", False),
        ("${aws:PrincipalTag/t}", {}, "${aws:PrincipalTag/t}", False),
        ("*${aws:PrincipalTag/t}*", {}, "anything", False),
        ("${aws:PrincipalTag/t}", {"t": "*"}, "anything", False),
        ("${aws:PrincipalTag/t}", {"t": "*"}, "*", True),
        ("${aws:PrincipalTag/t}", {"t": "${aws:PrincipalTag/u}", "u": "x"}, "x", False),
        ("${aws:PrincipalTag/t, 'none'}", {}, "none", True),
        ("${aws:PrincipalTag/t, 'none'}", {"t": "acme"}, "acme", True),
        ("${aws:PrincipalTag/t, 'none'}", {"t": "acme"}, "none", False),
        ("${aws:PrincipalTag/a}/${aws:PrincipalTag/b}", {"a": "1", "b": "2"}, "1/2", True),
        ("${aws:PrincipalTag/a}/${aws:PrincipalTag/b}", {"a": "1"}, "1/", False),
        ("${aws:PrincipalTag/cost center}", {"cost center": "9"}, "9", True),
        ("${aws:PrincipalTag/t}", {"t": ""}, "x", False),
    ],
)
def test_a_variable_stands_for_a_tag_to_the_letter(
    written: str, tags: Mapping[str, str], text: str, *, expected: bool
) -> None:
    assert fits(written, text, tags) is expected


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("${aws:username}", "UNKNOWN_VARIABLE"),
        ("${aws:SourceIp}", "UNKNOWN_VARIABLE"),
        ("${AWS:PrincipalTag/t}", "UNKNOWN_VARIABLE"),
        ("${aws:PrincipalTag/}", "UNKNOWN_VARIABLE"),
        ("${aws:PrincipalTag/t,'x'}", "UNKNOWN_VARIABLE"),
        ("${aws:PrincipalTag/t, ''}", "UNKNOWN_VARIABLE"),
        ("${aws:PrincipalTag/t, '*'}", "UNKNOWN_VARIABLE"),
        ("${aws:PrincipalTag/t, x}", "UNKNOWN_VARIABLE"),
        ("${}", "UNKNOWN_VARIABLE"),
        ("${**}", "UNKNOWN_VARIABLE"),
        ("${ * }", "UNKNOWN_VARIABLE"),
        ("${${*}}", "UNKNOWN_VARIABLE"),
        ("${aws:PrincipalTag/t", "BAD_VARIABLE"),
        ("a${", "BAD_VARIABLE"),
    ],
)
def test_a_variable_that_is_not_known_is_refused(written: str, code: str) -> None:
    with pytest.raises(Unsupported) as refused:
        Template.parse(written)
    assert refused.value.code == code


@pytest.mark.parametrize(
    ("written", "tags", "text", "code"),
    [
        ("${aws:PrincipalTag/t}", {"t": ""}, "", "EMPTY_TAG"),
        ("${aws:PrincipalTag/t, 'none'}", {"t": ""}, "none", "EMPTY_TAG"),
        ("${aws:PrincipalTag/t, 'none'}", {"t": ""}, "", "EMPTY_TAG"),
        ("${aws:PrincipalTag/tenant}", {"Tenant": "acme"}, "acme", "OTHER_CAPITALS"),
    ],
)
def test_where_amazon_leaves_the_answer_open_it_is_refused(
    written: str, tags: Mapping[str, str], text: str, code: str
) -> None:
    with pytest.raises(Unsupported) as refused:
        fits(written, text, tags)
    assert refused.value.code == code


def test_an_unfriendly_pattern_is_matched_in_few_steps() -> None:
    assert not fits("*a" * 200 + "b", "a" * 5000)
