"""An app that takes only such values as no type tells: a code of a certain form, and two numbers that go together.

One of its lists has never anything in it.
"""

from typing import Annotated, Protocol

from pydantic import Field

from freehold import App, Entity, Invalid, Page, Paging, Store, lookup

app = App("picky")
member, owner = app.roles("member", "owner")

CODES = ["DE" + f"{number:020}" for number in range(100)]
NIGHTS = 2


class Stay(Entity):
    code: Annotated[str, Field(pattern="^DE[0-9]{20}$")]


class Stays(Store[Stay], Protocol):
    @lookup()
    def by_code(self, code: str, page: Paging) -> Page[Stay]: ...


@app.query("GET /stays", allow=member)
def uncoded(page: Paging, stays: Stays) -> Page[Stay]:
    """List the stays without a code, of which there are none."""
    return stays.by_code("", page)


@app.command("POST /stays", allow=member)
def book(code: str, first: int, last: int, stays: Store[Stay]) -> Stay:
    """Book two nights."""
    if last - first != NIGHTS or len(code) != len(CODES[0]):
        raise Invalid("NOT_TWO_NIGHTS", "Two nights, please, and with a code.")
    return stays.add(Stay(code=code))


app.bulk("POST /stays/bulk", book)
