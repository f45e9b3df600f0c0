"""Checks guarantees of template.yaml in the template that SAM generates from it."""

import graphlib
import json
import re
import unittest

import sam

TEMPLATE = sam.transformed()
RESOURCES = TEMPLATE["Resources"]
MANAGED_POLICIES = ["service-role/AWSLambdaBasicExecutionRole", "AWSXrayWriteOnlyAccess"]


def of_type(kind):
    return {id: each["Properties"] for id, each in RESOURCES.items() if each["Type"] == kind}


def routes():
    """Method, path and definition of every route."""
    (api,) = of_type("AWS::ApiGatewayV2::Api").values()
    for path, methods in api["Body"]["paths"].items():
        for method, definition in methods.items():
            yield method, path, definition


def dimensions(metric):
    return {each["Name"]: each["Value"] for each in metric["Dimensions"]}


FUNCTIONS = of_type("AWS::Lambda::Function")


class Routes(unittest.TestCase):
    def test_each_function_has_one_route_which_calls_its_alias(self):
        called = [
            re.search(r"functions/\$\{(\w+)Aliaslive\}/", each["x-amazon-apigateway-integration"]["uri"]["Fn::Sub"])[1]
            for _, _, each in routes()
        ]
        self.assertCountEqual(called, FUNCTIONS)
        self.assertGreaterEqual(len(called), 9)

    def test_each_route_has_the_authorizer_and_the_scope_of_its_method(self):
        for method, path, definition in routes():
            with self.subTest(f"{method} {path}"):
                scope = "ReadScope" if method == "get" else "WriteScope"
                self.assertEqual(definition["security"], [{"JwtAuthorizer": [{"Ref": scope}]}])

    def test_the_authorizer_verifies_tokens(self):
        (api,) = of_type("AWS::ApiGatewayV2::Api").values()
        schemes = api["Body"]["components"]["securitySchemes"]
        self.assertEqual(list(schemes), ["JwtAuthorizer"])
        self.assertEqual(schemes["JwtAuthorizer"]["x-amazon-apigateway-authorizer"]["type"], "jwt")


class Functions(unittest.TestCase):
    def test_each_function_has_an_alias_with_a_canary_and_rollback_on_alarms(self):
        groups = of_type("AWS::CodeDeploy::DeploymentGroup")
        for function in FUNCTIONS:
            with self.subTest(function):
                alias = RESOURCES[f"{function}Aliaslive"]
                self.assertEqual(alias["Properties"]["FunctionName"], {"Ref": function})
                update = alias["UpdatePolicy"]["CodeDeployLambdaAliasUpdate"]
                group = groups[update["DeploymentGroupName"]["Ref"]]
                self.assertIn("Canary10Percent5Minutes", str(group["DeploymentConfigName"]))
                self.assertIn("DEPLOYMENT_STOP_ON_ALARM", group["AutoRollbackConfiguration"]["Events"])
                self.assertTrue(group["AlarmConfiguration"]["Enabled"])
                errors, api_errors = function.replace("Function", "Errors"), RESOURCES["ApiErrors"]["Properties"]
                self.assertEqual(
                    [alarm["Name"] for alarm in group["AlarmConfiguration"]["Alarms"]],
                    [api_errors["AlarmName"], {"Ref": errors}],
                )
                metric = RESOURCES[errors]["Properties"]
                self.assertEqual((metric["Namespace"], metric["MetricName"]), ("AWS/Lambda", "Errors"))
                expected = {"FunctionName": {"Ref": function}, "Resource": {"Fn::Sub": f"${{{function}}}:live"}}
                self.assertEqual(dimensions(metric), expected)

    def test_the_shared_alarms_watch_every_function(self):
        for alarm, name in ("FunctionThrottles", "Throttles"), ("FunctionDuration", "Duration"):
            metrics = [each["MetricStat"]["Metric"] for each in RESOURCES[alarm]["Properties"]["Metrics"][1:]]
            self.assertEqual({each["MetricName"] for each in metrics}, {name})
            watched = [dimensions(each)["FunctionName"]["Ref"] for each in metrics]
            self.assertCountEqual(watched, FUNCTIONS)

    def test_each_function_has_a_row_in_the_dashboard(self):
        body = json.loads(RESOURCES["Dashboard"]["Properties"]["DashboardBody"]["Fn::Sub"])
        widgets = [re.findall(r"\$\{(\w+Function)\}", json.dumps(each)) for each in body["widgets"]]
        rows = list(zip(widgets[::2], widgets[1::2]))
        for function in FUNCTIONS:
            self.assertEqual(rows.count(([function], [function])), 1, function)
        # Two widgets fill a row.
        self.assertEqual({each["width"] for each in body["widgets"]}, {12})

    def test_each_function_has_a_log_group_with_limited_retention(self):
        groups = {str(each["LogGroupName"]): each for each in of_type("AWS::Logs::LogGroup").values()}
        for function in FUNCTIONS:
            group = groups[str({"Fn::Sub": f"/aws/lambda/${{{function}}}"})]
            self.assertEqual(group["RetentionInDays"], {"Ref": "LogRetentionDays"})

    def test_a_new_memory_size_publishes_a_version(self):
        versions = of_type("AWS::Lambda::Version").values()
        self.assertCountEqual([each["FunctionName"]["Ref"] for each in versions], FUNCTIONS)
        for version in versions:
            self.assertIn("${MemorySize}", version["Description"]["Fn::Sub"])


