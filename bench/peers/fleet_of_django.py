"""The peer of `bench fleet`: a Django project with as many tables a tenant as freehold's has, in a folder of its own.

python fleet_of_django.py FOLDER SOCKETS make|grow|migrate [TENANTS]
"""

import json
import os
import resource
import sys
import time
from pathlib import Path

TABLES = 8
SETTINGS = """
SECRET_KEY = "bench"
DATABASES = {{"default": {{"ENGINE": "django_tenants.postgresql_backend", "NAME": "django", "USER": "postgres",
                         "HOST": "{sockets}"}}}}
DATABASE_ROUTERS = ["django_tenants.routers.TenantSyncRouter"]
SHARED_APPS = ["django_tenants", "django.contrib.contenttypes", "customers"]
TENANT_APPS = ["work"]
INSTALLED_APPS = [*SHARED_APPS, "work"]
TENANT_MODEL, TENANT_DOMAIN_MODEL = "customers.Client", "customers.Domain"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
"""
CUSTOMERS = """
from django.db import models
from django_tenants.models import DomainMixin, TenantMixin
class Client(TenantMixin):
    name = models.CharField(max_length=100)
class Domain(DomainMixin):
    pass
"""
MODEL = """
class Model{number}(models.Model):
    id = models.UUIDField(primary_key=True)
    version = models.BigIntegerField()
    created_at, updated_at = models.DateTimeField(), models.DateTimeField()
    title, description, status = models.TextField(), models.TextField(), models.TextField()
    project = models.UUIDField(db_index=True)
"""


def write(folder: Path, sockets: str) -> None:
    """Write the project."""
    (folder / "bench_settings.py").write_text(SETTINGS.format(sockets=sockets))
    models = "from django.db import models\n" + "".join(MODEL.format(number=number) for number in range(TABLES))
    for app, text in (("customers", CUSTOMERS), ("work", models)):
        (folder / app / "migrations").mkdir(parents=True, exist_ok=True)
        (folder / app / "__init__.py").touch()
        (folder / app / "migrations" / "__init__.py").touch()
        (folder / app / "models.py").write_text(text)


def main(place: str, sockets: str, what: str, tenants: str = "0") -> None:
    """Do one thing, and print how long it took and what memory it needed."""
    folder = Path(place)
    if what == "make":
        write(folder, sockets)
    if what == "grow":
        models = folder / "work" / "models.py"
        models.write_text(models.read_text() + "    due = models.DateField(null=True)\n")
    sys.path.insert(0, place)
    os.environ["DJANGO_SETTINGS_MODULE"] = "bench_settings"
    import django  # noqa: PLC0415  # its settings have just been written
    from django.core.management import call_command  # noqa: PLC0415  # as above

    django.setup()
    if what in {"make", "grow"}:
        call_command("makemigrations", "customers", "work", verbosity=0)
    begun = time.perf_counter()
    if what == "make":
        call_command("migrate_schemas", "--shared", verbosity=0)
        from customers.models import Client  # noqa: PLC0415  # type: ignore[import-not-found]  # written above

        for number in range(int(tenants)):
            Client(schema_name=f"t{number:05}", name=str(number)).save(verbosity=0)
    if what == "migrate":
        call_command("migrate_schemas", verbosity=0)
    took = time.perf_counter() - begun
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    sys.stdout.write(json.dumps({"seconds": took, "kilobytes": memory}) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
