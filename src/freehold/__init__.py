"""freehold: multi-tenant backends from one Python model. Every tenant on its own ground."""

from freehold.model.app import App
from freehold.model.data import ALL, FIRST, Entity, Event, Id, Page, Paging, Range
from freehold.model.lookup import lookup
from freehold.model.ports import Emit, Now, Port, ReadOnly, Store, User
from freehold.model.rules import anyone
from freehold.runtime.failures import Conflict, Invalid, NotFound

__version__ = "0.1.0"

__all__ = [
    "ALL",
    "FIRST",
    "App",
    "Conflict",
    "Emit",
    "Entity",
    "Event",
    "Id",
    "Invalid",
    "NotFound",
    "Now",
    "Page",
    "Paging",
    "Port",
    "Range",
    "ReadOnly",
    "Store",
    "User",
    "anyone",
    "lookup",
]
