// Web pages of other origins, in the browser of a developer who runs `cargo local`: on each of its ports, they read
// nothing and change nothing.

import assert from "node:assert/strict";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, test } from "node:test";
import type { Browser, Page } from "playwright-core";
import { launch, REBOUND } from "./browser.js";
import { start, type Stack } from "./stack.js";

/** A request that a page tries, with a path of the port. */
interface Attempt {
  path: string;
  options?: RequestInit;
  /** The status that a program on this machine gets. */
  program: number;
}

/** What the page sees. */
interface Seen {
  /** The body and the headers, as far as the page can read them, or the error. */
  text: string;
  status: number;
}

const [OK, CREATED, UNAUTHORIZED, REFUSED, NOT_FOUND] = [200, 201, 401, 403, 404];
/** An attempt that is answered later counts as answered: requests to the Runtime API wait for events. */
const TIMEOUT = 10_000;

let stack: Stack;
let browser: Browser;
/** The server of the foreign page. */
let server: Server;
/**
 * The attempts on each port. The last test sends them from a program. Those that get 404 there are what the emulator
 * behind the API's port would serve, and that the port lets nobody use.
 */
let ports: { name: string; url: string; attempts: Attempt[] }[];

before(async () => {
  stack = await start();
  browser = await launch();
  server = createServer((_, response) => {
    response.setHeader("content-type", "text/html").end("<title>Somebody else's</title>");
  }).listen(0, "127.0.0.1");
  await once(server, "listening");

  const authorization = `Bearer ${stack.token("alice")}`;
  const create = { method: "POST", body: JSON.stringify({ organizationName: "Foreign" }) };
  const json = { "content-type": "application/json" };
  const event = readFileSync("tests/events/create-organization.json", "utf8");
  // A browser asks for no permission before it sends text.
  const text = (body: string): RequestInit => ({ method: "POST", mode: "no-cors", body });
  const item = { pk: { S: "FOREIGN" }, sk: { S: "FOREIGN" } };
  const table = (name: string): object => ({
    TableName: name,
    BillingMode: "PAY_PER_REQUEST",
    AttributeDefinitions: [{ AttributeName: "pk", AttributeType: "S" }],
    KeySchema: [{ AttributeName: "pk", KeyType: "HASH" }],
  });
  await ask("CreateTable", table("to-be-deleted"));
  ports = [
    {
      name: "the API",
      url: stack.apiUrl,
      attempts: [
        { path: "/organization/list", options: { headers: { authorization } }, program: OK },
        { path: "/organization/list", options: { mode: "no-cors" }, program: UNAUTHORIZED },
        { path: "/organization", options: { ...create, headers: { authorization, ...json } }, program: CREATED },
        { path: "/2015-03-31/functions/create-organization/invocations", options: text(event), program: OK },
        {
          path: "/2015-03-31/functions/create-organization/response-streaming-invocations",
          options: text(event),
          program: NOT_FOUND,
        },
        { path: "/2015-03-31/functions/cost/invocations", options: text(event), program: NOT_FOUND },
        { path: "/lambda-url/create-organization/organization", options: text(event), program: NOT_FOUND },
        { path: "/.rt/2018-06-01/runtime/init/error", options: text("{}"), program: NOT_FOUND },
        { path: "/.rt/list-members/2018-06-01/runtime/invocation/next", program: NOT_FOUND },
      ],
    },
    {
      name: "DynamoDB",
      url: stack.dynamodbUrl,
      attempts: [
        dynamodb("Scan", { TableName: "organizations" }),
        dynamodb("PutItem", { TableName: "organizations", Item: item }),
        dynamodb("CreateTable", table("foreign")),
        dynamodb("DeleteTable", { TableName: "to-be-deleted" }),
      ],
    },
    {
      name: "the API reference",
      url: stack.referenceUrl,
      attempts: [
        { path: "/", program: OK },
        { path: "/", options: { mode: "no-cors" }, program: OK },
        { path: "/organization/list", options: { headers: { authorization } }, program: OK },
        { path: "/organization", options: { ...create, headers: { authorization, ...json } }, program: CREATED },
        { path: "/organization", options: { ...create, mode: "no-cors" }, program: UNAUTHORIZED },
      ],
    },
  ];
});

after(async () => {
  await browser?.close();
  server?.close();
  await stack?.stop();
});

