"""Leaks at the edge: tokens, headers, paths and caches."""

from freehold.edges import headers, issuers, responses, tokens
from freehold.edges.http import Api
from freehold.edges.identity import Identity
from freehold.edges.tokens import LocalTokens
from freehold.runtime.routes import Routes
from tests.isolation.layers import OFF
from tests.isolation.planted.accounts import STRANGER
from tests.isolation.planted.mutant import Mutant
from tests.isolation.surgery import Edit, Swap

NO_CACHE = tuple(line for line in headers.SECURITY if line[0] not in (b"cache-control", b"vary"))
SPEAKS = "return is_tenant(tenant) and (tenant == self.tenant if self.tenant else tenant in self.tenants)"

TOKENS = (
    Mutant(
        "signatures are not checked",
        (
            Edit(
                LocalTokens._examine, "_SIGNATURES.decode_complete(token, key.key, algorithms=[key.algorithm])", "pass"
            ),
        ),
        attacks=("T21", "T22"),
    ),
    Mutant(
        "a token is remembered by its signature alone",
        (Edit(LocalTokens._verify, 'token.encode("ascii")', 'token.rpartition(".")[2].encode("ascii")'),),
        attacks=("T21",),
    ),
    Mutant("expired tokens count", (Edit(tokens._check_times, "if expires <= now:", "if False:"),), attacks=("T22",)),
    Mutant(
        "tokens for others count",
        (Edit(tokens._check_purpose, 'raise _Refused("for another audience")', "pass"),),
        attacks=("T22",),
    ),
    Mutant(
        "ID tokens count as access tokens",
        (Edit(tokens._key, 'raise _Refused("not an access token")', "pass"),),
        attacks=("T22",),
    ),
    Mutant(
        "of several tenants in a token the first counts",
        (
            Edit(
                tokens._tenant,
                "named = _text(claims, issuer.tenant_claim)",
                "named = claims.get(issuer.tenant_claim)\n    named = named[0] if isinstance(named, list) else _text(claims, issuer.tenant_claim)",
            ),
        ),
        attacks=("T23",),
    ),
    Mutant(
        "an issuer may name any tenant",
        (Edit(issuers.Issuer.speaks_for, SPEAKS, "return is_tenant(tenant)"),),
        attacks=("T24",),
    ),
    Mutant(
        "an issuer bound to one tenant may name another",
        (
            Edit(
                tokens._tenant,
                'if claims.get("tid", issuer.tenant) != issuer.tenant and "tid" not in issuer.exactly:',
                "if False:",
            ),
            Edit(tokens._tenant, "return issuer.tenant\n", 'return str(claims.get("tid", issuer.tenant))\n'),
        ),
        attacks=("T24",),
    ),
)

REQUESTS = (
    Mutant("X-Tenant-Id is believed, and membership not asked for", (*OFF["L1"], STRANGER), attacks=("T18",)),
    Mutant("X-Tenant-Id is believed by members of that tenant", OFF["L1"], attacks=("T18", "T32")),
    Mutant(
        "a path may begin with a tenant",
        (
            Edit(
                Routes.match,
                'segments = path.split("/")',
                'segments = [s for n, s in enumerate(path.split("/")) if n != 1 or len(s) != 36]',
            ),
        ),
        attacks=("T20",),
    ),
    Mutant(
        "any prefix is the API's", (Edit(Api._call, "if not path.startswith(PREFIX):", "if False:"),), attacks=("T79",)
    ),
    Mutant(
        "304 is answered before anything was looked at",
        (
            Edit(
                Api._call,
                "principal = self._identify(ready, given)\n",
                "principal = self._identify(ready, given)\n    if given.if_none_match:\n        failure = NotFound()\n        failure.status = 304\n        raise failure\n",
            ),
        ),
        attacks=("T13",),
    ),
    Mutant(
        "errors carry the id of the request before",
        (
            Edit(
                responses.failed,
                "return failure.status, lines, problem(failure, request_id)",
                "before, globals()['_BEFORE'] = globals().get('_BEFORE', request_id), request_id\n"
                "    return failure.status, lines, problem(failure, before)",
            ),
        ),
        attacks=("T78",),
    ),
    Mutant(
        "tokens are logged",
        (
            Edit(
                Identity.principal,
                "return self._tokens.verify(token)",
                "__import__('logging').getLogger('freehold.identity').debug(token)\n        return self._tokens.verify(token)",
            ),
        ),
        attacks=("T72",),
    ),
    Mutant("caches between may keep answers", (Swap(responses, "SECURITY", NO_CACHE),), attacks=("T51",)),
    Mutant(
        "answers set a cookie",
        (Swap(responses, "SECURITY", (*headers.SECURITY, (b"set-cookie", b"tenant=1"))),),
        attacks=("T51",),
    ),
)

MUTANTS = (*TOKENS, *REQUESTS)
