// Drives the page at /graphql in a browser: node graphiql.mjs BASE_URL CHROMIUM MODULES [SCREENSHOT_FOLDER]
import { createRequire } from 'node:module';
import { join } from 'node:path';

const [base, executablePath, modules, screenshots] = process.argv.slice(2);
const { chromium } = createRequire(`${modules}/`)('playwright-core');

const address = new URL('/graphql', base);
const args = [
  '--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
  '--disable-background-networking', '--disable-component-update', '--disable-sync',
];
const wait = 15_000;

// What must not happen in any tab: console messages, faults, refused sources, requests that fail or leave the server.
const faults = [];
function watch(context) {
  context.on('console', (message) => {
    if (message.type() !== 'debug') faults.push(`console ${message.type()}: ${message.text()}`);
  });
  context.on('weberror', (fault) => faults.push(`uncaught: ${fault.error()}`));
  context.on('requestfailed', (request) => faults.push(`failed: ${request.url()} ${request.failure()?.errorText}`));
  context.on('response', (response) => {
    if (response.status() >= 400) faults.push(`${response.status()}: ${response.url()}`);
  });
  context.on('request', (request) => {
    const url = new URL(request.url());
    if (url.protocol !== 'data:' && url.origin !== address.origin) faults.push(`leaves the server: ${url}`);
  });
  return context.addInitScript(() => {
    addEventListener('securitypolicyviolation', (event) => {
      console.error(`policy: ${event.violatedDirective} refuses ${event.blockedURI}`);
    });
  });
}

function check(holds, message) {
  if (!holds) throw new Error(message);
}

async function until(what, holds) {
  const end = Date.now() + wait;
  while (!(await holds())) {
    if (Date.now() > end) throw new Error(`not within ${wait} ms: ${what}`);
    await new Promise((done) => setTimeout(done, 50));
  }
}

// CodeMirror keeps its editor at its element.
const query = (tab) => tab.locator('.graphiql-query-editor .CodeMirror');
// The one of variables and headers that is shown.
const beside = (tab) => tab.locator('.graphiql-editor-tool .graphiql-editor:not(.hidden) .CodeMirror');
const result = (tab) => tab.locator('.graphiql-response .CodeMirror');
const text = (editor) => editor.evaluate((element) => element.CodeMirror.getValue());

// Whether the editor's names are checked and completed, which needs the schema.
const schemaIsThere = (tab) =>
  query(tab).evaluate((element) => Boolean(element.CodeMirror.options.hintOptions?.schema));

async function open(context, search = '') {
  const tab = await context.newPage();
  tab.setDefaultTimeout(wait);
  const answer = await tab.goto(address.href + search);
  check(answer.status() === 200, `the page answers ${answer.status()}`);
  check(/^text\/html\b/.test(answer.headers()['content-type'] ?? ''), 'the page is not HTML');
  check(/script-src 'self'(;|$)/.test(answer.headers()['content-security-policy'] ?? ''), 'the page has no policy');
  await query(tab).waitFor();
  await until('the schema is there', () => schemaIsThere(tab));
  return tab;
}

async function write(tab, value) {
  await query(tab).click();
  await tab.keyboard.press('Control+A');
  await tab.keyboard.insertText(value);
  await until('the editor has the query', async () => (await text(query(tab))) === value);
}

// Runs what is in the editor by Ctrl-Enter; gives the result's text.
async function run(tab) {
  await query(tab).locator('textarea').focus();
  await tab.keyboard.press('Control+Enter');
  await until('a result', async () => {
    try {
      return Boolean(JSON.parse(await text(result(tab))));
    } catch {
      return false;
    }
  });
  return text(result(tab));
}

async function picture(tab, name) {
  if (screenshots) await tab.screenshot({ path: join(screenshots, `${name}.png`) });
}

