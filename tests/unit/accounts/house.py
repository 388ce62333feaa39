"""An app that is nothing but its accounts, and whoever comes to its door with a token or without."""

from typing import cast

from freehold import App
from freehold.accounts.door import Issued, Place, SignedIn
from freehold.edges.identity import Identity
from freehold.runtime.envelope import Answer
from freehold.runtime.invoke import Call
from freehold.runtime.ports import Principal
from freehold.runtime.prepared import Sent
from freehold.testing import Caller

GOOD = "kettle orbit fjord"
HOME = "192.0.2.1"

app = App("house")
guest, keeper, owner = app.roles("guest", "keeper", "owner")
app.members(managed_by=keeper)


class House:
    """A backend as it is seen from its door: by tokens alone, as over HTTP."""

    def __init__(self, ada: Caller) -> None:
        self.ada = ada
        self.backend, self.clock = ada.backend, ada.clock
        self._identity = Identity(ada.backend.tokens)

    def answer(
        self, use_case: str, token: str = "", /, *, at: str = HOME, idempotency_key: str | None = None, **inputs: object
    ) -> Answer:
        """The whole answer to a call with this bearer token. Open use cases look at none."""
        ready = self.backend.runtime.cases[use_case]
        principal = self._identity.principal(token) if token and not ready.case.is_open else None
        call = Call(ready, Sent(inputs), principal, id="test", key=idempotency_key, address=at)
        return self.backend.runtime(call)

    def call(self, use_case: str, token: str = "", /, *, at: str = HOME, **inputs: object) -> object:
        """What a call gives. Raises the `Failure` a client would be answered with."""
        return self.answer(use_case, token, at=at, **inputs).value

    def sign_up(self, name: str, organisation: str = "") -> Place:
        """Somebody founds an organisation, of the same name unless it is given."""
        inputs = {"email": f"{name}@home.test", "password": GOOD, "name": name, "organisation": organisation or name}
        return cast("Place", self.call("sign_up", **inputs))

    def sign_in(self, name: str, password: str = GOOD, *, at: str = HOME) -> SignedIn:
        """Somebody who has signed up or was invited comes in."""
        return cast("SignedIn", self.call("sign_in", at=at, email=f"{name}@home.test", password=password))

    def enter(self, name: str) -> SignedIn:
        """Somebody new signs up and comes in."""
        self.sign_up(name)
        return self.sign_in(name)

    def switch(self, tokens: SignedIn, organisation: str) -> SignedIn:
        """Somebody goes on in another organisation."""
        there = self.call("switch", tokens.access_token, organisation=organisation, token=tokens.refresh_token)
        return cast("SignedIn", there)

    def refresh(self, token: str) -> SignedIn:
        """The next pair of tokens."""
        return cast("SignedIn", self.call("refresh", token=token))

    def invite(self, by: str, name: str, role: str = "guest") -> Issued:
        """An invitation for somebody, from whoever has this token."""
        return cast("Issued", self.call("invite", by, email=f"{name}@home.test", role=role))

    def bring(self, by: str, name: str, role: str = "guest") -> SignedIn:
        """Somebody new is invited, accepts, and comes in."""
        token = self.invite(by, name, role).token
        self.call("accept_invitation", token=token, name=name, password=GOOD)
        return self.sign_in(name)

    def operate(self, use_case: str, **inputs: object) -> object:
        """An operator does something, as the command line would."""
        system = Principal(tenant="", subject="", kind="system")
        return self.backend.runtime(Call(self.backend.runtime.cases[use_case], Sent(inputs), system, id="test")).value
