"""Checks the function on the table's stream, which is not an operation: what invokes it, with what, and what it may do."""

import json
import unittest

import sam

TEMPLATE = sam.transformed()
RESOURCES = TEMPLATE["Resources"]
FUNCTION = RESOURCES["RecordEventsFunction"]["Properties"]
MAPPINGS = {id: each["Properties"] for id, each in RESOURCES.items() if each["Type"].endswith("::EventSourceMapping")}
HOUR = 3600
# For how long a record stays in a stream:
# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Streams.html
IN_THE_STREAM = 24 * HOUR


def matches(pattern, record):
    """Whether a pattern of FilterCriteria matches. Only what template.yaml uses:
    https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventfiltering.html#filtering-syntax"""
    if isinstance(pattern, dict):
        return all(isinstance(record, dict) and name in record and matches(pattern[name], record[name]) for name in pattern)
    return any(allows(rule, record) for rule in pattern)


def allows(rule, value):
    ((kind, operand),) = rule.items()
    if kind == "prefix":
        return value.startswith(operand)
    if kind == "anything-but":
        return value not in operand
    raise ValueError(f"not supported in a filter: {rule}")


def record(pk, sk, new=None):
    """A record of the stream. A removed item has no new image."""
    image = {} if new is None else {"NewImage": new}
    return {"dynamodb": {"Keys": {"pk": {"S": pk}, "sk": {"S": sk}}} | image}


class Mapping(unittest.TestCase):
    def setUp(self):
        (self.mapping,) = MAPPINGS.values()

    def test_the_mapping_calls_the_alias_which_a_deployment_shifts(self):
        self.assertEqual(self.mapping["FunctionName"], {"Ref": "RecordEventsFunctionAliaslive"})
        self.assertIn("UpdatePolicy", RESOURCES["RecordEventsFunctionAliaslive"])

    def test_nothing_else_may_invoke_the_function(self):
        permitted = [each["Properties"]["FunctionName"] for each in RESOURCES.values() if each["Type"].endswith("Permission")]
        self.assertNotIn({"Ref": "RecordEventsFunctionAliaslive"}, permitted)
        self.assertEqual(len(permitted), len([id for id in RESOURCES if id.endswith("FunctionApiPermission")]))

    def test_a_new_mapping_reads_all_that_the_stream_has(self):
        self.assertEqual(self.mapping["StartingPosition"], "TRIM_HORIZON")
        table = RESOURCES["OrganizationsTable"]["Properties"]
        self.assertEqual(table["StreamSpecification"], {"StreamViewType": "NEW_AND_OLD_IMAGES"})

    def test_only_age_ends_the_attempts_and_leaves_time_to_repair(self):
        self.assertEqual(self.mapping["MaximumRetryAttempts"], -1)
        self.assertEqual(self.mapping["MaximumRecordAgeInSeconds"], 6 * HOUR)
        self.assertGreaterEqual(IN_THE_STREAM - self.mapping["MaximumRecordAgeInSeconds"], 18 * HOUR)
        # So that one record that fails does not keep the records before it from being done.
        self.assertIs(self.mapping["BisectBatchOnFunctionError"], True)
        self.assertEqual(self.mapping["FunctionResponseTypes"], ["ReportBatchItemFailures"])

    def test_what_failed_goes_to_a_queue_that_keeps_it_longer_than_the_stream(self):
        destination = self.mapping["DestinationConfig"]["OnFailure"]["Destination"]
        self.assertEqual(destination, {"Fn::GetAtt": ["FailedEvents", "Arn"]})
        queue = RESOURCES["FailedEvents"]["Properties"]
        self.assertGreater(queue["MessageRetentionPeriod"], IN_THE_STREAM)
        self.assertIs(queue["SqsManagedSseEnabled"], True)

    def test_the_filter_lets_organizations_and_limited_usage_pass(self):
        patterns = [json.loads(each["Pattern"]) for each in self.mapping["FilterCriteria"]["Filters"]]
        organization, user, usage = "ORG#org_1", "USER#alice", "USAGE#2026-11-01"
        limited, unlimited, none = {"N": "5"}, {"NULL": True}, {"N": "0"}
        for name, one, passes in [
            ("an organization", record(organization, organization, {}), True),
            ("a removed organization", record(organization, organization), True),
            ("usage with a limit", record(organization, usage, {"maxOverages": limited}), True),
            ("usage without a limit", record(organization, usage, {"maxOverages": unlimited}), False),
            ("usage without overages", record(organization, usage, {"maxOverages": none}), False),
            ("removed usage", record(organization, usage), False),
            ("a member", record(organization, "MEMBER#alice", {}), False),
            ("a membership", record(user, organization, {}), False),
            ("a user's count", record(user, user, {}), False),
            ("an invitation", record(organization, "INVITATION#1", {}), False),
            ("a recorded event", record(organization, "EVENT#00000000000000000001", {}), False),
            ("a threshold", record(organization, "THRESHOLD#2026-11-01#50", {}), False),
            ("the mark of a purge", record(organization, "PURGED", {}), False),
        ]:
            with self.subTest(name):
                self.assertEqual(any(matches(pattern, one) for pattern in patterns), passes)


class Function(unittest.TestCase):
    def test_it_has_a_minute_and_is_not_turned_off_with_the_api(self):
        self.assertEqual(FUNCTION["Timeout"], 60)
        resolved = sam.resolved(TEMPLATE, ReservedConcurrency=0)["Resources"]
        turned_off = {id for id, each in resolved.items() if each["Properties"].get("ReservedConcurrentExecutions") == 0}
        functions = {id for id, each in resolved.items() if each["Type"] == "AWS::Lambda::Function"}
        self.assertEqual(functions - turned_off, {"RecordEventsFunction"})

    def test_its_role_allows_named_actions_on_the_table_the_bus_and_the_queue(self):
        role = RESOURCES[FUNCTION["Role"]["Fn::GetAtt"][0]]["Properties"]
        self.assertEqual(role["PermissionsBoundary"], {"Ref": "FunctionBoundary"})
        found = {}
        for policy in role["Policies"]:
            for statement in policy["PolicyDocument"]["Statement"]:
                actions = statement["Action"]
                for action in [actions] if isinstance(actions, str) else actions:
                    self.assertRegex(action, r"^[a-z]+:[A-Za-z]+$")
                    (resource,) = sam.references(statement["Resource"]) - {"ExistingTable"}
                    found.setdefault(resource, set()).add(action)
        self.assertEqual(set(found), {"OrganizationsTable", "EventBus", "FailedEvents"})
        self.assertEqual({action.split(":")[0] for action in found["OrganizationsTable"]}, {"dynamodb"})
        self.assertEqual((found["EventBus"], found["FailedEvents"]), ({"events:PutEvents"}, {"sqs:SendMessage"}))

    def test_no_other_role_may_send_events_or_read_the_stream(self):
        for id, each in RESOURCES.items():
            if each["Type"] == "AWS::IAM::Role" and id != "RecordEventsFunctionRole":
                text = json.dumps(each)
                for forbidden in "events:", "sqs:", "AWSLambdaDynamoDBExecutionRole", "Stream":
                    self.assertNotIn(forbidden, text, id)

    def test_the_bus_has_the_name_of_the_stack(self):
        self.assertEqual(RESOURCES["EventBus"]["Properties"], {"Name": {"Ref": "AWS::StackName"}})


if __name__ == "__main__":
    unittest.main()
