// Keys: the list, the editor with what a change would do, and saving it. Run against a fresh demo.
import { check, run, until } from './support.mjs';

const CONTACT = 'billing.customer.username → crm.contact.email';
const linkOf = (page, column) => page.getByRole('table', { name: 'Keys' }).getByRole('link', { name: `${column} to ` });
const button = (page, name) => page.getByRole('button', { name, exact: true });
const dialog = (page, name) => page.getByRole('dialog', { name });
const region = (page, name) => page.getByRole('region', { name, exact: true });
const says = (page, state) => page.getByRole('status').filter({ hasText: new RegExp(`^${state}$`) }).waitFor();
const json = async (page, path) => (await page.request.get(new URL(path, page.url()).href)).json();
const entries = async (page) => (await json(page, '/admin/keys')).entries;
const entryOf = async (page, column) => (await entries(page)).find(({ draft }) => draft.column === column);
const rows = (page) => page.getByRole('table', { name: 'Keys' }).locator('tbody tr');

/** Types words of a column's name, and takes what they find. */
async function pick(page, side, words, column) {
  const field = page.getByRole('textbox', { name: side, exact: true });
  await field.click();
  await field.fill(words);
  await page.getByRole('option', { name: column }).first().waitFor();
  await page.getByRole('option', { name: column }).first().click();
  await until(`${side} is ${column}`, async () => await field.inputValue() === column);
}

/** Goes on with Tab until the control has the focus, as a person without a mouse does. */
async function tabTo(page, role, name, key = 'Tab') {
  const target = page.getByRole(role, { name, exact: true });
  await target.first().waitFor();
  for (let times = 0; times < 150; times++) {
    if (await target.evaluateAll((all) => all.includes(document.activeElement))) return;
    await page.keyboard.press(key);
  }
  throw new Error(`Tab does not reach the ${role} ${name}`);
}

async function choose(page, label, value) {
  await page.getByRole('textbox', { name: label, exact: true }).click();
  await page.getByRole('option', { name: new RegExp(`^${value}\\b`) }).click();
}

async function save(page) {
  await says(page, 'Can be saved');
  await button(page, 'Review and save').click();
  await region(dialog(page, 'Review the change'), 'Change of the key file').waitFor();
  await button(page, 'Save').click();
  await page.getByRole('table', { name: 'Keys' }).waitFor();
}

