// What the tests of all views share. Each is run as: node VIEW.mjs BASE_URL CHROMIUM MODULES [SCREENSHOT_FOLDER]
import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const [base, executablePath, modules, screenshots] = process.argv.slice(2);
const require = createRequire(`${modules}/`);
const { chromium } = require('playwright-core');
const axe = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');

const args = [
  '--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
  '--disable-background-networking', '--disable-component-update', '--disable-sync',
];
const wait = 20_000;
const origin = new URL(base).origin;

export function check(holds, message) {
  if (!holds) throw new Error(message);
}

/** Tells a time. Where CROSSKEY_BARS is set, on a machine that does nothing else, it must be within its bar. */
export function within(bar, milliseconds, what) {
  console.log(`${what}: ${Math.round(milliseconds)} ms, of ${bar}`);
  if (process.env.CROSSKEY_BARS) check(milliseconds <= bar, `${what} takes ${milliseconds} ms`);
}

export async function until(what, holds) {
  const end = Date.now() + wait;
  while (!(await holds())) {
    if (Date.now() > end) throw new Error(`not within ${wait} ms: ${what}`);
    await new Promise((done) => setTimeout(done, 50));
  }
}

// What must not happen in any tab: console messages, faults, refused sources, requests that fail or leave the server.
// Answers that a step expects to be errors are told by `expected(status, part of the address)`.
class Watch {
  faults = [];
  #expected = [];

  expected(status, part) { this.#expected.push({ status, part }); }

  #isExpected(status, url) {
    return this.#expected.some((one) => one.status === status && url.includes(one.part));
  }

  of(context) {
    context.on('console', (message) => {
      const status = Number(/status of (\d+)/.exec(message.text())?.[1]);
      const known = status && this.#isExpected(status, message.location().url);
      if (message.type() !== 'debug' && !known) this.faults.push(`console ${message.type()}: ${message.text()} ${message.location().url}`);
    });
    context.on('weberror', (fault) => this.faults.push(`uncaught: ${fault.error()?.stack}`));
    context.on('requestfailed', (request) => {
      // The page gives up what it no longer shows.
      if (request.failure()?.errorText !== 'net::ERR_ABORTED') this.faults.push(`failed: ${request.url()} ${request.failure()?.errorText}`);
    });
    context.on('response', (response) => {
      if (response.status() >= 400 && !this.#isExpected(response.status(), response.url())) {
        this.faults.push(`${response.status()}: ${response.request().method()} ${response.url()}`);
      }
    });
    context.on('request', (request) => {
      const url = new URL(request.url());
      if (!['data:', 'blob:'].includes(url.protocol) && url.origin !== origin) this.faults.push(`leaves the server: ${url}`);
    });
    return context.addInitScript(() => {
      addEventListener('securitypolicyviolation', (event) => console.error(`policy: ${event.violatedDirective} refuses ${event.blockedURI}`));
    });
  }
}

/**
 * Runs a view's steps in a browser of its own, one after the other. Each step is given
 * `page`, `context`, `browser`, `open(path)` (below /console), `expected(status, part)`, `axe(what)` (no serious violation, in
 * either colour scheme) and `shot(name)` (both schemes, where a folder is given).
 */
export async function run(steps, { viewport = { width: 1280, height: 720 } } = {}) {
  const browser = await chromium.launch({ executablePath, args });
  const watch = new Watch();
  try {
    const context = await browser.newContext({ viewport, colorScheme: 'light', reducedMotion: 'reduce', permissions: ['clipboard-read', 'clipboard-write'] });
    await watch.of(context);
    const page = await context.newPage();
    page.setDefaultTimeout(wait);
    const open = async (path) => {
      const answer = await page.goto(`${origin}/console${path}`);
      check(answer.status() === 200, `${path} answers ${answer.status()}`);
      await page.locator('main').waitFor();
    };
    const inBoth = async (work) => {
      for (const scheme of ['light', 'dark']) {
        await page.emulateMedia({ colorScheme: scheme });
        await until(`the page is ${scheme}`, () => page.evaluate((scheme) => document.documentElement.dataset.mantineColorScheme === scheme, scheme));
        await work(scheme);
      }
      await page.emulateMedia({ colorScheme: 'light' });
      await until('the page is light', () => page.evaluate(() => document.documentElement.dataset.mantineColorScheme === 'light'));
    };
    const tools = {
      page, context, browser, open, base: origin, expected: (status, part) => watch.expected(status, part),
      axe: (what) => inBoth(async (scheme) => {
        await page.evaluate(axe);
        const { violations } = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ['violations'] }));
        const serious = violations.filter(({ impact }) => ['serious', 'critical'].includes(impact));
        const told = serious.map(({ id, help, nodes }) => `${id}: ${help}\n${nodes.slice(0, 5).map((node) => `  ${node.html}\n  ${node.failureSummary}`).join('\n')}`);
        check(!serious.length, `${what}, ${scheme}:\n${told.join('\n')}`);
      }),
      shot: (name) => screenshots ? inBoth((scheme) => page.screenshot({ path: join(screenshots, `${name}-${scheme}.png`) })) : undefined,
    };
    for (const [name, step] of Object.entries(steps)) {
      try {
        await step(tools);
        check(!watch.faults.length, watch.faults.join('\n'));
      } catch (fault) {
        if (screenshots) await page.screenshot({ path: join(screenshots, 'failed.png') });
        const more = watch.faults.length ? `\nbeside it:\n${watch.faults.join('\n')}` : '';
        throw new Error(`${name} (${page.url()}): ${fault.message}${more}`);
      }
      console.log(`ok ${name}`);
    }
    console.log('all steps passed');
  } finally {
    await browser.close();
  }
}