/** Tries a request in a page. Every read and write of the page has come to its end when this returns. */
function attempt(page: Page, url: string, options: RequestInit = {}): Promise<Seen> {
  return page.evaluate(
    async ([url, options, timeout]) => {
      try {
        const answer = await fetch(url, { ...options, signal: AbortSignal.timeout(timeout) });
        const headers = [...answer.headers].map(([name, value]) => `${name}: ${value}\n`).join("");
        return { status: answer.status, text: headers + (await answer.text()) };
      } catch (error) {
        return { status: 0, text: String(error) };
      }
    },
    [url, options, TIMEOUT] as const,
  );
}

/** A request to DynamoDB. */
function dynamodb(action: string, body: object): Attempt {
  const headers = {
    "content-type": "application/x-amz-json-1.0",
    "x-amz-target": `DynamoDB_20120810.${action}`,
    "x-amz-date": "20261126T200000Z",
    authorization:
      "AWS4-HMAC-SHA256 Credential=local/20261126/us-east-1/dynamodb/aws4_request, SignedHeaders=host, Signature=0",
  };
  return { path: "/", options: { method: "POST", headers, body: JSON.stringify(body) }, program: OK };
}

/** DynamoDB's answer to a program on this machine. */
async function ask(action: string, body: object): Promise<unknown> {
  const { path, options } = dynamodb(action, body);
  const answer = await fetch(stack.dynamodbUrl + path, options);
  const text = await answer.text();
  assert.equal(answer.status, OK, `${action}: ${text}`);
  return JSON.parse(text);
}

/** Everything that the stack stores: each table with its items. */
async function stored(): Promise<[string, unknown][]> {
  const { TableNames } = (await ask("ListTables", {})) as { TableNames: string[] };
  assert.ok(TableNames.includes("organizations"), String(TableNames));
  return Promise.all(TableNames.map(async (name) => [name, await ask("Scan", { TableName: name })]));
}

for (const name of ["the API", "DynamoDB", "the API reference"]) {
  test(`a page of another origin reads nothing and changes nothing at the port of ${name}`, async (context) => {
    const port = ports.find((port) => port.name === name);
    assert.ok(port);
    const page = await browser.newPage();
    context.after(() => page.close());
    await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
    const before = await stored();
    const read: string[] = [];
    for (const { path, options } of port.attempts) {
      const seen = await attempt(page, port.url + path, options);
      // The error for every answer that a page must not read. To a request that asks for no permission (`no-cors`), the
      // answer has neither status nor headers nor body.
      const isUnreadable = seen.text === "TypeError: Failed to fetch" || (options?.mode === "no-cors" && !seen.text);
      if (seen.status !== 0 || !isUnreadable) read.push(`${path}: ${JSON.stringify(seen)}`);
    }
    assert.deepEqual(read, []);
    assert.deepEqual(await stored(), before);
  });

  test(`a foreign host name that resolves to this machine is refused at the port of ${name}`, async (context) => {
    const port = ports.find((port) => port.name === name);
    assert.ok(port);
    const page = await browser.newPage();
    context.after(() => page.close());
    const url = port.url.replace("127.0.0.1", REBOUND);
    assert.equal((await page.goto(url))?.status(), REFUSED);
    assert.equal(await page.locator("#tokens").count(), 0);
    const before = await stored();
    const read: string[] = [];
    for (const { path, options } of port.attempts) {
      // The page and the server have the same origin, so the page can read every answer.
      const seen = await attempt(page, url + path, { ...options, mode: "cors" });
      if (seen.status !== REFUSED) read.push(`${path}: ${JSON.stringify(seen)}`);
    }
    assert.deepEqual(read, []);
    assert.deepEqual(await stored(), before);
  });
}

test("a page of another origin cannot read the API reference in a frame", async (context) => {
  const page = await browser.newPage();
  context.after(() => page.close());
  await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
  const framed = await page.evaluate(async (url) => {
    const frame = Object.assign(document.createElement("iframe"), { src: url });
    document.body.append(frame);
    await new Promise((loaded) => frame.addEventListener("load", loaded));
    return frame.contentDocument === null;
  }, stack.referenceUrl);
  assert.ok(framed, "a page of another origin can read the frame");
  assert.equal(await page.frames()[1]?.locator(".opblock").count(), 0);
});

// Runs last, because it makes the changes that the pages could not make.
test("a program on this machine gets the answers that the pages did not", async () => {
  for (const port of ports) {
    for (const { path, options, program } of port.attempts) {
      // Only a page has a mode. A program sends no Origin.
      const answer = await fetch(port.url + path, { ...options, mode: "cors" });
      assert.equal(answer.status, program, `${port.name}: ${path}: ${await answer.text()}`);
    }
  }
  const tables = (await stored()).map(([name]) => name);
  assert.deepEqual([tables.includes("foreign"), tables.includes("to-be-deleted")], [true, false]);
});
