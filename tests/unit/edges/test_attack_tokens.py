"""The battery: tokens made by people who mean harm. Every one is refused, and all with the same words.

Each differs from a good token in one thing, and where that thing is not the signature, it is rightly signed.
"""

import base64
import json
import logging
from collections.abc import Callable

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from freehold.edges.jose import from_base64url, to_base64url
from freehold.edges.tokens import LONGEST_TOKEN
from freehold.model.names import PLATFORM
from freehold.runtime.failures import Unauthenticated
from tests.unit.edges.token_kit import (
    ABSENT,
    ACME,
    AUDIENCE,
    GUILD,
    GUILD_KEY,
    MINUTE,
    NOW,
    OUR_HAND,
    OURS,
    POOL,
    RETIRED,
    RETIRED_HAND,
    SEALING,
    SIGNING,
    STRANGER,
    A,
    B,
    acme_header,
    acme_key,
    by_acme,
    by_guild,
    by_pool,
    claims,
    header,
    jwk_of,
    ours,
    ours_with,
    sign,
    tokens_of,
)

Attack = Callable[[], str]

GOOD = ours()
HEAD, BODY, SIGNATURE = GOOD.split(".")
ED25519_ORDER = 2**252 + 27742317777372353535851937790883648493


def pem_of(key: Ed25519PublicKey | RSAPublicKey) -> bytes:
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def resigned(raw: bytes) -> str:
    return f"{HEAD}.{BODY}.{to_base64url(raw)}"


def raw_signature() -> bytes:
    return from_base64url(SIGNATURE)


def with_standard_base64() -> str:
    """A good token whose signature has a character in which the two alphabets differ."""
    tokens = (ours(sid=f"s-{n}").rpartition(".") for n in range(100))
    head, _, tail = next(parts for parts in tokens if set(parts[2]) & {"-", "_"})
    return f"{head}.{tail.replace('-', '+').replace('_', '/')}"


def with_stray_bits() -> str:
    """The last character carries two bits: its neighbour in the alphabet decodes to the same bytes."""
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    other = GOOD[:-1] + alphabet[alphabet.index(GOOD[-1]) ^ 1]
    assert base64.urlsafe_b64decode(other.rpartition(".")[2] + "==") == raw_signature()
    return other


def with_another_s() -> str:
    """Ed25519 signatures have twins, S and S + L, where a verifier does not look (RFC 8032, section 8.4)."""
    raw = raw_signature()
    twin = int.from_bytes(raw[32:], "little") + ED25519_ORDER
    return resigned(raw[:32] + twin.to_bytes(32, "little"))


def text_of(body: str) -> str:
    """A token rightly signed over claims in this very text."""
    return sign(header(), body.encode())


def with_text(before: str, after: str) -> str:
    body = json.dumps(claims())
    assert before in body
    return text_of(body.replace(before, after))


def unsigned(algorithm: str) -> str:
    return sign(header(alg=algorithm), claims()).rpartition(".")[0] + "."


ALGORITHM: dict[str, Attack] = {
    "alg none": lambda: unsigned("none"),
    "alg None": lambda: unsigned("None"),
    "alg NONE": lambda: unsigned("NONE"),
    "alg nOnE": lambda: unsigned("nOnE"),
    "alg none with an old signature": lambda: f"{unsigned('none')}{SIGNATURE}",
    "alg none of an outside issuer": lambda: sign(acme_header(alg="none"), claims(iss=ACME)).rpartition(".")[0] + ".",
    "alg missing": lambda: ours_with(alg=ABSENT),
    "alg null": lambda: ours_with(alg=None),
    "alg empty": lambda: ours_with(alg=""),
    "alg a list": lambda: ours_with(alg=["EdDSA"]),
    "alg in lower case": lambda: ours_with(alg="eddsa"),
    "alg HS256 with the public PEM": lambda: sign(header(alg="HS256"), claims(), pem_of(OUR_HAND.public_key())),
    "alg HS256 with the public bytes": lambda: sign(header(alg="HS256"), claims(), bytes(SIGNING.public)),
    "alg HS256 with the public JWK": lambda: sign(header(alg="HS256"), claims(), json.dumps(SIGNING.jwk).encode()),
    "alg HS256 with an empty key": lambda: sign(header(alg="HS256"), claims(), b""),
    "alg HS256 with the kid": lambda: sign(header(alg="HS256"), claims(), SIGNING.id.encode()),
    "alg RS256 of ours": lambda: sign(header(alg="RS256"), claims(), acme_key()),
    "RS256 to HS256 with the public PEM": lambda: sign(
        acme_header(alg="HS256"), claims(iss=ACME), pem_of(acme_key().public_key())
    ),
    "an algorithm the issuer is not allowed": lambda: sign(acme_header(alg="PS256"), claims(iss=ACME), acme_key()),
}

