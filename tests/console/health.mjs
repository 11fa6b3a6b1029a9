// Health: sources, cache, slow lookups, writes that wait, audits. Run against a fresh demo.
import { readFileSync } from 'node:fs';
import { check, run, until } from './support.mjs';

const table = (page, name) => page.getByRole('table', { name, exact: true });
const button = (page, name) => page.getByRole('button', { name, exact: true });
const address = (page, path) => new URL(path, page.url()).href;

/** What a demo does not come to by itself: its answers, changed. */
const changed = (page, path, change) => page.route(`**${path}`, async (route) => {
  if (route.request().method() !== 'GET') return route.fallback();
  const response = await route.fetch();
  return route.fulfill({ response, json: change(await response.json()) });
});

await run({
  async 'sources and the cache are shown'({ page, open, axe, shot }) {
    await open('/health');
    await table(page, 'Sources').waitFor();
    for (const source of ['crm', 'billing', 'library', 'shop']) {
      const row = table(page, 'Sources').getByRole('row').filter({ hasText: source });
      check(/SQLite.*up.* of 10/.test(await row.textContent()), `${source} is up: ${await row.textContent()}`);
    }
    await page.getByRole('region', { name: 'Cache and lookups' }).getByText(/of 256 MB/).waitFor();
    await page.getByText('None: every write is done everywhere.').waitFor();
    await page.getByText('Not run since the proxy began.').waitFor();
    await axe('health');
    await shot('health');
  },

  async 'numbers follow what is asked'({ page }) {
    const count = async () => Number((await table(page, 'Sources').getByRole('row').filter({ hasText: 'billing' }).getByRole('cell').nth(3).textContent()).replace(',', ''));
    const before = await count();
    await page.request.get(address(page, '/api/v2/billing/_table/customer?related=contact&refresh=true'));
    await until('there are more statements', async () => await count() > before);
    await table(page, 'Slow lookups and pages').getByRole('cell', { name: 'lookup' }).first().waitFor();
  },

  async 'an audit finds the orphan'({ page, axe, shot }) {
    await button(page, 'Audit all keys').click();
    const results = table(page, 'Results of the audit');
    await results.waitFor();
    await page.getByText(/^Done .*: \d+ orphans?\.$/).waitFor();
    const contact = results.getByRole('button', { name: 'billing.customer.username → crm.contact.email' });
    await contact.click();
    const orphans = table(page, 'Orphans of billing.customer');
    await orphans.getByText('bruno.keller@example.com').waitFor();
    check(await orphans.getByRole('link', { name: 'id 41' }).getAttribute('href') === '/console/data/billing/customer/row/41', 'the row is a link');
    check(await results.getByRole('link', { name: 'Entry of billing.customer.username' }).getAttribute('href') === '/console/keys/foreign_key/0', 'the key is a link');
    await contact.scrollIntoViewIfNeeded();
    await axe('audit');
    await shot('health-audit');
    await contact.press('Enter');
    await orphans.waitFor({ state: 'hidden' });
  },

  async 'keys without orphans are left out when asked'({ page }) {
    const rows = table(page, 'Results of the audit').locator('tbody tr');
    const all = await rows.count();
    await page.getByRole('switch', { name: 'Only keys with orphans' }).press('Space');
    await until('there are fewer', async () => await rows.count() < all);
    await page.reload();
    await table(page, 'Results of the audit').waitFor();
    check(await rows.count() < all, 'the address keeps it');
    await page.getByRole('switch', { name: 'Only keys with orphans' }).press('Space');
  },

  async 'the result is saved as JSON and CSV'({ page }) {
    const saved = async (name) => {
      const [download] = await Promise.all([page.waitForEvent('download'), button(page, name).click()]);
      return [download.suggestedFilename(), readFileSync(await download.path(), 'utf8')];
    };
    const [jsonName, json] = await saved('Save as JSON');
    check(jsonName === 'audit.json' && JSON.parse(json).reports.some(({ orphans }) => orphans === 1), 'the JSON has the orphan');
    const [csvName, csv] = await saved('Save as CSV');
    check(csvName === 'audit.csv' && csv.startsWith('key,column,references,native,rows,checked,orphans,error\r\n'), 'the CSV has names');
    check(csv.includes('contact,billing.customer.username,crm.contact.email,false,80,78,1,\r\n'), `the CSV has the orphan: ${csv}`);
  },

  async 'a key of the list leads to its orphans'({ page, open }) {
    await open('/keys');
    await page.getByRole('row').filter({ hasText: 'billing.customer.username' }).getByRole('link', { name: '1', exact: true }).click();
    await table(page, 'Orphans of billing.customer').waitFor();
  },

  async 'a long audit shows how far it is, and stops'({ page, open, axe, shot }) {
    let running = true;
    await changed(page, '/admin/audit', (audit) => (running
      ? { ...audit, state: 'running', finished_at: null, done: 3, current: { key: 'contact', rows: 1_200_000, expected: 4_000_000 }, reports: audit.reports.slice(0, 3) } : audit));
    await open('/health');
    const bar = page.getByRole('progressbar', { name: 'Progress of the audit' });
    await bar.waitFor();
    check((await bar.getAttribute('aria-valuetext')).startsWith('3 of '), 'the bar has a text');
    await page.getByText('contact: 1,200,000 of about 4,000,000 rows').waitFor();
    await bar.scrollIntoViewIfNeeded();
    await axe('running audit');
    await shot('health-running');
    const [stopped] = await Promise.all([page.waitForRequest((request) => request.method() === 'DELETE'), button(page, 'Stop').click()]);
    check(stopped.url().endsWith('/admin/audit'), 'the server is told');
    running = false;
    await button(page, 'Audit all keys').waitFor();
    await page.unrouteAll({ behavior: 'wait' });
  },

  async 'a write that conflicts is given up after a question'({ page, open, expected, axe, shot }) {
    await changed(page, '/admin/transactions', () => ({ resource: [{
      id: '0193-write', state: 'conflicted', source: 'crm', decided_at: new Date(Date.now() - 7_200_000).toISOString(), attempts: 4,
      last_error: 'customer 7 was changed meanwhile', parts: [{ source: 'billing', operations: [{}, {}] }],
    }] }));
    await open('/health');
    const row = table(page, 'Writes that wait').getByRole('row').filter({ hasText: '0193-write' });
    await row.waitFor();
    for (const text of ['conflicted', '2 h ago', 'billing: 2 changes', 'customer 7 was changed meanwhile']) check((await row.textContent()).includes(text), `the row tells ${text}`);
    await row.scrollIntoViewIfNeeded();
    await axe('waiting writes');
    await row.getByRole('button', { name: 'Discard' }).press('Enter');
    const asked = page.getByRole('dialog', { name: 'Give up the rest of the write?' });
    await asked.waitFor();
    await axe('discard');
    await shot('health-discard');
    await page.keyboard.press('Escape');
    await asked.waitFor({ state: 'hidden' });
    await until('the focus is back', () => row.getByRole('button', { name: 'Discard' }).evaluate((one) => one === document.activeElement));
    await row.getByRole('button', { name: 'Retry' }).click();
    // The server knows no such write, and says so.
    expected(404, '/admin/transactions/0193-write');
    await button(page.getByRole('dialog'), 'Retry').click();
    await page.getByText('no write `0193-write` waits').waitFor();
    await page.unrouteAll({ behavior: 'wait' });
  },

  async 'a source whose journal cannot be read is told'({ page, open, axe }) {
    await changed(page, '/admin/transactions', () => ({ resource: [], unknown: ['crm'] }));
    await open('/health');
    await page.getByText('Not known for crm: it does not answer.').waitFor();
    check(await page.getByText('None: every write is done everywhere.').count() === 0, 'what is not known is not said to be none');
    await axe('unknown writes');
    await page.unrouteAll({ behavior: 'wait' });
  },

  async 'a key file that is not in use is told'({ page, open, axe }) {
    await changed(page, '/admin/sources', (health) => ({
      ...health, config: { state: 'refused', message: 'crosskey.toml:12:3: unknown key `colum`' },
      sources: health.sources.map((source, at) => (at ? source : { ...source, state: 'down' })),
    }));
    await open('/health');
    await page.getByText('crosskey.toml:12:3: unknown key `colum`').waitFor();
    await table(page, 'Sources').getByText('down').waitFor();
    await axe('faults');
    await page.unrouteAll({ behavior: 'wait' });
  },

  async 'a proxy that everybody reaches says why it shows nothing'({ page, open, expected, axe }) {
    await page.route('**/admin/sources', (route) => route.fulfill({ status: 403, json: { error: {
      code: 403, status_code: 403, message: "operators' pages are open on a loopback address alone", context: { reason: 'FORBIDDEN', hint: 'listen on 127.0.0.1 for them' },
    } } }));
    expected(403, '/admin/sources');
    await open('/health');
    await page.getByText('Health is not shown at this address').waitFor();
    await page.getByText('listen on 127.0.0.1 for them').waitFor();
    await axe('refused');
    await page.unrouteAll({ behavior: 'wait' });
  },

  async 'a phone can read it'({ page, open, axe, shot }) {
    await page.setViewportSize({ width: 390, height: 844 });
    await open('/health');
    await table(page, 'Sources').waitFor();
    check(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), 'it does not scroll sideways');
    await axe('phone');
    await shot('health-phone');
  },
});
