"""Servers that are started beside an app, on a laptop and in tests. They listen on this machine only."""
