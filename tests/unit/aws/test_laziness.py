"""What is loaded with the client: the standard library, and nothing of boto3."""

import subprocess
import sys
from pathlib import Path

import freehold.aws

MODULES = sorted(path.stem for path in Path(freehold.aws.__file__).parent.glob("*.py") if path.stem != "__init__")


def test_no_module_loads_what_it_can_do_without() -> None:
    names = [f"freehold.aws.{name}" for name in MODULES]
    script = f"import sys, importlib; [importlib.import_module(n) for n in {names!r}]; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-I", "-c", script], check=True, capture_output=True, text=True).stdout
    packages = {name.partition(".")[0] for name in loaded.split()}
    assert "freehold" in packages
    assert packages.isdisjoint({"boto3", "botocore", "urllib3", "requests", "httpx", "starlette", "cryptography"})


def test_without_boto3_whoever_asks_for_it_is_told_what_to_install() -> None:
    script = (
        "import sys; sys.modules['botocore'] = sys.modules['boto3'] = None\n"
        "from freehold.aws.boto import botocore_source\n"
        "from freehold.aws.failures import AwsError\n"
        "try: botocore_source()\n"
        "except AwsError as error: print(error)"
    )
    said = subprocess.run([sys.executable, "-I", "-c", script], check=True, capture_output=True, text=True).stdout
    assert said == "BotoMissing: botocore is needed here and is not installed: install freehold[boto3]\n"
