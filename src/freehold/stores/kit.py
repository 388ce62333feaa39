"""What every store's package has in its module `kit`, so that one can be chosen by name."""

from __future__ import annotations

from typing import Protocol

from freehold.model.model import Model
from freehold.runtime.ports import Database
from freehold.settings import Settings
from freehold.stores.estate import Estate
from freehold.stores.migrate import Migrations


class Kit(Protocol):
    """A store, as settings choose it."""

    def opened(self, model: Model, settings: Settings) -> Database:
        """The store that the settings name, migrated to the model. Raises `ModelError` when it is not, or not there."""
        ...

    def scratch(self, model: Model, settings: Settings) -> Database:
        """A new store of the same kind, empty, migrated, and gone once it is closed: for tests."""
        ...

    def exists(self, settings: Settings) -> bool:
        """Whether there is a store to look into. Makes none."""
        ...

    def estate(self, model: Model, settings: Settings) -> Estate:
        """Whole grounds of the store that the settings name, for an operator. Raises `ModelError` as `opened` does."""
        ...

    def migrations(self, settings: Settings, model: Model) -> Migrations:
        """The way to a model's schema. Makes the store if it is a file that is not there."""
        ...
