// The pictures of docs/console: node shots.mjs BASE_URL CHROMIUM MODULES docs/console
import { run, until } from './support.mjs';

const settled = (page) => until('nothing is loading', async () => !(await page.locator('.mantine-Loader-root').count()));

await run({
  async 'the map'({ page, open, shot, base }) {
    await fetch(`${base}/admin/audit`, { method: 'POST' });
    await until('the audit is done', async () => (await (await fetch(`${base}/admin/audit`)).json()).state === 'done');
    await open('/map');
    await page.locator('.react-flow__node').first().waitFor();
    await settled(page);
    await shot('map');
    await open('/map?table=crm.contact');
    await page.getByText('Referenced by (3)').waitFor();
    await shot('map-table');
  },

  async 'keys'({ page, open, shot }) {
    await open('/keys');
    await page.getByRole('link', { name: /billing\.customer/ }).first().waitFor();
    await settled(page);
    await shot('keys');
    await open('/keys/foreign_key/0');
    await page.getByText('bruno.keller@example.com').first().waitFor();
    await settled(page);
    await shot('key');
  },

  async 'rows'({ page, open, shot }) {
    await open('/data/crm/contact');
    await page.getByText('Schneider').first().waitFor();
    await settled(page);
    await shot('rows');
    await open('/data/crm/contact/row/1');
    await page.getByText('Referenced by').first().waitFor();
    await settled(page);
    await shot('row');
  },

  async 'writing'({ page, open, expected, shot }) {
    await open('/data/shop/orders/row/7');
    await page.getByRole('button', { name: 'Edit', exact: true }).click();
    await page.getByText('Braided cable 2 m').first().waitFor();
    await shot('edit');
    await open('/data/crm/contact/row/1');
    // Others refer to it: that is what the picture shows.
    expected(400, 'dry_run=true');
    await page.getByRole('button', { name: 'Delete', exact: true }).click();
    await page.getByRole('dialog').getByText(/restrict/i).first().waitFor();
    await shot('delete');
  },

  async 'requests'({ page, open, shot }) {
    await open('/api?tab=build&table=crm.contact');
    await page.getByText('curl').first().waitFor();
    await settled(page);
    await shot('api');
  },

  async 'health'({ page, open, shot }) {
    await open('/health');
    await page.getByText('Audit').first().waitFor();
    await settled(page);
    await shot('health');
  },
});
