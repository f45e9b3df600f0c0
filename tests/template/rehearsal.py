"""Rehearses a deployment against moto, an imitation of AWS on this machine.

1. Creates a stack from template.yaml, transformed, and reports what had to be left out for moto.
2. Compares the stack's table with the one that `cargo local` creates in the same imitation.
3. Runs the functions with `cargo local` against the stack's table, and sends a few requests.

Nothing here contacts AWS.
"""

import collections
import json
import logging
import os
import sys
import urllib.request

# Prevents using a developer's account or profile.
for name in [name for name in os.environ if name.startswith("AWS_")]:
    del os.environ[name]
os.environ.update(
    AWS_ACCESS_KEY_ID="local",
    AWS_SECRET_ACCESS_KEY="local",
    AWS_DEFAULT_REGION="us-east-1",
    AWS_REGION="us-east-1",
    AWS_EC2_METADATA_DISABLED="true",
)

import boto3  # noqa: E402
import local_stack  # noqa: E402
import sam  # noqa: E402
from moto.cloudformation.parsing import get_model_map  # noqa: E402
from moto.server import ThreadedMotoServer  # noqa: E402

STACK = "organizations"
TABLE = "OrganizationsTable"
# The name of `cargo local`'s table. The stack's table gets the same name, so that the functions find it.
TABLE_NAME = "organizations"
# Table properties that moto's CloudFormation ignores, although its DynamoDB supports them.
NOT_CREATED_BY_MOTO = ["TimeToLiveSpecification", "PointInTimeRecoverySpecification", "SSESpecification"]


def main():
    # Moto logs a line per request. For the connection that a function opens without a request, moto logs a
    # traceback.
    logging.getLogger("werkzeug").disabled = True
    moto = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    moto.start()
    url = "http://{}:{}".format(*moto.get_host_and_port())
    try:
        with local_stack.running("--dynamodb-endpoint", url, "--concurrency", "1") as local:
            rehearse(url, local)
    finally:
        moto.stop()
    print("\nThe rehearsal succeeded.")


def rehearse(moto, local):
    dynamodb = boto3.client("dynamodb", endpoint_url=moto)
    local_table = describe(dynamodb)
    ttl = dynamodb.describe_time_to_live(TableName=TABLE_NAME)["TimeToLiveDescription"]
    dynamodb.delete_table(TableName=TABLE_NAME)
    create_stack(moto)
    compare(describe(dynamodb), local_table)
    wanted = sam.source()["Resources"][TABLE]["Properties"]["TimeToLiveSpecification"]
    assert wanted["Enabled"] and ttl == {"AttributeName": wanted["AttributeName"], "TimeToLiveStatus": "ENABLED"}
    print(f"  TTL: on {wanted['AttributeName']} in the template, as in the local table")
    hold_a_session(local)


def create_stack(moto):
    template = sam.transformed()
    template["Resources"][TABLE]["Properties"]["TableName"] = TABLE_NAME
    left_out(template)
    s3 = boto3.client("s3", endpoint_url=moto)
    s3.create_bucket(Bucket="artifacts")
    s3.put_object(Bucket="artifacts", Key="function.zip", Body=b"")
    cloudformation = boto3.client("cloudformation", endpoint_url=moto)
    cloudformation.create_stack(
        StackName=STACK, TemplateBody=json.dumps(template), Capabilities=["CAPABILITY_IAM"]
    )
    (stack,) = cloudformation.describe_stacks(StackName=STACK)["Stacks"]
    created = cloudformation.describe_stack_resources(StackName=STACK)["StackResources"]
    print(f"\nThe stack is {stack['StackStatus']}, with {len(created)} resources:")
    for kind, number in sorted(collections.Counter(each["ResourceType"] for each in created).items()):
        print(f"  {number:2} {kind}")
    assert stack["StackStatus"] == "CREATE_COMPLETE"
    assert {each["LogicalResourceId"] for each in created} == set(template["Resources"])


