"""AWS on this machine: MiniStack (ministack_server.py) and its network, as tools and the rehearsal see them."""

import contextlib
import os
import pathlib
import re
import signal
import subprocess
import sys
import time
import urllib.request

import network
import sam
from build import ROOT, sam_build

# Prevents using a developer's account or profile.
for name in [name for name in os.environ if name.startswith("AWS_")]:
    del os.environ[name]
os.environ.update(
    AWS_ACCESS_KEY_ID="test",
    AWS_SECRET_ACCESS_KEY="test",
    AWS_DEFAULT_REGION=network.REGION,
    AWS_REGION=network.REGION,
    AWS_CONFIG_FILE=os.devnull,
    AWS_SHARED_CREDENTIALS_FILE=os.devnull,
    AWS_EC2_METADATA_DISABLED="true",
    SAM_CLI_TELEMETRY="0",
    # Seconds between two looks at a deployment.
    SAM_CLI_POLL_DELAY="1",
)

import boto3  # noqa: E402

HERE = pathlib.Path(__file__).parent


@contextlib.contextmanager
def running(directory, ministack, awscli, *other_names):
    """Starts MiniStack with IAM enforced, and makes the tools of this process and its children use it.
    `ministack` and `awscli` are the directories in which these are installed."""
    directory = pathlib.Path(directory)
    world = network.Network(directory, other_names)
    os.environ.update(world.environment())
    # The AWS CLI has another botocore than the SAM CLI.
    command = directory / "bin/aws"
    command.parent.mkdir()
    command.write_text(f'#!/bin/sh\nPYTHONPATH={awscli} exec {sys.executable} -W ignore {awscli}/bin/aws "$@"\n')
    command.chmod(0o755)
    os.environ["PATH"] = f"{command.parent}:{os.environ['PATH']}"
    port, tls_port = network.free_port(), network.free_port()
    environment = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")} | {
        "PYTHONPATH": f"{ministack}:{HERE}",
        "PYTHONUNBUFFERED": "1",
        "TMPDIR": str(directory),
        "STATE_DIR": str(directory / "state"),
        "BIND_HOST": network.LOOPBACK,
        "GATEWAY_PORT": str(port),
        "AUTH": "true",
        "LAMBDA_EXECUTOR": "local",
        # Servers that would listen on all interfaces.
        "IOT_MTLS_ENABLED": "0",
        "SFTP_ENABLED": "0",
    }
    server = [sys.executable, "-W", "ignore", HERE / "ministack_server.py", str(tls_port), world.certificate, world.key]
    with open(directory / "ministack.log", "w+") as log:
        # In a group of its own with the functions, which are processes of MiniStack.
        process = subprocess.Popen(
            server, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
        )
        try:
            wait_for(f"http://{network.LOOPBACK}:{port}/_ministack/health", process)
            world.ports |= {".amazonaws.com": tls_port, ".amazoncognito.com": tls_port}
            yield world
            assert network.listening(process.pid) == {network.LOOPBACK}, network.listening(process.pid)
        except BaseException:
            log.seek(0)
            # A client that closes its connection first is logged with a traceback.
            entries = re.split(r"\n(?=\d{4}-)", log.read())
            entries = [entry for entry in entries if "SSL shutdown timed out" not in entry]
            print("\nThe log of MiniStack ends with:", *entries[-20:], sep="\n")
            raise
        finally:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def wait_for(url, process):
    deadline = time.monotonic() + 60
    while True:
        assert process.poll() is None, "MiniStack ended before it answered"
        try:
            urllib.request.urlopen(url, timeout=5).close()
            return
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)


class Stack:
    """A stack of template.yaml, deployed as docs/deploy.md says: `sam build && sam deploy`."""

    def __init__(self, directory, name="organizations", **parameters):
        self.name, self.parameters, self.tags = name, parameters, {}
        self.built = pathlib.Path(directory) / f"built-{name}"
        self.template = self.built / "template.yaml"
        self._cloudformation = boto3.client("cloudformation")

    def build(self, make):
        sam_build(self.built, make, *self._overrides())
        self.template = self.built / "template.yaml"

    def package(self):
        """Uploads the artifacts once for all deployments until the next build. Otherwise `sam deploy` compresses them
        each time, for half a minute."""
        packaged = self.built / "packaged.yaml"
        self._sam("package", "--template-file", self.template, "--resolve-s3", "--output-template-file", packaged)
        self.template = packaged

    def deploy(self):
        """The output of `sam deploy`. Raises if it fails."""
        # Otherwise SAM looks for samconfig.toml beside the template.
        arguments = ["--template-file", self.template, "--config-file", ROOT / "samconfig.toml", "--no-progressbar"]
        tags = ["--tags", *(f"{name}={value}" for name, value in self.tags.items())] if self.tags else []
        return self._sam("deploy", "--stack-name", self.name, *arguments, *self._overrides(), *tags)

    def delete(self):
        return self._sam("delete", "--stack-name", self.name, "--no-prompts", "--region", network.REGION)

    def edit(self, old, new):
        """Changes the template that is deployed next."""
        text = self.template.read_text()
        assert old in text, f"{self.template} has no {old!r}"
        self.template.write_text(text.replace(old, new))

    def _overrides(self):
        pairs = [f"ParameterKey={name},ParameterValue={value}" for name, value in self.parameters.items()]
        return ["--parameter-overrides", *pairs] if pairs else []

    def _sam(self, command, *arguments):
        arguments = [sys.executable, "-m", "samcli", command, *arguments]
        ended = subprocess.run(arguments, cwd=ROOT, capture_output=True, text=True)
        if ended.returncode:
            reasons = self._failures() or ended.stdout
            raise DeploymentFailed(f"`sam {command}` of {self.name} failed:\n{reasons}\n{ended.stderr}")
        return ended.stdout

    def _failures(self):
        """Why resources could not be created, updated or deleted."""
        try:
            pages = self._cloudformation.get_paginator("describe_stack_events").paginate(StackName=self.name)
            events = [event for page in pages for event in page["StackEvents"]]
        except self._cloudformation.exceptions.ClientError as error:
            return str(error)
        failed = [event for event in events if event["ResourceStatus"].endswith("FAILED")]
        return "\n".join(f"{each['LogicalResourceId']}: {each.get('ResourceStatusReason')}" for each in failed)

    def exists(self):
        try:
            return bool(self.status())
        except self._cloudformation.exceptions.ClientError:
            return False

    def status(self):
        return self._described()["StackStatus"]

    def outputs(self):
        return {each["OutputKey"]: each["OutputValue"] for each in self._described()["Outputs"]}

    def _described(self):
        return self._cloudformation.describe_stacks(StackName=self.name)["Stacks"][0]

    def resources(self):
        """Type and physical id by logical id. Versions of functions lack the hash in their logical ids."""
        pages = self._cloudformation.get_paginator("list_stack_resources").paginate(StackName=self.name)
        return {
            without_hash(each["LogicalResourceId"]): (each["ResourceType"], each.get("PhysicalResourceId"))
            for page in pages
            for each in page["StackResourceSummaries"]
        }

    def expected_resources(self):
        """The type of each resource in the transformed template, by logical id."""
        template = sam.resolved(sam.transformed(**self.parameters), **self.parameters)
        return {without_hash(id): each["Type"] for id, each in template["Resources"].items()}


class DeploymentFailed(Exception):
    pass


def without_hash(logical_id):
    return re.sub(r"(?<=FunctionVersion)[0-9a-f]{10}$", "", logical_id)
