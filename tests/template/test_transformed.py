"""Checks guarantees of template.yaml in the template that SAM generates from it."""

import graphlib
import json
import re
import unittest

import sam

TEMPLATE = sam.transformed()
RESOURCES = TEMPLATE["Resources"]
TABLE_ARN = {"Fn::If": ["CreateTable", {"Fn::GetAtt": ["OrganizationsTable", "Arn"]}, {"Ref": "ExistingTable"}]}
STREAM_ARN = {
    "Fn::If": ["CreateStream", {"Fn::GetAtt": ["OrganizationsTable", "StreamArn"]}, {"Ref": "ExistingTableStream"}]
}
# A user joins by accepting an invitation. Plans and usage are the product's, not its users'.
ONLY_SERVICES = {
    ("post", "/organization/{organization_id}/member"),
    ("patch", "/organization/{organization_id}/plan"),
    ("post", "/organization/{organization_id}/usage"),
}
# The variables that only one function reads.
OF_ONE_FUNCTION = {
    "CreateOrganizationFunction": {"MAX_ORGANIZATIONS_PER_USER": {"Ref": "MaxOrganizationsPerUser"}},
    "DeleteOrganizationFunction": {"DELETED_ORGANIZATION_DAYS": {"Ref": "DeletedOrganizationDays"}},
    "CreateInvitationFunction": {"INVITATION_URL": {"Ref": "InvitationUrl"}},
    "AcceptInvitationFunction": {"INVITEE_EMAIL_CLAIM": {"Ref": "InviteeEmailClaim"}},
    "RecordEventsFunction": {
        "EVENT_BUS_NAME": {"Ref": "EventBus"},
        "EVENT_SOURCE": {"Ref": "AWS::StackName"},
        "EVENT_RETENTION_DAYS": {"Ref": "EventRetentionDays"},
        "AWS_ENDPOINT_URL_EVENTBRIDGE": {"Fn::Sub": "https://events.${AWS::Region}.${AWS::URLSuffix}"},
    },
}
MANAGED_POLICIES = ["service-role/AWSLambdaBasicExecutionRole", "AWSXrayWriteOnlyAccess"]


def of_type(kind):
    return {id: each["Properties"] for id, each in RESOURCES.items() if each["Type"] == kind}


def routes():
    """Method, path and definition of every route."""
    (api,) = of_type("AWS::ApiGatewayV2::Api").values()
    for path, methods in api["Body"]["paths"].items():
        for method, definition in methods.items():
            yield method, path, definition


FUNCTIONS = of_type("AWS::Lambda::Function")
# Those with a route. test_record_events.py checks what is different in the other one.
OPERATIONS = FUNCTIONS.keys() - {"RecordEventsFunction"}


class Routes(unittest.TestCase):
    def test_each_operation_has_one_route_which_calls_its_alias(self):
        called = [
            re.search(r"functions/\$\{(\w+)Aliaslive\}/", each["x-amazon-apigateway-integration"]["uri"]["Fn::Sub"])[1]
            for _, _, each in routes()
        ]
        self.assertCountEqual(called, OPERATIONS)
        self.assertGreaterEqual(len(called), 22)

    def test_each_route_has_the_authorizer_and_the_scope_of_its_method(self):
        for method, path, definition in routes():
            with self.subTest(f"{method} {path}"):
                scopes = ["ReadScope" if method == "get" else "WriteScope", "ServiceScope"]
                if (method, path) in ONLY_SERVICES:
                    scopes = ["ServiceScope"]
                self.assertEqual(definition["security"], [{"JwtAuthorizer": [{"Ref": scope} for scope in scopes]}])

    def test_the_routes_for_services_only_exist(self):
        self.assertLessEqual(ONLY_SERVICES, {(method, path) for method, path, _ in routes()})

    def test_the_authorizer_verifies_tokens(self):
        (api,) = of_type("AWS::ApiGatewayV2::Api").values()
        schemes = api["Body"]["components"]["securitySchemes"]
        self.assertEqual(list(schemes), ["JwtAuthorizer"])
        self.assertEqual(schemes["JwtAuthorizer"]["x-amazon-apigateway-authorizer"]["type"], "jwt")


