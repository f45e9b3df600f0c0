"""Evaluates the alarms of template.yaml over invented log lines and metrics: what they must notice, and what must
not stop a deployment."""

import pathlib
import random
import re
import unittest

import sam
from cloudwatch import CloudWatch, matches

MINUTE = 60
# From a log line until an alarm's state reflects it: CloudWatch counts lines and evaluates alarms once a minute.
DELAY = MINUTE
OLD, NEW = "0ld0ld0", "new1new"
TABLE = "arn:aws:dynamodb:eu-central-1:123456789012:table/organizations"
API = {"ApiId": {"Ref": "OrganizationsApi"}}
RECORDER = {"FunctionName": {"Ref": "RecordEventsFunction"}}
FAILED = {"QueueName": {"Fn::GetAtt": ["FailedEvents", "QueueName"]}}
TEMPLATE = sam.transformed()


def cloudwatch(release=NEW):
    table = {"ExistingTable": TABLE, "ExistingTableStream": f"{TABLE}/stream/2026-11-27T10:00:00.000"}
    return CloudWatch(sam.resolved(TEMPLATE, Release=release, **table))


def handled(release, status=200):
    """A function's line for a request."""
    level, message = ("ERROR", "request failed") if status >= 500 else ("INFO", "request handled")
    return {"level": level, "release": release, "message": message, "operation": "getOrganization", "status": status}


def report(status="success"):
    """Lambda's line for an invocation."""
    metrics = {"durationMs": 3.1, "billedDurationMs": 4, "memorySizeMB": 128, "maxMemoryUsedMB": 20}
    return {"time": "2026-11-26T20:00:00Z", "type": "platform.report", "record": {"metrics": metrics, "status": status}}


