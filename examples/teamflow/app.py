"""The app, and the roles a member can have in it."""

from freehold import App

app = App("teamflow")

# Each role can do what the ones before it can.
viewer, member, admin, owner = app.roles("viewer", "member", "admin", "owner")
app.members(managed_by=admin)
