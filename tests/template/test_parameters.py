"""Checks which values of the parameters template.yaml accepts together, and what they create."""

import re
import unittest

import sam

TEMPLATE = sam.transformed()
TABLE = "arn:aws:dynamodb:eu-central-1:123456789012:table/organizations-restored"
STREAM = f"{TABLE}/stream/2026-11-27T10:00:00.000"


class Parameters(unittest.TestCase):
    def test_each_parameter_has_a_default(self):
        self.assertEqual([name for name, each in TEMPLATE["Parameters"].items() if "Default" not in each], [])

    def test_wrong_combinations_of_parameters_are_refused(self):
        table = {"ExistingTable": TABLE, "ExistingTableStream": STREAM}
        own = {"JwtIssuer": "https://issuer.example/", "JwtAudience": "organizations"}
        for parameters, refused in [
            ({}, []),
            (own, []),
            ({**own, "ReadScope": "read:organizations"}, []),
            ({"JwtIssuer": own["JwtIssuer"]}, ["IssuerAndAudience"]),
            ({"JwtAudience": own["JwtAudience"]}, ["IssuerAndAudience"]),
            ({"WriteScope": "write:organizations"}, ["ScopesOfTheUserPool"]),
            ({"ServiceScope": "service:organizations"}, ["ScopesOfTheUserPool"]),
            ({**own, "ServiceScope": "service:organizations"}, []),
            ({**own, "WriteScope": "all", "ServiceScope": "all"}, ["ScopeOfServices"]),
            ({**own, "ReadScope": "all", "ServiceScope": "all"}, ["ScopeOfServices"]),
            ({**own, "ReadScope": "all", "WriteScope": "all"}, []),
            (table, []),
            ({"ExistingTable": TABLE}, ["TableAndStream"]),
            ({"ExistingTableStream": STREAM}, ["TableAndStream"]),
        ]:
            with self.subTest(parameters):
                self.assertEqual(broken_rules(parameters), refused)

    def test_a_user_pool_is_made_only_when_there_is_no_issuer(self):
        def made(**parameters):
            resources = sam.resolved(TEMPLATE, **parameters)["Resources"]
            return {id for id, each in resources.items() if each["Type"].startswith("AWS::Cognito::")}

        pool = {"UserPool", "UserPoolDomain", "ResourceServer", "AppClient"}
        self.assertEqual(made(), pool | {"CommandLineClient"})
        self.assertEqual(made(MachineClient="false"), pool)
        self.assertEqual(made(JwtIssuer="https://issuer.example/", JwtAudience="api"), set())

    def test_users_can_sign_in_only_with_callback_urls(self):
        def client(**parameters):
            return sam.resolved(TEMPLATE, **parameters)["Resources"]["AppClient"]["Properties"]

        oauth = {"AllowedOAuthFlows", "AllowedOAuthScopes", "CallbackURLs"}
        self.assertEqual(oauth & set(client()), set())
        self.assertIs(client()["AllowedOAuthFlowsUserPoolClient"], False)
        able = client(CallbackUrls="https://app.example.com/callback,http://localhost:3000/callback")
        self.assertEqual(oauth - set(able), set())
        self.assertIs(able["AllowedOAuthFlowsUserPoolClient"], True)


    def test_only_the_machine_client_may_ask_for_the_scope_of_services(self):
        resources = sam.resolved(TEMPLATE, CallbackUrls="https://app.example.com/callback")["Resources"]
        scopes = [each["ScopeName"] for each in resources["ResourceServer"]["Properties"]["Scopes"]]
        self.assertEqual(scopes, ["read", "write", "service"])

        def allowed(client):
            return {scope_name(each) for each in resources[client]["Properties"]["AllowedOAuthScopes"]}

        self.assertEqual(allowed("AppClient"), {"openid", "read", "write"})
        self.assertEqual(allowed("CommandLineClient"), {"read", "write", "service"})
        self.assertIs(resources["CommandLineClient"]["Properties"]["GenerateSecret"], True)
        self.assertEqual(resources["CommandLineClient"]["Properties"]["AllowedOAuthFlows"], ["client_credentials"])

    def test_the_command_to_try_the_api_asks_for_no_service_token(self):
        command = sam.resolved(TEMPLATE)["Outputs"]["TryIt"]["Value"]["Fn::Sub"]
        self.assertEqual(re.findall(r"-d scope=(\S+)", command), ["${ResourceServer}/read"])

    def test_an_invitation_page_has_https_and_no_fragment(self):
        for value, accepted in [
            ("", True),
            ("https://app.example.com", True),
            ("https://app.example.com/invitation?from=mail", True),
            ("http://localhost:3000/invitation", True),
            ("http://localhost", True),
            ("http://app.example.com/invitation", False),
            ("http://localhost.example.com/invitation", False),
            ("http://localhost@example.com/", False),
            ("https://app.example.com/#invitation", False),
            ("https://", False),
            ("https:///invitation", False),
            ("https://app.example.com/an invitation", False),
            ("javascript:alert(1)", False),
            ("https://app.example.com/" + "x" * 46, True),
            ("https://app.example.com/" + "x" * 47, False),
        ]:
            with self.subTest(value):
                self.assertEqual(accepts("InvitationUrl", value), accepted)

    def test_a_scope_has_no_spaces_and_the_one_of_services_is_never_empty(self):
        for value, accepted in [("service:organizations", True), ("", False), ("a b", False), ("s" * 41, False)]:
            with self.subTest(value):
                self.assertEqual(accepts("ServiceScope", value), accepted)

    def test_a_claim_has_no_spaces(self):
        for value, accepted in [("", True), ("email", True), ("https://acme.example/email", True), ("e mail", False)]:
            with self.subTest(value):
                self.assertEqual(accepts("InviteeEmailClaim", value), accepted)

    def test_a_stream_is_that_of_a_table(self):
        pattern = TEMPLATE["Parameters"]["ExistingTableStream"]["AllowedPattern"]
        for value, accepted in [("", True), (STREAM, True), (TABLE, False), (f"{TABLE}/index/other", False)]:
            with self.subTest(value):
                self.assertEqual(bool(re.search(pattern, value)), accepted)

    def test_the_limits_of_growth_have_bounds(self):
        for name, bounds in [
            ("MaxOrganizationsPerUser", (1, 1_000_000)),
            ("DeletedOrganizationDays", (1, 365)),
            ("EventRetentionDays", (1, 3650)),
        ]:
            parameter = TEMPLATE["Parameters"][name]
            self.assertEqual((parameter["MinValue"], parameter["MaxValue"]), bounds)


def accepts(name, value):
    """Whether a parameter of type String takes a value."""
    parameter = TEMPLATE["Parameters"][name]
    return bool(re.search(parameter["AllowedPattern"], value)) and len(value) <= parameter["MaxLength"]


def scope_name(scope):
    """The last part of a scope of the resource server."""
    text = scope if isinstance(scope, str) else scope["Fn::Sub"]
    return text.removeprefix("${ResourceServer}/")


def broken_rules(parameters):
    values = sam.parameters(TEMPLATE, **parameters)
    return [
        name
        for name, rule in TEMPLATE["Rules"].items()
        if sam.evaluate(rule.get("RuleCondition", True), values, {})
        and not all(sam.evaluate(each["Assert"], values, {}) for each in rule["Assertions"])
    ]


if __name__ == "__main__":
    unittest.main()
