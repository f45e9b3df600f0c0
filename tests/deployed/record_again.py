#!/usr/bin/env python3
"""Records the changes that record-events could not record: those that the stack's queue of failures names.

    python3 tests/deployed/record_again.py [stack]     (default: organizations)

First remove the cause. Each message of the queue names a part of the table's stream. This reads its records, invokes the
function with them and deletes the message, unless a record fails again. A record is in the stream for 24 hours, so some 18
hours after its message came it is lost; its message then remains in the queue, as that of another table does.

What was recorded before is recorded again, and is the same: it can be run as often as needed. Needs boto3, and credentials
that may describe the stack, read and delete the queue's messages, read the stream and invoke the function.
"""

import argparse
import base64
import json
import sys

import boto3
from botocore.config import Config

# In one invocation, as the mapping's BatchSize.
BATCH = 100


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("stack", nargs="?", default="organizations")
    stack = parser.parse_args().stack
    cloudformation, sqs = boto3.client("cloudformation"), boto3.client("sqs")
    (described,) = cloudformation.describe_stacks(StackName=stack)["Stacks"]
    outputs = {each["OutputKey"]: each["OutputValue"] for each in described["Outputs"]}
    queue, table = outputs["FailedEventsQueueUrl"], outputs["TableName"]
    resource = cloudformation.describe_stack_resource(StackName=stack, LogicalResourceId="RecordEventsFunction")
    function = resource["StackResourceDetail"]["PhysicalResourceId"]
    failed = []
    for message in messages(sqs, queue):
        part = json.loads(message["Body"])["DDBStreamBatchInfo"]
        name = f"{part['shardId']} {part['startSequenceNumber']}-{part['endSequenceNumber']}"
        try:
            number = record(function, table, part)
        except Problem as problem:
            failed.append(message["ReceiptHandle"])
            print(f"{name}: {problem}", file=sys.stderr)
            continue
        sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
        print(f"{name}: {number} records")
    for receipt in failed:
        sqs.change_message_visibility(QueueUrl=queue, ReceiptHandle=receipt, VisibilityTimeout=0)
    sys.exit(1 if failed else 0)


def messages(sqs, queue):
    """The queue's messages, each once: one that is not deleted stays invisible for the time of this run."""
    # With a wait, SQS asks all of its servers. Without, it may find nothing although there are messages.
    options = {"MaxNumberOfMessages": 10, "VisibilityTimeout": 3600, "WaitTimeSeconds": 2}
    while page := sqs.receive_message(QueueUrl=queue, **options).get("Messages"):
        yield from page


class Problem(Exception):
    """Why a part of the stream could not be recorded."""


def record(function, table, part):
    """Invokes the function with a part of the stream. Returns the number of its records."""
    if f":table/{table}/" not in part["streamArn"]:
        raise Problem(f"is in the stream of another table: {part['streamArn']}")
    # The function may take a minute.
    functions = boto3.client("lambda", config=Config(read_timeout=90))
    records = list(records_of(part))
    for start in range(0, len(records), BATCH):
        payload = json.dumps({"Records": records[start : start + BATCH]}, default=encoded).encode()
        answer = functions.invoke(FunctionName=function, Qualifier="live", Payload=payload)
        result = json.loads(answer["Payload"].read())
        if "FunctionError" in answer or result["batchItemFailures"]:
            raise Problem(f"the function failed, see its log: {json.dumps(result)}")
    return len(records)


def encoded(value):
    """A binary attribute, as Lambda delivers it."""
    return base64.b64encode(value).decode()


def records_of(part):
    """The records of a part of the stream, in the form in which Lambda delivers them."""
    streams = boto3.client("dynamodbstreams")
    first, last = part["startSequenceNumber"], part["endSequenceNumber"]
    try:
        iterator = streams.get_shard_iterator(
            StreamArn=part["streamArn"],
            ShardId=part["shardId"],
            ShardIteratorType="AT_SEQUENCE_NUMBER",
            SequenceNumber=first,
        )["ShardIterator"]
        while iterator:
            page = streams.get_records(ShardIterator=iterator)
            for each in page["Records"]:
                number = each["dynamodb"]["SequenceNumber"]
                if int(number) > int(last):
                    return
                created = each["dynamodb"].pop("ApproximateCreationDateTime").timestamp()
                yield each | {
                    "eventSourceARN": part["streamArn"],
                    "dynamodb": each["dynamodb"] | {"ApproximateCreationDateTime": created},
                }
                if number == last:
                    return
            iterator = page.get("NextShardIterator")
    except (streams.exceptions.TrimmedDataAccessException, streams.exceptions.ResourceNotFoundException) as error:
        raise Problem(f"is no longer in the stream: {error}") from None
    raise Problem(f"the stream does not have {last}")


if __name__ == "__main__":
    main()