SIGNED: dict[str, Attack] = {
    "signature stripped": lambda: f"{HEAD}.{BODY}.",
    "signature and its dot stripped": lambda: f"{HEAD}.{BODY}",
    "signature flipped": lambda: resigned(bytes([raw_signature()[0] ^ 1]) + raw_signature()[1:]),
    "signature of zeros": lambda: resigned(bytes(64)),
    "signature cut": lambda: resigned(raw_signature()[:-1]),
    "signature with a byte more": lambda: resigned(raw_signature() + b"\0"),
    "signature in standard base64": with_standard_base64,
    "signature padded": lambda: f"{GOOD}==",
    "signature with stray bits": with_stray_bits,
    "signature with its twin": with_another_s,
    "signature of another token": lambda: f"{HEAD}.{BODY}.{ours(tid=B).rpartition('.')[2]}",
    "payload swapped": lambda: f"{HEAD}.{ours(tid=B).split('.')[1]}.{SIGNATURE}",
    "payload edited": lambda: f"{HEAD}.{to_base64url(json.dumps(claims(sub=B)).encode())}.{SIGNATURE}",
    "payload empty": lambda: f"{HEAD}..{SIGNATURE}",
    "header swapped": lambda: f"{to_base64url(json.dumps(header(x=1)).encode())}.{BODY}.{SIGNATURE}",
}

KEYS: dict[str, Attack] = {
    "another key with the same kid": lambda: sign(header(), claims(), STRANGER),
    "kid unknown": lambda: sign(header(kid="unknown"), claims(), STRANGER),
    "kid unknown, key ours": lambda: ours_with(kid="unknown"),
    "kid a path": lambda: sign(header(kid="../../../../dev/null"), claims(), b""),
    "kid of SQL": lambda: ours_with(kid=f"' UNION SELECT '{SIGNING.id}"),
    "kid with a blank": lambda: ours_with(kid=f"{SIGNING.id} "),
    "kid missing": lambda: ours_with(kid=ABSENT),
    "kid null": lambda: ours_with(kid=None),
    "kid empty": lambda: ours_with(kid=""),
    "kid a list": lambda: ours_with(kid=[SIGNING.id]),
    "kid an object": lambda: ours_with(kid={"id": SIGNING.id}),
    "kid of a key whose time is over": lambda: sign(header(kid=RETIRED.id), claims(), RETIRED_HAND),
    "kid of a key that seals": lambda: ours_with(kid=SEALING.id),
    "jku": lambda: ours_with(jku="https://evil.test/jwks.json"),
    "x5u": lambda: ours_with(x5u="https://evil.test/chain.pem"),
    "x5c": lambda: ours_with(x5c=["MIIB"]),
    "an embedded jwk": lambda: sign(header(jwk=jwk_of(STRANGER, SIGNING.id)), claims(), STRANGER),
    "an embedded jwk, key ours": lambda: ours_with(jwk=jwk_of(OUR_HAND, SIGNING.id)),
    "crit unknown": lambda: ours_with(crit=["freehold"], freehold=True),
    "crit empty": lambda: ours_with(crit=[]),
    "b64 false": lambda: ours_with(b64=False, crit=["b64"]),
    "zip": lambda: ours_with(zip="DEF"),
}

