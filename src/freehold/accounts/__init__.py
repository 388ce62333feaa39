"""Accounts: people, the organisations they are in, and how they get in. An app like any other, brought along."""
