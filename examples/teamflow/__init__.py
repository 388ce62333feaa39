"""TeamFlow: projects, tasks and comments for teams. Run it: `freehold dev examples/teamflow --demo`.

Sign-up, organisations, members and invitations are built in. A module declares its part when it is imported:
read `app`, then `projects`, `numbering`, `tasks`, `progress`, `board` and `comments`, then what follows from them:
`activity` and `digest`. `seed` is what a demo team has.
"""

from . import activity, board, comments, digest, numbering, progress, projects, seed, tasks
from .app import app

__all__ = ["activity", "app", "board", "comments", "digest", "numbering", "progress", "projects", "seed", "tasks"]
