"""Pydantic with one model: what an app in this style cannot do without."""

from pydantic import BaseModel


class Task(BaseModel):
    """A task."""

    title: str
    assignee: str
    done: bool = False
