"""Updates of a stack, an update that fails, and the deletion."""

import boto3

import client
import documents
import recording
from aws_here import DeploymentFailed
from build import COPY_DEBUG_BINARY

# Other code with the same behaviour: the loader ignores what follows the sections of a binary.
OTHER_CODE = COPY_DEBUG_BINARY + ' && echo changed >>"$artifact"'

# CloudFormation creates it last and fails, because the alarm has no metric.
FAILS = """
  Fails:
    Type: AWS::CloudWatch::Alarm
    DependsOn: [OrganizationsApi]
    Properties: { ComparisonOperator: GreaterThanOrEqualToThreshold, EvaluationPeriods: 1, Threshold: 1 }
"""


class Functions:
    """What each alias of a stack's functions runs."""

    def __init__(self, stack):
        self.stack, self.client = stack, boto3.client("lambda")

    def live(self):
        """The configuration of the version that each alias names, by logical id."""
        return {
            id: self.client.get_function_configuration(FunctionName=name, Qualifier="live")
            for id, (kind, name) in self.stack.resources().items()
            if kind == "AWS::Lambda::Function"
        }

    def each(self, property):
        """The values of this property, over all functions."""
        return {config[property] for config in self.live().values()}

    def contents(self):
        """What each version consists of."""
        names = "CodeSha256", "MemorySize", "Timeout", "Environment", "Role", "Architectures"
        return {id: [config[name] for name in names] for id, config in self.live().items()}

    def versions(self):
        return {id: config["Version"] for id, config in self.live().items()}


def nothing(stack):
    stack.package()
    before = stack.resources(), Functions(stack).versions()
    assert "No changes to deploy" in stack.deploy()
    assert (stack.resources(), Functions(stack).versions()) == before


def memory(stack):
    stack.parameters["MemorySize"] = "256"
    publishes(stack, MemorySize=256)


def invitation_page(stack):
    """Only the function that reads the variable gets a new version."""
    functions = Functions(stack)
    before = functions.versions()
    stack.parameters["InvitationUrl"] = "https://app.example/invitation"
    stack.deploy()
    after = functions.versions()
    assert {id for id in before if after[id] != before[id]} == {"CreateInvitationFunction"}, (before, after)


def time_out(stack):
    """Of the operations. record-events has its own."""
    stack.edit("Timeout: 15", "Timeout: 20")
    functions = Functions(stack)
    before = functions.versions()
    stack.deploy()
    after = functions.versions()
    assert {id for id in before if after[id] == before[id]} == {recording.FUNCTION}, (before, after)
    found = {id: config["Timeout"] for id, config in functions.live().items()}
    assert found == {id: 60 if id == recording.FUNCTION else 20 for id in found}, found


def publishes(stack, **properties):
    """Deploys, and expects that each alias then runs a new version with these properties."""
    functions = Functions(stack)
    before = functions.versions()
    stack.deploy()
    after = functions.versions()
    assert all(after[id] != before[id] for id in before), (before, after)
    for name, value in properties.items():
        assert functions.each(name) == {value}, functions.each(name)


def code(stack):
    before = Functions(stack).each("CodeSha256")
    stack.build(OTHER_CODE)
    stack.deploy()
    assert not before & Functions(stack).each("CodeSha256")


def tags(stack):
    stack.tags = {"team": "organizations"}
    stack.deploy()
    functions = Functions(stack)
    for config in functions.live().values():
        arn = config["FunctionArn"].rpartition(":")[0]
        assert functions.client.list_tags(Resource=arn)["Tags"].get("team") == "organizations"
    table = boto3.client("dynamodb").describe_table(TableName=stack.outputs()["TableName"])["Table"]
    found = boto3.client("dynamodb").list_tags_of_resource(ResourceArn=table["TableArn"])["Tags"]
    assert {"Key": "team", "Value": "organizations"} in found, found


def reserved_concurrency(stack, value="5"):
    stack.parameters["ReservedConcurrency"] = value
    stack.deploy()
    functions = Functions(stack)
    for id, config in functions.live().items():
        reserved = functions.client.get_function_concurrency(FunctionName=config["FunctionName"])
        expected = None if id == recording.FUNCTION else int(value)
        assert reserved.get("ReservedConcurrentExecutions") == expected, (id, reserved)


