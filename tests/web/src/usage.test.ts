// The meter in docs/usage.md, against the local stack: what it records is what its work used, at the limit, under lost
// answers, and when its process is killed.

import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { after, before, mock, test } from "node:test";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import createClient, { type Client } from "openapi-fetch";
import { Meter } from "./meter.js";
import type { paths } from "./organizations.d.ts";
import { start, type Stack } from "./stack.js";

/** As in docs/usage.md. */
const BLOCK = 20;

let stack: Stack;
let token: string;
let billing: Client<paths>;
before(async () => {
  stack = await start();
  token = stack.serviceToken("billing");
  billing = createClient<paths>({ baseUrl: stack.apiUrl, headers: { Authorization: `Bearer ${token}` } });
});
after(() => stack?.stop());

/** The id of a new organization whose limit is this. */
async function organization(includedUnits: number): Promise<string> {
  const { data } = await billing.POST("/organization", { body: { name: "Acme", owner: "ann" } });
  assert.ok(data);
  const params = { path: { organization_id: data.id } };
  const plan = await billing.PATCH("/organization/{organization_id}/plan", { params, body: { includedUnits } });
  assert.equal(plan.data?.includedUnits, includedUnits, JSON.stringify(plan.error));
  return data.id;
}

/** What is recorded in this month. */
async function recorded(id: string): Promise<number> {
  const params = { path: { organization_id: id } };
  const { data, error } = await billing.GET("/organization/{organization_id}/usage", { params });
  assert.ok(data, JSON.stringify(error));
  return data.used;
}

/** The example as a process. */
interface Work {
  /** The units that its work has used so far. */
  used: number;
  /** What it printed. */
  lines: string[];
  /** Sends it a signal. */
  kill(signal: NodeJS.Signals): void;
  /** Resolves once it has used some units. */
  begun: Promise<unknown>;
  /** The signal that ended it, if one did. */
  ended: Promise<NodeJS.Signals | null>;
}

function work(id: string, api = stack.apiUrl): Work {
  const env = { ...process.env, API: api, TOKEN: token, ORGANIZATION: id };
  const stdio = ["ignore", "pipe", "inherit"] as const;
  const child = spawn("node", [join(import.meta.dirname, "work.js")], { env, stdio: [...stdio] });
  const output = createInterface(child.stdout!);
  const closed = once(output, "close");
  const ended = once(child, "exit").then(async ([code, signal]) => {
    await closed;
    assert.ok(signal !== null || code === 0, `it ended with status ${code}`);
    return signal as NodeJS.Signals | null;
  });
  const begun = Promise.race([once(output, "line"), ended]);
  // Not every test waits for it, and `ended` fails the same way.
  begun.catch(() => undefined);
  const work: Work = { used: 0, lines: [], begun, ended, kill: (signal) => child.kill(signal) };
  output.on("line", (line) => {
    work.lines.push(line);
    work.used = Number(/^used (\d+)$/.exec(line)?.[1] ?? work.used);
  });
  return work;
}

test("the commands in docs/usage.md print what it shows below them", () => {
  const page = readFileSync("docs/usage.md", "utf8");
  const blocks = [...page.matchAll(/^```sh\n(.*?)^```$/gms)].map(([, block]) => block!);
  const lines = blocks.join("").split("\n");
  const local = { "http://127.0.0.1:9000": stack.apiUrl, "$(cargo -q local token --service billing)": token };
  const script = Object.entries(local).reduce((script, [text, here]) => {
    assert.ok(script.includes(text), text);
    return script.replace(text, here);
  }, lines.join("\n"));
  // The example has the address of the page by default.
  const env = { ...process.env, API: stack.apiUrl };
  const printed = execFileSync("bash", ["-euc", script], { cwd: import.meta.dirname, encoding: "utf8", env });
  const shown = lines.flatMap((line) => (line.startsWith("# ") ? [line.slice(2)] : []));
  const elided = shown.indexOf("…");
  const actual = withoutWhatDiffers(printed).trim().split("\n");
  actual.splice(elided, actual.length - shown.length + 1, "…");
  assert.deepEqual(actual, withoutWhatDiffers(shown.join("\n")).split("\n"));
});