class Roles(unittest.TestCase):
    def test_each_function_has_its_own_role(self):
        roles = [function["Role"]["Fn::GetAtt"][0] for function in FUNCTIONS.values()]
        self.assertEqual(len(set(roles)), len(FUNCTIONS))

    def test_roles_allow_only_named_actions_on_the_table(self):
        allowed = [{"Fn::GetAtt": ["OrganizationsTable", "Arn"]}]
        for function in FUNCTIONS.values():
            role = RESOURCES[function["Role"]["Fn::GetAtt"][0]]["Properties"]
            managed = [arn.split(":policy/")[1] for arn in role["ManagedPolicyArns"]]
            self.assertEqual(managed, MANAGED_POLICIES)
            for policy in role["Policies"]:
                for statement in policy["PolicyDocument"]["Statement"]:
                    self.assertIn(statement["Resource"], allowed)
                    for action in statement["Action"]:
                        self.assertRegex(action, r"^dynamodb:[A-Za-z]+$")


class Resources(unittest.TestCase):
    def test_there_are_no_circular_dependencies(self):
        # Linters check only properties. An alias also depends on its deployment group, through its update
        # policy, and the group on its alarms.
        graph = {id: sam.references(each) & set(RESOURCES) for id, each in RESOURCES.items()}
        graphlib.TopologicalSorter(graph).prepare()


class Parameters(unittest.TestCase):
    def test_each_parameter_has_a_default(self):
        self.assertEqual([name for name, each in TEMPLATE["Parameters"].items() if "Default" not in each], [])

    def test_wrong_combinations_of_parameters_are_refused(self):
        own = {"JwtIssuer": "https://issuer.example/", "JwtAudience": "organizations"}
        for parameters, refused in [
            ({}, []),
            (own, []),
            ({**own, "ReadScope": "read:organizations"}, []),
            ({"JwtIssuer": own["JwtIssuer"]}, ["IssuerAndAudience"]),
            ({"JwtAudience": own["JwtAudience"]}, ["IssuerAndAudience"]),
            ({"WriteScope": "write:organizations"}, ["ScopesOfTheUserPool"]),
        ]:
            with self.subTest(parameters):
                self.assertEqual(broken_rules(parameters), refused)

    def test_a_user_pool_is_made_only_when_there_is_no_issuer(self):
        unconditional = [
            id
            for id, each in RESOURCES.items()
            if each["Type"].startswith("AWS::Cognito::") and each.get("Condition") != "CreateUserPool"
        ]
        self.assertEqual(unconditional, [])
        self.assertEqual(TEMPLATE["Conditions"]["CreateUserPool"], {"Fn::Equals": [{"Ref": "JwtIssuer"}, ""]})


def broken_rules(parameters):
    values = {name: each["Default"] for name, each in TEMPLATE["Parameters"].items()} | parameters

    def evaluate(expression):
        if not isinstance(expression, dict):
            return expression
        ((function, operands),) = expression.items()
        if function == "Ref":
            return values[operands]
        operands = [evaluate(each) for each in operands]
        match function:
            case "Fn::Equals":
                return operands[0] == operands[1]
            case "Fn::Not":
                return not operands[0]
            case "Fn::And":
                return all(operands)
            case "Fn::Or":
                return any(operands)
        raise ValueError(function)

    return [
        name
        for name, rule in TEMPLATE["Rules"].items()
        if evaluate(rule.get("RuleCondition", True))
        and not all(evaluate(each["Assert"]) for each in rule["Assertions"])
    ]


if __name__ == "__main__":
    unittest.main()
