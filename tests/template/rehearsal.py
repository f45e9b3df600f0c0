"""Rehearses a deployment on this machine, with the real SAM CLI, AWS CLI, curl and Chromium, against MiniStack.

    rehearsal.py <directory of MiniStack> <directory of the AWS CLI> <compiled tests/web/src/cors.test.ts>

The functions are the debug binaries of `cargo build`, which are linked dynamically and for this machine's
processor: a release build of both architectures takes ten minutes. `bash .ci/artifacts` builds the real
artifacts with the same makefiles, and starts each. MiniStack runs a function as a process.

docs/deploy.md lists what this cannot show. Nothing here contacts AWS (network.py).
"""

import collections
import contextlib
import functools
import signal
import sys
import tempfile
import time

import aws_here
import client
import documents
import options
import permissions
import recording
import recovery
import sam
import sign_in
import updates
from build import COPY_DEBUG_BINARY
from role_requests import REQUESTS, Team

started = time.monotonic()


@contextlib.contextmanager
def step(title):
    """Prints the title and the lines that are appended to the list, with the seconds taken."""
    begun, lines = time.monotonic(), []
    yield lines
    print(f"{time.monotonic() - begun:6.1f} s  {title}")
    for line in lines:
        print(f"{'':10}{line}")
    sys.stdout.flush()


def main(ministack, awscli, browser_test):
    with tempfile.TemporaryDirectory() as directory:
        with aws_here.running(directory, ministack, awscli, *options.NAMES) as world:
            first = aws_here.Stack(directory, Release="first", **sign_in.PARAMETERS)
            with step("sam build"):
                first.build(COPY_DEBUG_BINARY)
            with step("sam package"):
                first.package()
            with step("a first deployment that fails, and what docs/deploy.md says then"):
                recovery.failed_first_deployment(first)
            deployed(first)
            url, tokens = tried(first)
            suite(url, tokens)
            record = recording.Record(first)
            callers = [client.Api(url, tokens[name]) for name in ("alice", "carol", "dave", "service")]
            recorded(record, *callers)
            roles(first, Team(*callers, record))
            record.end()
            second(directory, options.Issuer(world), world, browser_test)
            lived(directory, first, client.Api(url, tokens["alice"]))
    print(f"{time.monotonic() - started:6.1f} s  in total")


def deployed(stack):
    with step(f"sam deploy of the stack {stack.name}") as lines:
        stack.deploy()
        assert stack.status() == "CREATE_COMPLETE", stack.status()
        created = {id: kind for id, (kind, _) in stack.resources().items()}
        expected = stack.expected_resources()
        assert created == expected, created.items() ^ expected.items()
        lines.append(f"{len(created)} resources, as in the transformed template:")
        lines += [f"{number:2} {kind}" for kind, number in sorted(collections.Counter(created.values()).items())]


def tried(stack):
    with step("the output TryIt, as docs/deploy.md runs it") as lines:
        lines.append(documents.run(documents.commands("docs/deploy.md", "Identity")[0]))
        assert lines == ["[]"], lines
    with step("the smoke test") as lines:
        lines += documents.run("python3 tests/deployed/smoke.py").splitlines()[-1:]
        assert lines == ["All succeeded."], lines
    with step("users created and signed in as docs/deploy.md says"):
        url, pool = stack.outputs()["ApiUrl"], sign_in.Pool(stack.outputs())
        tokens = pool.tokens()
    with step("an ID token is refused"):
        client.Api(url, pool.id_token("alice")).expect(403, "GET", "/organization/list")
    with step("the app cannot ask for the scope of services") as lines:
        lines.append(pool.refused("organizations/service"))
        assert "error_description=invalid_scope" in lines[0], lines
    return url, tokens


def suite(url, tokens):
    with step("the black-box suite at the output ApiUrl, as docs/deploy.md runs it") as lines:
        passed, failed, skipped = sign_in.black_box_suite(url, tokens)
        assert failed == 0 and passed >= 150, (passed, failed)
        lines.append(f"{passed} passed, 0 failed, {len(skipped)} skipped, because:")
        reasons = collections.Counter(reason for _, reason in skipped)
        lines += [f"{number:2} {reason}" for reason, number in reasons.most_common()]


