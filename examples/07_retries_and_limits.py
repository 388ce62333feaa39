"""Retries and limits: what a client may send twice, and how often.

Every command takes an `Idempotency-Key`: a client that is not sure whether its call arrived sends it again with the
same key, and is given the same answer, with nothing done again. The record is committed with the change itself, so
there is no moment at which one is true without the other. `idempotent=True` makes the key a must, for what nobody
wants to happen twice. `limit=` is for each caller; over it, the answer is 429 and says when to come back.
"""

from typing import Annotated

from pydantic import Field

from freehold import App, Conflict, Entity, Id, Invalid, Store

app = App("wallets")
holder, bank = app.roles("holder", "bank")

Cents = Annotated[int, Field(gt=0, le=1_000_000)]


class Wallet(Entity):
    cents: int = 0


@app.command("POST /wallets", allow=holder)
def open_wallet(wallets: Store[Wallet]) -> Wallet:
    """Open a wallet, with nothing in it."""
    return wallets.add(Wallet())


@app.query("GET /wallets/{id}", allow=holder)
def look_into_wallet(id: Id[Wallet], wallets: Store[Wallet]) -> Wallet:
    """See what is in it."""
    return wallets.get(id)


@app.command("POST /wallets/{id}/fill", allow=bank, idempotent=True)
def fill_wallet(id: Id[Wallet], cents: Cents, wallets: Store[Wallet]) -> Wallet:
    """Put money in, once for each key."""
    wallet = wallets.get(id)
    wallet.cents += cents
    return wallets.save(wallet)


@app.command("POST /wallets/{id}/pay", allow=holder, idempotent=True, limit="60/minute")
def pay(id: Id[Wallet], to: Id[Wallet], cents: Cents, wallets: Store[Wallet]) -> Wallet:
    """Pay somebody. Both wallets change, or none: a command is one transaction."""
    if to == id:
        raise Invalid("SAME_WALLET", "A wallet does not pay itself.")
    mine, theirs = wallets.get(id), wallets.get(to)
    if mine.cents < cents:
        raise Conflict("NOT_ENOUGH", "There is not enough in this wallet.")
    mine.cents -= cents
    theirs.cents += cents
    wallets.save(theirs)
    return wallets.save(mine)
