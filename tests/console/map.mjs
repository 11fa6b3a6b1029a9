// The map of the demo, as a person uses it: by mouse, by keyboard, by link and on a phone.
import { readFileSync } from 'node:fs';
import { check, run, until, within } from './support.mjs';

const canvas = (page) => page.getByRole('application', { name: 'Map of tables and keys' });
const table = (page, id) => canvas(page).getByRole('group', { name: id, exact: true });
const card = (page, name) => page.getByRole('region', { name, exact: true });
const drawn = (page) => until('the map is drawn', async () => (await page.locator('.map-table').count()) > 0);
const opacity = (locator) => locator.evaluate((element) => Number(getComputedStyle(element).opacity));
const address = (page) => new URL(page.url()).searchParams;

await run({
  async 'the demo is drawn within a second'({ page, open, axe, shot }) {
    await open('/map');
    await drawn(page);
    const { tables, keys } = await page.evaluate(async () => (await fetch('/catalog')).json());
    await page.getByRole('heading', { name: `${tables.length} tables, ${keys.length} keys` }).waitFor();
    check((await page.locator('.map-table').count()) === tables.length, 'not every table is drawn');
    const lines = await page.locator('.map-keys:not(.chosen) > g.key').evaluateAll((all) => all.map((key) => key.getAttribute('data-key')));
    check(lines.sort().join() === keys.map(({ id }) => id).sort().join(), 'not every key is drawn');
    // Again with a warm cache of files, as a person's second visit: until all tables are on the screen.
    await page.addInitScript(() => {
      const look = () => { if (document.querySelectorAll('.map-table').length) globalThis.drawnAfter = performance.now(); else requestAnimationFrame(look); };
      requestAnimationFrame(look);
    });
    await page.reload();
    await drawn(page);
    within(1_000, await page.evaluate(() => globalThis.drawnAfter), "the demo's map, from navigation");
    await axe('the map');
    await shot('map');
  },

  async 'keys are marked'({ page }) {
    const { keys } = await page.evaluate(async () => (await fetch('/catalog')).json());
    const idOf = (column) => keys.find(({ referencing }) => `${referencing.table}.${referencing.columns}` === column).id;
    const key = (column) => page.locator(`.map-keys:not(.chosen) > g[data-key="${idOf(column)}"]`);
    const marked = async (column, marks) => {
      const found = await key(column).locator('.map-mark title').allTextContents();
      check(found.join('; ') === marks, `${column} is marked: ${found.join('; ')}`);
    };
    await marked('crm.contact_info.contact_id', 'a delete cascades');
    await marked('shop.products.tags[]', 'inside JSON');
    await marked('billing.contact_group_relationship.contact_id', 'one of a pair that joins many to many');
    await marked('library.book_shelf.shelf_id', 'a delete cascades; one of a pair that joins many to many');
    await marked('library.book.author_id', '');
    const dashes = (column) => key(column).locator('.line').evaluate((line) => getComputedStyle(line).strokeDasharray);
    check((await dashes('shop.orders.customer')) !== 'none', 'a virtual key is not dashed');
    check((await dashes('billing.payment.customer_id')) === 'none', 'a native key is dashed');
  },

  async 'pointing at a table dims the rest'({ page, shot }) {
    await table(page, 'library.book').hover();
    await until('tables afar are dim', async () => (await opacity(table(page, 'shop.orders'))) < 0.5);
    for (const id of ['library.book', 'library.author', 'library.book_copy']) check((await opacity(table(page, id))) === 1, `${id} is dim`);
    await page.locator('.map-label', { hasText: 'author_id → id' }).waitFor();
    await shot('map-hover');
    await page.mouse.move(700, 5);
    await until('nothing is dim', async () => (await opacity(table(page, 'shop.orders'))) === 1);
  },

  async 'a click picks a table, Back lets go of it'({ page, axe, shot }) {
    await table(page, 'crm.contact').click();
    const open = card(page, 'Table crm.contact');
    await open.getByRole('heading', { name: 'References (0)' }).waitFor();
    await open.getByRole('heading', { name: 'Referenced by (3)' }).waitFor();
    check(address(page).get('table') === 'crm.contact', 'the address does not name the table');
    check((await open.getByRole('link', { name: 'Rows' }).getAttribute('href')).endsWith('/console/data/crm/contact'), 'rows lead elsewhere');
    await open.getByRole('link', { name: 'Edit contact', exact: true }).waitFor();
    // The names by which one reads, from either side.
    const key = open.getByRole('listitem').filter({ has: page.getByRole('link', { name: 'Edit contact', exact: true }) });
    check((await key.getByRole('group', { name: 'Name / inverse' }).innerText()) === 'contact / customers', await key.innerText());
    await open.getByRole('heading', { name: 'Many to many (1)' }).waitFor();
    const many = open.getByRole('listitem').filter({ hasText: 'through' });
    for (const text of ['contact_group_by_contact_group_relationship', 'crm.contact_group', 'billing.contact_group_relationship']) {
      check((await many.innerText()).includes(text), `${text} is not told: ${await many.innerText()}`);
    }
    check((await many.getByRole('link', { name: /^Edit / }).getAttribute('href')).endsWith('/console/keys/many_many/0'), 'its entry is elsewhere');
    await axe('the card of a table');
    await shot('map-table');
    await many.getByRole('button', { name: /^Go to billing\.contact_group_relationship/ }).click();
    await card(page, 'Table billing.contact_group_relationship').waitFor();
    await page.goBack();
    await open.getByRole('button', { name: 'Go to billing.customer' }).click();
    await card(page, 'Table billing.customer').waitFor();
    await page.goBack();
    await card(page, 'Table crm.contact').waitFor();
    await page.goBack();
    await until('no card is open', async () => !(await page.locator('.map-card').count()));
  },

  async 'a new key starts at a column'({ page }) {
    await table(page, 'billing.payment').click();
    await card(page, 'Table billing.payment').getByRole('button', { name: 'New key' }).click();
    const link = page.getByRole('menuitem', { name: 'method' });
    check((await link.getAttribute('href')).endsWith('/console/keys/new?column=billing.payment.method'), await link.getAttribute('href'));
    await page.keyboard.press('Escape');
    await link.waitFor({ state: 'hidden' });
    check(await card(page, 'Table billing.payment').isVisible(), 'Escape closes the menu only');
    await page.keyboard.press('Escape');
    await until('the card is closed', async () => !(await page.locator('.map-card').count()));
  },

  async 'orphans are told after an audit'({ page, axe, shot, open }) {
    check(!(await page.locator('.map-stage .map-mark.orphans').count()), 'orphans are told without an audit');
    await page.evaluate(() => fetch('/admin/audit', { method: 'POST' }));
    await until('the audit is done', () => page.evaluate(async () => (await (await fetch('/admin/audit')).json()).state === 'done'));
    await open('/map');
    await drawn(page);
    const { reports } = await page.evaluate(async () => (await fetch('/admin/audit')).json());
    const bad = reports.filter(({ orphans }) => orphans);
    await until('orphans are told', async () => (await page.locator('.map-keys:not(.chosen) .map-mark.orphans').count()) === bad.length);
    // A click on the key's line, at the mark in its middle.
    await page.locator(`.map-keys:not(.chosen) > g[data-key="${bad[0].id}"] .map-mark.orphans`).click();
    const open_ = page.getByRole('region', { name: /^Key / });
    await open_.getByText('orphans', { exact: true }).waitFor();
    check(address(page).get('key') === bad[0].id, 'the address does not name the key');
    for (const text of ['on delete', 'restrict', 'enforce', 'always', 'billing.customer', 'crm.contact']) await open_.getByText(text, { exact: true }).first().waitFor();
    check((await open_.getByRole('link', { name: 'Edit' }).getAttribute('href')).endsWith('/console/keys/foreign_key/0'), 'Edit leads elsewhere');
    await axe('the card of a key');
    await shot('map-key');
  },

  async 'a link opens what it names'({ page, open, expected }) {
    await open('/map?table=shop.products&columns=all');
    await card(page, 'Table shop.products').waitFor();
    await page.locator('.map-table.picked').waitFor();
    await table(page, 'shop.products').getByText('price').waitFor();
    await page.reload();
    await card(page, 'Table shop.products').waitFor();
    check(await page.getByRole('switch', { name: 'all columns' }).isChecked(), 'the switch is off after a reload');
    // Types have the same names on the map and in the card, whatever the database calls them.
    const { columns } = await page.evaluate(async () => (await (await fetch('/catalog')).json()).tables.find(({ id }) => id === 'shop.products'));
    const textOf = async (place) => (await place.innerText()).replace(/\n+/g, '\n');
    const [listed, drawn] = [await textOf(card(page, 'Table shop.products')), await textOf(table(page, 'shop.products'))];
    for (const { name, type } of columns) {
      check(new RegExp(`^${name}\\n${type}(, or null)?$`, 'm').test(listed), `the card has another type of ${name}, ${type}: ${listed}`);
      check(drawn.includes(`${name}\n${type}`), `the map has another type of ${name}, ${type}: ${drawn}`);
    }
    await open('/map?table=crm.nothing');
    await page.getByRole('region', { name: 'No table is named crm.nothing' }).waitFor();
    await open('/map?table=crm.contacts');
    await page.getByRole('region', { name: 'No table is named crm.contacts' }).getByRole('button', { name: 'crm.contact', exact: true }).click();
    await card(page, 'Table crm.contact').waitFor();
    await open('/map?key=gone');
    await page.getByRole('region', { name: 'This key does not exist any more' }).waitFor();
    await page.getByRole('button', { name: 'Close the card' }).click();
  },

  async 'the search finds tables, columns and keys'({ page, open }) {
    await open('/map');
    await drawn(page);
    const search = page.getByRole('textbox', { name: 'Find a table or key' });
    await page.keyboard.press('/');
    await until('the search has the focus', () => search.evaluate((input) => input === document.activeElement));
    await page.keyboard.type('shelf_mark');
    await page.getByRole('option', { name: 'library.book_copy', exact: true }).waitFor();
    await page.keyboard.press('Enter');
    await card(page, 'Table library.book_copy').waitFor();
    await until('the map has the focus', () => canvas(page).evaluate((element) => element === document.activeElement));
    await until('the search is empty again', async () => !(await search.inputValue()));
    await search.fill('items[]');
    await page.getByRole('option', { name: 'shop.orders.items[].product → shop.products.id' }).click();
    await card(page, 'Key products').waitFor();
    await search.fill('items tags');
    await until('nothing has both words', async () => !(await page.getByRole('option').count()));
    await search.fill('products items');
    await page.getByRole('option', { name: 'shop.orders.items[].product → shop.products.id' }).waitFor();
    await search.fill('zzz');
    await until('nothing is found', async () => !(await page.getByRole('option').count()));
    await search.fill('');
    await page.keyboard.press('Escape');
  },

  async 'sources and native keys can be hidden'({ page, open }) {
    await open('/map');
    await drawn(page);
    await page.getByRole('button', { name: 'library' }).click();
    await page.getByRole('heading', { name: '12 of 18 tables, 12 of 19 keys' }).waitFor();
    await until('the source is gone', async () => !(await table(page, 'library.book').count()));
    await page.getByRole('switch', { name: 'virtual only' }).click();
    await page.getByRole('heading', { name: '12 of 18 tables, 10 of 19 keys' }).waitFor();
    check(page.url().includes('hide=library') && page.url().includes('keys=virtual'), 'the address does not tell the filters');
    for (const source of ['crm', 'billing', 'shop']) await page.getByRole('button', { name: source, exact: true }).click();
    await page.getByRole('button', { name: 'Show all sources' }).click();
    await until('all tables are back', async () => (await page.locator('.map-table').count()) === 18);
    // A hidden table that is looked for comes back with its source.
    await page.getByRole('button', { name: 'library' }).click();
    await page.getByRole('textbox', { name: 'Find a table or key' }).fill('library.shelf');
    await page.getByRole('option', { name: 'library.shelf', exact: true }).click();
    await table(page, 'library.shelf').waitFor();
  },

  async 'by keyboard alone'({ page, open, shot }) {
    await open('/map');
    await drawn(page);
    await until('Tab comes to the map', async () => {
      await page.keyboard.press('Tab');
      return canvas(page).evaluate((element) => element === document.activeElement);
    });
    const at = () => page.locator('.map-table.cursor').getAttribute('aria-label');
    await page.locator('.map-table.cursor').waitFor();
    const seen = new Set([await at()]);
    for (const key of ['ArrowRight', 'ArrowDown', 'ArrowDown', 'ArrowRight', 'ArrowUp', 'ArrowLeft']) {
      await page.keyboard.press(key);
      seen.add(await at());
    }
    check(seen.size >= 4, `arrows only come to ${[...seen]}`);
    await until('what the keyboard is at is told', async () => (await page.locator('[aria-live=polite]').allTextContents()).some((text) => text.includes('reference')));
    await page.keyboard.press('Home');
    const first = await at();
    await shot('map-keyboard');
    await page.keyboard.press('Enter');
    await card(page, `Table ${first}`).waitFor();
    await until('the card has the focus', () => page.evaluate(() => Boolean(document.activeElement.closest('.map-card'))));
    await page.keyboard.press('Escape');
    await until('the card is closed', async () => !(await page.locator('.map-card').count()));
    await until('the map has the focus again', () => canvas(page).evaluate((element) => element === document.activeElement));
    const scale = () => page.locator('.react-flow__viewport').evaluate((element) => new DOMMatrix(getComputedStyle(element).transform).a);
    const before = await scale();
    await page.keyboard.press('+');
    await until('it is nearer', async () => (await scale()) > before * 1.2);
    await page.keyboard.press('0');
    await until('all is shown', async () => Math.abs((await scale()) - before) < 0.01);
  },

  async 'tables can be moved'({ page, open }) {
    await open('/map');
    await drawn(page);
    const place = () => table(page, 'shop.users').boundingBox();
    const before = await place();
    await page.mouse.move(before.x + 40, before.y + 14);
    await page.mouse.down();
    await page.mouse.move(before.x + 100, before.y + 60, { steps: 8 });
    await page.mouse.up();
    await until('the table moved', async () => Math.abs((await place()).x - before.x) > 40);
  },

  async 'full screen'({ page }) {
    await page.getByRole('button', { name: 'Full screen' }).click();
    await until('the map fills the screen', () => page.evaluate(() => document.fullscreenElement?.classList.contains('map')));
    await page.keyboard.press('/');
    await page.keyboard.type('tags');
    await page.getByRole('option', { name: 'shop.tags', exact: true }).click();
    await card(page, 'Table shop.tags').waitFor();
    await page.getByRole('button', { name: 'Leave full screen' }).click();
    await until('the page is back', () => page.evaluate(() => !document.fullscreenElement));
  },

  async 'the picture is a file of its own'({ page, open }) {
    await open('/map');
    await drawn(page);
    const [file] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'Save as SVG' }).click()]);
    check(file.suggestedFilename() === 'crosskey-map.svg', file.suggestedFilename());
    const svg = readFileSync(await file.path(), 'utf8');
    const { fault, titles, keys, outside } = await page.evaluate((svg) => {
      const parsed = new DOMParser().parseFromString(svg, 'image/svg+xml');
      return {
        fault: parsed.querySelector('parsererror')?.textContent, titles: [...parsed.querySelectorAll('title')].map(({ textContent }) => textContent),
        keys: parsed.querySelectorAll('.key').length, outside: /(?:href|src|url\()/.test(svg),
      };
    }, svg);
    check(!fault, fault);
    const catalog = await page.evaluate(async () => (await fetch('/catalog')).json());
    for (const { id } of catalog.tables) check(titles.includes(id), `${id} is not in the picture`);
    check(keys === catalog.keys.length, `${keys} keys are in the picture`);
    check(!outside, 'the picture needs other files');
  },

  async 'odd names are text, in the page and in the picture'({ page, open }) {
    const name = '<b>&"\'\u0001 odd';
    await page.route('**/catalog', async (route) => {
      const answer = await route.fetch();
      const catalog = JSON.parse((await answer.text()).replaceAll('"shop.users"', JSON.stringify(`shop.${name}`)));
      await route.fulfill({ json: catalog });
    });
    await open('/map');
    await table(page, `shop.${name}`).waitFor();
    const [file] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'Save as SVG' }).click()]);
    const svg = readFileSync(await file.path(), 'utf8');
    const fault = await page.evaluate((svg) => new DOMParser().parseFromString(svg, 'image/svg+xml').querySelector('parsererror')?.textContent, svg);
    check(!fault, fault);
    await page.unroute('**/catalog');
  },

  async 'a column with a dot in its name is told from a path'({ page, open }) {
    await page.route('**/catalog', async (route) => {
      const text = await (await route.fetch()).text();
      const quoted = '\\"meta.author\\"';
      // One key leads into the column's document, the other one is of the column itself.
      await route.fulfill({ json: JSON.parse(text.replaceAll('"name":"metadata"', '"name":"meta.author"')
        .replaceAll('"metadata.author"', `"${quoted}.name[]"`).replaceAll('"metadata.reviewer"', `"${quoted}"`)) });
    });
    await open('/map?table=shop.articles');
    const lines = () => table(page, 'shop.articles').innerText();
    await table(page, 'shop.articles').waitFor();
    await until('its lines are drawn', async () => (await lines()).includes('"meta.author".name[]'));
    check((await lines()).split('\n').includes('meta.author'), `the column itself has no line: ${await lines()}`);
    check(!(await lines()).split('\n').includes('"meta.author"'), 'the column has two lines');
    await page.unroute('**/catalog');
  },

  async 'errors and emptiness are told'({ page, open, expected, axe }) {
    expected(503, '/catalog');
    await page.route('**/catalog', (route) => route.fulfill({ status: 503, json: { error: { code: 503, message: 'no source answers', context: { reason: 'SOURCE_UNAVAILABLE', hint: 'start a database' } } } }));
    await open('/map');
    await page.getByRole('alert').getByText('start a database').waitFor();
    await axe('the error');
    await page.unroute('**/catalog');
    await page.getByRole('button', { name: 'Try again' }).click();
    await drawn(page);
    await page.route('**/catalog', async (route) => {
      const answer = await route.fetch();
      await route.fulfill({ json: { ...(await answer.json()), tables: [], keys: [] } });
    });
    await open('/map');
    await page.getByText('have no tables that could be read').waitFor();
    await page.unroute('**/catalog');
  },

  async 'a source that is away is told, and the map still fits'({ page, open, shot }) {
    await page.route('**/catalog', async (route) => {
      const catalog = await (await route.fetch()).json();
      catalog.sources.find(({ name }) => name === 'shop').state = 'down';
      await route.fulfill({ json: catalog });
    });
    await open('/map');
    await page.getByRole('status').getByText('shop does not answer').waitFor();
    await page.locator('.map-caption', { hasText: 'sqlite, does not answer' }).waitFor();
    await until('the page does not scroll', () => page.evaluate(() => document.documentElement.scrollHeight <= innerHeight));
    await shot('map-away');
    await page.unroute('**/catalog');
  },

  async 'on a phone'({ page, open, axe, shot }) {
    await page.setViewportSize({ width: 390, height: 844 });
    await open('/map');
    await drawn(page);
    const fits = () => page.evaluate(() => document.documentElement.scrollWidth <= innerWidth);
    check(await fits(), 'the page scrolls sideways');
    await shot('map-phone');
    await open('/map?table=billing.customer');
    const sheet = await card(page, 'Table billing.customer').boundingBox();
    check(sheet.x === 0 && sheet.width === 390 && sheet.y > 300, 'the card is not a sheet at the bottom');
    const seen = await page.locator('.map-table.picked').boundingBox();
    check(seen.y + seen.height <= sheet.y && seen.x >= 0 && seen.x + seen.width <= 390, 'the sheet covers the table');
    check(await fits(), 'the page scrolls sideways with a card');
    await axe('the map on a phone');
    await shot('map-phone-table');
    await page.setViewportSize({ width: 1280, height: 720 });
  },
});
