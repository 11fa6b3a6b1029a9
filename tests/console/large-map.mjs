// A map of 300 tables and 500 keys stays usable: how long its layout takes, and how smoothly it is moved.
// Only the catalog is made up; pages and everything else come from the server.
import { largeCatalog } from './large-catalog.mjs';
import { check, run, until, within } from './support.mjs';

const LAYOUT = 3_000;
const LONG_TASK = 200;

await run({
  async 'a large map is laid out off the main thread'({ page, open, shot }) {
    await page.route('**/catalog', (route) => route.fulfill({ json: largeCatalog() }));
    await page.addInitScript(() => {
      globalThis.longTasks = [];
      new PerformanceObserver((list) => globalThis.longTasks.push(...list.getEntries().map(({ duration }) => duration))).observe({ type: 'longtask', buffered: true });
    });
    await open('/map');
    await page.getByRole('heading', { name: '300 tables, 500 keys' }).waitFor();
    await until('all tables are drawn', async () => (await page.locator('.map-table').count()) === 300);
    const [all, worker] = await page.evaluate(() => performance.getEntriesByName('map-layout').map(({ duration, detail }) => [duration, detail.worker])[0]);
    const drawn = await page.evaluate(() => Math.round(performance.now()));
    console.log(`layout: ${Math.round(all)} ms from question to answer, ${Math.round(worker)} ms in the worker; drawn ${drawn} ms after navigation`);
    check(worker > 0, 'the layout was made in the worker');
    within(LAYOUT, all, 'layout of 300 tables and 500 keys');
    await shot('map-large');
  },

  async 'it is panned and zoomed without long tasks'({ page }) {
    const { x, y } = await middle(page);
    await page.mouse.move(x, y);
    await measured(page, 'zoom in and out', async () => {
      for (const step of [...Array(20).fill(-160), ...Array(20).fill(160), ...Array(14).fill(-160)]) await page.mouse.wheel(0, step);
    });
    await measured(page, 'pan near by', () => panned(page, x, y));
    await page.getByRole('button', { name: 'Show everything' }).click();
    await measured(page, 'pan the whole map', () => panned(page, x, y));
    await page.getByRole('button', { name: 'Show everything' }).click();
    await measured(page, 'point at tables', async () => {
      for (let step = 0; step < 40; step += 1) await page.mouse.move(x - 400 + step * 20, y + (step % 5) * 20, { steps: 3 });
    });
  },

  async 'a table is found and its keys stand out'({ page, open, shot }) {
    await open('/map');
    await page.getByRole('textbox', { name: 'Find a table or key' }).fill('crm.account');
    await page.getByRole('option', { name: 'crm.account', exact: true }).waitFor();
    await page.keyboard.press('Enter');
    await page.getByRole('region', { name: 'Table crm.account' }).waitFor();
    await page.locator('.map-table.picked').waitFor();
    await shot('map-large-table');
  },
});

async function middle(page) {
  const { x, y, width, height } = await page.getByRole('application', { name: 'Map of tables and keys' }).boundingBox();
  return { x: x + width / 2, y: y + height / 2 };
}

async function panned(page, x, y) {
  for (const [dx, dy] of [[-300, -150], [350, 180], [-200, 200], [250, -220]]) {
    await page.mouse.move(x, y);
    await page.mouse.down();
    await page.mouse.move(x + dx, y + dy, { steps: 40 });
    await page.mouse.up();
  }
}

/** Moves, and tells times of frames and long tasks meanwhile. */
async function measured(page, what, move) {
  within(LONG_TASK, await longestTask(page, what, move), `${what}, the longest task`);
}

async function longestTask(page, what, move) {
  await page.evaluate(() => {
    globalThis.longTasks.length = 0;
    globalThis.frames = [];
    globalThis.measuring = true;
    let last = performance.now();
    const frame = (now) => {
      globalThis.frames.push(now - last);
      last = now;
      if (globalThis.measuring) requestAnimationFrame(frame);
    };
    requestAnimationFrame(frame);
  });
  await move();
  const { frames, tasks } = await page.evaluate(() => new Promise((done) => {
    // Long tasks are told a little later.
    requestAnimationFrame(() => setTimeout(() => { globalThis.measuring = false; done({ frames: globalThis.frames, tasks: globalThis.longTasks }); }, 300));
  }));
  frames.sort((one, other) => one - other);
  const at = (part) => Math.round(frames[Math.min(frames.length - 1, Math.floor(frames.length * part))]);
  const longest = Math.round(Math.max(0, ...tasks));
  console.log(`${what}: ${frames.length} frames, p50 ${at(0.5)} ms, p95 ${at(0.95)} ms, max ${at(1)} ms; ${tasks.length} long tasks, longest ${longest} ms`);
  return longest;
}