TIMES: dict[str, Attack] = {
    "expired": lambda: ours(iat=NOW - 10 * MINUTE, exp=NOW - 1),
    "expired now": lambda: ours(iat=NOW - 10 * MINUTE, exp=NOW),
    "exp missing": lambda: ours(exp=ABSENT),
    "exp null": lambda: ours(exp=None),
    "exp in the year 9999": lambda: ours(exp=253402300799),
    "exp a second too far": lambda: ours(exp=NOW + 3601),
    "exp beyond all numbers": lambda: ours(exp=10**400),
    "exp with more digits than are read": lambda: with_text(str(NOW + 10 * MINUTE), "9" * 5000),
    "exp a float": lambda: ours(exp=float(NOW + MINUTE)),
    "exp with an exponent": lambda: with_text(str(NOW + 10 * MINUTE), "18e8"),
    "exp a text": lambda: ours(exp=str(NOW + MINUTE)),
    "exp true": lambda: ours(exp=True, iat=0),
    "exp negative": lambda: ours(exp=-1, iat=-600),
    "exp NaN": lambda: ours(exp=float("nan")),
    "exp infinite": lambda: ours(exp=float("inf")),
    "exp a list": lambda: ours(exp=[NOW + MINUTE]),
    "exp before iat": lambda: ours(iat=NOW + 4, exp=NOW + 2),
    "exp at iat": lambda: ours(iat=NOW + 4, exp=NOW + 4),
    "iat in the future": lambda: ours(iat=NOW + 6),
    "iat missing": lambda: ours(iat=ABSENT),
    "iat a float": lambda: ours(iat=float(NOW)),
    "iat a text": lambda: ours(iat=str(NOW)),
    "iat long ago": lambda: ours(iat=NOW - 4000),
    "nbf in the future": lambda: ours(nbf=NOW + 6),
    "nbf a text": lambda: ours(nbf="0"),
    "nbf null": lambda: ours(nbf=None),
}

NAMES: dict[str, Attack] = {
    "aud wrong": lambda: ours(aud="billing"),
    "aud a list": lambda: ours(aud=[AUDIENCE]),
    "aud a list of several": lambda: ours(aud=["billing", AUDIENCE]),
    "aud missing": lambda: ours(aud=ABSENT),
    "aud null": lambda: ours(aud=None),
    "aud longer": lambda: ours(aud=f"{AUDIENCE}2"),
    "aud in other case": lambda: ours(aud=AUDIENCE.upper()),
    "iss wrong": lambda: ours(iss="https://evil.test"),
    "iss longer": lambda: ours(iss=f"{OURS}.evil.test"),
    "iss shorter": lambda: ours(iss=OURS[:-1]),
    "iss with a slash": lambda: ours(iss=f"{OURS}/"),
    "iss in other case": lambda: ours(iss=OURS.upper()),
    "iss missing": lambda: ours(iss=ABSENT),
    "iss null": lambda: ours(iss=None),
    "iss a list": lambda: ours(iss=[OURS]),
    "iss local": lambda: ours(iss="local"),
    "sub missing": lambda: ours(sub=ABSENT),
    "sub null": lambda: ours(sub=None),
    "sub empty": lambda: ours(sub=""),
    "sub blank": lambda: ours(sub=" "),
    "sub with a newline": lambda: ours(sub="ada\n"),
    "sub a number": lambda: ours(sub=7),
    "sub a list": lambda: ours(sub=["ada"]),
    "sub confusable": lambda: ours(sub="\u0430da"),
    "sub half a character": lambda: ours(sub="\ud800"),
    "sub of 256 characters": lambda: ours(sub="a" * 256),
    "sid missing": lambda: ours(sid=ABSENT),
    "sid empty": lambda: ours(sid=""),
    "sid a list": lambda: ours(sid=["s-1"]),
}

TENANTS: dict[str, Attack] = {
    "tid missing": lambda: ours(tid=ABSENT),
    "tid null": lambda: ours(tid=None),
    "tid a list": lambda: ours(tid=[A]),
    "tid an object": lambda: ours(tid={"id": A}),
    "tid a number": lambda: ours(tid=1),
    "tid true": lambda: ours(tid=True),
    "tid blank": lambda: ours(tid=" "),
    "tid in other case": lambda: ours(tid=A.upper()),
    "tid of 10 kB": lambda: ours(tid="a" * 10_000),
    "tid of 1 kB": lambda: ours(tid=A * 30),
    "tid confusable": lambda: ours(tid=A.replace("a", "\u0430")),
    "tid of full-width digits": lambda: ours(tid=A.replace("0", "\uff10")),
    "tid of two": lambda: ours(tid=f"{A},{B}"),
    "tid with a newline": lambda: ours(tid=f"{A}\n"),
    "tid with a blank": lambda: ours(tid=f"{A} "),
    "tid without hyphens": lambda: ours(tid=A.replace("-", "")),
    "tid a URN": lambda: ours(tid=f"urn:uuid:{A}"),
    "tid everything": lambda: ours(tid="*"),
    "tid a slug": lambda: ours(tid="acme"),
    "tid the platform": lambda: ours(tid=PLATFORM),
}

