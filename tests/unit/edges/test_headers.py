"""What is read from headers, whatever is in them."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from freehold.edges import headers
from freehold.runtime.failures import BadRequest, Precondition, TooLarge

NAMES = st.sampled_from(
    [
        b"authorization",
        b"idempotency-key",
        b"if-match",
        b"content-type",
        b"content-length",
        b"x-request-id",
        b"x-tenant",
    ]
)
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


@given(st.lists(st.tuples(st.one_of(NAMES, st.binary(max_size=20)), st.binary(max_size=50))))
def test_whatever_comes_is_read_or_refused(raw: list[tuple[bytes, bytes]]) -> None:
    names = [name for name, _ in raw]
    with suppress(BadRequest):
        read = headers.read(raw)
        assert (read.token is None) == (b"authorization" not in names)
        assert read.length is None or read.length >= 0


def test_headers_have_a_bound_together() -> None:
    with pytest.raises(TooLarge):
        headers.read([(b"x", b"y" * 40)] * 1000)


@pytest.mark.parametrize(
    ("given", "token"), [("Bearer a", "a"), ("bearer a", "a"), ("Basic a", ""), ("a", ""), ("", "")]
)
def test_only_a_bearer_has_a_token(given: str, token: str) -> None:
    assert headers.read([(b"authorization", given.encode())]).token == token


def test_no_authorization_is_no_token() -> None:
    assert headers.read([]).token is None


@pytest.mark.parametrize(("etag", "version"), [(None, None), ("*", None), ('"3"', 3), ('W/"3"', 3), (' "3" ', 3)])
def test_an_etag_names_a_version(etag: str | None, version: int | None) -> None:
    assert headers.version(etag) == version


@pytest.mark.parametrize("etag", ["", "3", '"x"', '"-1"', '"1"x', '"1", "2"', f'"{10**30}"'])
def test_an_etag_we_never_gave_matches_nothing(etag: str) -> None:
    with pytest.raises(Precondition):
        headers.version(etag)


@pytest.mark.parametrize(
    "given",
    ["", "00", f"00-{TRACE}-00f067aa0ba902b7", f"01-{TRACE}-00f067aa0ba902b7-01", f"00-{'0' * 32}-00f067aa0ba902b7-01",
     f"00-{TRACE}-{'0' * 16}-01", f"00-{TRACE.upper()}-00f067aa0ba902b7-01", f"00-{TRACE}-00f067aa0ba902b7-01\r\nx: y"],
)  # fmt: skip
def test_what_is_no_trace_is_not_gone_on_with(given: str) -> None:
    assert headers.continued(given, "b" * 16) == ""


def test_a_trace_is_gone_on_with_under_a_span_of_ours() -> None:
    assert headers.continued(f"00-{TRACE}-00f067aa0ba902b7-01", "b" * 16) == f"00-{TRACE}-{'b' * 16}-01"