class Api(unittest.TestCase):
    def body(self, **parameters):
        resources = sam.transformed(**parameters)["Resources"]
        (api,) = (each for each in resources.values() if each["Type"] == "AWS::ApiGatewayV2::Api")
        return sam.resolved(api["Properties"]["Body"], **parameters)

    def test_there_is_no_cors_configuration_without_origins(self):
        self.assertNotIn("x-amazon-apigateway-cors", self.body())

    def test_the_cors_configuration_names_each_origin(self):
        origins = ["https://app.example.com", "http://localhost:5173"]
        cors = self.body(CorsOrigins=",".join(origins))["x-amazon-apigateway-cors"]
        self.assertEqual(cors["allowOrigins"], origins)
        methods = {method.upper() for _, methods in self.body()["paths"].items() for method in methods}
        self.assertEqual(set(cors["allowMethods"]), methods)
        self.assertIn("Authorization", cors["allowHeaders"])
        self.assertIn("ETag", cors["exposeHeaders"])

    def test_only_origins_over_https_or_on_localhost_are_allowed(self):
        pattern = TEMPLATE["Parameters"]["CorsOrigins"]["AllowedPattern"]
        for value, allowed in [
            ("", True),
            ("https://app.example.com", True),
            ("https://app.example.com:8443,https://other.example,http://localhost,http://localhost:3000", True),
            ("http://app.example.com", False),
            ("https://app.example.com,http://app.example.com", False),
            ("http://localhost.example.com", False),
            ("https://app.example.com/", False),
            ("https://*.example.com", False),
            ("*", False),
        ]:
            with self.subTest(value):
                self.assertEqual(bool(re.fullmatch(pattern, value)), allowed)

    def test_the_execute_api_address_is_disabled_only_on_request(self):
        # API Gateway warns about a server without a url, and FailOnWarnings makes that an error.
        self.assertNotIn("servers", self.body())
        (server,) = self.body(DisableExecuteApi="true")["servers"]
        self.assertEqual(server["x-amazon-apigateway-endpoint-configuration"], {"disableExecuteApiEndpoint": True})
        self.assertIn("url", server)

    def test_the_audience_is_the_existing_clients(self):
        def audience(**parameters):
            schemes = self.body(**parameters)["components"]["securitySchemes"]
            return schemes["JwtAuthorizer"]["x-amazon-apigateway-authorizer"]["jwtConfiguration"]["audience"]

        app, machine = {"Ref": "AppClient"}, {"Ref": "CommandLineClient"}
        self.assertEqual(audience(), [app, machine])
        self.assertEqual(audience(MachineClient="false"), [app])
        self.assertEqual(audience(JwtIssuer="https://issuer.example/", JwtAudience="api"), ["api"])

    def test_the_parameters_limit_the_requests_of_all_routes(self):
        (stage,) = of_type("AWS::ApiGatewayV2::Stage").values()
        limits = {name: {"Ref": name} for name in ("ThrottlingRateLimit", "ThrottlingBurstLimit")}
        self.assertEqual((stage["DefaultRouteSettings"], stage.get("RouteSettings")), (limits, None))

    def test_an_access_log_line_is_json_even_if_no_variable_has_a_value(self):
        (stage,) = of_type("AWS::ApiGatewayV2::Stage").values()
        # API Gateway writes a - for a variable without a value.
        line = json.loads(re.sub(r"\$context[.\w]+", "-", stage["AccessLogSettings"]["Format"]))
        self.assertEqual(set(line.values()), {"-"})


