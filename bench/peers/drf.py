"""TeamFlow's tasks with Django REST framework and SQLite, in one file.

`python -m bench.peers.drf FOLDER` fills a store and prints its ground; gunicorn serves `application`.
"""

import json
import os
import sys
import threading
from pathlib import Path
from typing import Any, ClassVar

import django
import jwt
from django.conf import settings

from bench.ground import PAGE, PROJECTS, TENANTS, USERS, seed_tasks
from bench.peers.tokens import Principal, Verifier, make_keys, mint

FOLDER = Path(os.environ["BENCH_DATA"])
DURABLE = "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON"
WRITER = threading.Lock()  # SQLite takes one writer at a time, and waits for it less well than a lock does

settings.configure(
    SECRET_KEY=os.urandom(32).hex(),
    ALLOWED_HOSTS=["127.0.0.1"],
    ROOT_URLCONF=__name__,
    USE_TZ=True,
    APPEND_SLASH=False,
    MIDDLEWARE=[],  # an API with tokens needs no sessions, messages or CSRF cookies
    INSTALLED_APPS=["rest_framework"],
    DATABASES={
        "default": {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": FOLDER / "tasks.db",
            "CONN_MAX_AGE": None,  # a connection a thread, kept
            "OPTIONS": {"init_command": DURABLE, "transaction_mode": "IMMEDIATE", "timeout": 30},
        }
    },
    REST_FRAMEWORK={
        "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
        "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
        "UNAUTHENTICATED_USER": None,
    },
)
django.setup()

from django.core.wsgi import get_wsgi_application  # noqa: E402  # Django wants its settings first
from django.db import connection, models  # noqa: E402
from django.urls import path  # noqa: E402
from rest_framework import authentication, exceptions, generics, pagination, permissions, serializers  # noqa: E402


class Person(models.Model):
    """Somebody who works for a tenant."""

    tenant_id = models.IntegerField(db_index=True)
    name = models.CharField(max_length=200)

    class Meta:
        """The app that the table belongs to."""

        app_label = "tasks"


class Project(models.Model):
    """A project of a tenant."""

    tenant_id = models.IntegerField(db_index=True)
    name = models.CharField(max_length=200)

    class Meta:
        """The app that the table belongs to."""

        app_label = "tasks"


class Task(models.Model):
    """A task as it is kept."""

    tenant_id = models.IntegerField()
    title = models.CharField(max_length=200)
    description = models.TextField(blank=True, default="")
    status = models.CharField(max_length=10, default="todo", choices=[(s, s) for s in ("todo", "doing", "done")])
    priority = models.CharField(max_length=10, default="normal", choices=[(s, s) for s in ("low", "normal", "high")])
    assignee = models.ForeignKey(Person, on_delete=models.PROTECT, db_index=False)
    project = models.ForeignKey(Project, on_delete=models.PROTECT, db_index=False)
    version = models.IntegerField(default=1, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        """The app that the table belongs to, and the index its list needs."""

        app_label = "tasks"
        indexes: ClassVar = [models.Index(fields=["tenant_id", "project", "id"], name="task_of_project")]


class Bearer(authentication.BaseAuthentication):
    """Signs the caller in by a verified token."""

    verifier: ClassVar[Verifier | None] = None

    def authenticate(self, request: Any) -> tuple[Principal, None] | None:
        """Verify the token."""
        kind, _, token = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")
        if kind != "Bearer":
            return None
        if Bearer.verifier is None:
            Bearer.verifier = Verifier(FOLDER)
        try:
            return Bearer.verifier.principal(token), None
        except jwt.InvalidTokenError as error:
            raise exceptions.AuthenticationFailed from error

    def authenticate_header(self, request: Any) -> str:  # noqa: ARG002
        """Make a missing token a 401."""
        return "Bearer"


class IsMember(permissions.BasePermission):
    """Lets members and owners in."""

    def has_permission(self, request: Any, view: Any) -> bool:  # noqa: ARG002
        """Look at the token's role."""
        return request.user is not None and request.user.role in {"member", "owner"}


class OfTenant(serializers.PrimaryKeyRelatedField):
    """A reference to something of the caller's own tenant."""

    def get_queryset(self) -> Any:
        """Leave out what other tenants have."""
        return super().get_queryset().filter(tenant_id=self.context["request"].user.tenant)


class TaskSerializer(serializers.ModelSerializer):
    """A task as a client sees it."""

    assignee = OfTenant(queryset=Person.objects.all())
    project = OfTenant(queryset=Project.objects.all())

    class Meta:
        """Everything but the tenant."""

        model = Task
        exclude = ("tenant_id",)
        read_only_fields = ("version",)


class Newest(pagination.CursorPagination):
    """Pages of 50, newest first."""

    ordering = "-id"
    page_size = PAGE
    page_size_query_param = "limit"
    max_page_size = 200


class TaskView:
    """What the three views have in common."""

    authentication_classes = (Bearer,)
    permission_classes = (IsMember,)
    serializer_class = TaskSerializer
    pagination_class = Newest

    def get_queryset(self) -> Any:
        """Return the tasks of the caller's tenant."""
        return Task.objects.filter(tenant_id=self.request.user.tenant)


class Create(TaskView, generics.CreateAPIView):
    """Create a task."""

    def perform_create(self, serializer: Any) -> None:
        """Keep the task on the caller's ground."""
        with WRITER:
            serializer.save(tenant_id=self.request.user.tenant)


class Retrieve(TaskView, generics.RetrieveAPIView):
    """Return a task of the caller's tenant."""


class List(TaskView, generics.ListAPIView):
    """List a project's tasks, newest first."""

    def get_queryset(self) -> Any:
        """Return the tasks of one project."""
        return super().get_queryset().filter(project_id=self.kwargs["project"])


urlpatterns = [
    path("api/v1/tasks", Create.as_view()),
    path("api/v1/tasks/<int:pk>", Retrieve.as_view()),
    path("api/v1/projects/<int:project>/tasks", List.as_view()),
]
application = get_wsgi_application()


def seed() -> None:
    """Fill the store, and print the ground."""
    with connection.schema_editor() as schema:
        for model in (Person, Project, Task):
            schema.create_model(model)
    key = make_keys(FOLDER)
    ground = {}
    for tenant, name in enumerate(TENANTS, start=1):
        people = Person.objects.bulk_create(Person(tenant_id=tenant, name=f"Person {n}") for n in range(USERS))
        places = Project.objects.bulk_create(Project(tenant_id=tenant, name=f"Project {n}") for n in range(PROJECTS))
        users, projects = [one.pk for one in people], [one.pk for one in places]
        fields = [
            {("project_id" if k == "project" else "assignee_id" if k == "assignee" else k): v for k, v in one.items()}
            for one in seed_tasks(projects, users)
        ]
        tasks = Task.objects.bulk_create(Task(tenant_id=tenant, **one) for one in fields)
        ids = {"users": users, "projects": projects, "tasks": [one.pk for one in tasks]}
        ground[name] = {"token": mint(key, tenant=tenant, user=users[0]), **ids}
    json.dump(ground, sys.stdout)


if __name__ == "__main__":
    seed()
