"""Starlette alone, with one route."""

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route


async def create_task(request: Request) -> JSONResponse:
    """Give somebody a task."""
    return JSONResponse(await request.json())


app = Starlette(routes=[Route("/tasks", create_task, methods=["POST"])])
