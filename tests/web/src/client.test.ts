// A client with the types that openapi-typescript generates from openapi.yaml, against the local stack.
// Compiling it checks which requests it may send and which errors it must expect.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { after, before, test } from "node:test";
import createClient, { type Client } from "openapi-fetch";
import type { components, paths } from "./organizations.d.ts";
import { start, type Stack } from "./stack.js";

let stack: Stack;
before(async () => {
  stack = await start();
});
after(() => stack?.stop());

function client(user: string): Client<paths> {
  return clientWith(stack.token(user));
}

function service(name: string): Client<paths> {
  return clientWith(stack.serviceToken(name));
}

function clientWith(token: string): Client<paths> {
  return createClient<paths>({ baseUrl: stack.apiUrl, headers: { Authorization: `Bearer ${token}` } });
}

/** The data of a successful answer. */
function ok<T>(answer: { data?: T; error?: unknown }): T {
  assert.ok(answer.data !== undefined, JSON.stringify(answer.error));
  return answer.data;
}

test("every operation answers as its types say", async () => {
  const [ann, bob] = [client("ann"), client("bob")];
  const body = { organizationName: "Acme", domain: "Acme.example." };
  const key = { params: { header: { "Idempotency-Key": "8e03978e-40d5-43e8-bc93-6894a57f9324" } } };
  const organization = ok(await ann.POST("/organization", { ...key, body }));
  assert.deepEqual(ok(await ann.POST("/organization", { ...key, body })), organization);
  assert.deepEqual([organization.domain, organization.role, organization.version], ["acme.example", "owner", 1]);
  assert.deepEqual(ok(await ann.GET("/organization/list", { params: { query: { limit: 10 } } })), [organization]);

  const path = { organization_id: organization.id };
  assert.deepEqual(ok(await ann.GET("/organization/{organization_id}", { params: { path } })), organization);
  const seen = { params: { path, header: { "If-None-Match": '"1"' } } };
  assert.equal((await ann.GET("/organization/{organization_id}", seen)).response.status, 304);

  const query = { after: 0, limit: 10 };
  const [creation, ...later] = ok(
    await ann.GET("/organization/{organization_id}/event", { params: { path, query } }),
  ) satisfies components["schemas"]["Event"][];
  assert.deepEqual([creation?.number, creation?.type, creation?.actor, later.length], [
    1,
    "organization.created",
    { kind: "user", id: "ann" },
    0,
  ]);
  assert.deepEqual(creation?.changes.name, { from: null, to: "Acme" });
  assert.equal((await ann.GET("/organization/{organization_id}/event", seen)).response.status, 304);

  const renamed = await ann.PUT("/organization/{organization_id}", {
    params: { path, header: { "If-Match": '"1"' } },
    body: { ...organization, name: "Acme Europe", domain: null },
  });
  assert.deepEqual([ok(renamed).name, ok(renamed).domain], ["Acme Europe", null]);
  const overages = { params: { path }, body: { maxOverages: null } };
  assert.equal(ok(await ann.PATCH("/organization/{organization_id}/max-overages", overages)).maxOverages, null);

  const invited = await ann.POST("/organization/{organization_id}/invitation", { params: { path }, body: {} });
  const invitation: components["schemas"]["InvitationWithToken"] = ok(invited);
  assert.deepEqual([invitation.email, invitation.status, invitation.invitedBy], [null, "pending", "ann"]);
  const pending = ok(await ann.GET("/organization/{organization_id}/invitation", { params: { path } }));
  assert.deepEqual(pending.map(({ id }) => id), [invitation.id]);
  const token = { body: { token: invitation.token } };
  const preview = ok(await bob.POST("/invitation/preview", token));
  assert.deepEqual([preview.organizationName, preview.role], ["Acme Europe", "member"]);
  const member: components["schemas"]["Member"] = ok(await bob.POST("/invitation/accept", token));
  assert.deepEqual([member.userId, member.role, member.addedBy], ["bob", "member", "ann"]);
  const bobs = { path: { ...path, user_id: "bob" } };
  const promoted = await ann.PATCH("/organization/{organization_id}/member/{user_id}", {
    params: bobs,
    body: { role: "admin" },
  });
  assert.deepEqual(ok(await ann.GET("/organization/{organization_id}/member/{user_id}", { params: bobs })), ok(promoted));
  const members = ok(await bob.GET("/organization/{organization_id}/member", { params: { path } }));
  assert.deepEqual(members[1], ok(promoted));
  const left = ok(await bob.DELETE("/organization/{organization_id}/member/{user_id}", { params: bobs }));
  assert.deepEqual([left.role, left.memberCount], [null, 1]);

  const second = await ann.POST("/organization/{organization_id}/invitation", { params: { path }, body: {} });
  const { status } = ok(
    await ann.DELETE("/organization/{organization_id}/invitation/{invitation_id}", {
      params: { path: { ...path, invitation_id: ok(second).id } },
    }),
  );
  assert.equal(status, "revoked");

  const deleted = ok(await ann.DELETE("/organization/{organization_id}", { params: { path } }));
  assert.ok(deleted.deletedAt && deleted.purgeAt && deleted.deletedAt < deleted.purgeAt);
  const listed = await ann.GET("/organization/list", { params: { query: { deleted: true } } });
  assert.deepEqual(ok(listed), [deleted]);
  const restored = ok(await ann.POST("/organization/{organization_id}/restore", { params: { path } }));
  assert.deepEqual([restored.deletedAt, restored.version], [undefined, deleted.version + 1]);
});

