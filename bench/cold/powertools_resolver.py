"""Powertools for AWS Lambda: its resolver for HTTP APIs with validation, and one route."""

import sys

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver
from pydantic import BaseModel

app = APIGatewayHttpResolver(enable_validation=True)


class Task(BaseModel):
    """A task."""

    title: str
    assignee: str
    done: bool = False


@app.post("/tasks")
def create_task(task: Task) -> Task:
    """Give somebody a task."""
    return task


if "event" in sys.argv:
    from bench.cold.event import EVENT, Context

    assert app.resolve(EVENT, Context())["statusCode"] == 200  # noqa: PLR2004
