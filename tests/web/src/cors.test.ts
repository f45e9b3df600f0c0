// Requests of web pages to a deployed API, in a headless Chromium. Run by tests/template/rehearsal.py, with these
// variables: API_URL, TOKEN, PROXY, CHROMIUM, ALLOWED (origins that the API allows, separated by commas) and OTHER (one
// that it does not).

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { chromium, type Browser } from "playwright-core";

const { API_URL, TOKEN, PROXY, CHROMIUM, ALLOWED = "", OTHER = "" } = process.env;

let browser: Browser;

before(async () => {
  browser = await chromium.launch({
    ...(CHROMIUM && { executablePath: CHROMIUM }),
    proxy: { server: PROXY ?? "" },
    args: ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"],
  });
});

after(() => browser?.close());

/** What a page of this origin sees of the answer to a request, or the error. */
async function fetchFrom(origin: string, method: string, path: string, body?: object) {
  // The rehearsal's certificate authority is unknown to Chromium.
  const page = await browser.newPage({ ignoreHTTPSErrors: true });
  await page.goto(`${origin}/`);
  const options = {
    method,
    headers: { authorization: `Bearer ${TOKEN}`, "content-type": "application/json" },
    ...(body && { body: JSON.stringify(body) }),
  };
  const seen = page.evaluate(
    async ([url, options]) => {
      const answer = await fetch(url, options);
      return { status: answer.status, etag: answer.headers.get("etag"), body: await answer.json() };
    },
    [API_URL + path, options] as const,
  );
  return seen.finally(() => page.close());
}

// None of these requests is simple, so the browser asks for permission with OPTIONS first.

for (const origin of ALLOWED.split(",")) {
  test(`a page of ${origin} creates, changes and reads, and sees the ETag`, async () => {
    const created = await fetchFrom(origin, "POST", "/organization", { organizationName: "Acme" });
    assert.deepEqual([created.status, created.etag], [201, '"1"']);
    const path = `/organization/${created.body.id}`;
    const changed = await fetchFrom(origin, "PATCH", `${path}/max-overages`, { maxOverages: 5 });
    assert.deepEqual([changed.status, changed.etag], [200, '"2"']);
    const read = await fetchFrom(origin, "GET", path);
    assert.deepEqual([read.status, read.body.maxOverages], [200, 5]);
    const refused = await fetchFrom(origin, "GET", "/organization/org_none");
    assert.deepEqual([refused.status, refused.body.code], [404, "organization_not_found"]);
  });
}

test(`a page of ${OTHER} reads nothing`, async () => {
  await assert.rejects(fetchFrom(OTHER, "GET", "/organization/list"), /Failed to fetch/);
  await assert.rejects(fetchFrom(OTHER, "POST", "/organization", { organizationName: "Acme" }), /Failed to fetch/);
});
