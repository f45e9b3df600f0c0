"""How tests/deployed/record_again.py goes through the records of a part of the stream. The rehearsal runs it whole."""

import contextlib
import io
import json
import sys
import unittest
from unittest import mock

from build import ROOT

sys.path.append(str(ROOT / "tests/deployed"))

import record_again  # noqa: E402

TABLE = "organizations"


def records(numbers, event="MODIFY"):
    return [{"eventName": event, "dynamodb": {"SequenceNumber": str(number)}} for number in numbers]


class Function:
    """Reports the first of these records, ends with an error at those, and reports a removal some times."""

    def __init__(self, failing=(), ending=(), purges=0):
        self.failing, self.ending, self.purges, self.recorded = set(failing), set(ending), purges, []

    def invoke(self, Payload, **_):
        answer, failure = {}, []
        for each in json.loads(Payload)["Records"]:
            number = int(each["dynamodb"]["SequenceNumber"])
            if number in self.ending:
                answer = {"FunctionError": "Unhandled"}
                break
            self.purges -= each["eventName"] == "REMOVE"
            if number in self.failing or (each["eventName"] == "REMOVE" and self.purges >= 0):
                failure = [{"itemIdentifier": str(number)}]
                break
            self.recorded.append(number)
        return answer | {"Payload": io.BytesIO(json.dumps({"batchItemFailures": failure}).encode())}


class RecordAgain(unittest.TestCase):
    def record(self, function, numbers, *, event="MODIFY", first=1):
        """Records these of the records from `first` on."""
        part = {"streamArn": f"arn:aws:dynamodb:::table/{TABLE}/stream/1", "startSequenceNumber": str(first)}
        part["endSequenceNumber"] = str(max(numbers))
        with (
            mock.patch.object(record_again, "records_of", lambda _: records(numbers, event)),
            mock.patch.object(record_again.boto3, "client", lambda *_, **__: function),
        ):
            return record_again.record("function", TABLE, part)

    def fails(self, problem, text, *arguments, **named):
        with self.assertRaisesRegex(problem, text):
            self.record(*arguments, **named)

    def test_all_records_are_recorded(self):
        function = Function()
        self.assertEqual(self.record(function, range(1, 251)), 250)
        self.assertEqual(function.recorded, list(range(1, 251)))

    def test_the_records_behind_those_that_fail_are_recorded(self):
        failing = [1, 2, 3, 4, 5, 6, 7, 150]
        function = Function(failing)
        self.fails(record_again.Problem, "failed again.*: 1, 2, 3, 4, 5, 6, 7, 150$", function, range(1, 251))
        self.assertEqual(set(function.recorded), set(range(1, 251)) - set(failing))

    def test_the_records_around_one_that_ends_the_function_are_recorded(self):
        function = Function(ending=[77])
        self.fails(record_again.Problem, "failed again.*: 77$", function, range(1, 101))
        self.assertEqual(set(function.recorded), set(range(1, 101)) - {77})

    def test_it_stops_if_the_last_record_fails_too(self):
        function = Function(range(1, 251))
        self.fails(record_again.Stop, "later records failed.*: 1, 2, 3, 4, 5$", function, range(1, 251))

    def test_a_purge_goes_on_until_all_is_deleted(self):
        self.assertEqual(self.record(Function(purges=15), [1], event="REMOVE"), 1)
        self.fails(record_again.Problem, "failed again.*: 1$", Function(purges=50), [1], event="REMOVE")

    def test_what_is_left_of_a_part_is_recorded_and_the_rest_is_lost(self):
        function = Function()
        self.fails(record_again.Lost, "^2 records; the others", function, [8, 9], first=7)
        self.assertEqual(function.recorded, [8, 9])

    def test_only_the_message_of_what_is_lost_may_be_deleted(self):
        part = {"shardId": "shard", "startSequenceNumber": "1", "endSequenceNumber": "2"}
        body = json.dumps({"DDBStreamBatchInfo": part})
        for problem, deletes in [(record_again.Problem, False), (record_again.Lost, True)]:
            with (
                mock.patch.object(record_again, "record", side_effect=problem("it")),
                contextlib.redirect_stderr(io.StringIO()) as errors,
            ):
                self.assertEqual(record_again.is_done("function", TABLE, body, True), deletes)
                self.assertFalse(record_again.is_done("function", TABLE, body, False))
            self.assertEqual(errors.getvalue(), "shard 1-2: it\n" * 2)


if __name__ == "__main__":
    unittest.main()
