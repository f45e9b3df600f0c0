"""Checks the workflows in .github: what can get AWS credentials, and what runs there."""

import pathlib
import re
import unittest

from samcli.yamlhelper import yaml_parse

DIRECTORY = pathlib.Path(__file__).parents[2] / ".github/workflows"
ON_MAIN = "github.ref == 'refs/heads/main'"


def jobs():
    """File, name and definition of each job."""
    for path in sorted(DIRECTORY.glob("*.yml")):
        for name, job in yaml_parse(path.read_text())["jobs"].items():
            yield path.name, name, job


def gets_credentials(job):
    return job.get("permissions", {}).get("id-token") == "write"


class Workflows(unittest.TestCase):
    def test_every_action_is_pinned_to_a_commit(self):
        used = [use for path in DIRECTORY.glob("*.yml") for use in re.findall(r"uses: (\S+)", path.read_text())]
        self.assertGreater(len(used), 5)
        for use in used:
            self.assertRegex(use, r"^(\./\.github/workflows/[\w-]+\.yml|[\w-]+/[\w-]+@[0-9a-f]{40})$")

    def test_a_job_with_credentials_runs_only_on_main_and_compiles_nothing(self):
        with_steps = [job for *_, job in jobs() if gets_credentials(job) and "steps" in job]
        self.assertEqual(len(with_steps), 1)
        for job in with_steps:
            self.assertEqual(job["if"], ON_MAIN)
            commands = [step["run"] for step in job["steps"] if "run" in step]
            self.assertEqual(
                [command.split()[:4] for command in commands],
                [
                    ["python3", "tests/deployed/unpack.py", "build.tar", "target/lambda/aarch64-unknown-linux-musl"],
                    ["python3", "-m", "pip", "install"],
                    ["python3", "-m", "samcli", "build"],
                    ["python3", "-m", "samcli", "deploy"],
                    ["python3", "tests/deployed/smoke.py", "$OPTIONS"],
                ],
            )
            (build,) = [step for step in job["steps"] if step.get("run") == commands[2]]
            self.assertEqual(build["env"], {"COMPILED": "1"})
            # A source distribution runs its own code while pip installs it.
            for option in "--require-hashes", "--no-deps", "--only-binary=:all:":
                self.assertIn(option, commands[1].split())

    def test_a_called_workflow_gets_credentials_only_from_the_deployment(self):
        callers = [(file, name, job) for file, name, job in jobs() if gets_credentials(job) and "uses" in job]
        names = [f"{file} {name}" for file, name, _ in callers]
        self.assertEqual(names, ["deploy.yml staging", "deploy.yml production"])
        for _, name, job in callers:
            self.assertEqual(job["uses"], "./.github/workflows/deploy-to.yml")
            self.assertEqual(job["with"], {"environment": name})

    def test_production_follows_staging_which_follows_ci_and_the_build(self):
        deploy = {name: job for file, name, job in jobs() if file == "deploy.yml"}
        self.assertEqual(deploy["production"]["needs"], "staging")
        self.assertCountEqual(deploy["staging"]["needs"], ["ci", "build"])
        for name in "ci", "build":
            self.assertEqual(deploy[name]["if"], ON_MAIN)

    def test_no_other_workflow_has_more_than_the_right_to_read(self):
        for path in DIRECTORY.glob("*.yml"):
            self.assertEqual(yaml_parse(path.read_text())["permissions"], {"contents": "read"}, path.name)


class Requirements(unittest.TestCase):
    def test_what_a_deployment_installs_is_pinned_with_hashes(self):
        for name in "build", "deploy":
            text = (DIRECTORY.parents[1] / f".ci/requirements/{name}.txt").read_text()
            lines = [line for line in text.replace("\\\n", "").splitlines() if line and not line.startswith("#")]
            for line in lines:
                self.assertRegex(line, r"^[\w.-]+==\S+( ;.+?)?(\s+--hash=sha256:[0-9a-f]{64})+$")


if __name__ == "__main__":
    unittest.main()