def disabled_address(stack):
    """Only a custom domain would answer."""
    for disabled, expected in ("true", 404), ("false", 401):
        stack.parameters["DisableExecuteApi"] = disabled
        stack.deploy()
        status, _, answer = client.send("GET", stack.outputs()["ApiUrl"] + "/organization/list")
        assert status == expected, (status, answer)


def no_machine_client(stack):
    assert "CommandLineClient" in stack.resources() and "TryIt" in stack.outputs()
    stack.parameters["MachineClient"] = "false"
    stack.deploy()
    assert "CommandLineClient" not in stack.resources() and "TryIt" not in stack.outputs()
    smoke_test = "python3 tests/deployed/smoke.py"
    assert "Set API_TOKEN" in documents.run(f"! {smoke_test} 2>&1")
    assert documents.run(f"{smoke_test} --without-token").endswith("Nothing else was tried.")


def failing(stack):
    """The functions are updated before the update fails, and are then as before."""
    functions = Functions(stack)
    before, versions = functions.contents(), functions.versions()
    earlier = {each["EventId"] for each in events(stack)}
    stack.parameters["MemorySize"] = "512"
    fails(stack)
    stack.parameters["MemorySize"] = "256"
    assert stack.status() == "UPDATE_ROLLBACK_COMPLETE", stack.status()
    new = [each for each in events(stack) if each["EventId"] not in earlier]
    updated = {each["LogicalResourceId"] for each in new if each["ResourceStatus"] == "UPDATE_COMPLETE"}
    assert updated >= set(versions), set(versions) - updated
    assert functions.contents() == before


def events(stack):
    pages = boto3.client("cloudformation").get_paginator("describe_stack_events").paginate(StackName=stack.name)
    return [event for page in pages for event in page["StackEvents"]]


def fails(stack):
    """Deploys the stack with a resource that cannot be created."""
    text = stack.template.read_text()
    stack.edit("\nResources:\n", f"\nResources:{FAILS}")
    try:
        stack.deploy()
    except DeploymentFailed as failed:
        assert "Fails: " in str(failed), failed
    else:
        raise AssertionError("The deployment succeeded.")
    stack.template.write_text(text)


def delete(stack):
    """Only the table and the user pool remain. Returns the table's ARN and the pool's id."""
    resources, outputs = stack.resources(), stack.outputs()
    stack.delete()
    table = boto3.client("dynamodb").describe_table(TableName=outputs["TableName"])["Table"]["TableArn"]
    expect_table(table)
    pool = boto3.client("cognito-idp").describe_user_pool(UserPoolId=outputs["UserPoolId"])["UserPool"]
    assert pool["DeletionProtection"] == "ACTIVE", pool
    functions = {name for kind, name in resources.values() if kind == "AWS::Lambda::Function"}
    left = {each["FunctionName"] for each in boto3.client("lambda").list_functions()["Functions"]}
    assert not functions & left, functions & left
    return table, pool["Id"]


def expect_table(arn):
    """The table is there, with items, is protected from deletion, can be restored, deletes expired items and has a
    stream."""
    dynamodb = boto3.client("dynamodb")
    recovery = dynamodb.describe_continuous_backups(TableName=arn)["ContinuousBackupsDescription"]
    recovery = recovery["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"]
    expiry = dynamodb.describe_time_to_live(TableName=arn)["TimeToLiveDescription"]
    assert (recovery, expiry["TimeToLiveStatus"]) == ("ENABLED", "ENABLED"), (recovery, expiry)
    assert expiry["AttributeName"] == "expiresAt", expiry
    table = dynamodb.describe_table(TableName=arn)["Table"]
    assert table["TableStatus"] == "ACTIVE" and table["DeletionProtectionEnabled"], table
    assert table["StreamSpecification"] == {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"}, table
    assert dynamodb.scan(TableName=arn, Select="COUNT")["Count"] > 0