def recorded(record, owner, member, guest, service):
    with step("each change as an event: stored, listed, and sent by a rule of the bus to a queue") as lines:
        lines += recording.history(record, owner, service)
    with step("an event that could not be sent, recorded again as docs/operations.md says") as lines:
        again, count, purge, *_ = documents.commands("docs/operations.md", "Changes that were not recorded")
        command = functools.partial(documents.run_to_end, again, STACK=record.stack.name)
        for repair in recording.repair, recording.repair_behind_unreadable:
            lines += repair(record, service, command).splitlines()
    with step("an organization whose removal was not recorded, purged as docs/operations.md says") as lines:
        named = {"TABLE": record.table, "ID": recording.UNREADABLE, "CREATOR": "record"}
        count, purge = (functools.partial(documents.run, block, **named) for block in (count, purge))
        lines.append("members before and after: {}, {}".format(*recording.purge(record, count, purge)))
        assert lines == ["members before and after: 1, 0"], lines


def roles(stack, team):
    all_roles = permissions.Roles(stack, team)
    with team.record.impatient():
        each_role(all_roles)


def each_role(all_roles):
    with step("requests with unchanged roles, each of which is logged"):
        assert (failed := all_roles.failure(REQUESTS)) is None, failed
    with step("each permission removed, and the request that then fails") as lines:
        found = all_roles.removed_actions() | all_roles.detached_policies()
        for (policy, action), failure in found.items():
            lines.append(f"{policy:26} {action:27} {failure or f'none: {permissions.reason(policy, action)}'}")
        assert not (wrong := permissions.unexplained(found)), "\n".join([*lines, f"unexpected: {wrong}"])
    with step("each policy with the name of another table") as lines:
        found = all_roles.on_another_table()
        lines += [f"{policy:26} {failure}" for policy, failure in found.items()]
        assert set(found) >= set(REQUESTS) and all(found.values()), found


def second(directory, issuer, world, browser_test):
    stack = aws_here.Stack(directory, "second", **options.PARAMETERS)
    assert set(sam.source()["Parameters"]) == set(options.PARAMETERS) | options.OTHERS
    with step("sam build for x86_64"):
        stack.build(COPY_DEBUG_BINARY)
    deployed(stack)
    url = stack.outputs()["ApiUrl"]
    with step("tokens of an own issuer, and their scopes"):
        options.scopes(url, issuer)
    with step("how long an event is kept"):
        options.retention(stack, url, issuer)
    with step("the limits of growth, and invitations"):
        options.growth(url, issuer)
        options.invitations(url, issuer)
    with step("pages of two allowed origins and of another one, in Chromium") as lines:
        lines += options.browser(url, issuer, world, browser_test)
        assert len(lines) == 3, lines
    with step("what the other parameters change"):
        options.settings(stack)


def lived(directory, stack, alice):
    """Updates, a restored backup, and the deletion. The data outlasts all of them."""
    path = f"/organization/{alice.expect(201, 'POST', '/organization', {'organizationName': 'Kept'})['id']}"
    before = alice.expect(200, "GET", path)
    for title, change in [
        ("an update of the code", updates.code),
        ("the same again, from uploaded artifacts: no changes", updates.nothing),
        ("an update of the memory", updates.memory),
        ("an update of the page for invitations", updates.invitation_page),
        ("an update of the time-out", updates.time_out),
        ("an update of the tags", updates.tags),
        ("an update of the reserved concurrency", updates.reserved_concurrency),
        ("the address of the output ApiUrl disabled and enabled", updates.disabled_address),
        ("the machine client removed", updates.no_machine_client),
        ("an update that fails, and is rolled back", updates.failing),
        ("a backup restored as docs/operations.md says", recovery.restore),
    ]:
        with step(title):
            change(stack)
            assert alice.expect(200, "GET", path) == before
    with step("sam delete: the table and the user pool remain"):
        table, pool = updates.delete(stack)
    adopting, pool = recovery.adopting_stack(directory, table, pool)
    with step("sam build"):
        adopting.build(COPY_DEBUG_BINARY)
    deployed(adopting)
    with step("a user of the deleted stack in the one that has taken over its table and user pool"):
        recovery.expect_data(adopting, pool, "alice", path, before)
    with step("sam delete: the table remains"):
        adopting.delete()
        updates.expect_table(table)


if __name__ == "__main__":
    # So that what runs is stopped, too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    sys.exit(main(*sys.argv[1:]))