/** The text with ids, times and the current month replaced. */
function withoutWhatDiffers(text: string): string {
  return text.replaceAll(/org_[0-9A-Z]{26}|\d{4}-\d\d-01"|\d{4}-\d\d-\d\dT[0-9:.]+Z/g, "DIFFERS");
}

test("the example works up to the limit and gives the rest back", async () => {
  const id = await organization(50);
  const example = work(id);
  assert.equal(await example.ended, null);
  const pieces = Array.from({ length: 16 }, (_, piece) => `used ${3 * (piece + 1)}`);
  assert.deepEqual(example.lines, [...pieces, "recorded 48 of 50"]);
  assert.equal(await recorded(id), 48);
});

test("a meter that is told to stop gives the rest back", async () => {
  const id = await organization(1_000_000);
  const example = work(id);
  await example.begun;
  example.kill("SIGTERM");
  assert.equal(await example.ended, null);
  assert.deepEqual([example.used > 0, await recorded(id)], [true, example.used]);
});

test("processes that share a limit use no more than it, and what they record is what they use", async () => {
  const limit = 401;
  const id = await organization(limit);
  const processes = [work(id), work(id), work(id)];
  await Promise.all(processes.map(({ ended }) => ended));
  const used = processes.map((process) => process.used).reduce((sum, used) => sum + used, 0);
  assert.equal(await recorded(id), used);
  // The first one that is refused ends while the others have less than a block each.
  assert.ok(used <= limit && used > limit - 3 * BLOCK, `${used} of ${limit}`);
});

test("a killed process loses at most one block, and the limit holds: 50 times", async (t) => {
  const lost: number[] = [];
  let killed = 0;
  const run = async (): Promise<void> => {
    const limit = Math.floor(Math.random() * 500);
    const pause = Math.random() * 250;
    const id = await organization(limit);
    const example = work(id);
    await example.begun;
    await sleep(pause);
    example.kill("SIGKILL");
    const signal = await example.ended;
    // A report that was under way may be recorded after the end of its process.
    await sleep(100);
    const total = await recorded(id);
    const message = `limit ${limit}, killed after ${pause} ms: used ${example.used}, recorded ${total}`;
    assert.ok(example.used <= total && total <= limit, message);
    assert.ok(total - example.used <= (signal ? BLOCK : 0), message);
    if (signal) killed += 1;
    lost.push(total - example.used);
  };
  // Five at a time, because each waits more than it works.
  for (let runs = 0; runs < 50; runs += 5) {
    await Promise.all(Array.from({ length: 5 }, run));
  }
  lost.sort((a, b) => a - b);
  t.diagnostic(`${killed} killed at work, ${50 - killed} had ended at the limit; units lost: ${lost.join(" ")}`);
  assert.ok(killed >= 25, `only ${killed} of 50 were killed before they reached the limit`);
  assert.ok(lost.some((units) => units > 0), "no process was killed while it had units left");
});

test("a lost answer reserves once and gives back once", async (t) => {
  const id = await organization(100);
  const keys = new Map<string, number>();
  // Passes requests on, and drops the first two answers to each report.
  const lossy = createServer(async (request, response) => {
    const body = (await request.toArray()).join("");
    const headers = Object.fromEntries(
      ["authorization", "content-type", "idempotency-key"].flatMap((name) => {
        const value = request.headers[name];
        return typeof value === "string" ? [[name, value]] : [];
      }),
    );
    const init = { method: request.method!, headers, ...(body === "" ? {} : { body }) };
    const answer = await fetch(stack.apiUrl + request.url, init);
    const key = headers["idempotency-key"];
    const times = key === undefined ? 3 : (keys.get(key) ?? 0) + 1;
    if (key !== undefined) keys.set(key, times);
    if (times < 3) return void response.destroy();
    response.writeHead(answer.status, { "content-type": "application/json" }).end(await answer.text());
  }).listen(0, "127.0.0.1");
  t.after(() => {
    lossy.close();
    lossy.closeAllConnections();
  });
  await once(lossy, "listening");
  const example = work(id, `http://127.0.0.1:${(lossy.address() as AddressInfo).port}`);
  assert.equal(await example.ended, null);
  assert.deepEqual([example.used, example.lines.at(-1)], [99, "recorded 99 of 100"]);
  assert.ok([...keys.values()].every((times) => times === 3), "a report was sent with another key");
  assert.ok(keys.size > 100 / BLOCK, `${keys.size} reports`);
});

test("pieces of work at the same time share a block, and each unit is recorded", async () => {
  const id = await organization(100);
  const meter = new Meter(billing, id, BLOCK);
  const take = (pieces: number): Promise<boolean[]> =>
    Promise.all(Array.from({ length: pieces }, () => meter.take(3)));
  assert.deepEqual(await take(5), Array.from({ length: 5 }, () => true));
  assert.equal(await recorded(id), BLOCK);
  assert.equal((await take(35)).filter((isTaken) => isTaken).length, 33 - 5);
  assert.equal(await recorded(id), 100);
  await meter.close();
  assert.equal(await recorded(id), 99);
  await assert.rejects(meter.take(BLOCK + 1), RangeError);
});

test("a block that is left from the last month is given back to it", async () => {
  const id = await organization(100);
  const now = new Date();
  const meter = new Meter(billing, id, BLOCK);
  assert.ok(await meter.take(1));
  try {
    mock.timers.enable({ apis: ["Date"], now: Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + 1) });
    // The API is still in this month, so the next block is of this month, too.
    assert.ok(await meter.take(2));
    assert.equal(await recorded(id), 1 + BLOCK);
  } finally {
    mock.timers.reset();
  }
});

test("a report without an answer is repeated with its key for a day, and then given up", async () => {
  const bodies: { units: number }[] = [];
  let respond: () => Response = () => Response.json({ recorded: BLOCK, period: "2026-11-01" });
  const fetch = async (request: Request): Promise<Response> => {
    bodies.push((await request.json()) as { units: number });
    return respond();
  };
  const meter = new Meter(createClient<paths>({ baseUrl: "http://127.0.0.1", fetch }), "org_1", BLOCK);
  mock.timers.enable({ apis: ["Date"], now: Date.UTC(2026, 10, 2) });
  try {
    assert.ok(await meter.take(1));
    respond = () => Response.json({ code: "organization_deleted", message: "It is deleted." }, { status: 409 });
    await assert.rejects(meter.close(), /It is deleted/);
    await assert.rejects(meter.take(1), /It is deleted/);
    mock.timers.tick(24 * 60 * 60 * 1000);
    respond = () => Response.json({ recorded: BLOCK, period: "2026-11-01" });
    assert.ok(await meter.take(1));
  } finally {
    mock.timers.reset();
  }
  assert.deepEqual(bodies.map(({ units }) => units), [BLOCK, 1 - BLOCK, 1 - BLOCK, BLOCK]);
});
