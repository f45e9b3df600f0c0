"""Removes each action of each function's role in turn, and sees which request then fails."""

import copy
import functools
import json
import time

import boto3
import recording
from role_requests import REQUESTS

# Permissions without which no request fails, and why. "Every" stands for each function.
UNNOTICED = {
    ("Every", "AWSXrayWriteOnlyAccess"): "MiniStack takes no traces",
    ("FunctionBoundary", "xray:PutTraceSegments"): "MiniStack takes no traces",
    ("FunctionBoundary", "xray:PutTelemetryRecords"): "MiniStack takes no traces",
    ("DeleteUserFunction", "dynamodb:GetItem"): "only after another request has changed what it read (tests/faults/roles.rs)",
    (recording.FUNCTION, "AWSLambdaBasicExecutionRole"): "AWSLambdaDynamoDBExecutionRole allows the same",
}


class Roles:
    """The roles of a stack's functions."""

    def __init__(self, stack, team):
        self.iam, self.logs = boto3.client("iam"), boto3.client("logs")
        self.functions = boto3.client("lambda")
        self.resources, self.team = stack.resources(), team
        functions = {id for id, (kind, _) in self.resources.items() if kind == "AWS::Lambda::Function"}
        assert functions == set(REQUESTS), f"REQUESTS is about other functions: {functions ^ set(REQUESTS)}"

    def failure(self, functions):
        """The first request that fails, or None."""
        for function in functions:
            begun = int(time.time() * 1000)
            for name, expected, (status, headers, answer) in REQUESTS[function](self.team):
                if status != expected:
                    return f"{name}: {status}"
            if not self._is_logged(function, headers["x-request-id"], begun):
                return f"{name}: no line in the log"
        return None

    def _is_logged(self, function, request, begun):
        _, name = self.resources[function]
        config = self.functions.get_function_configuration(FunctionName=name)
        group = config["LoggingConfig"]["LogGroup"]
        try:
            events = self.logs.filter_log_events(
                logGroupName=group, filterPattern=f'"{request}"', startTime=begun
            )["events"]
        except self.logs.exceptions.ResourceNotFoundException:
            return False
        return any(request in event["message"] for event in events)

    def policies(self):
        """The policies in the template: a name, the functions concerned, the document, and what replaces it."""
        for function in REQUESTS:
            _, role = self.resources[f"{function}Role"]
            for policy in self.iam.list_role_policies(RoleName=role)["PolicyNames"]:
                document = self.iam.get_role_policy(RoleName=role, PolicyName=policy)["PolicyDocument"]
                yield function, [function], document, functools.partial(self._put_inline, role, policy)
        for id, (kind, arn) in self.resources.items():
            if kind == "AWS::IAM::ManagedPolicy":
                version = self.iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]
                document = self.iam.get_policy_version(PolicyArn=arn, VersionId=version)["PolicyVersion"]["Document"]
                yield id, list(REQUESTS), document, functools.partial(self._put_managed, arn)

    def _put_inline(self, role, policy, document):
        self.iam.put_role_policy(RoleName=role, PolicyName=policy, PolicyDocument=json.dumps(document))

    def _put_managed(self, arn, document):
        before = self.iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]
        self.iam.create_policy_version(PolicyArn=arn, PolicyDocument=json.dumps(document), SetAsDefault=True)
        self.iam.delete_policy_version(PolicyArn=arn, VersionId=before)

    def removed_actions(self):
        """The failure that each removed action causes, by policy and action."""
        found = {}
        for name, functions, document, put in self.policies():
            for index, statement in enumerate(document["Statement"]):
                for action in actions(statement):
                    put(without(document, index, action))
                    found[name, action] = self.failure(functions)
                    put(document)
        return found

    def detached_policies(self):
        """The failure that each detached policy of AWS causes, by function and policy."""
        found = {}
        for function in REQUESTS:
            _, role = self.resources[f"{function}Role"]
            for policy in self.iam.list_attached_role_policies(RoleName=role)["AttachedPolicies"]:
                self.iam.detach_role_policy(RoleName=role, PolicyArn=policy["PolicyArn"])
                found[function, policy["PolicyName"]] = self.failure([function])
                self.iam.attach_role_policy(RoleName=role, PolicyArn=policy["PolicyArn"])
        return found

    def on_another_table(self):
        """The failure that the name of another table in a policy causes, by policy."""
        _, name = self.resources["OrganizationsTable"]
        found = {}
        for policy, functions, document, put in self.policies():
            moved = json.dumps(document).replace(f":table/{name}\"", ":table/another\"")
            if json.loads(moved) == document:
                continue
            put(json.loads(moved))
            found[policy] = self.failure(functions)
            put(document)
        return found


def actions(statement):
    return [statement["Action"]] if isinstance(statement["Action"], str) else statement["Action"]


def without(document, index, action):
    """The policy without an action of one of its statements."""
    statements = copy.deepcopy(document["Statement"])
    left = [each for each in actions(statements[index]) if each != action]
    # A policy must not be empty. Everybody may do this without permission.
    statements[index]["Action"] = left or ["sts:GetCallerIdentity"]
    return document | {"Statement": statements}


def reason(policy, action):
    """Why no request fails without this permission, or None."""
    return UNNOTICED.get((policy, action)) or UNNOTICED.get(("Every", action))


def unexplained(found):
    """The permissions without which nothing fails for no known reason, and those that have become noticed."""
    return [key for key, failure in found.items() if (failure is None) != (reason(*key) is not None)]
