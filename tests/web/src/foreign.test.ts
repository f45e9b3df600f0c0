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
}

/** What the page sees. */
interface Seen {
  /** The body and the headers, as far as the page can read them, or the error. */
  text: string;
  status: number;
}

const REFUSED = 403;
/** An attempt that is answered later counts as answered: requests to the Runtime API wait for events. */
const TIMEOUT = 10_000;

let stack: Stack;
let browser: Browser;
/** The server of the foreign page. */
let server: Server;
/** The attempts on each port. Every one of them is a request that its server would answer if a program sent it. */
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
  const event = readFileSync("tests/events/create-organization.json", "utf8");
  // A browser asks for no permission before it sends text.
  const text = (body: string): RequestInit => ({ method: "POST", mode: "no-cors", body });
  const dynamodb = (action: string, body: object): Attempt => {
    const headers = {
      "content-type": "application/x-amz-json-1.0",
      "x-amz-target": `DynamoDB_20120810.${action}`,
      "x-amz-date": "20261126T200000Z",
      authorization:
        "AWS4-HMAC-SHA256 Credential=local/20261126/us-east-1/dynamodb/aws4_request, SignedHeaders=host, Signature=0",
    };
    return { path: "/", options: { method: "POST", headers, body: JSON.stringify(body) } };
  };
  const item = { pk: { S: "FOREIGN" }, sk: { S: "FOREIGN" } };
  ports = [
    {
      name: "the API",
      url: stack.apiUrl,
      attempts: [
        { path: "/organization/list", options: { headers: { authorization } } },
        { path: "/organization/list", options: { mode: "no-cors" } },
        { path: "/organization", options: { ...create, headers: { authorization } } },
        { path: "/2015-03-31/functions/create-organization/invocations", options: text(event) },
        { path: "/2015-03-31/functions/create-organization/response-streaming-invocations", options: text(event) },
        { path: "/2015-03-31/functions/cost/invocations", options: text(event) },
        { path: "/lambda-url/create-organization/organization", options: text(event) },
        { path: "/.rt/2018-06-01/runtime/init/error", options: text("{}") },
        { path: "/.rt/list-members/2018-06-01/runtime/invocation/next" },
      ],
    },
    {
      name: "DynamoDB",
      url: stack.dynamodbUrl,
      attempts: [
        dynamodb("Scan", { TableName: "organizations" }),
        dynamodb("PutItem", { TableName: "organizations", Item: item }),
        dynamodb("CreateTable", {
          TableName: "foreign",
          BillingMode: "PAY_PER_REQUEST",
          AttributeDefinitions: [{ AttributeName: "pk", AttributeType: "S" }],
          KeySchema: [{ AttributeName: "pk", KeyType: "HASH" }],
        }),
        dynamodb("DeleteTable", { TableName: "organizations" }),
      ],
    },
    {
      name: "the API reference",
      url: stack.referenceUrl,
      attempts: [
        { path: "/" },
        { path: "/", options: { mode: "no-cors" } },
        { path: "/organization/list", options: { headers: { authorization } } },
        { path: "/organization", options: { ...create, headers: { authorization } } },
        { path: "/organization", options: { ...create, mode: "no-cors" } },
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

/** Everything that the stack stores, as a program on this machine sees it. */
async function stored(): Promise<unknown> {
  const port = ports.find((port) => port.name === "DynamoDB");
  const scan = port?.attempts[0];
  const answer = await fetch(port?.url ?? "", scan?.options);
  return [answer.status, await answer.json()];
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