test("a service creates an organization for a user, and adds a member", async () => {
  const billing = service("billing");
  const created = ok(await billing.POST("/organization", { body: { name: "Globex", owner: "carol" } }));
  assert.deepEqual([created.role, created.createdBy], [null, "service:billing"]);
  const path = { organization_id: created.id };
  const body = { userId: "dave", role: "admin" as const };
  const added = ok(await billing.POST("/organization/{organization_id}/member", { params: { path }, body }));
  assert.deepEqual([added.role, added.addedBy], ["admin", "service:billing"]);
  const listed = ok(await billing.GET("/organization/list", { params: { query: { userId: "dave" } } }));
  assert.deepEqual(listed.map(({ id, role }) => [id, role]), [[created.id, "admin"]]);

  const refused = await client("carol").POST("/organization/{organization_id}/member", { params: { path }, body });
  assert.deepEqual([refused.response.status, refused.error?.code], [403, "insufficient_scope"]);
});

test("a user and a service erase a user, but for an only owner among others", async () => {
  const [frank, billing] = [client("frank"), service("billing")];
  const created = ok(await frank.POST("/organization", { body: { name: "Hooli" } }));
  const path = { organization_id: created.id };
  const body = { userId: "grace" };
  ok(await billing.POST("/organization/{organization_id}/member", { params: { path }, body }));
  const user = (user_id: string) => ({ params: { path: { user_id } } });

  const { error: owner } = await billing.DELETE("/user/{user_id}", user("frank"));
  assert.ok(owner?.code === "last_owner" && "organizationIds" in owner.details);
  assert.deepEqual(owner.details.organizationIds, [created.id]);
  const { error: other } = await frank.DELETE("/user/{user_id}", user("grace"));
  assert.equal(other?.code, "forbidden");
  const left: components["schemas"]["Erasure"] = ok(await billing.DELETE("/user/{user_id}", user("grace")));
  assert.deepEqual(left, { left: [created.id], deleted: [] });
  const ended = ok(await frank.DELETE("/user/{user_id}", user("frank")));
  assert.deepEqual(ended, { left: [created.id], deleted: [created.id] });
  assert.equal((await billing.GET("/organization/{organization_id}", { params: { path } })).response.status, 404);
});