def left_out(template):
    """Removes what moto cannot create and what refers to it, and reports both."""
    resources, known = template["Resources"], get_model_map()
    lacking = [id for id, each in resources.items() if each["Type"] not in known]
    report(resources, lacking, "types that moto's CloudFormation lacks")
    gone = set(lacking)
    for id in lacking:
        del resources[id]
    dangling = [id for id, each in resources.items() if sam.references(each) & gone]
    report(resources, dangling, "resources that refer to these")
    for id in dangling:
        del resources[id]
    gone.update(dangling)
    assert not any(sam.references(each) & gone for each in resources.values())
    outputs = [name for name, each in template["Outputs"].items() if sam.references(each) & gone]
    print(f"Left out, outputs that refer to these: {', '.join(outputs)}")
    for name in outputs:
        del template["Outputs"][name]
    print(f"Left out of the table by moto itself: {', '.join(NOT_CREATED_BY_MOTO)}")


def report(resources, ids, title):
    print(f"Left out, {title}:")
    for kind, number in sorted(collections.Counter(resources[id]["Type"] for id in ids).items()):
        print(f"  {number:2} {kind}")


def describe(dynamodb):
    table = dynamodb.describe_table(TableName=TABLE_NAME)["Table"]
    by_name = lambda name: lambda each: each[name]  # noqa: E731
    return {
        "KeySchema": table["KeySchema"],
        "AttributeDefinitions": sorted(table["AttributeDefinitions"], key=by_name("AttributeName")),
        "BillingMode": table["BillingModeSummary"]["BillingMode"],
        "GlobalSecondaryIndexes": table.get("GlobalSecondaryIndexes", []),
        "LocalSecondaryIndexes": table.get("LocalSecondaryIndexes", []),
        # On for a deployed table only.
        "DeletionProtection": table["DeletionProtectionEnabled"],
    }


def compare(stack, local):
    print("\nThe stack's table and the local one:")
    protection = stack.pop("DeletionProtection"), local.pop("DeletionProtection")
    for name in stack:
        same = stack[name] == local[name]
        print(f"  {name}: {'the same, ' + json.dumps(stack[name]) if same else 'DIFFERENT'}")
        assert same, (stack[name], local[name])
    print("  DeletionProtection: {}, and {}".format(*protection))
    assert protection == (True, False)


def hold_a_session(local):
    print("\nThe functions, run against the stack's table:")
    tokens = {user: local.token(user) for user in ("ann", "bob")}

    def call(expected, user, method, path, body=None, **headers):
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        headers |= {"Authorization": f"Bearer {tokens[user]}", "Content-Type": "application/json"}
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(local.url + path, data, headers, method=method)
        status, answer = local_stack.send(request)
        print(f"  {user} {method} {path}: {status}")
        assert status == expected, f"expected {expected}, got {status} {answer}"
        return answer

    acme = call(201, "ann", "POST", "/organization", {"organizationName": "Acme"})
    path = f"/organization/{acme['id']}"
    assert [each["id"] for each in call(200, "ann", "GET", "/organization/list")] == [acme["id"]]
    call(404, "bob", "GET", path)
    call(201, "ann", "POST", f"{path}/member", {"userId": "bob"})
    call(409, "ann", "POST", f"{path}/member", {"userId": "bob"})
    assert call(200, "bob", "GET", path)["memberCount"] == 2
    call(403, "bob", "PUT", path, {"name": "Bobco"})
    version = call(200, "ann", "GET", path)["version"]
    call(200, "ann", "PUT", path, {"name": "Acme Corp"}, If_Match=f'"{version}"')
    call(412, "ann", "PUT", path, {"name": "Acme Ltd"}, If_Match=f'"{version}"')
    call(200, "ann", "PATCH", f"{path}/max-overages", {"maxOverages": 500})
    call(200, "ann", "PATCH", f"{path}/member/bob", {"role": "admin"})
    assert [each["userId"] for each in call(200, "bob", "GET", f"{path}/member")] == ["ann", "bob"]
    call(200, "ann", "DELETE", f"{path}/member/bob")
    call(422, "ann", "DELETE", f"{path}/member/ann")


if __name__ == "__main__":
    sys.exit(main())
