"""Checks which values of the parameters template.yaml accepts together, and what they create."""

import unittest

import sam

TEMPLATE = sam.transformed()


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