class Alarms(unittest.TestCase):
    def setUp(self):
        self.cloudwatch = cloudwatch()

    def assert_alarming(self, *expected, now=MINUTE):
        alarms = [id for id, each in self.cloudwatch.resources.items() if each["Type"] == "AWS::CloudWatch::Alarm"]
        self.assertEqual({id for id in alarms if self.cloudwatch.alarms(id, now)}, set(expected))

    def test_successes_and_refusals_do_not_alarm(self):
        for status in 200, 201, 400, 401, 403, 404, 409, 412, 422:
            self.cloudwatch.log(30, handled(NEW, status))
            self.cloudwatch.log(30, report())
        self.cloudwatch.log(30, {"level": "WARN", "release": NEW, "message": "DynamoDB does not answer"})
        self.assert_alarming()

    def test_one_error_line_alarms(self):
        self.cloudwatch.log(30, handled(NEW, 503))
        self.assert_alarming("ErrorLines", "ReleaseErrors")

    def test_an_error_line_of_an_older_release_alarms(self):
        self.cloudwatch.log(30, handled(OLD, 500))
        self.assert_alarming("ErrorLines")

    def test_one_failed_invocation_alarms(self):
        for status in "error", "failure", "timeout":
            with self.subTest(status):
                self.cloudwatch = cloudwatch()
                self.cloudwatch.log(30, report(status))
                self.assert_alarming("FailedInvocations")

    def test_one_row_omitted_from_a_list_alarms(self):
        self.cloudwatch.log(30, {"level": "WARN", "release": NEW, "message": "omitted a row from a list"})
        self.assert_alarming("OmittedRows")

    def test_one_5xx_a_minute_alarms_within_five_minutes(self):
        for minute in range(5):
            self.cloudwatch.put(minute * MINUTE + 30, "AWS/ApiGateway", "5xx", API)
        self.assert_alarming(now=2 * MINUTE)
        self.assert_alarming("ApiErrors", now=5 * MINUTE)

    def test_three_5xx_at_once_alarm_and_one_does_not(self):
        self.cloudwatch.put(30, "AWS/ApiGateway", "5xx", API)
        self.assert_alarming()
        for _ in range(2):
            self.cloudwatch.put(31, "AWS/ApiGateway", "5xx", API)
        self.assert_alarming("ApiErrors")

    def test_a_lasting_latency_alarms_and_a_passing_one_does_not(self):
        for minute in range(15):
            slow = minute >= 5
            for _ in range(20):
                self.cloudwatch.put(minute * MINUTE, "AWS/ApiGateway", "Latency", API, 1500 if slow else 20)
        self.assert_alarming(now=15 * MINUTE)
        for minute in range(15, 20):
            self.cloudwatch.put(minute * MINUTE, "AWS/ApiGateway", "Latency", API, 1000)
        self.assert_alarming("ApiLatency", now=20 * MINUTE)

    def test_one_throttled_invocation_alarms(self):
        self.cloudwatch.put(30, "AWS/Lambda", "Throttles", {})
        self.assert_alarming("FunctionThrottles")

    def test_a_throttled_read_or_write_alarms(self):
        for name in "ReadThrottleEvents", "WriteThrottleEvents":
            with self.subTest(name):
                self.cloudwatch = cloudwatch()
                self.cloudwatch.put(30, "AWS/DynamoDB", name, {"TableName": "organizations"})
                self.assert_alarming("TableThrottles")

    def test_system_errors_of_every_operation_alarm_if_they_last(self):
        for operation in "GetItem", "BatchGetItem", "Query", "UpdateItem", "TransactWriteItems", "TransactGetItems":
            with self.subTest(operation):
                self.cloudwatch = cloudwatch()
                dimensions = {"TableName": "organizations", "Operation": operation}
                for minute in range(3):
                    self.cloudwatch.put(minute * MINUTE, "AWS/DynamoDB", "SystemErrors", dimensions)
                self.assert_alarming(now=2 * MINUTE)
                self.assert_alarming("TableSystemErrors", now=3 * MINUTE)

    def test_one_event_recorded_five_minutes_late_alarms(self):
        # Many that are a little late are not one that is very late.
        for _ in range(3):
            self.cloudwatch.put(30, "AWS/Lambda", "IteratorAge", RECORDER, 299_999)
        self.assert_alarming()
        self.cloudwatch.put(31, "AWS/Lambda", "IteratorAge", RECORDER, 300_000)
        # Others in that minute are in time.
        self.cloudwatch.put(32, "AWS/Lambda", "IteratorAge", RECORDER, 100)
        self.assert_alarming("EventsDelayed")

    def test_one_message_about_events_that_are_not_recorded_alarms_until_it_is_deleted(self):
        for minute, messages in enumerate([0, 1, 1, 0]):
            self.cloudwatch.put(minute * MINUTE, "AWS/SQS", "ApproximateNumberOfMessagesVisible", FAILED, messages)
        for minute, expected in enumerate([(), ("EventsFailed",), ("EventsFailed",), ()], 1):
            self.assert_alarming(*expected, now=minute * MINUTE)

    def test_other_tables_apis_functions_and_queues_do_not_alarm(self):
        other = {"TableName": "other", "Operation": "GetItem"}
        for minute in range(3):
            self.cloudwatch.put(minute * MINUTE, "AWS/DynamoDB", "SystemErrors", other)
            self.cloudwatch.put(minute * MINUTE, "AWS/DynamoDB", "ReadThrottleEvents", {"TableName": "other"})
            self.cloudwatch.put(minute * MINUTE, "AWS/ApiGateway", "5xx", {"ApiId": "other"}, 9)
            self.cloudwatch.put(minute * MINUTE, "AWS/Lambda", "IteratorAge", {"FunctionName": "other"}, 999_999)
            queue = {"QueueName": "other"}
            self.cloudwatch.put(minute * MINUTE, "AWS/SQS", "ApproximateNumberOfMessagesVisible", queue, 9)
        self.assert_alarming(now=3 * MINUTE)

    def test_every_alarm_notifies_except_the_one_for_deployments(self):
        resources = self.cloudwatch.resources.items()
        alarms = {id: each["Properties"] for id, each in resources if each["Type"] == "AWS::CloudWatch::Alarm"}
        silent = {id for id, each in alarms.items() if each.get("AlarmActions") != [{"Ref": "AlarmTopic"}]}
        self.assertEqual(silent, {"ReleaseErrors"})

    def test_every_alarm_has_a_row_in_the_operations_manual(self):
        text = (pathlib.Path(__file__).parents[2] / "docs/operations.md").read_text()
        rows = re.findall(r"^\| `(\w+)` \|", text, re.MULTILINE)
        alarms = [id for id, each in self.cloudwatch.resources.items() if each["Type"] == "AWS::CloudWatch::Alarm"]
        self.assertCountEqual(rows, alarms)


