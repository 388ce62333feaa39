"""A command for many items at once: each is authorised and done by itself, and answered by itself."""

from __future__ import annotations

from dataclasses import replace
from hashlib import sha256

from pydantic_core import from_json, to_json

from freehold.model.usecase import Source
from freehold.runtime.envelope import Answer, told
from freehold.runtime.failures import BadRequest, Failure, Invalid
from freehold.runtime.idempotency import check_key
from freehold.runtime.invoke import Call, Ready, Runtime
from freehold.runtime.prepared import Sent, check_text


def bulk(runtime: Runtime, call: Call) -> Answer:
    """Do a bulk use case: 200 with a result for each item, in their order. Raises `Failure` for the call itself."""
    case = call.ready.case
    if case.each is None:
        message = f"{case.name} is not a bulk use case"
        raise TypeError(message)
    check_key(case, call.key)
    runtime.recognise(call)  # or else a list of refusals would be an answer, and who is nobody vouched for by it
    items, each = _items(call, case.at_most), runtime.cases[case.each.name]
    return Answer(200, b"[" + b",".join(_one(runtime, call, each, n, item) for n, item in enumerate(items)) + b"]")


def _items(call: Call, at_most: int) -> list[dict[str, object]]:
    check_text(call.sent.body)
    try:
        body = from_json(call.sent.body, allow_inf_nan=False) if call.sent.body else dict(call.sent.values)
    except ValueError:
        raise BadRequest("BAD_JSON", "The body is not valid JSON.") from None
    items = body.get("items") if isinstance(body, dict) and body.keys() == {"items"} else None
    if call.sent.query or not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise Invalid(details=[{"loc": ["items"], "msg": "Send an object with one field, `items`: a list of objects."}])
    if len(items) > at_most:
        raise Invalid(details=[{"loc": ["items"], "msg": f"At most {at_most} items."}])
    return items


def _one(runtime: Runtime, call: Call, each: Ready, number: int, item: dict[str, object]) -> bytes:
    """One item's result. Its Idempotency-Key is the call's with its place, so a retried bulk repeats nothing."""
    key = sha256(f"{call.key}:{number}".encode()).hexdigest() if call.key else None
    outside = {given.name: given.is_required for given in each.case.inputs if given.source is not Source.BODY}
    address = {name: value for name, value in item.items() if name in outside}
    fields = to_json({name: value for name, value in item.items() if name not in outside})
    try:
        if missing := [name for name, is_required in outside.items() if is_required and name not in item]:
            raise Invalid(details=[{"loc": [name], "msg": "Field required"} for name in missing])
        answer = runtime(replace(call, ready=each, sent=Sent(address, "", fields), key=key))
    except Failure as failure:
        return to_json({"success": False, "data": None, "error": told(failure)})
    return b'{"success":true,"data":' + answer.data + b',"error":null}'