await run({
  async 'the list shows the keys of the demo'({ page, open, axe, shot }) {
    await open('/keys');
    await linkOf(page, 'billing.customer.username').waitFor();
    check(await rows(page).count() === (await entries(page)).length, 'each entry has a row');
    const row = rows(page).filter({ hasText: 'billing.customer.username' });
    for (const text of ['crm.contact.email', 'customers', 'restrict', 'cascade', 'always']) check((await row.textContent()).includes(text), `the row tells ${text}`);
    await axe('list');
    await shot('keys-list');
  },

  async 'words narrow the list, and the address keeps them'({ page }) {
    await page.getByRole('textbox', { name: 'Search keys' }).fill('contact email');
    await until('one key is left', async () => await rows(page).count() === 1);
    await page.reload();
    await until('the words are still there', async () => await rows(page).count() === 1 && await page.getByRole('textbox', { name: 'Search keys' }).inputValue() === 'contact email');
    await page.getByRole('textbox', { name: 'Search keys' }).fill('nothing like this');
    await page.getByRole('button', { name: 'Show all keys' }).click();
    await until('all are there', async () => await rows(page).count() > 10);
  },

  async 'keys of the databases are shown when asked for'({ page, axe, shot }) {
    const before = await rows(page).count();
    await page.getByRole('switch', { name: 'Keys of the databases' }).press('Space');
    await until('there are more', async () => await rows(page).count() > before);
    const native = rows(page).filter({ hasText: 'billing.payment.customer_id' });
    check(await native.getByRole('link', { name: 'billing.payment.customer_id to ' }).count() === 0, 'they cannot be edited');
    check((await native.textContent()).includes('database'), 'the database keeps them');
    await axe('list with native keys');
    await shot('keys-native');
    await page.getByRole('button', { name: 'Referenced', exact: true }).click();
    await page.getByRole('columnheader', { name: 'Referenced', exact: true }).and(page.locator('[aria-sort=ascending]')).waitFor();
    await page.getByRole('switch', { name: 'Keys of the databases' }).press('Space');
  },

  async 'an audit counts orphans in the list'({ page }) {
    await button(page, 'Audit all keys').click();
    const orphans = rows(page).filter({ hasText: 'billing.customer.username' }).getByRole('link', { name: '1', exact: true });
    await orphans.waitFor();
    check((await orphans.getAttribute('href')).includes('/health?key='), 'the number leads to the orphans');
  },

  async 'an entry is shown with what it does'({ page, axe, shot }) {
    await linkOf(page, 'billing.customer.username').click();
    await page.getByRole('heading', { name: CONTACT }).waitFor();
    await says(page, 'Unchanged');
    await region(page, 'Sample of the rows').getByText('1 orphan').waitFor();
    check(await region(page, 'Sample of the rows').getByRole('link', { name: 'id 41' }).getAttribute('href') === '/console/data/billing/customer/row/41', 'the orphan is a link');
    check(await button(page, 'Review and save').isDisabled(), 'there is nothing to save');
    await axe('editor');
    await shot('keys-entry');
  },

  async 'references that lead to a row stand beside those that do not'({ page, open, axe, shot }) {
    // For a server that does not tell them yet.
    await page.route('**/admin/keys/foreign_key/0?dry_run=true', async (route) => {
      const response = await route.fetch();
      const preview = await response.json();
      preview.sample.matching ??= [{ row: { id: 1 }, values: ['anna.schneider@example.org'] }];
      await route.fulfill({ response, json: preview });
    });
    await open('/keys/foreign_key/0');
    const there = page.getByRole('table', { name: 'References of billing.customer that lead to a row' });
    await there.getByRole('link', { name: 'id 1', exact: true }).waitFor();
    check(await there.getByRole('row').count() <= 6, 'these are a few');
    await page.getByRole('table', { name: 'Orphans of billing.customer' }).getByText('bruno.keller@example.com').waitFor();
    await there.scrollIntoViewIfNeeded();
    await axe('examples');
    await shot('keys-examples');
    await page.unrouteAll({ behavior: 'wait' });
  },

  async 'a key that is written in a list is shown, and cannot be edited'({ page, open, axe, shot }) {
    await page.route('**/catalog', async (route) => {
      const catalog = await (await route.fetch()).json();
      await route.fulfill({ json: { ...catalog, keys: catalog.keys.map((key) => ({ ...key, entry: null })) } });
    });
    await page.route('**/admin/keys', async (route) => {
      const response = await route.fetch();
      await route.fulfill({ response, json: { ...await response.json(), entries: [] } });
    });
    await open('/keys');
    const row = rows(page).filter({ hasText: 'billing.customer.username' });
    await row.getByText('written as a list in the file; change it there').waitFor();
    check(await row.getByRole('link', { name: /^billing.customer.username/ }).count() === 0, 'it can be edited');
    await axe('inline entries');
    await shot('keys-inline');
    await row.getByRole('link', { name: 'Show billing.customer.username on the map' }).click();
    const card = page.getByRole('complementary', { name: 'Key contact' }).or(page.getByRole('region', { name: 'Key contact' }));
    await card.getByText('written as a list in the file; change it there').waitFor();
    check(await card.getByRole('link', { name: 'Edit' }).count() === 0, 'the map has no way to edit it');
    await page.unrouteAll({ behavior: 'wait' });
    await open('/keys/foreign_key/0');
  },

  async 'it is removed after a look at the diff'({ page, open, axe, shot }) {
    await button(page, 'Delete').click();
    const asked = dialog(page, 'Remove the entry?');
    await region(asked, 'Change of the key file').getByText('references = "crm.contact.email"').waitFor();
    await axe('removal');
    await shot('keys-remove');
    await page.keyboard.press('Escape');
    await asked.waitFor({ state: 'hidden' });
    check(await button(page, 'Delete').evaluate((one) => one === document.activeElement), 'the focus is back');
    await button(page, 'Delete').click();
    await button(page, 'Remove').click();
    await page.getByText('The entry is removed').waitFor();
    await until('the list has it no more', async () => await linkOf(page, 'billing.customer.username').count() === 0);
    check(!await entryOf(page, 'billing.customer.username'), 'the file has it no more');
    const catalog = await json(page, '/catalog');
    check(!catalog.tables.find(({ id }) => id === 'crm.contact').relationships.some(({ name }) => name === 'customers'), 'the relationship is gone without a restart');
    await open('/keys');
  },

  async 'the missing key is suggested'({ page, axe, shot }) {
    await button(page, 'Suggest keys').click();
    const found = dialog(page, 'Suggested keys');
    await found.getByText(/sampled values of billing.customer.username exist in crm.contact.email/).waitFor();
    await axe('suggestions');
    await shot('keys-suggestions');
    await found.getByRole('button', { name: 'Use billing.customer.username to crm.contact.email' }).click();
    await page.getByRole('heading', { name: 'New key' }).waitFor();
    check(await page.getByRole('textbox', { name: 'Referencing column' }).inputValue() === 'billing.customer.username', 'the referencing side is filled in');
    check(await page.getByRole('textbox', { name: 'Referenced column' }).inputValue() === 'crm.contact.email', 'the referenced side is filled in');
    await says(page, 'Can be saved');
  },

  async 'leaving an unsaved draft asks'({ page, axe }) {
    await page.getByRole('navigation', { name: 'Views' }).getByRole('link', { name: 'Keys' }).click();
    const asked = dialog(page, 'Leave without saving?');
    await asked.waitFor();
    await axe('leaving');
    await button(page, 'Stay').click();
    await asked.waitFor({ state: 'hidden' });
    check(new URL(page.url()).pathname.endsWith('/keys/new'), 'the draft is still there');
    await page.getByRole('navigation', { name: 'Views' }).getByRole('link', { name: 'Keys' }).click();
    await button(page, 'Leave').click();
    await page.getByRole('table', { name: 'Keys' }).waitFor();
  },

  async 'a key is made from nothing, and looked at before it is saved'({ page, axe, shot }) {
    const before = (await entries(page)).length;
    await page.getByRole('link', { name: 'New key' }).click();
    await page.getByText('Pick a column on each side').waitFor();
    await axe('empty editor');
    await shot('keys-new');
    await pick(page, 'Referencing column', 'billing user', 'billing.customer.username');
    const field = page.getByRole('textbox', { name: 'Referenced column', exact: true });
    await field.click();
    await field.fill('contact em');
    await page.getByRole('option', { name: /^crm\.contact\.email unique text$/ }).waitFor();
    await axe('picker');
    await shot('keys-picker');
    await page.keyboard.press('Enter');
    await until('the column is picked', async () => await field.inputValue() === 'crm.contact.email');
    check(await page.getByRole('textbox', { name: 'Name', exact: true }).getAttribute('placeholder') === 'crm.contact_by_username', 'the default name is shown');
    await page.getByRole('textbox', { name: 'Name', exact: true }).fill('contact');
    await page.getByRole('textbox', { name: 'Inverse', exact: true }).fill('customers');
    await says(page, 'Can be saved');
    const meets = await region(page, 'How values meet').textContent();
    for (const text of ['username → email', 'text', 'unique', 'customers of crm.contact']) check(meets.includes(text), `how values meet tells ${text}: ${meets}`);
    const sample = await region(page, 'Sample of the rows').textContent();
    for (const text of ['80 rows looked at', '78 references', '77 found', '1 orphan', 'bruno.keller@example.com']) check(sample.includes(text), `the sample tells ${text}: ${sample}`);
    await region(page, 'Test query').getByRole('cell', { name: /email anna\.schneider@example\.org/ }).first().waitFor();
    check((await region(page, 'test query').textContent()).includes('related=contact'), 'the request is shown');
    await region(page, 'Indexes').getByText('there').first().waitFor();
    check((await entries(page)).length === before, 'nothing is saved yet');
    await axe('editor with a draft');
    await shot('keys-draft');
  },

  async 'the draft is in the address'({ page }) {
    await until('the address has the names', async () => page.url().includes('inverse=customers'));
    await page.reload();
    await page.getByRole('textbox', { name: 'Inverse', exact: true }).waitFor();
    check(await page.getByRole('textbox', { name: 'Referenced column' }).inputValue() === 'crm.contact.email', 'the columns are back');
    check(await page.getByRole('textbox', { name: 'Inverse', exact: true }).inputValue() === 'customers', 'the names are back');
  },

  async 'it is saved after a look at the diff, and can be read through at once'({ page, axe, shot }) {
    await says(page, 'Can be saved');
    await button(page, 'Review and save').click();
    const diff = region(dialog(page, 'Review the change'), 'Change of the key file');
    await diff.getByText('+references = "crm.contact.email"').waitFor();
    check(!(await diff.textContent()).includes('removed: '), 'nothing else of the file changes');
    await axe('review');
    await shot('keys-review');
    await button(page, 'Save').click();
    await page.getByText('The key file is saved').waitFor();
    await linkOf(page, 'billing.customer.username').waitFor();
    const { resource } = await json(page, '/api/v2/crm/_table/contact?ids=1&related=customers&customers.fields=id,username');
    check(resource[0].customers.length > 0 && resource[0].customers.every(({ username }) => username === resource[0].email), 'the related rows are there');
  },

  async 'a key that cannot be is refused with the reason'({ page, open, axe, shot }) {
    await open('/keys/new?column=billing.customer.username&references=crm.contact.emial');
    await page.getByText('crm.contact has no column `emial`: did you mean `email`?').waitFor();
    await says(page, '1 error');
    check(await button(page, 'Review and save').isDisabled(), 'it cannot be saved');
    check(await page.getByRole('textbox', { name: 'Referenced column' }).getAttribute('aria-invalid') === 'true', 'the field is marked');
    await axe('faults');
    await shot('keys-fault');
    await pick(page, 'Referencing column', 'customer signed', 'billing.customer.signed_up_at');
    await pick(page, 'Referenced column', 'crm.contact.id', 'crm.contact.id');
    await page.getByText(/values of these types have no common form/).first().waitFor();
    const field = page.getByRole('textbox', { name: 'Referenced column' });
    await field.fill('crm.contact.last_name');
    await field.press('Enter');
    await pick(page, 'Referencing column', 'customer plan', 'billing.customer.plan');
    await page.getByText(/is neither the primary key nor unique/).first().waitFor();
    await page.getByRole('checkbox', { name: /are unique although/ }).check();
    await region(page, 'How values meet').getByText('assumed').waitFor();
  },

  async 'a path leads into a document'({ page, open }) {
    await open('/keys/new');
    await pick(page, 'Referencing column', 'orders items', 'shop.orders.items');
    await page.getByRole('textbox', { name: 'Path in the document' }).fill('[].product');
    await pick(page, 'Referenced column', 'products id', 'shop.products.id');
    await page.getByText('this foreign key stands in the file twice').first().waitFor();
    await pick(page, 'Referenced column', 'tags id', 'shop.tags.id');
    await region(page, 'Sample of the rows').getByText(/orphans/).waitFor();
    check((await region(page, 'text of the entry').textContent()).includes('column = "shop.orders.items[].product"'), 'the path stands behind the column');
  },

  async 'a key has several columns and conditions'({ page, open }) {
    await open('/keys/new?column=library.book_copy.library_name&references=library.library.name');
    await page.getByRole('button', { name: 'Another pair of columns' }).click();
    const second = page.getByRole('group', { name: 'Pair of columns 2' });
    await second.getByRole('textbox', { name: 'Referencing column 2' }).click();
    await page.getByRole('option').first().waitFor();
    check((await page.getByRole('option').allTextContents()).every((text) => text.startsWith('library.book_copy.')), 'only columns of the same table are offered');
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: 'Remove pair 2' }).click();
    await second.waitFor({ state: 'hidden' });
    await page.getByRole('button', { name: 'A condition' }).click();
    await page.getByRole('option', { name: 'shelf_mark' }).click();
    await page.getByRole('textbox', { name: 'Value of shelf_mark' }).fill('A1');
    await page.getByText('when = { shelf_mark = "A1" }').first().waitFor();
  },

  async 'an entry is edited, and its comments stay'({ page, open }) {
    await open(`/keys/${(await entryOf(page, 'library.book.library')).entry}`);
    await says(page, 'Unchanged');
    await choose(page, 'On delete', 'cascade');
    await page.getByText('The referring rows are removed with it').first().waitFor();
    await says(page, 'Can be saved');
    const diff = await region(page, 'Change of the key file').textContent();
    check(diff.includes('added: +on_delete = "cascade"') && !diff.includes('removed: '), `one line comes: ${diff}`);
    await save(page);
    const entry = await entryOf(page, 'library.book.library');
    check(entry.draft.on_delete === 'cascade', 'the file says so');
    check(entry.text.includes('# named like its column'), 'the comment is still there');
    await until('the list says so', async () => (await rows(page).filter({ hasText: 'library.book.library' }).first().textContent()).includes('cascadecascade'));
  },

  async 'a file that changed meanwhile is not overwritten'({ page, open, expected, axe, shot }) {
    await open(`/keys/${(await entryOf(page, 'shop.products.category')).entry}`);
    await page.getByRole('textbox', { name: 'Inverse', exact: true }).fill('goods');
    await says(page, 'Can be saved');
    await button(page, 'Review and save').click();
    await region(dialog(page, 'Review the change'), 'Change of the key file').waitFor();
    // Somebody else writes another entry.
    const { revision } = await json(page, '/admin/keys');
    const other = await entryOf(page, 'shop.categories.parent');
    const written = await page.request.fetch(new URL(`/admin/keys/${other.entry}`, page.url()).href, {
      method: 'PATCH', headers: { 'if-match': `"${revision}"` }, data: { draft: { ...other.draft, on_update: 'restrict' } },
    });
    check(written.status() === 200, `the other write answers ${written.status()}`);
    expected(409, '/admin/keys');
    await button(page, 'Save').click();
    await page.getByText('The key file changed meanwhile').waitFor();
    check((await entryOf(page, 'shop.products.category')).draft.inverse === 'products', 'nothing was written');
    await axe('stale write');
    await shot('keys-stale');
    await button(page, 'Load the newest').click();
    await until('it can be saved', async () => button(page, 'Save').isEnabled());
    await button(page, 'Save').click();
    await page.getByText('The key file is saved').waitFor();
    check((await entryOf(page, 'shop.products.category')).draft.inverse === 'goods', 'the draft is saved');
    check((await entryOf(page, 'shop.categories.parent')).draft.on_update === 'restrict', 'and so is what the other wrote');
  },

  async 'an entry that somebody else changed keeps both changes'({ page, open }) {
    const mine = await entryOf(page, 'shop.products.category');
    await open(`/keys/${mine.entry}`);
    await page.getByRole('textbox', { name: 'Name', exact: true }).fill('group');
    await says(page, 'Can be saved');
    const { revision } = await json(page, '/admin/keys');
    await page.request.fetch(new URL(`/admin/keys/${mine.entry}`, page.url()).href, {
      method: 'PATCH', headers: { 'if-match': `"${revision}"` }, data: { draft: { ...mine.draft, on_update: 'restrict' } },
    });
    await page.getByRole('textbox', { name: 'Name', exact: true }).fill('kind');
    await page.getByText('Somebody else changed this entry meanwhile').waitFor();
    await button(page, 'Load the newest').click();
    await save(page);
    const { draft } = await entryOf(page, 'shop.products.category');
    check(draft.name === 'kind' && draft.on_update === 'restrict', `both changes are there: ${JSON.stringify(draft)}`);
  },

  async 'a relationship over a junction is edited and refused'({ page, open, axe, shot }) {
    await open('/keys/many_many/0');
    await page.getByRole('heading', { name: 'crm.contact over billing.contact_group_relationship' }).waitFor();
    await says(page, 'Unchanged');
    await page.getByRole('textbox', { name: 'Name', exact: true }).fill('groups');
    await says(page, 'Can be saved');
    await axe('junction');
    await shot('keys-junction');
    await save(page);
    const { resource } = await json(page, '/api/v2/crm/_table/contact?ids=1&related=groups&groups.fields=id');
    check(Array.isArray(resource[0].groups), 'the new name is live');
    await open('/keys/new?kind=many_many&table=shop.orders&through=crm.contact');
    await page.getByText('crm.contact has no foreign key to shop.orders').first().waitFor();
  },

  async 'the whole way by keyboard'({ page, open }) {
    await open('/keys');
    await linkOf(page, 'billing.customer.username').waitFor();
    await tabTo(page, 'link', 'New key');
    await page.keyboard.press('Enter');
    await tabTo(page, 'textbox', 'Referencing column');
    await page.keyboard.type('payment status');
    await page.getByRole('option', { name: 'billing.payment.status' }).waitFor();
    await page.keyboard.press('Enter');
    await tabTo(page, 'textbox', 'Referenced column');
    await page.keyboard.type('categories id');
    await page.getByRole('option', { name: 'shop.categories.id' }).waitFor();
    await page.keyboard.press('Enter');
    await tabTo(page, 'textbox', 'Enforce');
    await page.keyboard.press('ArrowDown');
    await page.getByRole('option', { name: /^never/ }).waitFor();
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    await until('enforce is never', async () => await page.getByRole('textbox', { name: 'Enforce' }).inputValue() === 'never');
    await says(page, 'Can be saved');
    await tabTo(page, 'button', 'Review and save', 'Shift+Tab');
    await page.keyboard.press('Enter');
    await until('Save has the focus', () => button(page, 'Save').evaluate((one) => one === document.activeElement && !one.disabled));
    await page.keyboard.press('Enter');
    await linkOf(page, 'billing.payment.status').waitFor();
    check((await entryOf(page, 'billing.payment.status')).draft.enforce === 'never', 'it is saved');
    await linkOf(page, 'billing.payment.status').focus();
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: /billing.payment.status/ }).waitFor();
    await tabTo(page, 'button', 'Delete');
    await page.keyboard.press('Enter');
    await until('it can be removed', () => button(page, 'Remove').isEnabled());
    check(await button(page, 'Cancel').evaluate((one) => one === document.activeElement), 'what does no harm has the focus');
    await tabTo(page, 'button', 'Remove');
    await page.keyboard.press('Enter');
    await until('it is removed', async () => !await entryOf(page, 'billing.payment.status'));
  },

  async 'a file that cannot be written, as a changed answer has it, offers the text'({ page, open, axe, shot }) {
    await page.route('**/admin/keys', async (route) => {
      const answer = await route.fetch();
      await route.fulfill({ response: answer, json: { ...await answer.json(), writable: false, reason: 'console = "read_only" in [server]' } });
    });
    await open('/keys/new');
    await page.getByText('Pick a column on each side').waitFor();
    check(!/\bsaved?\b/.test(await page.getByRole('main').innerText()), 'an empty draft speaks of saving');
    await open('/keys/new?column=billing.payment.method&references=shop.tags.id');
    await page.getByText('The key file cannot be written from here').waitFor();
    await page.getByText('console = "read_only" in [server]').waitFor();
    check(await button(page, 'Review and save').count() === 0, 'there is nothing to save with');
    await until('the text can be copied', () => button(page, 'Copy the text').isEnabled());
    await says(page, 'Can be copied');
    check(!/\bsaved?\b/.test(await page.getByRole('main').innerText()), 'a draft speaks of saving');
    await button(page, 'Copy the text').click();
    await button(page, 'Copied').waitFor();
    check((await page.evaluate(() => navigator.clipboard.readText())).includes('references = "shop.tags.id"'), 'the text is copied');
    await axe('read only');
    await shot('keys-read-only');
    await page.getByRole('navigation', { name: 'Views' }).getByRole('link', { name: 'Keys' }).click();
    await dialog(page, 'Leave the draft?').getByRole('button', { name: 'Leave' }).click();
    await page.getByRole('table', { name: 'Keys' }).waitFor();
    await page.unrouteAll({ behavior: 'wait' });
  },

  async 'an address that leads nowhere says so'({ page, open }) {
    for (const entry of ['unknown', 'foreign_key/0/1', 'foreign_key/999']) {
      await open(`/keys/${entry}`);
      await page.getByText(`The key file has no entry ${entry}`, { exact: true }).waitFor();
    }
    await page.getByRole('link', { name: 'All keys' }).click();
    await page.getByRole('table', { name: 'Keys' }).waitFor();
  },

  async 'a phone can read it'({ page, open, axe, shot }) {
    await page.setViewportSize({ width: 390, height: 844 });
    for (const path of ['/keys', '/keys?native=1', '/keys/foreign_key/0']) {
      await open(path);
      await (path.startsWith('/keys/') ? says(page, 'Unchanged') : linkOf(page, 'billing.customer.username').waitFor());
      check(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), `${path} does not scroll sideways`);
      await axe(`${path} on a phone`);
    }
    await open('/keys');
    const row = rows(page).filter({ hasText: 'billing.customer.username' });
    await row.waitFor();
    for (const text of ['crm.contact.email', 'restrict', 'always']) {
      const cell = row.getByText(text, { exact: true }).first();
      const { x, width } = await cell.boundingBox();
      check(x >= 0 && x + width <= 390, `${text} is cut: from ${x}, ${width} wide`);
    }
    check(await page.getByRole('group', { name: 'Keys', exact: true }).evaluate((box) => box.scrollWidth <= box.clientWidth), 'the list scrolls sideways');
    await page.getByRole('button', { name: 'Referenced', exact: true }).click();
    await page.getByRole('columnheader', { name: 'Referenced', exact: true }).and(page.locator('[aria-sort=ascending]')).waitFor();
    await shot('keys-phone');
  },
});
