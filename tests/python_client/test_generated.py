"""openapi-python-client generates everything that openapi.yaml describes."""

import inspect
import typing
import unittest

import attrs
import generated
import httpx


class Generated(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        generated.client()
        cls.openapi, cls.modules = generated.openapi(), generated.modules()
        cls.operations = generated.operations(cls.openapi)

    def test_it_has_every_operation(self):
        self.assertTrue(self.operations)
        self.assertEqual(sorted(self.modules), sorted(self.operations))

    def test_every_argument_has_a_type(self):
        for name, module in self.modules.items():
            for argument in inspect.signature(module.sync_detailed).parameters.values():
                self.assertIsNot(argument.annotation, typing.Any, f"{argument.name} of {name}")

    def test_it_parses_every_example_of_a_response_as_a_model(self):
        from organizations_api_client import Client

        client = Client(base_url="", raise_on_unexpected_status=True)
        for name, status, value in self.examples():
            with self.subTest(operation=name, status=status, value=value):
                response = httpx.Response(status, json=value)
                parsed = self.modules[name]._parse_response(client=client, response=response)
                self.assertEqual(isinstance(parsed, list), isinstance(value, list))
                for model in parsed if isinstance(parsed, list) else [parsed]:
                    self.assertTrue(attrs.has(type(model)), f"{model!r} is no model")
                    self.assertEqual(fields_without_type(model), [])

    def examples(self):
        for name in self.operations.keys() & self.modules.keys():
            for status, response in self.operations[name]["responses"].items():
                for content in self.resolved(response).get("content", {}).values():
                    for example in content["examples"].values():
                        yield name, int(status), self.resolved(example)["value"]

    def resolved(self, node):
        """The node that a reference leads to."""
        while "$ref" in node:
            path = node["$ref"].removeprefix("#/").split("/")
            node = self.openapi
            for key in path:
                node = node[key]
        return node


def fields_without_type(model):
    """The names of the fields that only the response has, and not the model. Those of a map have its values' type."""
    inner = [field for field in attrs.asdict(model, recurse=False).values() if attrs.has(type(field))]
    is_map = "Any" not in str(attrs.fields(type(model)).additional_properties.type)
    own = [] if is_map else [*model.additional_properties]
    return [*own, *(name for field in inner for name in fields_without_type(field))]


if __name__ == "__main__":
    unittest.main()
