"""The app, and the parts a member can have in it."""

from freehold import App

app = App("teamflow")

viewer, member, admin, owner = app.roles(
    "viewer", "member", "admin", "owner"
)  # each can do what the ones before it can
app.members(managed_by=admin)
