"""Entities as items, and items as entities."""

from datetime import UTC, date, datetime, time
from decimal import Decimal
from uuid import UUID

import pytest

from freehold.model.layout import layout_of
from freehold.runtime.failures import Invalid
from freehold.runtime.outbox import Delivery
from freehold.stores.dynamodb.items import GENERATION, Item, ItemCodec, shard
from freehold.testing.contract.subjects import SUBJECTS, Colour, Grade, Point, Shape, Team, Thing

TENANT = "01a21d4d-b9c2-7192-a8c9-d88b6c359b7c"
ID = "01a21d4d-b9c2-7192-a8c9-d88b6c359b7d"
LAYOUT = layout_of(SUBJECTS)
THING = ItemCodec(Thing, LAYOUT, 3)

FIELDS = {
    "text": ("#$ \x00 é \U0001f600", {"S": "#$ \x00 é \U0001f600"}),
    "whole": (-(2**63), {"N": "-9223372036854775808"}),
    "real": (1.7e308, {"S": "1.7e+308"}),
    "flag": (True, {"BOOL": True}),
    "amount": (Decimal("1.50"), {"S": "1.50"}),
    "day": (date(999, 12, 31), {"S": "0999-12-31"}),
    "moment": (datetime(2026, 1, 1, tzinfo=UTC), {"S": "2026-01-01T00:00:00.000000+00:00"}),
    "hour": (time(12, 30), {"S": "12:30:00"}),
    "key": (UUID(int=7), {"S": "00000000-0000-0000-0000-000000000007"}),
    "raw": (b"\x00\xff", {"S": "00ff"}),
    "colour": (Colour.BLUE, {"S": "blue"}),
    "shape": (Shape.SQUARE, {"S": "b"}),
    "grade": (Grade.GOOD, {"N": "100"}),
    "state": ("shut", {"S": "shut"}),
    "step": (3, {"N": "3"}),
    "labels": (["a", ""], {"S": '["a",""]'}),
    "place": (Point(x=1.5), {"S": '{"x":1.5,"y":0.0,"names":[]}'}),
    "wish": ("", {"S": ""}),
    "until": (None, None),
}


def item(entity: Thing, codec: ItemCodec = THING) -> dict[str, object]:
    """An entity as an item, with its key."""
    return {"PK": {"S": f"ORG#{TENANT}"}, "SK": {"S": f"THING#{ID}"}, **codec.encode(entity, TENANT)}


@pytest.mark.parametrize("field", FIELDS)
def test_each_type_of_field_has_its_attribute_and_comes_back(field: str) -> None:
    value, attribute = FIELDS[field]
    entity = Thing(id=ID, **{field: value})  # type: ignore[arg-type]
    made = item(entity)
    assert made.get(field) == attribute
    tenant, back = THING.decode(made)  # type: ignore[arg-type]
    assert (tenant, back) == (TENANT, entity)


def test_a_field_that_an_item_lacks_has_its_default() -> None:
    made = item(Thing(id=ID, text="there"))
    kept = {name: made[name] for name in ("PK", "SK", "id", "version", "created_at", "updated_at", "text")}
    _, back = THING.decode(kept)  # type: ignore[arg-type]
    assert back == Thing(id=ID, text="there")


def test_an_item_says_of_which_generation_it_is() -> None:
    assert item(Thing(id=ID))[GENERATION] == {"N": "3"}


def test_half_of_a_surrogate_pair_is_refused_in_whatever_field_it_is() -> None:
    with pytest.raises(Invalid):
        THING.encode(Thing.model_construct(**{**Thing(id=ID).__dict__, "text": "\ud800"}), TENANT)


def test_an_entity_that_is_found_in_no_index_has_no_keys_of_any() -> None:
    made = ItemCodec(Team, LAYOUT, 1).encode(Team(id=ID, name="a"), TENANT)
    assert not [name for name in made if name.endswith(("PK", "SK"))]


@pytest.mark.parametrize(("state", "waits"), [("waiting", True), ("done", False)])
def test_a_delivery_is_in_the_outbox_for_as_long_as_it_waits(state: str, waits: bool) -> None:
    due = datetime(2026, 1, 2, tzinfo=UTC)
    delivery = Delivery.model_construct(**{**blank(), "state": state, "due": due})
    keys: Item = ItemCodec(Delivery, LAYOUT, 1).indexed(delivery, TENANT)
    assert ("OUTBOXPK" in keys) == waits
    if waits:
        assert keys["OUTBOXPK"] == {"S": f"OUTBOX#{shard(TENANT)}"}
        assert keys["OUTBOXSK"] == {"S": f"{TENANT}#2026-01-02T00:00:00.000000+00:00"}


def blank() -> dict[str, object]:
    """A delivery's fields, with something in each."""
    return dict.fromkeys(Delivery.model_fields, "") | {"id": ID}
