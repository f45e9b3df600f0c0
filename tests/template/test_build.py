"""Checks what `sam build` tells cargo to compile, and what it puts into each artifact. Compiling takes
minutes, so a script stands in for cargo; `bash .ci/artifacts` compiles, and starts each artifact."""

import pathlib
import re
import tempfile
import unittest

from build import ROOT, sam_build

# The content is the binary's name and the target.
INVENT = """printf '%s for %s' "$binary" "$8" >"$artifact\""""


class Build(unittest.TestCase):
    def build(self, *options, **variables):
        """The content of each artifact, by logical id."""
        with tempfile.TemporaryDirectory() as directory:
            built = pathlib.Path(directory) / "built"
            sam_build(built, INVENT, *options, **variables)
            return {path.parent.name: path.read_text() for path in built.glob("*/bootstrap")}

    def expected(self, target):
        template = (ROOT / "template.yaml").read_text()
        functions = re.findall(r"^  (\w+)Function:$", template, re.MULTILINE)
        self.assertGreaterEqual(len(functions), 9)
        binary = {function: re.sub(r"(?<=.)([A-Z])", r"-\1", function).lower() for function in functions}
        return {f"{function}Function": f"{binary[function]} for {target}" for function in functions}

    def test_each_artifact_is_the_binary_of_its_function_linked_statically_for_arm64(self):
        self.assertEqual(self.build(), self.expected("aarch64-unknown-linux-musl"))

    def test_the_parameter_architecture_selects_the_target(self):
        built = self.build("--parameter-overrides", "Architecture=x86_64")
        self.assertEqual(built, self.expected("x86_64-unknown-linux-musl"))

    def test_functions_built_in_parallel_do_not_disturb_each_other(self):
        self.assertEqual(self.build("--parallel"), self.expected("aarch64-unknown-linux-musl"))

    def test_binaries_that_are_there_are_taken_as_they_are(self):
        # As .github/workflows/deploy-to.yml does it, in a job that compiles nothing.
        expected = {id: f"{text}, before" for id, text in self.expected("aarch64-unknown-linux-musl").items()}
        with tempfile.TemporaryDirectory() as directory:
            for text in expected.values():
                binary = pathlib.Path(directory) / f"lambda/aarch64-unknown-linux-musl/{text.split()[0]}/bootstrap"
                binary.parent.mkdir(parents=True)
                binary.write_text(text)
            self.assertEqual(self.build(COMPILED="1", CARGO_TARGET_DIR=directory), expected)


if __name__ == "__main__":
    unittest.main()
