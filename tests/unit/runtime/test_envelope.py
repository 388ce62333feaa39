"""The shape of every answer."""

import json

from hypothesis import given
from hypothesis import strategies as st

from freehold.runtime.envelope import Answer, problem
from freehold.runtime.failures import Conflict


@given(st.text(), st.none() | st.text(), st.booleans())
def test_a_success_is_json_whatever_is_in_it(request: str, cursor: str | None, paged: bool) -> None:
    read = json.loads(Answer(data=b'[{"a":1}]', next=cursor, paged=paged).body(request))
    meta = {"request_id": request, "next": cursor} if paged else {"request_id": request}
    assert read == {"success": True, "data": [{"a": 1}], "error": None, "meta": meta}


@given(st.text(), st.text(min_size=1))
def test_a_failure_is_json_whatever_is_in_it(request: str, message: str) -> None:
    read = json.loads(problem(Conflict("TAKEN", message, details=[{"loc": ["name"]}]), request))
    error = {"code": "TAKEN", "message": message, "details": [{"loc": ["name"]}]}
    assert read == {"success": False, "data": None, "error": error, "meta": {"request_id": request}}
