// The data view, for reading: tables, rows with filter, order and pages, relationships both ways, one row.
import { check, run, until } from './support.mjs';

const grid = (page, table) => page.getByRole('grid', { name: `Rows of ${table}`, exact: true });
const status = (page) => page.getByRole('status').filter({ hasText: /rows?\b/ });

/** Opens the rows of a table and waits for them. */
async function rows({ page, open }, path, table) {
  await open(path);
  await grid(page, table).getByRole('gridcell').first().waitFor();
}

const api = async (page, path) => page.evaluate(async (path) => (await fetch(path)).json(), path);

/** The texts of a column, as the page shows them. */
async function column(page, table, name) {
  const headers = await grid(page, table).getByRole('columnheader').allInnerTexts();
  const at = headers.findIndex((text) => text.trim().split(/\s/)[0] === name);
  check(at >= 0, `there is no column ${name} among ${headers}`);
  return grid(page, table).locator(`tbody > tr > td:nth-child(${at + 1})`).allInnerTexts();
}

const sorted = (page, name, order) => page.getByRole('columnheader', { name }).and(page.locator(`[aria-sort=${order}]`)).waitFor();

/** Where the focus is, by the text of its cell. */
const focused = (page) => page.evaluate(() => document.activeElement?.textContent ?? '');