test("a service sets a plan, and reports usage within the limit", async () => {
  const [ann, billing] = [client("ann"), service("billing")];
  const externalId = "cus_1042/#?";
  const body = { name: "Umbrella", owner: "ann", externalId, metadata: { crm: "8041" } };
  const created = ok(await billing.POST("/organization", { body }));
  assert.deepEqual([created.externalId, created.metadata.crm, created.maxMembers], [externalId, "8041", null]);
  assert.deepEqual(ok(await billing.GET("/organization/list", { params: { query: { externalId } } })), [created]);
  const { error: taken } = await billing.POST("/organization", { body });
  assert.equal(taken?.code, "external_id_taken");

  const path = { organization_id: created.id };
  const plan: components["schemas"]["Plan"] = ok(
    await billing.PATCH("/organization/{organization_id}/plan", {
      params: { path, header: { "If-Match": '"1"' } },
      body: { includedUnits: 100, maxMembers: 1 },
    }),
  );
  assert.deepEqual([plan.includedUnits, plan.maxMembers, plan.updatedBy], [100, 1, "service:billing"]);
  const { error: full } = await billing.POST("/organization/{organization_id}/member", {
    params: { path },
    body: { userId: "bob" },
  });
  assert.ok(full?.code === "too_many_members" && full.details && "max" in full.details);
  assert.equal(full.details.max, 1);

  type Report = components["schemas"]["RecordUsageRequest"];
  const report = (body: Report, key?: string) => {
    const params = { path, ...(key && { header: { "Idempotency-Key": key } }) };
    return billing.POST("/organization/{organization_id}/usage", { params, body });
  };
  const period = new Date().toISOString().slice(0, 7);
  const first: components["schemas"]["RecordedUsage"] = ok(await report({ units: 60, period }, "report 1"));
  assert.deepEqual([first.recorded, first.used, first.remaining, first.period], [60, 60, 40, `${period}-01`]);
  const again = await report({ units: 60, period }, "report 1");
  assert.deepEqual(ok(again), first);
  assert.equal(again.response.headers.get("Idempotent-Replayed"), "true");
  const { error: exhausted } = await report({ units: 41, period });
  assert.ok(exhausted?.code === "overages_exhausted" && exhausted.details && "remaining" in exhausted.details);
  assert.equal(exhausted.details.remaining, 40);
  assert.equal(ok(await report({ units: 41, period, overLimit: "partial" })).recorded, 40);
  assert.equal(ok(await report({ units: 5, period, overLimit: "record" })).overages, 5);
  assert.equal(ok(await report({ units: -15, period })).recorded, -15);
  const usage: components["schemas"]["Usage"] = ok(
    await ann.GET("/organization/{organization_id}/usage", { params: { path, query: { period } } }),
  );
  assert.deepEqual([usage.used, usage.overages, usage.maxOverages, usage.remaining], [90, 0, 0, 10]);
  const cleared = await ann.PUT("/organization/{organization_id}", { params: { path }, body: { metadata: {} } });
  assert.deepEqual(ok(cleared).metadata, {});
});

test("errors have the codes and details of their operation", async () => {
  const [ann, bob] = [client("ann"), client("bob")];
  const path = { organization_id: ok(await ann.POST("/organization", { body: { name: "Acme" } })).id };

  const { error: hidden } = await bob.GET("/organization/{organization_id}", { params: { path } });
  assert.equal(hidden?.code, "organization_not_found");
  const { error: moved } = await ann.PUT("/organization/{organization_id}", {
    params: { path, header: { "If-Match": '"7"' } },
    body: { name: "Acme Europe" },
  });
  assert.ok(moved?.code === "precondition_failed");
  const version: number = moved.details.currentVersion;
  assert.equal(version, 1);
  const { error: last } = await ann.DELETE("/organization/{organization_id}/member/{user_id}", {
    params: { path: { ...path, user_id: "ann" } },
  });
  assert.equal(last?.code, "last_owner");
  // @ts-expect-error: this operation does not have that code
  assert.ok(last?.code !== "too_many_admins");

  const owned = await ann.POST("/organization", { body: { name: "Acme", owner: "bob" } });
  assert.ok(owned.error?.code === "forbidden");
  assert.equal(owned.error.details?.field, "owner");
  const wrong = await bob.POST("/invitation/accept", { body: { token: "invt_none" } });
  assert.equal(wrong.error?.code, "invitation_not_found");
  ok(await ann.DELETE("/organization/{organization_id}", { params: { path } }));
  const { error: deleted } = await ann.GET("/organization/{organization_id}/member", { params: { path } });
  assert.equal(deleted?.code, "organization_deleted");
  const { error: gone } = await bob.POST("/organization/{organization_id}/restore", { params: { path } });
  assert.equal(gone?.code, "organization_not_found");
});

