"""Removes each action of each function's role in turn, and sees which request then fails."""

import copy
import functools
import itertools
import json
import urllib.parse

import boto3

unique = itertools.count()


class Team:
    """An organization whose owner and member have tokens."""

    def __init__(self, owner, member, member_id):
        self.owner, self.member, self.member_id = owner, member, member_id
        self.id = owner.expect(201, "POST", "/organization", {"organizationName": "Permissions"})["id"]
        self.path = f"/organization/{self.id}"
        owner.expect(201, "POST", f"{self.path}/member", {"userId": member_id})

    def other(self):
        """The id and the path of a user outside the organization."""
        id = f"permissions|{next(unique)}"
        return id, f"{self.path}/member/{urllib.parse.quote(id)}"

    def added(self):
        """The path of a new member."""
        id, path = self.other()
        self.owner.expect(201, "POST", f"{self.path}/member", {"userId": id})
        return path


# Per function, requests that use each of its actions: a name, the expected status and the response.


def create_organization(team):
    body, key = {"organizationName": "Acme"}, f'"{next(unique)} {team.id}"'
    yield "create", 201, team.owner("POST", "/organization", body)
    yield "create with a key", 201, team.owner("POST", "/organization", body, Idempotency_Key=key)
    yield "repeat with this key", 201, team.owner("POST", "/organization", body, Idempotency_Key=key)


def list_organizations(team):
    yield "list", 200, team.owner("GET", "/organization/list")


def get_organization(team):
    yield "get", 200, team.owner("GET", team.path)


def update_organization(team):
    yield "update", 200, team.owner("PUT", team.path, {"name": "Acme"})
    yield "update by a member", 403, team.member("PUT", team.path, {"name": "Acme"})


def set_max_overages(team):
    yield "set", 200, team.owner("PATCH", f"{team.path}/max-overages", {"maxOverages": 5})
    yield "set by a member", 403, team.member("PATCH", f"{team.path}/max-overages", {"maxOverages": 5})


def list_members(team):
    yield "list", 200, team.owner("GET", f"{team.path}/member")


def add_member(team):
    id, _ = team.other()
    yield "add", 201, team.owner("POST", f"{team.path}/member", {"userId": id})
    yield "add again", 409, team.owner("POST", f"{team.path}/member", {"userId": id})
    yield "add by a member", 403, team.member("POST", f"{team.path}/member", {"userId": id})


def update_member(team):
    path = team.added()
    yield "update", 200, team.owner("PATCH", path, {"role": "admin"})
    yield "update by a member", 403, team.member("PATCH", path, {"role": "member"})
    yield "update a stranger", 404, team.owner("PATCH", team.other()[1], {"role": "admin"})


def remove_member(team):
    path = team.added()
    yield "remove", 200, team.owner("DELETE", path)
    yield "remove again", 404, team.owner("DELETE", path)
    yield "remove by a member", 403, team.member("DELETE", team.added())
    yield "remove an invalid id", 404, team.owner("DELETE", f"{team.path}/member/no%20id")


REQUESTS = {
    "CreateOrganizationFunction": create_organization,
    "ListOrganizationsFunction": list_organizations,
    "GetOrganizationFunction": get_organization,
    "UpdateOrganizationFunction": update_organization,
    "SetMaxOveragesFunction": set_max_overages,
    "ListMembersFunction": list_members,
    "AddMemberFunction": add_member,
    "UpdateMemberFunction": update_member,
    "RemoveMemberFunction": remove_member,
}


# Permissions without which no request fails, and why. "Every" stands for each function.
UNNOTICED = {
    ("CreateOrganizationFunction", "dynamodb:GetItem"): "used if DynamoDB does not return the record of a used key",
    ("Every", "AWSXrayWriteOnlyAccess"): "MiniStack takes no traces",
    ("FunctionBoundary", "xray:PutTraceSegments"): "MiniStack takes no traces",
    ("FunctionBoundary", "xray:PutTelemetryRecords"): "MiniStack takes no traces",
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
            for name, expected, (status, headers, answer) in REQUESTS[function](self.team):
                if status != expected:
                    return f"{name}: {status}"
            if not self._is_logged(function, headers["x-request-id"]):
                return f"{name}: no line in the log"
        return None

    def _is_logged(self, function, request):
        _, name = self.resources[function]
        config = self.functions.get_function_configuration(FunctionName=name)
        group = config["LoggingConfig"]["LogGroup"]
        try:
            events = self.logs.filter_log_events(logGroupName=group, filterPattern=f'"{request}"')["events"]
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