FORMS: dict[str, Attack] = {
    "an ID token": lambda: ours_with(typ="JWT"),
    "typ missing": lambda: ours_with(typ=ABSENT),
    "typ null": lambda: ours_with(typ=None),
    "typ a list": lambda: ours_with(typ=["at+jwt"]),
    "typ in other case": lambda: ours_with(typ="AT+JWT"),
    "no token": lambda: "",
    "four segments": lambda: f"{GOOD}.{SIGNATURE}",
    "five segments": lambda: f"{GOOD}.AA.AA",
    "a leading space": lambda: f" {GOOD}",
    "a trailing newline": lambda: f"{GOOD}\n",
    "a doubled dot": lambda: GOOD.replace(".", "..", 1),
    "a leading dot": lambda: f".{GOOD}",
    "the scheme with it": lambda: f"Bearer {GOOD}",
    "two tokens": lambda: f"{GOOD}, {GOOD}",
    "1 MB": lambda: ours(more="a" * 1_000_000),
    "a little too large": lambda: ours(more="a" * LONGEST_TOKEN),
    "not ASCII": lambda: GOOD.replace("A", "\u0410", 1),
    "a NUL": lambda: f"{GOOD}\0",
    "JSON serialisation": lambda: json.dumps({"protected": HEAD, "payload": BODY, "signature": SIGNATURE}),
    "two tenants in duplicate names": lambda: with_text('"tid":', f'"tid": "{B}", "tid":'),
    "an escaped duplicate name": lambda: with_text('"tid":', f'"t\\u0069d": "{B}", "tid":'),
    "duplicate names deep down": lambda: with_text('"tid":', '"x": {"y": {"z": 1, "z": 1}}, "tid":'),
    "two algorithms in duplicate names": lambda: sign(
        json.dumps(header()).replace('"alg":', '"alg": "none", "alg":').encode(), claims()
    ),
    "a claim that is NaN": lambda: with_text('"tid":', '"x": NaN, "tid":'),
    "a claim that is infinite": lambda: with_text('"tid":', '"x": -Infinity, "tid":'),
    "claims in a list": lambda: text_of(json.dumps([claims()])),
    "claims in a text": lambda: text_of(json.dumps(json.dumps(claims()))),
    "claims with a byte order mark": lambda: text_of("\ufeff" + json.dumps(claims())),
    "claims in UTF-16": lambda: sign(header(), json.dumps(claims()).encode("utf-16")),
    "claims that are not UTF-8": lambda: sign(header(), json.dumps(claims()).encode() + b"\xff"),
    "claims with something behind": lambda: text_of(json.dumps(claims()) + "{}"),
    "claims too deep": lambda: text_of("[" * 5000),
    "a header in a list": lambda: sign([header()], claims()),
}