test("Location and Link lead on from the URL of the response", async () => {
  // Other tests have deleted organizations of ann, which make her pages shorter.
  const erin = client("erin");
  const follow = async (response: Response, reference: string | null | undefined): Promise<unknown> => {
    assert.ok(reference, "the response has no reference");
    const headers = { Authorization: `Bearer ${stack.token("erin")}` };
    return (await fetch(new URL(reference, response.url), { headers })).json();
  };
  const created = await erin.POST("/organization", { body: { name: "Acme" } });
  assert.deepEqual(await follow(created.response, created.response.headers.get("Location")), ok(created));

  ok(await erin.POST("/organization", { body: { name: "Emca" } }));
  const [first, second] = ok(await erin.GET("/organization/list"));
  const page = await erin.GET("/organization/list", { params: { query: { limit: 1 } } });
  assert.deepEqual(ok(page), [first]);
  const next = /^<(.*)>; rel="next"$/.exec(page.response.headers.get("Link") ?? "")?.[1];
  assert.deepEqual(await follow(page.response, next), [second]);
});

test("requests that the API would refuse do not compile", async () => {
  const [ann, billing] = [client("ann"), service("billing")];
  const path = { organization_id: ok(await ann.POST("/organization", { body: { name: "Acme" } })).id };
  const params = { path };
  const refused = [
    // @ts-expect-error: a name is missing
    await ann.POST("/organization", { body: { domain: "acme.example" } }),
    // @ts-expect-error: a number instead of a string
    await ann.PUT("/organization/{organization_id}", { params, body: { name: 5 } }),
    // @ts-expect-error: a string instead of a number
    await ann.PATCH("/organization/{organization_id}/max-overages", { params, body: { maxOverages: "500" } }),
    // @ts-expect-error: an unknown role
    await billing.POST("/organization/{organization_id}/member", { params, body: { userId: "bob", role: "king" } }),
    // @ts-expect-error: a string instead of a number
    await ann.POST("/organization/{organization_id}/invitation", { params, body: { expiresInDays: "7" } }),
    // @ts-expect-error: no token
    await ann.POST("/invitation/accept", { body: {} }),
    // @ts-expect-error: only true
    await ann.GET("/organization/list", { params: { query: { deleted: false } } }),
    // @ts-expect-error: a value of metadata that is no string
    await ann.POST("/organization", { body: { name: "Acme", metadata: { crm: 8041 } } }),
    // @ts-expect-error: a limit of units that is null
    await billing.PATCH("/organization/{organization_id}/plan", { params, body: { includedUnits: null } }),
    // @ts-expect-error: no units
    await billing.POST("/organization/{organization_id}/usage", { params, body: { period: "2026-11" } }),
    // @ts-expect-error: an unknown way to treat the limit
    await billing.POST("/organization/{organization_id}/usage", { params, body: { units: 1, overLimit: "ignore" } }),
    // @ts-expect-error: a number instead of a string
    await ann.GET("/organization/{organization_id}/usage", { params: { path, query: { period: 2026 } } }),
  ];
  assert.deepEqual(
    refused.map(({ response }) => response.status),
    [400, 400, 400, 422, 400, 400, 400, 400, 400, 400, 422, 422],
  );
});

test("the client in docs/typescript.md works", () => {
  const env = { ...process.env, API: stack.apiUrl, TOKEN: stack.token("ann"), BOBS_TOKEN: stack.token("bob") };
  const printed = execFileSync("node", [join(import.meta.dirname, "documented.js")], { env, encoding: "utf8" });
  assert.equal(printed, "version 2 allows 500\nbob is a member\n");
});