class Functions(unittest.TestCase):
    def test_each_function_has_an_alias_with_gradual_deployment_and_rollback_on_alarms(self):
        groups = of_type("AWS::CodeDeploy::DeploymentGroup")
        for function in FUNCTIONS:
            with self.subTest(function):
                alias = RESOURCES[f"{function}Aliaslive"]
                self.assertEqual(alias["Properties"]["FunctionName"], {"Ref": function})
                update = alias["UpdatePolicy"]["CodeDeployLambdaAliasUpdate"]
                group = groups[update["DeploymentGroupName"]["Ref"]]
                self.assertIn("Linear10PercentEvery1Minute", str(group["DeploymentConfigName"]))
                self.assertIn("DEPLOYMENT_STOP_ON_ALARM", group["AutoRollbackConfiguration"]["Events"])
                self.assertTrue(group["AlarmConfiguration"]["Enabled"])
                # References, not names: the alias is updated only after the release's alarm was created.
                self.assertEqual(
                    [alarm["Name"] for alarm in group["AlarmConfiguration"]["Alarms"]],
                    [{"Ref": "ReleaseErrors"}, {"Ref": "FailedInvocations"}],
                )

    def test_without_canary_all_requests_go_to_the_new_version_at_once(self):
        resources = sam.transformed(Canary="false")["Resources"]
        self.assertEqual([id for id, each in resources.items() if "CodeDeploy" in json.dumps(each)], [])
        self.assertEqual(set(RESOURCES) - set(resources), {id for id in RESOURCES if "Deploy" in id})

    def test_all_functions_log_to_one_group_with_limited_retention(self):
        group = RESOURCES["FunctionLogs"]["Properties"]
        self.assertEqual(group["RetentionInDays"], {"Ref": "LogRetentionDays"})
        for function in FUNCTIONS.values():
            self.assertEqual(function["LoggingConfig"]["LogGroup"], {"Ref": "FunctionLogs"})
            self.assertEqual(function["LoggingConfig"]["LogFormat"], "JSON")

    def test_a_variable_is_set_for_all_functions_or_for_the_one_that_reads_it(self):
        every = {"TABLE_NAME", "AWS_ENDPOINT_URL_DYNAMODB", "RELEASE", "AUTH_SERVICE_SCOPE"}
        self.assertLessEqual(set(OF_ONE_FUNCTION), set(FUNCTIONS))
        for id, function in FUNCTIONS.items():
            variables = function["Environment"]["Variables"]
            self.assertEqual(variables["AUTH_SERVICE_SCOPE"], {"Ref": "ServiceScope"})
            own = {name: value for name, value in variables.items() if name not in every}
            self.assertEqual((own, set(variables) - set(own)), (OF_ONE_FUNCTION.get(id, {}), every), id)


class Roles(unittest.TestCase):
    def test_each_function_has_its_own_role(self):
        roles = [function["Role"]["Fn::GetAtt"][0] for function in FUNCTIONS.values()]
        self.assertEqual(len(set(roles)), len(FUNCTIONS))

    def test_roles_of_operations_allow_only_named_actions_on_the_table(self):
        for function in (FUNCTIONS[id] for id in OPERATIONS):
            role = RESOURCES[function["Role"]["Fn::GetAtt"][0]]["Properties"]
            managed = [arn.split(":policy/")[1] for arn in role["ManagedPolicyArns"]]
            self.assertEqual(managed, MANAGED_POLICIES)
            for policy in role["Policies"]:
                for statement in policy["PolicyDocument"]["Statement"]:
                    self.assertEqual(statement["Resource"], TABLE_ARN)
                    for action in statement["Action"]:
                        self.assertRegex(action, r"^dynamodb:[A-Za-z]+$")

    def test_a_boundary_limits_every_role_to_the_resources_of_the_stack(self):
        for function in FUNCTIONS.values():
            role = RESOURCES[function["Role"]["Fn::GetAtt"][0]]["Properties"]
            self.assertEqual(role["PermissionsBoundary"], {"Ref": "FunctionBoundary"})
        boundary = RESOURCES["FunctionBoundary"]["Properties"]["PolicyDocument"]["Statement"]
        allowed = {action: each["Resource"] for each in boundary for action in each["Action"]}
        self.assertEqual(
            allowed,
            {
                "logs:CreateLogStream": {"Fn::GetAtt": ["FunctionLogs", "Arn"]},
                "logs:PutLogEvents": {"Fn::GetAtt": ["FunctionLogs", "Arn"]},
                "xray:PutTraceSegments": "*",
                "xray:PutTelemetryRecords": "*",
                "dynamodb:*Item": TABLE_ARN,
                "dynamodb:Query": TABLE_ARN,
                "dynamodb:DescribeStream": STREAM_ARN,
                "dynamodb:GetShardIterator": STREAM_ARN,
                "dynamodb:GetRecords": STREAM_ARN,
                "dynamodb:ListStreams": "*",
                "events:PutEvents": {"Fn::GetAtt": ["EventBus", "Arn"]},
                "sqs:SendMessage": {"Fn::GetAtt": ["FailedEvents", "Arn"]},
            },
        )


