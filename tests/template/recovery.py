"""A first deployment that fails, a backup that is restored, and a new stack that takes over what a deleted one has
left: as docs/deploy.md and docs/operations.md say."""

import time

import boto3

import client
import updates
from aws_here import Stack
from documents import commands, run
from network import REGION
from sign_in import CALLBACK, Pool


def failed_first_deployment(stack):
    """With protection, the table and the user pool remain and block the deletion of the stack. Without, only the stack
    itself remains."""
    dynamodb, cognito = boto3.client("dynamodb"), boto3.client("cognito-idp")
    updates.fails(stack)
    assert stack.status() == "ROLLBACK_FAILED", stack.status()
    (table,) = dynamodb.list_tables()["TableNames"]
    (pool,) = cognito.list_user_pools(MaxResults=60)["UserPools"]
    remove = commands("docs/deploy.md", "The first deployment")[1]
    expect_removed(stack, remove, TABLE=table, POOL=pool["Id"])
    stack.parameters["DeletionProtection"] = "false"
    updates.fails(stack)
    del stack.parameters["DeletionProtection"]
    assert stack.status() == "ROLLBACK_COMPLETE", stack.status()
    expect_removed(stack, remove.splitlines()[-1])


def expect_removed(stack, command, **variables):
    run(command, **variables)
    deadline = time.monotonic() + 60
    while stack.exists():
        assert time.monotonic() < deadline, stack.status()
        time.sleep(0.5)
    assert not boto3.client("dynamodb").list_tables()["TableNames"]
    assert not boto3.client("cognito-idp").list_user_pools(MaxResults=60)["UserPools"]


def restore(stack):
    """Restores a backup into the running stack. MiniStack ignores the time, and does not enforce the concurrency."""
    updates.reserved_concurrency(stack, "0")
    copy, settings, _ = commands("docs/operations.md", "Restoring a backup")
    variables = {"TABLE": stack.outputs()["TableName"], "RESTORED": "restored"}
    run(copy, **variables)
    run(settings, **variables)
    updates.expect_table("restored")
    # The restored organizations have their names. So the caller, who looks at one, sees which table is read.
    rename_organizations(variables["TABLE"], "Of the old table")
    table = boto3.client("dynamodb").describe_table(TableName="restored")["Table"]
    stack.parameters |= {"Release": "restored", "ReservedConcurrency": "-1", "Canary": "false"}
    stack.parameters |= {"ExistingTable": table["TableArn"], "ExistingTableStream": table["LatestStreamArn"]}
    stack.deploy()
    assert stack.outputs()["TableName"] == "restored", stack.outputs()
    updates.expect_table(variables["TABLE"])


def rename_organizations(table, name):
    dynamodb = boto3.client("dynamodb")
    items = [item for page in dynamodb.get_paginator("scan").paginate(TableName=table) for item in page["Items"]]
    keys = [{key: item[key] for key in ("pk", "sk")} for item in items if item["pk"] == item["sk"]]
    # Users have items of this form as well.
    keys = [key for key in keys if key["pk"]["S"].startswith("ORG#")]
    assert keys
    for key in keys:
        dynamodb.update_item(
            TableName=table,
            Key=key,
            UpdateExpression="SET #name = :name",
            ConditionExpression="attribute_exists(#name)",
            ExpressionAttributeNames={"#name": "name"},
            ExpressionAttributeValues={":name": {"S": name}},
        )


def adopting_stack(directory, table, pool):
    """A stack of another name with an existing table, an ARN, and an existing user pool, an id. Returns it and the
    pool with its new client."""
    cognito = boto3.client("cognito-idp")
    cognito.create_user_pool_domain(UserPoolId=pool, Domain="adopted")
    scopes = [{"ScopeName": name, "ScopeDescription": name} for name in ("read", "write", "service")]
    cognito.create_resource_server(UserPoolId=pool, Identifier="organizations", Name="Organizations", Scopes=scopes)
    app = cognito.create_user_pool_client(
        UserPoolId=pool,
        ClientName="app",
        AllowedOAuthFlowsUserPoolClient=True,
        AllowedOAuthFlows=["code"],
        AllowedOAuthScopes=["organizations/read", "organizations/write"],
        CallbackURLs=[CALLBACK],
        SupportedIdentityProviders=["COGNITO"],
    )["UserPoolClient"]["ClientId"]
    stream = boto3.client("dynamodb").describe_table(TableName=table)["Table"]["LatestStreamArn"]
    stack = Stack(
        directory,
        "adopted",
        ExistingTable=table,
        ExistingTableStream=stream,
        JwtIssuer=f"https://cognito-idp.{REGION}.amazonaws.com/{pool}",
        JwtAudience=app,
        FailOnWarnings="false",
    )
    sign_in_url = f"https://adopted.auth.{REGION}.amazoncognito.com"
    return stack, Pool({"UserPoolId": pool, "AppClientId": app, "SignInUrl": sign_in_url})


def expect_data(stack, pool, user, path, before):
    """The user, signed in again, sees and changes the organization of the deleted stack."""
    api = client.Api(stack.outputs()["ApiUrl"], pool.token(user))
    assert api.expect(200, "GET", path) == before
    assert api.expect(200, "PUT", path, {"name": "Renamed"})["version"] == before["version"] + 1
