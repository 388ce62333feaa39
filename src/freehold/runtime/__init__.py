"""How one call runs: `invoke` is the place to start reading."""
