"""template.yaml as CloudFormation gets to see it, transformed by SAM's own translator."""

import os
import pathlib

TEMPLATE = pathlib.Path(__file__).parents[2] / "template.yaml"

# The translator asks for a region's partition, and nothing of AWS.
os.environ.setdefault("AWS_DEFAULT_REGION", "us-east-1")

from samcli.yamlhelper import yaml_parse  # noqa: E402
from samtranslator.translator.transform import transform  # noqa: E402


class ManagedPolicies:
    """Those that the translator itself attaches, which AWS would be asked for."""

    def load(self):
        names = ["service-role/AWSLambdaBasicExecutionRole", "AWSXRayDaemonWriteAccess"]
        return {name.split("/")[-1]: f"arn:aws:iam::aws:policy/{name}" for name in names}


def source():
    return yaml_parse(TEMPLATE.read_text())


def transformed(**parameters):
    """The CloudFormation template, for these parameters and the defaults of the others."""
    template = source()
    # What `sam package` puts there; a local path is not accepted.
    template["Globals"]["Function"]["CodeUri"] = {"Bucket": "artifacts", "Key": "function.zip"}
    return transform(template, parameters, ManagedPolicies())