class Deployments(unittest.TestCase):
    """A deployment of the release NEW, which replaces OLD."""

    def setUp(self):
        self.cloudwatch = cloudwatch()
        groups = self.cloudwatch.of_type("AWS::CodeDeploy::DeploymentGroup")
        alarms = [each["Properties"]["AlarmConfiguration"]["Alarms"] for each in groups]
        watched = [[one["Name"]["Ref"] for one in each] for each in alarms]
        self.watched = watched[0]
        self.assertEqual(watched, [self.watched] * len(groups))
        (self.type,) = {each["Properties"]["DeploymentConfigName"] for each in groups}

    def share(self, minute):
        """The new version's share of the requests in a minute of the deployment, which ends when it has all."""
        linear = re.fullmatch(r"CodeDeployDefault.LambdaLinear(\d+)PercentEvery(\d+)Minutes?", self.type)
        canary = re.fullmatch(r"CodeDeployDefault.LambdaCanary(\d+)Percent(\d+)Minutes", self.type)
        if linear:
            return min(1, int(linear[1]) / 100 * (minute // int(linear[2]) + 1))
        return int(canary[1]) / 100 if minute < int(canary[2]) else 1

    def stopped(self, old, new, seed=0, per_minute=5):
        """The minute at whose end an alarm stops the deployment; None if it succeeds. `old` and `new` make the lines
        of a request to that version."""
        chance = random.Random(seed)
        self.cloudwatch.metrics.clear()
        # Before the deployment, the old version has all requests.
        for second in range(-10 * MINUTE, 0, MINUTE // per_minute):
            self.log(second, old())
        minute = 0
        while self.share(minute) < 1:
            for number in range(per_minute):
                version = new if chance.random() < self.share(minute) else old
                self.log(minute * MINUTE + number * MINUTE // per_minute, version())
            minute += 1
            if any(self.cloudwatch.alarms(id, minute * MINUTE - DELAY) for id in self.watched):
                return minute
        return None

    def log(self, second, lines):
        for line in lines:
            self.cloudwatch.log(second, line)

    def test_a_release_that_fails_every_request_is_stopped_at_five_requests_a_minute(self):
        stops = [
            self.stopped(lambda: [handled(OLD), report()], lambda: [handled(NEW, 500), report()], seed)
            for seed in range(500)
        ]
        self.assertNotIn(None, stops)
        self.assertGreater(sum(minute <= 5 for minute in stops) / len(stops), 0.99)

    def test_a_release_that_does_not_start_is_stopped(self):
        self.assertIsNotNone(self.stopped(lambda: [handled(OLD), report()], lambda: [report("error")]))

    def test_a_good_release_is_not_stopped(self):
        self.assertIsNone(self.stopped(lambda: [handled(OLD), report()], lambda: [handled(NEW), report()]))

    def test_the_old_releases_errors_do_not_stop_the_fix(self):
        self.assertIsNone(self.stopped(lambda: [handled(OLD, 500), report()], lambda: [handled(NEW), report()]))

    def test_the_alarm_of_a_release_is_a_new_one(self):
        # CloudFormation replaces an alarm if its name changes. Otherwise it would still be in the state ALARM, because
        # of the old release, when the deployment starts.
        old, new = (cloudwatch(release).resources["ReleaseErrors"]["Properties"] for release in (OLD, NEW))
        self.assertNotEqual(old["AlarmName"], new["AlarmName"])

    # What docs/operations.md describes under "A deployment that is stopped".

    def test_the_old_releases_failed_invocations_stop_the_fix(self):
        self.assertIsNotNone(self.stopped(lambda: [report("timeout")], lambda: [handled(NEW), report()]))

    def test_without_a_new_release_name_the_old_errors_stop_the_fix(self):
        self.assertIsNotNone(self.stopped(lambda: [handled(NEW, 500), report()], lambda: [handled(NEW), report()]))


class Patterns(unittest.TestCase):
    def test_a_pattern_that_is_not_understood_is_an_error(self):
        for pattern in "ERROR", '{ $.level = "ERROR" || $.status = "500" }', "{ $.status >= 500 }", '[level = "ERROR"]':
            with self.subTest(pattern), self.assertRaises(ValueError):
                matches(pattern, {"level": "ERROR", "status": 500})


if __name__ == "__main__":
    unittest.main()
