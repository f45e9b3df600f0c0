"""The client that openapi-python-client generates from openapi.yaml, with the command in docs/python.md."""

import atexit
import functools
import importlib
import pkgutil
import re
import shutil
import subprocess
import sys
import tempfile

import local_stack
from ruamel.yaml import YAML

OPENAPI = local_stack.ROOT / "openapi.yaml"
DOCUMENT = local_stack.ROOT / "docs/python.md"
REQUIREMENTS = local_stack.ROOT / ".ci/requirements/python-client.txt"
PACKAGE = "organizations_api_client"


@functools.cache
def client():
    """Generates the client and makes it importable. Returns the directory that it is in."""
    directory = tempfile.mkdtemp()
    atexit.register(shutil.rmtree, directory)
    shutil.copy(OPENAPI, directory)
    install, *commands = documented("sh").splitlines()
    # `.ci/run` has installed the version in this file.
    package = install.removeprefix("pip install ")
    assert f"\n{package}==" in REQUIREMENTS.read_text(), f"{package} is not in {REQUIREMENTS}"
    for command in commands:
        done = subprocess.run(command, shell=True, cwd=directory, capture_output=True, text=True)
        assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
    sys.path.insert(0, directory)
    return directory


def documented(language):
    """The code in this language in docs/python.md."""
    return re.search(rf"^```{language}\n(.*?)^```$", DOCUMENT.read_text(), re.DOTALL | re.MULTILINE)[1]


def modules():
    """The client's modules with an operation, by name."""
    api = importlib.import_module(f"{PACKAGE}.api")
    names = [module.name for module in pkgutil.walk_packages(api.__path__, f"{api.__name__}.") if not module.ispkg]
    return {name.rpartition(".")[2]: importlib.import_module(name) for name in names}


def openapi():
    return YAML(typ="safe").load(OPENAPI)


def operations(document):
    """The operations in this OpenAPI document, by the names of their modules: the ids in snake case."""
    items = [item for path in document["paths"].values() for item in path.values() if "operationId" in item]
    return {re.sub("(?=[A-Z])", "_", item["operationId"]).lower(): item for item in items}
