// The API reference of `cargo local`, in a headless Chromium. SCREENSHOT=docs/reference.png retakes the picture in
// README.

import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { after, before, test } from "node:test";
import type { Browser, Locator, Page } from "playwright-core";
import { parse } from "yaml";
import { launch } from "./browser.js";
import { start, type Stack } from "./stack.js";

const MAX_BYTES = 200_000;

let stack: Stack;
let browser: Browser;
let page: Page;
/** Requests of the page to other servers, violations of its policy, and script errors. */
const faults: string[] = [];

before(async () => {
  stack = await start();
  browser = await launch();
  page = await browser.newPage({ viewport: { width: 1100, height: 900 } });
  page.on("request", (request) => {
    if (new URL(request.url()).origin !== stack.referenceUrl && !request.url().startsWith("data:")) {
      faults.push(`a request to ${request.url()}`);
    }
  });
  page.on("pageerror", (error) => faults.push(error.message));
  page.on("console", (message) => {
    if (message.text().includes("Content Security Policy")) faults.push(message.text());
  });
  await page.goto(stack.referenceUrl);
  await page.locator(".opblock").first().waitFor();
});

after(async () => {
  await browser?.close();
  await stack?.stop();
});

function operation(id: string): Locator {
  return page.locator(`.opblock[id$="-${id}"]`);
}

/** Executes an expanded operation. Returns status and body of the answer. */
async function execute(operation: Locator): Promise<{ status: number; body: Record<string, unknown> }> {
  await operation.getByRole("button", { name: "Execute" }).click();
  const answer = operation.locator(".live-responses-table tbody .response");
  const status = Number(await answer.locator(".response-col_status").innerText());
  const body = await answer.locator(".highlight-code code").first().innerText();
  return { status, body: JSON.parse(body) };
}

test("the page shows every operation", async () => {
  const openapi = parse(readFileSync("openapi.yaml", "utf8"));
  const operations = Object.values<object>(openapi.paths).flatMap((path) => Object.values(path));
  const expected = operations.flatMap((operation) => operation.operationId ?? []);
  const blocks = await page.locator(".opblock").all();
  const shown = await Promise.all(blocks.map((block) => block.getAttribute("id")));
  assert.ok(expected.length >= 9);
  assert.deepEqual(shown.map((id) => id?.split("-").at(-1)).sort(), expected.sort());
});

let id: string;

test("an operation is executed as a demo user, and succeeds", async () => {
  const create = operation("createOrganization");
  await create.locator(".opblock-summary-control").click();
  const { status, body } = await execute(create);
  assert.equal(status, 201);
  assert.deepEqual([body.name, body.createdBy, body.version], ["Acme", "alice", 1]);
  id = String(body.id);

  await page.setViewportSize({ width: 1000, height: 1425 });
  await create.evaluate((block) => window.scrollBy(0, block.getBoundingClientRect().top - 45));
  const picture = await page.screenshot();
  assert.ok(picture.length < MAX_BYTES, `${picture.length} bytes`);
  if (process.env.SCREENSHOT) writeFileSync(process.env.SCREENSHOT, picture);
});

test("a refused operation shows its error", async () => {
  await page.getByLabel("Try it as").selectOption("bob");
  const get = operation("getOrganization");
  await get.locator(".opblock-summary-control").click();
  await get.getByPlaceholder("organization_id").fill(id);
  const { status, body } = await execute(get);
  assert.equal(status, 404);
  assert.equal(body.code, "organization_not_found");
});

test("the page contacts only its own server, within its policy and without errors", () => {
  assert.deepEqual(faults, []);
});