class Table(unittest.TestCase):
    ARN = "arn:aws:dynamodb:eu-central-1:123456789012:table/organizations-restored"
    STREAM = f"{ARN}/stream/2026-11-27T10:00:00.000"

    def test_with_an_existing_table_none_is_created_and_everything_uses_it(self):
        template = sam.resolved(sam.transformed(), ExistingTable=self.ARN, ExistingTableStream=self.STREAM)
        self.assertNotIn("OrganizationsTable", template["Resources"])
        self.assertNotIn("OrganizationsTable", json.dumps(template))
        for each in template["Resources"].values():
            if each["Type"] == "AWS::Lambda::Function":
                variables = each["Properties"]["Environment"]["Variables"]
                self.assertEqual(variables["TABLE_NAME"], "organizations-restored")
            if each["Type"] == "AWS::IAM::Role" and "PermissionsBoundary" in each["Properties"]:
                (statement,) = each["Properties"]["Policies"][0]["PolicyDocument"]["Statement"]
                self.assertEqual(statement["Resource"], self.ARN)
            if each["Type"] == "AWS::Lambda::EventSourceMapping":
                self.assertEqual(each["Properties"]["EventSourceArn"], self.STREAM)
        self.assertIn(f'"{self.STREAM}"', json.dumps(template["Resources"]["FunctionBoundary"]))
        for alarm in "TableThrottles", "TableSystemErrors":
            self.assertIn("organizations-restored", json.dumps(template["Resources"][alarm]))
        self.assertEqual(template["Outputs"]["TableName"]["Value"], "organizations-restored")

    def test_table_and_user_pool_outlive_the_stack_but_not_its_failed_creation(self):
        for id in "OrganizationsTable", "UserPool":
            self.assertEqual(RESOURCES[id]["DeletionPolicy"], "RetainExceptOnCreate")
            self.assertEqual(RESOURCES[id]["UpdateReplacePolicy"], "Retain")


class Resources(unittest.TestCase):
    def test_the_template_has_450_lines_16_for_each_operation_beyond_nine_and_40_for_the_record(self):
        # Those 40 are for a second kind of function, with its mapping, bus, queue and alarms. An operation needs none.
        lines = len(sam.TEMPLATE.read_text().splitlines())
        self.assertLessEqual(lines, 450 + 16 * (len(OPERATIONS) - 9) + 40)

    def test_no_other_resource_lists_the_operations(self):
        for id, each in sam.source()["Resources"].items():
            if id not in OPERATIONS:
                self.assertEqual(sam.references(each) & OPERATIONS, set(), id)

    def test_the_dashboard_is_json(self):
        dashboard = sam.resolved(TEMPLATE, ExistingTable=Table.ARN)["Resources"]["Dashboard"]["Properties"]
        self.assertEqual(len(json.loads(dashboard["DashboardBody"]["Fn::Sub"])["widgets"]), 10)

    def test_there_are_no_circular_dependencies(self):
        # Linters check only properties. An alias also depends on its deployment group, through its update
        # policy, and the group on its alarms.
        graph = {id: sam.references(each) & set(RESOURCES) for id, each in RESOURCES.items()}
        graphlib.TopologicalSorter(graph).prepare()


if __name__ == "__main__":
    unittest.main()