const steps = {
  async tables({ page, open, axe, shot }) {
    await open('/data');
    const crm = page.getByRole('region', { name: 'crm' });
    await crm.getByRole('link', { name: 'contact', exact: true }).waitFor();
    check(await page.getByRole('link', { name: 'orders', exact: true }).isVisible(), 'orders is not listed');
    await axe('list of tables');
    await shot('data-tables');
    const search = page.getByRole('textbox', { name: 'Search tables' });
    await search.fill('username');
    await until('one table is left', async () => (await page.getByRole('status').innerText()).startsWith('1 table'));
    check(await page.getByRole('link', { name: 'customer', exact: true }).isVisible(), 'a table is not found by its column');
    await search.fill('nothing like it');
    await page.getByText('No table has this in its name or columns.').waitFor();
    await search.fill('');
    await crm.getByRole('link', { name: 'contact', exact: true }).click();
    await grid(page, 'crm.contact').getByRole('link', { name: '1', exact: true }).waitFor();
  },

  async 'rows of a table'(tools) {
    const { page, axe, shot } = tools;
    await rows(tools, '/data/crm/contact', 'crm.contact');
    await grid(page, 'crm.contact').getByText('anna.schneider@example.org').waitFor();
    await until('the rows are counted', async () => (await status(page).innerText()) === '1–25 of 60 rows');
    check(await page.getByRole('navigation', { name: 'Tables' }).getByRole('link', { name: /^contact\s*60$/ }).getAttribute('aria-current') === 'true', 'the table is not marked in the list');
    await axe('rows');
    await shot('data-rows');
  },

  async 'filter along relationships'(tools) {
    const { page, axe, shot } = tools;
    await rows(tools, '/data/crm/contact', 'crm.contact');
    await page.getByRole('button', { name: 'Filter: add a condition' }).click();
    const form = page.getByRole('form', { name: 'Condition' });
    await form.getByRole('textbox', { name: 'Column' }).fill('customers.payment_by_customer_id.am');
    await page.getByRole('option', { name: 'customers.payment_by_customer_id.amount', exact: true }).click();
    await form.getByRole('textbox', { name: 'Test' }).click();
    await page.getByRole('option', { name: '>', exact: true }).click();
    await form.getByRole('textbox', { name: 'Value' }).fill('460');
    await axe('filter form');
    await shot('data-filter');
    await page.keyboard.press('Enter');
    const { meta } = await api(page, '/api/v2/crm/_table/contact?filter=customers.payment_by_customer_id.amount%20%3E%20460&count_only=true');
    check(meta.count > 0 && meta.count < 60, `${meta.count} contacts meet the filter`);
    await until('the filter is applied', async () => (await status(page).innerText()) === `${meta.count} rows`);
    check(new URL(page.url()).searchParams.get('filter') === 'customers.payment_by_customer_id.amount gt 460', 'the address does not hold the filter');

    await page.getByRole('button', { name: 'or … another condition' }).click();
    await form.getByRole('textbox', { name: 'Column' }).fill('country');
    await page.getByRole('option', { name: 'country', exact: true }).click();
    await form.getByRole('textbox', { name: 'Test' }).click();
    await page.getByRole('option', { name: 'is NULL', exact: true }).click();
    await form.getByRole('button', { name: 'Apply' }).click();
    const both = await api(page, '/api/v2/crm/_table/contact?filter=customers.payment_by_customer_id.amount%20%3E%20460%20or%20country%20is%20null&count_only=true');
    await until('either may hold', async () => (await status(page).innerText()) === `${both.meta.count} rows`);
    await page.getByRole('button', { name: /^Remove the condition customers/ }).click();
    await until('one condition is left', async () => new URL(page.url()).searchParams.get('filter') === 'country is_null');
    await page.goBack();
    await until('Back knows both', async () => (await status(page).innerText()) === `${both.meta.count} rows`);
  },

  async 'a column is found by words, and Enter takes the first'(tools) {
    const { page } = tools;
    await rows(tools, '/data/crm/contact', 'crm.contact');
    await page.getByRole('button', { name: 'Filter: add a condition' }).click();
    const form = page.getByRole('form', { name: 'Condition' });
    const column = form.getByRole('textbox', { name: 'Column' });
    await until('the column has the focus', () => column.evaluate((input) => input === document.activeElement));
    await page.keyboard.type('customer plan');
    await page.getByRole('option', { name: 'customers.plan', exact: true }).waitFor();
    await page.keyboard.press('Enter');
    await until('the first is taken', async () => (await column.inputValue()) === 'customers.plan');
    const value = form.getByRole('textbox', { name: 'Value' });
    await until('the value has the focus', () => value.evaluate((input) => input === document.activeElement));
    // What is typed in full comes before names that only hold it.
    await column.click();
    await column.fill('id');
    await page.getByRole('option', { name: 'id', exact: true }).waitFor();
    await page.keyboard.press('Enter');
    await until('the name itself is taken', async () => (await column.inputValue()) === 'id');
    await until('the value has the focus', () => value.evaluate((input) => input === document.activeElement));
    await page.keyboard.type('7');
    await page.keyboard.press('Enter');
    await until('the filter is applied', async () => new URL(page.url()).searchParams.get('filter') === 'id eq 7');
  },

  async 'values of a condition are checked'(tools) {
    const { page } = tools;
    await rows(tools, '/data/crm/contact', 'crm.contact');
    await page.getByRole('button', { name: 'Filter: add a condition' }).click();
    const form = page.getByRole('form', { name: 'Condition' });
    await form.getByRole('textbox', { name: 'Column' }).fill('id');
    await page.getByRole('option', { name: 'id', exact: true }).click();
    await form.getByRole('textbox', { name: 'Value' }).fill('many');
    await form.getByRole('button', { name: 'Apply' }).click();
    await form.getByText('a whole number').waitFor();
    await page.keyboard.press('Escape');
    await form.waitFor({ state: 'detached' });
    check((await page.evaluate(() => document.activeElement?.getAttribute('aria-label'))) === 'Filter: add a condition', 'the focus does not come back');
  },

  async 'rows that are there or not'(tools) {
    const { page } = tools;
    const none = await api(page, '/api/v2/crm/_table/contact?filter=customers.count()%20%3D%200&count_only=true');
    await rows(tools, '/data/crm/contact?filter=customers+none', 'crm.contact');
    await until('contacts without customers', async () => (await status(page).innerText()) === `${none.meta.count} rows`);
    await page.getByRole('button', { name: 'Change the condition customers has no row' }).click();
    const form = page.getByRole('form', { name: 'Condition' });
    await form.getByRole('textbox', { name: 'Test' }).click();
    await page.getByRole('option', { name: 'has a row', exact: true }).click();
    await form.getByRole('button', { name: 'Apply' }).click();
    await until('contacts with customers', async () => (await status(page).innerText()).endsWith(`${60 - none.meta.count} rows`));
  },

  async 'order and pages are whole'(tools) {
    const { page } = tools;
    await rows(tools, '/data/billing/payment?size=25', 'billing.payment');
    const header = (name) => grid(page, 'billing.payment').getByRole('columnheader', { name });
    await header('amount').getByRole('button').click();
    await sorted(page, 'amount', 'ascending');
    await header('amount').getByRole('button').click();
    await sorted(page, 'amount', 'descending');
    await header('status').getByRole('button').click({ modifiers: ['Shift'] });
    await sorted(page, 'status', 'ascending');
    check(new URL(page.url()).searchParams.get('order') === '-amount status', `the address holds ${page.url()}`);
    const seen = [];
    for (;;) {
      await page.waitForFunction(() => !document.querySelector('[class*=stale]'));
      seen.push(...await column(page, 'billing.payment', 'id'));
      const next = page.getByRole('button', { name: 'Next page' });
      if (await next.isDisabled()) break;
      const before = await grid(page, 'billing.payment').getByRole('gridcell').nth(1).innerText();
      await next.click();
      await until('the next page', async () => (await grid(page, 'billing.payment').getByRole('gridcell').nth(1).innerText()) !== before);
    }
    const wanted = await api(page, '/api/v2/billing/_table/payment?fields=id&order=amount%20desc,status');
    check(seen.length === 150 && new Set(seen).size === 150, `${seen.length} rows, ${new Set(seen).size} of them different`);
    check(seen.join() === wanted.resource.map(({ id }) => id).join(), 'the order is not that of REST');
    await page.getByRole('button', { name: 'Previous page' }).click();
    await until('the page before the last', async () => (await column(page, 'billing.payment', 'id'))[0] === seen[100]);
    await page.getByRole('button', { name: 'First page' }).click();
    await until('the first page', async () => (await column(page, 'billing.payment', 'id'))[0] === seen[0]);
    await page.getByRole('button', { name: 'Last page' }).click();
    await until('the last page', async () => (await column(page, 'billing.payment', 'id')).at(-1) === seen[149]);
  },

  async 'orders without cursors are paged by number'(tools) {
    const { page } = tools;
    await rows(tools, '/data/crm/contact?order=-created_at&size=10', 'crm.contact');
    const wanted = (await api(page, '/api/v2/crm/_table/contact?fields=id&order=created_at%20desc')).resource.map(({ id }) => String(id));
    const seen = await column(page, 'crm.contact', 'id');
    await page.getByRole('button', { name: 'Next page' }).click();
    await until('the second page', async () => (await status(page).innerText()) === '11–20 of 60 rows');
    await until('its rows', async () => (await column(page, 'crm.contact', 'id'))[0] === wanted[10]);
    seen.push(...await column(page, 'crm.contact', 'id'));
    check(seen.join() === wanted.slice(0, 20).join(), `${seen} instead of ${wanted.slice(0, 20)}`);
    await page.getByRole('button', { name: 'Last page' }).click();
    await until('the last page', async () => (await status(page).innerText()) === '51–60 of 60 rows');
  },

  async 'links both ways, and the way is remembered'(tools) {
    const { page, axe, shot } = tools;
    await rows(tools, '/data/crm/contact', 'crm.contact');
    const first = grid(page, 'crm.contact').getByRole('row').nth(1);
    await first.getByRole('link', { name: '2 customers', exact: true }).click();
    await grid(page, 'billing.customer').getByRole('gridcell').first().waitFor();
    await until('two customers', async () => (await status(page).innerText()) === '2 rows');
    const way = page.getByRole('navigation', { name: 'The way here' });
    check(/contact Schneider\s*customers/.test(await way.innerText()), `the way is ${await way.innerText()}`);
    await grid(page, 'billing.customer').getByRole('row').nth(1).getByRole('link', { name: 'Schneider' }).click();
    const crumbs = page.getByRole('navigation', { name: 'Breadcrumbs' });
    await crumbs.getByText('Schneider').waitFor();
    check(new URL(page.url()).pathname.endsWith('/data/crm/contact/row/1'), `came to ${page.url()}`);
    check(/crm\s*\/\s*contact\s*\/\s*Schneider/.test((await crumbs.innerText()).replaceAll('\n', ' ')), `breadcrumbs: ${await crumbs.innerText()}`);
    check(/customer anna\.schneider@example\.org\s*contact/.test(await way.innerText()), `the way is ${await way.innerText()}`);
    await page.reload();
    await way.waitFor();
    await page.getByRole('table', { name: 'First rows of customers' }).waitFor();
    const types = await page.getByRole('region', { name: 'Fields' }).getByRole('rowheader').allInnerTexts();
    check(types[0] === 'id bigint' && types.includes('created_at datetime'), `types are not as the catalog has them: ${types}`);
    check(await page.getByRole('region', { name: 'Fields' }).getByTitle('bigint, INTEGER in the database').isVisible(), "the database's own word is not told");
    await axe('row');
    await shot('data-row');
    await way.getByRole('link', { name: 'customer anna.schneider@example.org' }).click();
    await crumbs.getByText('anna.schneider@example.org').waitFor();
    await page.goBack();
    await crumbs.getByText('Schneider', { exact: true }).waitFor();
    await crumbs.getByRole('link', { name: 'contact' }).click();
    await until('all contacts', async () => (await status(page).innerText()) === '1–25 of 60 rows');
  },

  async 'referenced by, as REST counts it'({ page, open }) {
    await open('/data/crm/contact/row/16');
    const section = page.getByRole('region', { name: 'Referenced by' });
    const names = ['contact_info_by_contact_id', 'customers', 'contact_group_relationship_by_contact_id', 'contact_group_by_contact_group_relationship'];
    const counts = await api(page, `/api/v2/crm/_table/contact/16?related=${names.map((name) => `${name}.count()`).join()}`);
    for (const name of names) {
      const group = section.getByRole('region', { name, exact: true });
      await group.scrollIntoViewIfNeeded();
      const { count } = counts[`${name}_aggregate`];
      await group.getByLabel(`${count} rows`, { exact: true }).waitFor();
      if (!count) continue;
      check(await group.getByRole('row').count() === Math.min(count, 5) + 1, `${name} does not show its first rows`);
      const all = await group.getByRole('link', { name: /^show / }).getAttribute('href');
      await page.evaluate((href) => { window.shown = window.open(href); }, all);
    }
    for (const tab of page.context().pages().slice(1)) {
      const text = tab.getByRole('status').filter({ hasText: /rows?\b/ });
      await text.filter({ hasText: /^\d+ rows?$/ }).waitFor();
      await tab.close();
    }
    await section.getByRole('region', { name: 'customers', exact: true }).getByRole('link', { name: 'show all 3' }).click();
    await grid(page, 'billing.customer').getByRole('gridcell').first().waitFor();
    await until('three customers', async () => (await status(page).innerText()) === '3 rows');
  },

  async 'relationships unfold below their row'(tools) {
    const { page, axe, shot } = tools;
    await rows(tools, '/data/crm/contact?columns=id+last_name+*customers+*contact_group_by_contact_group_relationship', 'crm.contact');
    const toggle = page.getByRole('button', { name: 'customers of Schneider' });
    await toggle.click();
    const inner = page.getByRole('table', { name: 'First rows of customers' });
    await inner.waitFor();
    check(await inner.getByRole('row').count() === 3, 'not both customers are shown');
    await axe('unfolded relationship');
    await shot('data-unfolded');
    await toggle.click();
    await inner.waitFor({ state: 'detached' });
  },

  async 'a deep link keeps filter, order and columns'(tools) {
    const { page } = tools;
    await rows(tools, '/data/crm/contact?filter=country+in+DE,FR+and+email+ends_with+.org&order=-last_name&columns=last_name+country+email&size=10', 'crm.contact');
    const wanted = await api(page, "/api/v2/crm/_table/contact?filter=country%20in%20(DE,FR)%20and%20email%20ends%20with%20'.org'&order=last_name%20desc&fields=last_name");
    const names = wanted.resource.map(({ last_name: name }) => name).slice(0, 10);
    check(names.length > 1, 'too few contacts to tell');
    await until('the rows of the link', async () => (await column(page, 'crm.contact', 'last_name')).join() === names.join());
    await page.reload();
    await grid(page, 'crm.contact').getByRole('gridcell').first().waitFor();
    await until('the same rows', async () => (await column(page, 'crm.contact', 'last_name')).join() === names.join());
    await sorted(page, 'last_name', 'descending');
    check(await page.getByRole('button', { name: 'Change the condition country is one of DE, FR' }).isVisible(), 'the condition is not shown');
    const headers = (await grid(page, 'crm.contact').getByRole('columnheader').allInnerTexts()).map((text) => text.trim()).filter(Boolean);
    check(headers.join() === 'last_name,country,email', `the columns are ${headers}`);
    const link = new URL(await page.getByRole('link', { name: 'API', exact: true }).last().getAttribute('href'), page.url());
    check(link.searchParams.get('table') === 'crm.contact' && link.searchParams.get('order') === '-last_name', `the request builder gets ${link}`);
  },

  async 'columns are chosen and moved'(tools) {
    const { page, axe } = tools;
    await rows(tools, '/data/crm/contact', 'crm.contact');
    await page.getByRole('button', { name: 'Columns' }).click();
    await axe('choice of columns');
    await page.getByRole('checkbox', { name: 'created_at' }).uncheck();
    await page.getByRole('button', { name: 'Move email to the left' }).click();
    await page.keyboard.press('Escape');
    await until('email stands before last_name', async () => {
      const headers = await grid(page, 'crm.contact').getByRole('columnheader').allInnerTexts();
      const at = (name) => headers.findIndex((text) => text.trim() === name);
      return at('email') < at('last_name') && at('created_at') < 0;
    });
    await page.getByRole('button', { name: 'Columns 9/10' }).click();
    await page.getByRole('button', { name: 'Show all' }).click();
    await page.getByRole('columnheader', { name: 'created_at' }).waitFor();
  },

  async 'orphans, NULL, and the empty text'(tools) {
    const { page } = tools;
    await rows(tools, '/data/billing/customer?filter=id+in+17,41', 'billing.customer');
    const [first, second] = [1, 2].map((at) => grid(page, 'billing.customer').getByRole('row').nth(at));
    await first.getByText('NULL', { exact: true }).first().waitFor();
    check(!(await first.innerText()).includes('orphan'), 'NULL refers to nothing, and is no orphan');
    check(await second.getByTitle('contact: crm.contact has no row for bruno.keller@example.com').isVisible(), 'the orphan is not marked');
    await second.getByRole('link', { name: '41' }).click();
    await page.getByRole('region', { name: 'Fields' }).getByTitle('contact: crm.contact has no row for bruno.keller@example.com').waitFor();

    const made = await page.evaluate(async () => (await fetch('/api/v2/crm/_table/contact_group', {
      method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ resource: [{ name: 'Empty', description: '' }] }),
    })).json());
    const { id } = made.resource[0];
    await rows(tools, `/data/crm/contact_group?filter=id+eq+${id}`, 'crm.contact_group');
    check((await column(page, 'crm.contact_group', 'description')).join() === "''", 'the empty text is not told from NULL');
    await page.evaluate((id) => fetch(`/api/v2/crm/_table/contact_group/${id}`, { method: 'DELETE' }), id);
  },

  async 'documents: whole by a button, keys by the names of rows'(tools) {
    const { page, axe } = tools;
    await rows(tools, '/data/shop/orders', 'shop.orders');
    const row = grid(page, 'shop.orders').getByRole('row').nth(1);
    await row.getByRole('link', { name: 'Pebble 6 smartphone' }).waitFor();
    await row.getByRole('button', { name: 'Whole items' }).click();
    await page.getByRole('region', { name: 'items' }).getByText('"quantity": 1').waitFor();
    await axe('a document as a whole');
    await page.keyboard.press('Escape');
    await page.getByRole('region', { name: 'items' }).waitFor({ state: 'detached' });
    await row.getByRole('link', { name: 'Pebble 6 smartphone' }).click();
    const orders = page.getByRole('region', { name: 'orders', exact: true });
    await orders.getByRole('link', { name: 'show all 4' }).click();
    await grid(page, 'shop.orders').getByRole('gridcell').first().waitFor();
    await until('the orders of a product', async () => (await status(page).innerText()) === '4 rows');
  },

  async 'a row as JSON'({ page, open, axe, expected }) {
    await open('/data/shop/orders/row/7?tab=json');
    const json = page.getByRole('region', { name: 'Row as JSON' });
    await json.getByText('"product": "p20"').waitFor();
    const { customer } = JSON.parse(await json.innerText());
    check(customer === 1, 'the key is hidden by the row that it refers to');
    await axe('row as JSON');
    await page.getByRole('button', { name: 'Copy Row as JSON' }).click();
    await until('it is copied', async () => (await page.evaluate(() => navigator.clipboard.readText())).includes('"p20"'));
    await page.getByRole('tab', { name: 'Row', exact: true }).click();
    await page.getByRole('region', { name: 'Fields' }).getByRole('link', { name: 'anna.schneider@example.org' }).waitFor();
    expected(404, '/_table/orders/9999');
    await open('/data/shop/orders/row/9999');
    await page.getByText('There is no such row').waitFor();
    await axe('no such row');
    await page.getByRole('link', { name: 'All rows of shop.orders' }).click();
    await grid(page, 'shop.orders').getByRole('gridcell').first().waitFor();
    await open('/data/shop/nothing');
    await page.getByText('There is no table shop.nothing').waitFor();
  },

  async 'addresses of nothing say so'({ page, open, axe }) {
    const told = page.getByRole('alert');
    for (const [address, what, meant] of [
      ['/data/crm/contcat', 'There is no table crm.contcat', 'crm.contact'],
      ['/data/crm/customer', 'There is no table crm.customer', 'billing.customer'],
      ['/data/cmr', 'There is no source cmr', null],
      ['/data/crn', 'There is no source crn', 'crm'],
      ['/data/crm/contact/nothing', 'There is no page nothing of crm.contact', null],
      ['/data/crm/contact/row/7/more', 'There is no page row/7/more of crm.contact', null],
    ]) {
      await open(address);
      await told.getByText(what, { exact: true }).waitFor();
      await until(`${address} tells ${meant}`, async () => await told.getByText(`Did you mean ${meant}?`).count() === (meant ? 1 : 0));
    }
    await axe('an address of no page');
    await told.getByRole('link', { name: 'All rows of crm.contact' }).click();
    await grid(page, 'crm.contact').getByRole('gridcell').first().waitFor();
    // A source alone has its tables.
    await open('/data/billing');
    await page.getByRole('region', { name: 'billing' }).waitFor();
    check(page.url().endsWith('/data?source=billing') && await page.getByRole('region', { name: 'crm' }).count() === 0, 'other sources are shown');
  },

  async 'what cannot be read is told'(tools) {
    const { page, open, axe } = tools;
    await open('/data/crm/contact?after=nonsense');
    await page.getByText('The rows were not read').waitFor();
    await axe('rows that were not read');
    await page.getByRole('button', { name: 'First page' }).first().click();
    await until('the first page', async () => (await status(page).innerText()) === '1–25 of 60 rows');
    for (const [asked, told] of [['filter=((', 'filter (('], ['order=zzz', 'order zzz']]) {
      await open(`/data/crm/contact?${asked}`);
      await page.getByText(`nothing that is meant by the ${told}`).waitFor();
    }
    await open('/data/crm/contact?filter=nothing+eq+1');
    await page.getByText('crm.contact has nothing that is meant by the filter on').waitFor();
    check(await page.getByRole('checkbox', { name: /^Select/ }).count() <= 1, 'rows are shown as if nothing had been asked');
  },

  async 'rows with odd keys'(tools) {
    const { page, open } = tools;
    const odd = ['', '.', '..', 'a/b', 'a,b', 'a%2Fb', '=', "it's"];
    const write = (method, body) => page.evaluate(async ([method, body]) => (await fetch('/api/v2/shop/_table/tags', {
      method, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body),
    })).status, [method, body]);
    await open('/data');
    check((await write('POST', { resource: odd.map((id) => ({ id, name: `odd ${id}` })) })) < 300, 'the rows are not there');
    for (const id of odd) {
      const name = `odd ${id}`;
      await rows(tools, `/data/shop/tags?filter=${encodeURIComponent(`name eq '${name.replaceAll("'", "''")}'`)}`, 'shop.tags');
      await grid(page, 'shop.tags').getByRole('gridcell', { name, exact: true }).waitFor();
      await grid(page, 'shop.tags').getByRole('link', { name: id || "''", exact: true }).click();
      const fields = page.getByRole('region', { name: 'Fields' });
      await fields.getByText(name, { exact: true }).waitFor();
      await page.reload();
      await fields.getByText(name, { exact: true }).waitFor();
      await page.getByRole('region', { name: 'products', exact: true }).getByText('no row').waitFor();
      await page.getByRole('button', { name: 'Edit', exact: true }).click();
      await page.getByRole('dialog').getByRole('textbox', { name: 'name', exact: true }).waitFor();
      await page.keyboard.press('Escape');
    }
    check((await write('DELETE', { ids: odd.map((id) => [id]) })) < 300, 'the rows stay');
  },

  async 'orphans of a list are told where values can be compared'(tools) {
    const { page, context, open } = tools;
    const orphans = async (kind, tags, found) => {
      await context.route('**/catalog', async (route) => {
        const catalog = await (await route.fetch()).json();
        const key = catalog.keys.find(({ referencing }) => referencing.table === 'shop.products' && referencing.columns[0] === 'tags[]');
        key.class = [kind];
        await route.fulfill({ json: catalog });
      });
      await context.route('**/api/v2/shop/_table/products/p1*', async (route) => {
        const answer = await (await route.fetch()).json();
        const related = new URL(route.request().url()).searchParams.get('related');
        if (!related) answer.tags = tags;
        else if ('tags' in answer) answer.tags = found.map((id) => ({ id, name: `tag ${id}` }));
        await route.fulfill({ json: answer });
      });
      await open('/data/shop/products/row/p1');
      const fields = page.getByRole('region', { name: 'Fields' });
      if (found.length) await fields.getByTitle(`tags: tags tag ${found[0]}`).waitFor();
      else await fields.getByTitle(/^tags: shop\.tags has no row/).waitFor();
      const told = await fields.getByTitle(/^tags: shop\.tags has no row/).evaluateAll((all) => all.map(({ title }) => title.split(' for ')[1]));
      await context.unroute('**/catalog');
      await context.unroute('**/api/v2/shop/_table/products/p1*');
      return told.join();
    };
    check(await orphans('text', ['new', 'New', 'none'], ['new']) === 'New, none', 'letter case counts in texts');
    check(await orphans('ignore_case', ['new', 'New', 'none'], ['new']) === 'none', 'letter case does not count');
    check(await orphans('numeric', ['007', 7, '7', 8], [7]) === '8', 'a number in another spelling may be found');
    check(await orphans('database', ['a', 'b'], ['a']) === '', 'nobody but the database can compare');
    check(await orphans('uuid_swapped', ['a', 'b'], []) === 'a, b', 'where no row is found, none is');
  },

  async 'a column with a dot in its name is told from a path'(tools) {
    const { page, context } = tools;
    await context.route('**/catalog', async (route) => {
      const text = await (await route.fetch()).text();
      // `metadata` is `meta.author` now, and its keys are written as the server quotes such names.
      await route.fulfill({ json: JSON.parse(text.replaceAll('"name":"metadata"', '"name":"meta.author"').replaceAll('"metadata.', '"\\"meta.author\\".')) });
    });
    await rows(tools, '/data/shop/articles?columns="meta.author"', 'shop.articles');
    const texts = await column(page, 'shop.articles', 'meta.author');
    check(texts.some((text) => text.includes('→')), `the column shows no row that its document refers to: ${texts}`);
    check(texts.every((text) => !text.includes('orphan')), 'a reference is not found in its document');
    await context.unroute('**/catalog');
  },

  async 'addresses that make no sense break nothing'({ page, open, expected }) {
    expected(400, '/graphql');
    expected(400, '/api/v2/');
    expected(404, '/api/v2/');
    const odd = ['%25', "'", '"', '%22%27', 'a:b:c', ':', '.', '-', '*', ',', '%00', '-.', '*.*', '[]', '%F0%9F%98%80', "id+eq", 'id+in', 'id+between+1', 'or+or', 'id+eq+1+or', "id+eq+'"];
    const addresses = odd.flatMap((one) => [
      `/data/crm/contact?filter=${one}&order=${one}&columns=${one}&size=${one}&offset=${one}`, `/api?table=crm.contact&filter=${one}&order=${one}&columns=${one}&embed=${one}`,
    ]);
    const others = ['/data/%25/%25', '/data/crm/contact/row/%25', '/data/crm/contact/row/', '/data/crm/contact/row/1,2', '/data?source=%25&q=%25', '/map?table=%25&key=%25&hide=%25',
      '/keys?order=%25&q=%25', '/keys/%25', '/keys/new?when=5&column=,,&references=%22&on_delete=%25&keys=%25', '/keys/new?when=[]&compare=%25', '/health?key=%25', '/api?tab=toString&table=%25',
      '/api?table=crm.contact&embed=customers:%25+customers:%23+customers:"', '/api?table=billing.customer&embed=contact:%25'];
    for (const address of [...addresses, ...others]) {
      await open(address);
      await until(`${address} is drawn`, async () => await page.locator('main').getByRole('status', { name: 'Loading' }).count() === 0
        && (await page.locator('main').innerText()).trim().length > 0);
      check(await page.getByRole('button', { name: 'Try again' }).count() === 0, `${address} breaks the view: ${await page.locator('main').innerText()}`);
    }
  },

  async 'a source that is away'(tools) {
    const { page, context } = tools;
    const away = async (route) => {
      const body = route.request().postData() ?? '';
      if (!body.includes('customers_aggregate')) return route.continue();
      return route.fulfill({ json: { data: null, errors: [{ message: 'source `billing` is not available', extensions: { code: 'SOURCE_UNAVAILABLE' } }] } });
    };
    await context.route('**/graphql', away);
    await rows(tools, '/data/crm/contact', 'crm.contact');
    await page.getByText('Not all relationships are shown: source `billing` is not available').waitFor();
    check((await column(page, 'crm.contact', 'last_name'))[0] === 'Schneider', 'the rows themselves are not shown');
    await context.unroute('**/graphql', away);
    await page.getByRole('button', { name: 'Read again' }).click();
    await grid(page, 'crm.contact').getByRole('link', { name: '2 customers', exact: true }).first().waitFor();
  },

  async 'new rows begin with what is shown'({ page, open }) {
    await open('/data/crm/contact/row/1');
    const add = page.getByRole('button', { name: 'New row of customers' });
    await add.click();
    const dialog = page.getByRole('dialog', { name: 'New billing.customer' });
    await dialog.getByText('anna.schneider@example.org').waitFor();
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'detached' });
    await open('/data/crm/contact_group/new');
    await page.getByRole('dialog', { name: 'New crm.contact_group' }).waitFor();
    await page.keyboard.press('Escape');
    await grid(page, 'crm.contact_group').getByRole('gridcell').first().waitFor();
    await until('the address is that of the rows', () => new URL(page.url()).pathname.endsWith('/data/crm/contact_group'));
  },

  async 'by keyboard alone'(tools) {
    const { page, shot } = tools;
    await rows(tools, '/data/crm/contact', 'crm.contact');
    const button = page.getByRole('link', { name: 'API', exact: true }).last();
    await button.focus();
    for (let step = 0; step < 12 && !(await page.evaluate(() => document.activeElement?.closest('[role=grid]'))); step++) await page.keyboard.press('Tab');
    await page.keyboard.press('ArrowRight');
    await page.keyboard.press('ArrowRight');
    check((await focused(page)) === 'Anna', `the focus is at ${await focused(page)}`);
    await page.keyboard.press('ArrowDown');
    check((await focused(page)) === 'Charles', `the focus is at ${await focused(page)}`);
    await shot('data-keyboard');
    await page.keyboard.press('ArrowUp');
    await page.keyboard.press('ArrowUp');
    check((await focused(page)) === 'first_name', `the focus is at ${await focused(page)}`);
    await page.keyboard.press('Enter');
    await sorted(page, 'first_name', 'ascending');
    await until('the rows are sorted', async () => (await column(page, 'crm.contact', 'first_name'))[0] === 'Aisha' || (await column(page, 'crm.contact', 'first_name'))[0].startsWith('A'));
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Home');
    await page.keyboard.press(' ');
    await page.getByText('1 selected').waitFor();
    check(await page.getByRole('button', { name: 'Delete' }).isVisible(), 'selected rows cannot be deleted');
    await page.keyboard.press(' ');
    await page.getByText('1 selected').waitFor({ state: 'detached' });
    await page.keyboard.press('Control+End');
    // What the cell holds, or what stands behind the grid; and back.
    await page.keyboard.press('Tab');
    check(await page.evaluate(() => document.activeElement !== document.body), 'the focus is lost');
    await page.keyboard.press('Shift+Tab');
    check(await page.evaluate(() => document.activeElement?.getAttribute('data-at')?.startsWith('24,')), 'the focus does not come back to the cell');
    await page.keyboard.press('Control+Home');
    await page.keyboard.press('Enter');
    await page.getByRole('region', { name: 'Fields' }).waitFor();
  },

  async 'on a phone'({ page, open, axe, shot }) {
    await page.setViewportSize({ width: 390, height: 844 });
    const shown = { '/data': 'contact_info', '/data/crm/contact?filter=country+eq+DE': 'Schneider', '/data/crm/contact/row/1': 'anna.schneider@example.org' };
    for (const [path, text] of Object.entries(shown)) {
      await open(path);
      await page.getByText(text, { exact: true }).and(page.locator(':visible')).first().waitFor();
      const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      check(wide <= 0, `${path} is ${wide} px wider than the phone`);
      await axe(`${path} on a phone`);
    }
    await shot('data-phone');
    await page.getByRole('button', { name: 'Tables', exact: true }).click();
    await page.getByRole('dialog', { name: 'Tables' }).getByRole('link', { name: /^payment/ }).click();
    await grid(page, 'billing.payment').getByRole('gridcell').first().waitFor();
    await page.getByRole('dialog', { name: 'Tables' }).waitFor({ state: 'detached' });
    await page.setViewportSize({ width: 1280, height: 720 });
  },
};

await run(steps);
