// The API view: requests are built, run and copied; OpenAPI viewer and GraphiQL within the page. Run against a fresh demo.
import { check, run, until } from './support.mjs';

const region = (page, name) => page.getByRole('region', { name, exact: true });
const text = (page, name) => region(page, name).textContent();
const button = (page, name) => page.getByRole('button', { name, exact: true });
const field = (page, name) => page.getByRole('textbox', { name, exact: true });
const answer = async (page) => JSON.parse(await text(page, 'Answer as JSON'));
const asked = async (page) => new URL(await text(page, 'REST address'), 'http://x').searchParams;

async function choose(page, label, ...options) {
  await field(page, label).click();
  for (const option of options) await page.getByRole('option', { name: option, exact: true }).click();
  await page.keyboard.press('Escape');
}

async function ran(page, what) {
  await button(page, `Run ${what}`).click();
  await page.getByRole('status').filter({ hasText: new RegExp(`${what}, status`) }).waitFor();
}

await run({
  async 'a table is picked'({ page, open, axe, shot }) {
    const seen = [];
    page.on('request', (request) => seen.push(new URL(request.url()).pathname));
    await open('/api');
    await page.getByText('The requests are written beside.').waitFor();
    await axe('nothing picked');
    await open('/api?table=billing.costumer');
    await page.getByRole('alert').getByText('There is no table billing.costumer').waitFor();
    await page.getByRole('alert').getByRole('link', { name: 'billing.customer' }).waitFor();
    await field(page, 'Table').fill('billing.cust');
    await page.getByRole('option', { name: 'billing.customer' }).click();
    await until('the request is written', async () => (await text(page, 'REST address')) === '/api/v2/billing/_table/customer?limit=25');
    check(!seen.includes('/docs') && !seen.includes('/graphql'), 'the other pages are not loaded yet');
    await axe('table');
    await shot('api');
  },

  async 'a request is built in REST and GraphQL'({ page, axe, shot }) {
    await choose(page, 'Columns', 'id', 'plan');
    await choose(page, 'Order', 'id, descending');
    await page.getByRole('group', { name: 'Filter' }).getByRole('button').first().click();
    await field(page, 'Column').fill('plan');
    await page.getByRole('option', { name: 'plan', exact: true }).click();
    await field(page, 'Value').fill('pro');
    await button(page, 'Apply').click();
    await field(page, 'Limit').fill('3');
    await page.getByRole('checkbox', { name: /^contact row of crm\.contact$/ }).check();
    await choose(page, 'Fields of contact', 'email');
    await page.getByRole('checkbox', { name: /^payment_by_customer_id/ }).check();
    await page.getByRole('checkbox', { name: 'Only count payment_by_customer_id' }).check();
    await until('the address of REST has it all', async () => {
      const params = await asked(page);
      return params.get('fields') === 'id,plan' && params.get('order') === 'id desc' && params.get('filter') === "plan = 'pro'" && params.get('limit') === '3'
        && params.get('related') === 'contact,payment_by_customer_id.count()' && params.get('contact.fields') === 'email';
    });
    const query = await text(page, 'GraphQL query');
    for (const part of ['billing_customer(filter: {plan: {eq: "pro"}}, order_by: [{id: desc}], limit: 3)', 'contact { email }', 'payment_by_customer_id_aggregate { count }']) {
      check(query.includes(part), `GraphQL has ${part}: ${query}`);
    }
    await axe('request');
    await shot('api-request');
  },

  async 'both are run, and answer the same'({ page, axe, shot }) {
    await ran(page, 'REST');
    const { resource } = await answer(page);
    check(resource.length === 3 && resource.every(({ plan, contact }) => plan === 'pro' && Object.keys(contact ?? { email: 0 }).join() === 'email'), 'REST answers the rows');
    await axe('answer');
    await shot('api-answer');
    await ran(page, 'GraphQL');
    const { data } = await answer(page);
    check(data.billing_customer.map(({ id }) => String(id)).join() === resource.map(({ id }) => String(id)).join(), 'GraphQL answers the same rows');
  },

  async 'the address holds the request'({ page }) {
    const before = await text(page, 'REST address');
    await page.reload();
    await region(page, 'REST address').waitFor();
    check(await text(page, 'REST address') === before, 'it is the same after a reload');
  },

  async 'the curl line is copied'({ page, base }) {
    await button(page, 'Copy curl line').click();
    const copied = await page.evaluate(() => navigator.clipboard.readText());
    check(copied === `curl -s '${base}${(await text(page, 'REST address')).replaceAll("'", "'\\''")}'`, copied);
  },

  async 'the query is opened in GraphiQL'({ page, context }) {
    const [other] = await Promise.all([context.waitForEvent('page'), page.getByRole('link', { name: 'Open in GraphiQL' }).click()]);
    await other.getByRole('region', { name: 'Query Editor' }).getByText('payment_by_customer_id_aggregate').waitFor();
    await other.close();
  },

  async 'tables and columns are found by words, and Enter takes the first'({ page, open }) {
    await open('/api');
    await page.getByRole('textbox', { name: 'Table', exact: true }).click();
    await page.keyboard.type('customer bill');
    await page.getByRole('option', { name: 'billing.customer' }).waitFor();
    await page.keyboard.press('Enter');
    await region(page, 'REST address').waitFor();
    check(new URL(page.url()).searchParams.get('table') === 'billing.customer', page.url());
    await page.getByRole('textbox', { name: 'Columns', exact: true }).click();
    await page.keyboard.type('up at');
    await page.getByRole('option', { name: 'signed_up_at' }).waitFor();
    await page.keyboard.press('Enter');
    // An empty search has no first, so that nothing more is taken.
    await page.keyboard.press('Enter');
    await until('the column is taken', async () => (await asked(page)).get('fields') === 'signed_up_at');
  },

  async 'an error is shown as the server tells it'({ page, open, expected }) {
    await open('/api?table=billing.customer&filter=id+eq+abc&embed=');
    expected(400, '/api/v2/billing/_table/customer');
    await ran(page, 'REST');
    await page.getByText(/REST, status 400/).waitFor();
    check((await answer(page)).error.context.reason, 'with its reason');
  },

  async 'names of all kinds stay in the address'({ page, open }) {
    const odd = 'odd: "name", 50%';
    await page.route('**/catalog', async (route) => {
      const catalog = await (await route.fetch()).json();
      catalog.tables.find(({ id }) => id === 'crm.contact').columns.find(({ name }) => name === 'country').name = 'odd: name, 50%';
      const [first] = catalog.tables.find(({ id }) => id === 'billing.customer').relationships.filter(({ kind }) => kind === 'has_many');
      first.name = odd;
      await route.fulfill({ json: catalog });
    });
    await open('/api?table=billing.customer&embed=');
    await page.getByRole('checkbox', { name: /^contact row of crm\.contact$/ }).check();
    await choose(page, 'Fields of contact', 'email', 'odd: name, 50%');
    await page.getByRole('checkbox', { name: new RegExp(`^${odd} rows`) }).check();
    await page.getByRole('checkbox', { name: `Only count ${odd}` }).check();
    await page.reload();
    await region(page, 'REST address').waitFor();
    check((await asked(page)).get('related') === `contact,${odd}.count()`, `the relationship is lost: ${await asked(page)}`);
    for (const name of ['email', 'odd: name, 50%']) await page.locator('[class*=Pill-label]').getByText(name, { exact: true }).waitFor();
    await open('/api?table=billing.customer&embed=contact:%25');
    await until('what makes no sense is asked as it stands', async () => (await asked(page)).get('contact.fields') === '%');
    await page.unrouteAll({ behavior: 'wait' });
  },

  async 'the rows of the data view come as requests'({ page, open }) {
    await open('/data/billing/customer?filter=plan+eq+pro');
    await page.getByRole('main').getByRole('link', { name: 'API' }).click();
    await region(page, 'REST address').waitFor();
    const params = await asked(page);
    check(params.get('filter') === "plan = 'pro'" && params.get('related').includes('contact'), `the view is taken over: ${params}`);
    await ran(page, 'REST');
    check((await answer(page)).resource.length > 0, 'it answers');
  },

  async 'the OpenAPI viewer opens the table'({ page, axe, shot }) {
    await page.getByRole('link', { name: 'Its operations' }).click();
    const viewer = page.frameLocator('iframe[title="OpenAPI viewer"]');
    await viewer.locator('.opblock.is-open').getByText('Records of billing.customer').waitFor();
    check(await page.getByRole('tab', { name: 'REST' }).getAttribute('aria-selected') === 'true', 'its tab is chosen');
    await axe('REST');
    await shot('api-rest');
  },

  async 'GraphiQL has the request, by keyboard'({ page, axe, shot }) {
    await page.getByRole('tab', { name: 'REST' }).focus();
    await page.keyboard.press('ArrowRight');
    await page.frameLocator('iframe[title="GraphiQL"]').getByText('billing_customer').first().waitFor();
    await axe('GraphQL');
    await shot('api-graphql');
    await page.goBack();
    await page.locator('iframe[title="OpenAPI viewer"]').waitFor();
  },

  async 'a phone can read it'({ page, open, axe, shot }) {
    await page.setViewportSize({ width: 390, height: 844 });
    await open('/api?table=billing.customer&filter=plan+eq+pro');
    await region(page, 'GraphQL query').waitFor();
    check(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), 'it does not scroll sideways');
    await axe('phone');
    await shot('api-phone');
  },
});
