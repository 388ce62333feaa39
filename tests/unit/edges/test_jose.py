"""One spelling for bytes, one meaning for JSON."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from freehold.edges.jose import from_base64url, read_object, thumbprint, to_base64url


@given(data=st.binary())
def test_bytes_come_back_from_their_spelling(data: bytes) -> None:
    assert from_base64url(to_base64url(data)) == data


@given(text=st.text("AQgw-_+/= \n09zZ\u00e9"))
def test_text_is_read_only_when_it_is_the_one_spelling(text: str) -> None:
    try:
        data = from_base64url(text)
    except ValueError:
        return
    assert to_base64url(data) == text


@pytest.mark.parametrize("text", ["A", "AB", "AAB", "AA==", "+A", "/w", "AA\n", " AA", "AA A", "\u0410A"])
def test_another_spelling_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="base64"):
        from_base64url(text)


def test_an_object_is_read() -> None:
    assert read_object(b'{"a": [1, {"b": null}]}') == {"a": [1, {"b": None}]}


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[]",
        b'"a"',
        b"{} {}",
        b'{"a": 1, "a": 1}',
        b'{"a": 1, "\\u0061": 2}',
        b'{"x": [{"a": 1, "a": 2}]}',
        b'{"a": NaN}',
        b'{"a": Infinity}',
        b'{"a": -Infinity}',
        b'{"a": 01}',
        b"{'a': 1}",
        b'{"a": 1,}',
        b'{"a": "\n"}',
        b'\xef\xbb\xbf{"a": 1}',
        b'{"a": "\xff"}',
        '{"a": 1}'.encode("utf-16"),
        b'{"a":' * 100_000,
        b'{"a":' + b"9" * 5000 + b"}",
    ],
)
def test_what_could_mean_two_things_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match=r".+"):
        read_object(data)


def test_a_thumbprint_is_that_of_the_standard() -> None:
    """The example of RFC 8037, appendix A.3."""
    jwk = {"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}
    assert thumbprint(jwk) == "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"