OUTSIDE: dict[str, Attack] = {
    "an issuer names a tenant not its own": lambda: by_guild(org=B),
    "an issuer of one tenant names another": lambda: by_acme(tid=B),
    "an issuer of one tenant names several": lambda: by_acme(tid=[A]),
    "an issuer names no tenant": lambda: by_guild(org=ABSENT),
    "an issuer names an empty tenant": lambda: by_guild(org=""),
    "an issuer of every tenant names none": lambda: by_pool(tid=""),
    "an issuer of every tenant names the platform": lambda: by_pool(tid=PLATFORM),
    "an issuer names a list of tenants": lambda: by_guild(org=[A]),
    "an issuer names it in our claim": lambda: by_guild(org=ABSENT, tid=A),
    "an issuer uses our kid": lambda: sign(acme_header(kid=SIGNING.id), claims(iss=ACME), acme_key()),
    "our name with the key of another": lambda: sign(header(kid="guild-1"), claims(), GUILD_KEY),
    "our name and kid with the key of another": lambda: sign(header(), claims(), GUILD_KEY),
    "the name of another with our key": lambda: sign(header(), claims(iss=GUILD, org=A)),
    "one issuer with the key of another": lambda: sign(header(kid="guild-1"), claims(iss=ACME), GUILD_KEY),
    "one issuer with the kid of another": lambda: sign(acme_header(kid="guild-1"), claims(iss=ACME), acme_key()),
    "an issuer with a slash": lambda: by_acme(iss=f"{ACME}/"),
    "a token for another application": lambda: by_acme(aud="billing"),
    "a token for several applications": lambda: by_acme(aud=[AUDIENCE, "billing"]),
    "an ID token of an issuer": lambda: sign(acme_header(typ="JWT"), claims(iss=ACME), acme_key()),
    "an issuer grants a year": lambda: by_acme(exp=NOW + 365 * 86400),
    "an issuer without sub": lambda: by_acme(sub=ABSENT),
    "an ID token told by its use": lambda: by_pool(token_use="id"),
    "a token that does not tell its use": lambda: by_pool(token_use=ABSENT),
    "a token of another client": lambda: by_pool(client_id="partner"),
    "a list of clients": lambda: by_pool(client_id=["web"]),
    "an object for a client": lambda: by_pool(client_id={"web": 1}),
    "our name in the wrong claim": lambda: by_pool(client_id=ABSENT, aud="web"),
    "a type where there is none": lambda: sign(
        header(kid="guild-1"), claims(iss=POOL, client_id="web", token_use="access"), GUILD_KEY
    ),
}

ATTACKS = {**ALGORITHM, **SIGNED, **KEYS, **TIMES, **NAMES, **TENANTS, **FORMS, **OUTSIDE}


@pytest.mark.parametrize("attack", [pytest.param(attack, id=name) for name, attack in ATTACKS.items()])
def test_an_attack_is_refused_with_the_same_words_as_any_other(attack: Attack) -> None:
    token = attack()
    with pytest.raises(Unauthenticated) as refused:
        tokens_of().verify(token)
    plain = Unauthenticated()
    assert (refused.value.args, refused.value.details) == (plain.args, plain.details)
    assert refused.value.__cause__ is refused.value.__context__ is None


@pytest.mark.parametrize("attack", [pytest.param(attack, id=name) for name, attack in ATTACKS.items()])
def test_an_attack_is_refused_again_beside_good_tokens(attack: Attack) -> None:
    tokens = tokens_of()
    for good in (GOOD, by_acme(), by_guild(), by_pool()):
        tokens.verify(good)
    for _ in range(2):
        with pytest.raises(Unauthenticated):
            tokens.verify(attack())


def test_the_tokens_that_attacks_are_made_of_are_good() -> None:
    tokens = tokens_of()
    assert [tokens.verify(good).tenant for good in (GOOD, by_acme(), by_guild(), by_pool())] == [A] * 4


def test_the_battery_is_large_and_every_attack_is_another() -> None:
    assert len(ATTACKS) >= 80
    assert len({attack() for attack in ATTACKS.values()}) == len(ATTACKS)


def test_a_careless_verifier_takes_most_of_the_battery() -> None:
    """It checks signatures, and they are right: so it is the rules that refuse, and not a slip in making the tokens."""
    keys: dict[str, Ed25519PublicKey | RSAPublicKey] = {
        SIGNING.id: OUR_HAND.public_key(),
        RETIRED.id: RETIRED_HAND.public_key(),
        "guild-1": GUILD_KEY.public_key(),
        "acme-1": acme_key().public_key(),
    }

    def takes(token: str) -> bool:
        try:
            key = keys[jwt.get_unverified_header(token)["kid"]]
            jwt.PyJWS().decode_complete(token, key, ["EdDSA", "RS256", "PS256"])
        except (jwt.PyJWTError, KeyError, TypeError, ValueError, RecursionError):
            return False
        return True

    taken = [name for name, attack in ATTACKS.items() if takes(attack())]
    assert len(taken) >= 100, taken


def test_nothing_of_a_token_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        for attack in ATTACKS.values():
            with pytest.raises(Unauthenticated):
                tokens_of().verify(attack())
    assert len(caplog.messages) == len(ATTACKS)
    assert not [message for message in caplog.messages if A in message or B in message or "evil" in message]
