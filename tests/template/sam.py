"""template.yaml as CloudFormation sees it: transformed by SAM's own translator."""

import logging
import os
import pathlib
import re

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


def transformed(template=None, **parameters):
    """The CloudFormation template, for these parameters and the defaults of the others."""
    template = template or source()
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


def conditions(value):
    """The names of the conditions in a part of the template."""
    if isinstance(value, list):
        return set().union(*map(conditions, value))
    if not isinstance(value, dict):
        return set()
    found = set().union(*map(conditions, value.values()))
    return found | {value["Fn::If"][0]} if "Fn::If" in value else found


def parameters(template, **given):
    """The value of each parameter and of the stack's name, as text or a list of texts."""
    values = {"AWS::StackName": "organizations"}
    for name, each in template["Parameters"].items():
        value = given.get(name, each["Default"])
        values[name] = str(value).split(",") if each["Type"] == "CommaDelimitedList" else value
    return values


def evaluate(value, values, conditions):
    """A part of the template with its conditions and parameters resolved. Other functions remain."""
    if isinstance(value, list):
        found = [evaluate(each, values, conditions) for each in value]
        return [each for each in found if each is not NO_VALUE]
    if not isinstance(value, dict):
        return value
    if value == {"Ref": "AWS::NoValue"}:
        return NO_VALUE
    if len(value) == 1:
        ((function, operands),) = value.items()
        if function == "Ref" and operands in values:
            return values[operands]
        if function == "Condition" and operands in conditions:
            return evaluate(conditions[operands], values, conditions)
        if function == "Fn::If":
            condition, yes, no = operands
            chosen = yes if evaluate(conditions[condition], values, conditions) else no
            return evaluate(chosen, values, conditions)
        if function == "Fn::Sub":
            text, own = operands if isinstance(operands, list) else (operands, {})
            return substituted(text, values | evaluate(own, values, conditions))
        if function in OPERATORS:
            return OPERATORS[function](evaluate(operands, values, conditions))
    found = {name: evaluate(each, values, conditions) for name, each in value.items()}
    return {name: each for name, each in found.items() if each is not NO_VALUE}


NO_VALUE = object()
OPERATORS = {
    "Fn::Equals": lambda operands: str(operands[0]) == str(operands[1]),
    "Fn::Not": lambda operands: not operands[0],
    "Fn::And": all,
    "Fn::Or": any,
    "Fn::Join": lambda operands: operands[0].join(operands[1]) if strings(operands[1]) else {"Fn::Join": operands},
    "Fn::Split": lambda operands: operands[1].split(operands[0]) if strings([operands[1]]) else {"Fn::Split": operands},
    "Fn::Select": lambda operands: select(*operands),
}


def substituted(text, values):
    """The text with these values; in Fn::Sub if other names remain."""
    known = {name: value for name, value in values.items() if not isinstance(value, (dict, list))}
    text = re.sub(r"\$\{([\w:]+)\}", lambda name: str(known.get(name[1], name[0])), text)
    return {"Fn::Sub": text} if "${" in text else text


def strings(values):
    return all(isinstance(each, str) for each in values)


def select(index, values):
    return values[int(index)] if isinstance(values, list) else {"Fn::Select": [index, values]}


def resolved(template, **given):
    """A transformed template, or a part of one, for these parameters and the defaults of the others. Without the
    resources and outputs whose condition is false."""
    whole = template if "Conditions" in template else transformed()
    values, conditions = parameters(whole, **given), whole["Conditions"]
    rest = {name: each for name, each in template.items() if name != "Conditions"}
    result = evaluate(rest, values, conditions)
    for section in "Resources", "Outputs":
        if section in result:
            result[section] = {
                id: each
                for id, each in result[section].items()
                if evaluate(conditions.get(each.get("Condition"), True), values, conditions)
            }
    return result