const steps = {
  async 'opens, with a default query'(context) {
    const tab = await open(context);
    check((await tab.title()) === 'Crosskey GraphQL', `title: ${await tab.title()}`);
    check((await text(query(tab))).includes('__typename'), 'no default query');
    const [request, answer] = await Promise.all([tab.waitForRequest((request) => request.method() === 'POST'), run(tab)]);
    check(JSON.parse(answer).data.__typename === 'Query', 'the default query does not run');
    check(request.url() === address.href, `posted to ${request.url()}`);
    const { accept, 'content-type': type } = request.headers();
    check(accept === 'application/graphql-response+json, application/json', `accept: ${accept}`);
    check(type === 'application/json', `content-type: ${type}`);
  },

  async 'shows the documentation of the schema'(context) {
    const tab = await open(context);
    await tab.getByLabel('Show Documentation Explorer').click();
    const docs = tab.locator('.graphiql-doc-explorer');
    await docs.getByText('Query', { exact: true }).click();
    await docs.getByText('crm_contact', { exact: true }).first().waitFor();
    await picture(tab, 'docs');
    await docs.getByRole('combobox').fill('payment');
    const first = docs.getByRole('option').first();
    await until('what is found', async () => (await first.innerText()).includes('payment'));
    await picture(tab, 'search');
  },

  async 'runs a query by Ctrl-Enter, in both colour schemes'(context) {
    const tab = await open(context);
    await write(tab, '{ crm_contact(limit: 2) { first_name customers { plan } } }');
    const { data, errors } = JSON.parse(await run(tab));
    check(!errors, `errors: ${JSON.stringify(errors)}`);
    check(data.crm_contact.length === 2, `rows: ${data.crm_contact.length}`);
    check(data.crm_contact.every((row) => row.first_name && Array.isArray(row.customers)), 'a row is not whole');
    for (const [colorScheme, dark] of [['light', false], ['dark', true]]) {
      await tab.emulateMedia({ colorScheme });
      const colour = await tab.locator('.graphiql-container').evaluate((element) => getComputedStyle(element).backgroundColor);
      const [red] = colour.match(/[\d.]+/g).map(Number);
      check(red < 128 === dark, `the page is ${colour} where the system is ${colorScheme}`);
      await picture(tab, colorScheme);
    }
  },

  async 'completes names'(context) {
    const tab = await open(context);
    await write(tab, '{ crm_con');
    await tab.keyboard.press('Control+Space');
    const hints = tab.locator('.CodeMirror-hints li');
    await hints.filter({ hasText: /^crm_contact$/ }).first().waitFor();
    await picture(tab, 'completion');
    await tab.keyboard.press('Enter');
    await until('the name is completed', async () => (await text(query(tab))).includes('{ crm_contact'));
  },

  async 'marks what the schema does not have'(context) {
    const tab = await open(context);
    await write(tab, '{ no_such_field }');
    await tab.locator('.CodeMirror-lint-mark-error').first().waitFor();
  },

  async 'keeps its tabs'(context) {
    const tab = await open(context);
    await write(tab, '{ kept: __typename }');
    await tab.getByLabel('Add tab').click();
    await until('two tabs', async () => (await tab.getByRole('tab').count()) === 2);
    const stored = () => tab.evaluate(() => localStorage.getItem('graphiql:tabState') ?? '');
    await until('the tabs are stored', async () => (await stored()).includes('kept: __typename'));
    await tab.reload();
    await until('two tabs again', async () => (await tab.getByRole('tab').count()) === 2);
    await tab.getByRole('tab').first().getByRole('button').first().click();
    await until('the first tab has its query', async () => (await text(query(tab))) === '{ kept: __typename }');
  },

  async 'moves a tab that is dragged'(context) {
    const tab = await open(context);
    await write(tab, 'query Left { __typename }');
    await tab.getByLabel('Add tab').click();
    await until('an empty tab', async () => (await text(query(tab))) !== 'query Left { __typename }');
    await write(tab, 'query Right { __typename }');
    const titles = async () => (await tab.getByRole('tab').allInnerTexts()).map((title) => title.trim()).join();
    await until('two titles', async () => (await titles()) === 'Left,Right');
    await picture(tab, 'tabs');
    await tab.getByRole('tab').first().dragTo(tab.getByRole('tab').last());
    await until('the other order', async () => (await titles()) === 'Right,Left');
  },

  async 'opens its dialogs and its history'(context) {
    const tab = await open(context);
    await run(tab);
    for (const name of ['Open short keys dialog', 'Open settings dialog']) {
      await tab.getByLabel(name).click();
      await tab.getByRole('dialog').waitFor();
      await picture(tab, name.split(' ')[1]);
      await tab.keyboard.press('Escape');
      await tab.getByRole('dialog').waitFor({ state: 'detached' });
    }
    await tab.getByLabel('Show History').click();
    await tab.locator('.graphiql-history-item').first().waitFor();
    await picture(tab, 'history');
  },

  async 'fills the editor from its address'(context) {
    const asked = 'query First { first: __typename }\nquery Second($limit: Int) { second: crm_contact(limit: $limit) { id } }';
    const search = new URLSearchParams({ query: asked, variables: '{"limit": 3}', operationName: 'Second' });
    const tab = await open(context, `?${search}`);
    check((await text(query(tab))) === asked, `query: ${await text(query(tab))}`);
    check((await text(beside(tab))) === '{"limit": 3}', `variables: ${await text(beside(tab))}`);
    const { data } = JSON.parse(await run(tab));
    check(data.second?.length === 3, `result: ${JSON.stringify(data)}`);
    await picture(tab, 'address');
  },

  async 'sends the headers that are given'(context) {
    const tab = await open(context);
    await tab.getByRole('button', { name: 'Headers', exact: true }).click();
    await beside(tab).click();
    await tab.keyboard.insertText('{"Accept": "application/json", "X-Given": "yes"}');
    const [request] = await Promise.all([tab.waitForRequest((request) => request.method() === 'POST'), run(tab)]);
    const { accept, 'x-given': given } = request.headers();
    check(accept === 'application/json' && given === 'yes', `accept: ${accept}, x-given: ${given}`);
  },

  async 'keeps the digits of numbers'(context) {
    const tab = await open(context);
    await tab.route('**/graphql', (route) =>
      route.fulfill({ contentType: 'application/json', body: '{"data":{"large":12345678901234567890,"fine":1.10}}' }),
    );
    const answer = await run(tab);
    check(answer.includes('12345678901234567890') && answer.includes('1.10'), `rounded: ${answer}`);
  },
};

// Its profile is a new folder, and each context has cookies and storage of its own.
const browser = await chromium.launch({ executablePath, args });
for (const [name, step] of Object.entries(steps)) {
  faults.length = 0;
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
  try {
    await watch(context);
    await step(context);
    check(!faults.length, 'the page is at fault');
    console.log(`ok: ${name}`);
  } catch (error) {
    console.error(`failed: ${name}: ${[error.message, ...faults].join('\n  ')}`);
    process.exitCode = 1;
  } finally {
    await context.close();
  }
}
await browser.close();
