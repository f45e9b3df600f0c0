"""Checks which changes make SAM and CloudFormation publish a new version of each function."""

import re
import unittest

import sam

TEMPLATE = sam.transformed()


def of_type(kind):
    return {id: each["Properties"] for id, each in TEMPLATE["Resources"].items() if each["Type"] == kind}


def parameters_in(value):
    return sam.references(value) & set(TEMPLATE["Parameters"])


def longest_value(name):
    """The longest value that a parameter takes, where the template says so."""
    parameter = TEMPLATE["Parameters"][name]
    if "AllowedValues" in parameter:
        return max(map(str, parameter["AllowedValues"]), key=len)
    return str(parameter["MaxValue"]) if parameter["Type"] == "Number" else "x" * parameter["MaxLength"]


FUNCTIONS = of_type("AWS::Lambda::Function")
VERSIONS = of_type("AWS::Lambda::Version").values()


class Versions(unittest.TestCase):
    def test_a_changed_parameter_publishes_a_version(self):
        # Reserved concurrency belongs to the function and not to its versions.
        conditions = {name: parameters_in(each) for name, each in TEMPLATE["Conditions"].items()}
        self.assertCountEqual([each["FunctionName"]["Ref"] for each in VERSIONS], FUNCTIONS)
        for version in VERSIONS:
            function = FUNCTIONS[version["FunctionName"]["Ref"]].copy()
            del function["ReservedConcurrentExecutions"]
            needed = parameters_in(function).union(*(conditions[each] for each in sam.conditions(function)))
            self.assertGreaterEqual(needed, {"Release", "MemorySize", "ExistingTable", "ServiceScope"})
            self.assertEqual(needed - parameters_in(version["Description"]), set())

    def test_a_version_description_has_at_most_256_characters(self):
        arn = "arn:aws-us-gov:dynamodb:us-gov-west-1:123456789012:table/"
        longest = {"Release": "r" * 40, "ExistingTable": arn + "t" * 85}
        for name, value in longest.items():
            pattern = TEMPLATE["Parameters"][name]["AllowedPattern"]
            self.assertTrue(re.fullmatch(pattern, value))
            self.assertFalse(re.fullmatch(pattern, value + "x"))
        for version in VERSIONS:
            values = {name: longest.get(name) or longest_value(name) for name in parameters_in(version["Description"])}
            description = sam.evaluate(version["Description"], values, {})
            self.assertTrue(description.startswith("r" * 40) and description.endswith(" " + "t" * 85), description)
            self.assertLessEqual(len(description), 256)

    def test_a_version_description_needs_no_existing_table(self):
        for version in VERSIONS:
            description = sam.evaluate(version["Description"], sam.parameters(TEMPLATE), {})
            self.assertTrue(description.startswith("manual arm64 128 INFO organizations/service "), description)

    def test_reserved_concurrency_publishes_no_version_if_it_is_a_parameter(self):
        # Lambda does not publish a version without a change, and the deployment would fail.
        def versions(*template, **parameters):
            resources = sam.transformed(*template, **parameters)["Resources"]
            return {id for id, each in resources.items() if each["Type"] == "AWS::Lambda::Version"}

        self.assertEqual(versions(ReservedConcurrency="5"), versions())
        for name, value in ("ReservedConcurrentExecutions", 5), ("Tags", {"team": "billing"}):
            template = sam.source()
            template["Globals"]["Function"][name] = value
            self.assertNotEqual(versions(template), versions(), "docs/deploy.md warns of this for nothing")


if __name__ == "__main__":
    unittest.main()
