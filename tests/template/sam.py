"""template.yaml as CloudFormation sees it: transformed by SAM's own translator."""

import logging
import os
import pathlib

# The translator requires a region, though it does not contact AWS.
os.environ.setdefault("AWS_DEFAULT_REGION", "us-east-1")

from samcli.yamlhelper import yaml_parse  # noqa: E402
from samtranslator.translator.transform import transform  # noqa: E402

TEMPLATE = pathlib.Path(__file__).parents[2] / "template.yaml"

# The translator warns about feature toggles, which only AWS sets.
logging.getLogger("samtranslator").setLevel(logging.ERROR)


class NoManagedPolicies:
    """The template names none, so they need not be loaded from AWS."""

    def load(self):
        return {}


def source():
    return yaml_parse(TEMPLATE.read_text())


def transformed(**parameters):
    """The CloudFormation template, for these parameters and the defaults of the others."""
    template = source()
    # `sam package` sets this. The translator does not accept a local path.
    template["Globals"]["Function"]["CodeUri"] = {"Bucket": "artifacts", "Key": "function.zip"}
    return transform(template, parameters, NoManagedPolicies())


def references(value):
    """The names of `Ref`, `Fn::GetAtt` and `Fn::Sub` in a part of the template."""
    if isinstance(value, list):
        return set().union(*map(references, value))
    if not isinstance(value, dict):
        return set()
    found = set().union(*map(references, value.values()))
    if "Ref" in value:
        found.add(value["Ref"])
    if "Fn::GetAtt" in value:
        found.add(value["Fn::GetAtt"][0])
    if "Fn::Sub" in value:
        text = value["Fn::Sub"]
        text = text if isinstance(text, str) else text[0]
        found.update(part.split("}")[0].split(".")[0] for part in text.split("${")[1:])
    return found
