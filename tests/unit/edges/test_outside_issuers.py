"""The setting that names issuers outside: what is taken, and what is refused before anybody is served."""

import json
import re
import threading
from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from freehold.edges.issuers import EVERY_TENANT, Issuer
from freehold.edges.outside_issuers import LARGEST, IssuerSetting, fetched, read_issuers
from freehold.model.finding import ModelError
from tests.unit.edges.token_kit import A, B, SetClock, acme_key, jwk_of, jwks_of

KEYS: Mapping[str, object] = json.loads(jwks_of(jwk_of(acme_key(), "k")))


def asked(url: str) -> bytes:
    """An issuer's address that answers."""
    assert url == "https://id.test/keys"
    return json.dumps(KEYS).encode()


def read(*written: dict[str, object]) -> tuple[Issuer, ...]:
    usual: dict[str, object] = {"issuer": "https://id.test", "audience": "api", "jwks": KEYS, "tenant": A}
    found = ({name: value for name, value in {**usual, **one}.items() if value is not None} for one in written)
    return read_issuers(found, SetClock(), asked)


def test_an_issuer_is_read_with_its_keys_written_out() -> None:
    (issuer,) = read({"longest": 600, "algorithms": ["RS256", "PS256"], "session_claim": ""})
    assert issuer.keys.find("k", "RS256") is not None
    assert (issuer.tenant, issuer.longest, issuer.algorithms) == (A, 600, ("RS256", "PS256"))


def test_keys_come_from_a_file_or_an_address(tmp_path: Path) -> None:
    file = tmp_path / "keys.json"
    file.write_text(json.dumps(KEYS))
    issuers = read({"jwks": str(file)}, {"jwks": "https://id.test/keys", "issuer": "https://other.test"})
    assert [issuer.keys.find("k", "RS256") is not None for issuer in issuers] == [True, True]


def test_an_issuer_of_several_tenants_names_them() -> None:
    some, every = read(
        {"tenant": None, "tenant_claim": "org", "tenants": [A]},
        {"tenant": None, "tenant_claim": "org", "tenants": "*", "issuer": "https://pool.test"},
    )
    assert [some.speaks_for(tenant) for tenant in (A, B)] == [True, False]
    assert every.tenants is EVERY_TENANT


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"issuer": None}, "`issuer`: Field required"),
        ({"audience": None}, "`audience`"),
        ({"jwks": None}, "`jwks`: Field required"),
        ({"tennant": A}, "`tennant`: Extra inputs"),
        ({"longest": "600"}, "`longest`"),
        ({"tenants": "all"}, "`tenants"),
        ({"tenant": "acme"}, "its tenant is not the id"),
        ({"tenant": None}, "either a tenant or a tenant_claim"),
        ({"tenant_claim": "org"}, "either a tenant or a tenant_claim"),
        ({"tenant": None, "tenant_claim": "org"}, "needs the tenants it may name"),
        ({"algorithms": ["HS256"]}, "algorithms are"),
        ({"algorithms": []}, "algorithms are"),
        ({"token_types": ["JWT"]}, "without at+jwt"),
        ({"longest": 864000}, "tokens may live between"),
        ({"jwks": "http://id.test/keys"}, "https address only"),
        ({"jwks": "/nowhere/keys.json"}, "No such file"),
        ({"jwks": {"keys": []}}, "without a key"),
        ({"jwks": {"keys": [{"kty": "oct", "k": "AA", "kid": "k"}]}}, "holds a secret"),
    ],
)
def test_what_would_trust_too_much_or_nobody_is_refused_at_the_start(changes: dict[str, object], message: str) -> None:
    with pytest.raises(ModelError) as refused:
        read(changes)
    assert {finding.code for finding in refused.value.findings} == {"FH401"}
    assert message in str(refused.value)


def test_the_examples_in_the_docs_are_taken() -> None:
    page = (Path(__file__).parents[3] / "docs" / "howto" / "oidc.md").read_text()
    examples = re.findall(r"```json\n(.*?)```", page, re.DOTALL)
    issuers = [read_issuers(json.loads(example), SetClock(), asked) for example in examples]
    assert [len(found) for found in issuers] == [1, 1, 1]
    fields = set(re.findall(r"^\| `(\w+)`", page, re.MULTILINE))
    assert set(IssuerSetting.model_fields) - fields == {"tenant_claim", "tenants"}  # in the row of `tenant`


def test_everything_that_is_wrong_is_told_at_once() -> None:
    with pytest.raises(ModelError) as refused:
        read({"longest": "600"}, {"tenant": "acme"}, {}, {})
    assert [finding.place.line for finding in refused.value.findings] == [0, 1, 2]


class Issuing(BaseHTTPRequestHandler):
    """An address that answers as its path says."""

    def do_GET(self) -> None:
        if self.path == "/moved":
            self.send_response(302)
            self.send_header("location", "/keys")
            self.end_headers()
            return
        self.send_response(200 if self.path in ("/keys", "/large") else 404)
        self.end_headers()
        self.wfile.write(b"x" * (LARGEST + 1) if self.path == "/large" else json.dumps(KEYS).encode())

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with HTTPServer(("127.0.0.1", 0), Issuing) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_what_is_at_the_address_is_fetched(address: str) -> None:
    assert json.loads(fetched(f"{address}/keys")) == KEYS


@pytest.mark.parametrize("path", ["/moved", "/large", "/absent"])
def test_nothing_is_fetched_from_elsewhere_nor_too_much(address: str, path: str) -> None:
    with pytest.raises(OSError, match=r"302|too large|404"):
        fetched(address + path)
