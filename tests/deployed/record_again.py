#!/usr/bin/env python3
"""Records the changes that record-events could not record: those that the stack's queue of failures names.

    python3 tests/deployed/record_again.py [stack]     (default: organizations)

First remove the cause. Each message of the queue names a part of the table's stream. This reads its records, invokes the
function with them and deletes the message. If a record fails again, it goes on with those behind it, and the message
remains. A record is in the stream for 24 hours, so some 18 hours after its message came it is lost; its message then
remains, as that of another table does. `--delete-lost` deletes such messages, too.

What was recorded before is recorded again, and is the same: it can be run as often as needed. Needs boto3, and credentials
that may describe the stack, see the queue's attributes, read and delete its messages, read the stream and invoke the
function.
"""

import argparse
import base64
import json
import sys

import boto3
from botocore.config import Config

# In one invocation, as the mapping's BatchSize.
BATCH = 100

# So many failures in a row have another cause than their records.
MAX_FAILURES = 5

# In seconds. Nobody else reads a message meanwhile.
VISIBILITY_TIMEOUT = 3600


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("stack", nargs="?", default="organizations")
    parser.add_argument("--delete-lost", action="store_true")
    arguments = parser.parse_args()
    cloudformation, sqs = boto3.client("cloudformation"), boto3.client("sqs")
    (described,) = cloudformation.describe_stacks(StackName=arguments.stack)["Stacks"]
    outputs = {each["OutputKey"]: each["OutputValue"] for each in described["Outputs"]}
    queue, table = outputs["FailedEventsQueueUrl"], outputs["TableName"]
    resource = cloudformation.describe_stack_resource(
        StackName=arguments.stack, LogicalResourceId="RecordEventsFunction"
    )
    function = resource["StackResourceDetail"]["PhysicalResourceId"]
    held, left = invisible(sqs, queue), set()
    if held:
        print(f"{held} messages are held by another run, for up to {VISIBILITY_TIMEOUT // 60} minutes", file=sys.stderr)
    try:
        for page in pages(sqs, queue):
            left |= {message["ReceiptHandle"] for message in page}
            for message in page:
                if is_done(function, table, message["Body"], arguments.delete_lost):
                    sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
                    left.remove(message["ReceiptHandle"])
    finally:
        # Otherwise the next run would not find them for an hour.
        for receipt in left:
            sqs.change_message_visibility(QueueUrl=queue, ReceiptHandle=receipt, VisibilityTimeout=0)
    print(f"{len(left)} messages remain in the queue")
    sys.exit(1 if left or held else 0)


def pages(sqs, queue):
    """The queue's messages, each once: one that is not deleted stays invisible for the time of this run."""
    # With a wait, SQS asks all of its servers. Without, it may find nothing although there are messages.
    options = {"MaxNumberOfMessages": 10, "VisibilityTimeout": VISIBILITY_TIMEOUT, "WaitTimeSeconds": 2}
    while page := sqs.receive_message(QueueUrl=queue, **options).get("Messages"):
        yield page


def invisible(sqs, queue):
    """How many of the queue's messages cannot be received now."""
    name = "ApproximateNumberOfMessagesNotVisible"
    return int(sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=[name])["Attributes"][name])


def is_done(function, table, body, delete_lost):
    """Records what a message names. Returns whether the message is to be deleted."""
    part = json.loads(body)["DDBStreamBatchInfo"]
    name = f"{part['shardId']} {part['startSequenceNumber']}-{part['endSequenceNumber']}"
    try:
        print(f"{name}: {record(function, table, part)} records")
    except Problem as problem:
        print(f"{name}: {problem}", file=sys.stderr)
        return delete_lost and isinstance(problem, Lost)
    return True


class Problem(Exception):
    """Why a part of the stream could not be recorded."""


class Lost(Problem):
    """Its records cannot be read any more."""


def record(function, table, part):
    """Invokes the function with a part of the stream. Returns the number of its records."""
    if f":table/{table}/" not in part["streamArn"]:
        raise Lost(f"is in the stream of another table: {part['streamArn']}")
    # The function may take a minute.
    functions = boto3.client("lambda", config=Config(read_timeout=90))
    records = list(records_of(part))
    left, failed, in_a_row = records, [], 0
    while left and in_a_row < MAX_FAILURES:
        place = first_failure(functions, function, left[:BATCH])
        if place is None:
            left, in_a_row = left[BATCH:], 0
        else:
            failed.append(sequence_number(left[place]))
            left, in_a_row = left[place + 1 :], 1 if place else in_a_row + 1
    if failed:
        behind = f"; {len(left)} behind them were not tried" if left else ""
        raise Problem(f"these records failed again, see the function's log: {', '.join(failed)}{behind}")
    if not {part["startSequenceNumber"], part["endSequenceNumber"]} <= set(map(sequence_number, records)):
        raise Lost(f"{len(records)} records; the others are no longer in the stream")
    return len(records)


def first_failure(functions, function, batch):
    """Invokes the function with records. Returns the place of the first that is not done; None if all are."""
    payload = json.dumps({"Records": batch}, default=encoded).encode()
    answer = functions.invoke(FunctionName=function, Qualifier="live", Payload=payload)
    result = json.loads(answer["Payload"].read())
    if "FunctionError" in answer:
        raise Problem(f"the function failed, see its log: {json.dumps(result)}")
    failed = {failure["itemIdentifier"] for failure in result["batchItemFailures"]}
    places = (place for place, each in enumerate(batch) if sequence_number(each) in failed)
    # A failure without a number is one of the whole batch.
    return next(places, 0) if failed else None


def sequence_number(each):
    return each["dynamodb"]["SequenceNumber"]


def encoded(value):
    """A binary attribute, as Lambda delivers it."""
    return base64.b64encode(value).decode()


def records_of(part):
    """The records of a part that are still in the stream, in the form in which Lambda delivers them."""
    streams = boto3.client("dynamodbstreams")
    first, last = int(part["startSequenceNumber"]), int(part["endSequenceNumber"])
    try:
        iterator = first_iterator(streams, part)
        while iterator:
            page = streams.get_records(ShardIterator=iterator)
            for each in page["Records"]:
                number = int(sequence_number(each))
                if number > last:
                    return
                if number >= first:
                    created = each["dynamodb"].pop("ApproximateCreationDateTime").timestamp()
                    yield each | {
                        "eventSourceARN": part["streamArn"],
                        "dynamodb": each["dynamodb"] | {"ApproximateCreationDateTime": created},
                    }
                if number == last:
                    return
            iterator = page.get("NextShardIterator")
    except streams.exceptions.ResourceNotFoundException as error:
        raise Lost(f"is no longer in the stream: {error}") from None


def first_iterator(streams, part):
    shard = {"StreamArn": part["streamArn"], "ShardId": part["shardId"]}
    start = {"ShardIteratorType": "AT_SEQUENCE_NUMBER", "SequenceNumber": part["startSequenceNumber"]}
    try:
        return streams.get_shard_iterator(**shard, **start)["ShardIterator"]
    except streams.exceptions.TrimmedDataAccessException:
        # The later records of the part may still be there. The shard ends: it was open for four hours at most.
        return streams.get_shard_iterator(**shard, ShardIteratorType="TRIM_HORIZON")["ShardIterator"]


if __name__ == "__main__":
    main()
