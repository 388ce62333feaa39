"""FastAPI behind Mangum on Lambda, with one route."""

import sys

from fastapi import FastAPI
from mangum import Mangum
from pydantic import BaseModel

app = FastAPI()


class Task(BaseModel):
    """A task."""

    title: str
    assignee: str
    done: bool = False


@app.post("/tasks")
def create_task(task: Task) -> Task:
    """Give somebody a task."""
    return task


handler = Mangum(app, lifespan="off")

if "event" in sys.argv:
    import asyncio

    from bench.cold.event import EVENT, Context

    asyncio.set_event_loop(asyncio.new_event_loop())
    assert handler(EVENT, Context())["statusCode"] == 200  # noqa: PLR2004
