// The editor of rows: forms, pickers, documents, the stack, previews of what a write touches.
import { check, run, until } from './support.mjs';

const panel = (page) => page.getByRole('dialog').filter({ has: page.getByRole('button', { name: 'Close the editor' }) });
const title = (page) => panel(page).getByRole('heading').first();
const picker = (page, name) => panel(page).getByRole('combobox', { name, exact: true });
const field = (page, name) => panel(page).getByRole('textbox', { name, exact: true });
const list = (page) => page.getByRole('listbox');
const save = (page) => panel(page).getByRole('button', { name: /^Save/ });

/** What a path of REST answers, as text, so that no digit is lost. */
const raw = (page, path) => page.evaluate(async (path) => (await fetch(`/api/v2/${path}`)).text(), path);
const row = async (page, path) => JSON.parse(await raw(page, path));

/** Opens a row's page, and the editor from there. */
async function edit({ page, open }, path) {
  await open(`/data/${path}`);
  await page.getByRole('button', { name: 'Edit', exact: true }).click();
  await save(page).waitFor();
}

async function create({ page, open }, table) {
  await open(`/data/${table}`);
  await page.getByRole('button', { name: 'New row', exact: true }).click();
  await save(page).waitFor();
}

const closed = (page) => panel(page).waitFor({ state: 'detached' });

/** Searches in a picker, and waits until the rows are those of the search. */
async function look(page, name, words) {
  await picker(page, name).click();
  await picker(page, name).pressSequentially(words);
  await list(page).waitFor();
}

async function choose(page, name, words, option) {
  await look(page, name, words);
  await list(page).getByRole('option', { name: option }).first().click();
  await list(page).waitFor({ state: 'detached' });
}

const notice = (page, text) => page.getByText(text).first().waitFor();

const steps = {
  async 'a new row'(tools) {
    const { page, axe, shot, expected } = tools;
    await create(tools, 'crm/contact');
    check((await title(page).innerText()) === 'New crm.contact', 'the panel has no title');
    await axe('a new row');
    await shot('edit-new');
    // What is left out although it is needed is told at its field, before anything is sent.
    await save(page).click();
    await until('the first field in need has the focus', () => field(page, 'first_name').evaluate((input) => input === document.activeElement));
    check((await panel(page).getByText('a value is needed').count()) === 3, 'needed fields are not marked');
    await axe('a new row with faults');
    await field(page, 'first_name').fill('Grete');
    await field(page, 'last_name').fill('Olsen');
    await field(page, 'email').fill('anna.schneider@example.org');
    check((await field(page, 'id').getAttribute('placeholder')) === 'default', 'the counted key is not left out');
    // A unique value that is there already: told at the field.
    expected(400, '/_table/contact');
    await save(page).click();
    await panel(page).getByText('another row has the same values').waitFor();
    check(await field(page, 'email').evaluate((input) => input === document.activeElement), 'the field that is refused has no focus');
    await field(page, 'email').fill('grete.olsen@example.org');
    const sent = page.waitForRequest((request) => request.method() === 'POST' && request.url().includes('/_table/contact?fields'));
    await page.keyboard.press('Control+Enter');
    const request = await sent;
    check(/^console-[0-9a-f]{32}$/.test(request.headers()['idempotency-key'] ?? ''), 'the write has no name');
    check(request.postData() === '{"resource":[{"first_name":"Grete","last_name":"Olsen","email":"grete.olsen@example.org","country":null}]}', `sent: ${request.postData()}`);
    await closed(page);
    await notice(page, 'A row of crm.contact is added');
    const [made] = (await row(page, 'crm/_table/contact?filter=last_name=Olsen')).resource;
    check(made?.email === 'grete.olsen@example.org' && made.country === null && made.created_at, JSON.stringify(made));
  },

  async 'another contact through the picker'(tools) {
    const { page, axe, shot } = tools;
    await edit(tools, 'billing/customer/row/3');
    await until('the label is shown', async () => (await picker(page, 'username').inputValue()) === 'Whitaker');
    await panel(page).getByText('charles.whitaker@example.net').waitFor();
    // By any text of the row, in any case: the first name here.
    await look(page, 'username', 'łukasz');
    await list(page).getByRole('option', { name: 'lukasz.nowak@example.org' }).waitFor();
    await page.keyboard.press('Escape');
    check((await picker(page, 'username').inputValue()) === 'Whitaker', 'Escape does not give the search up');
    await look(page, 'username', 'NOWA');
    await until('what is found first is taken by Enter', async () => (await list(page).getByRole('option', { selected: true }).innerText()).includes('Nowak'));
    await axe('picker');
    await shot('edit-picker');
    await page.keyboard.press('Enter');
    await until('the new label is shown', async () => (await picker(page, 'username').inputValue()) === 'Nowak');
    check(await panel(page).getByRole('link', { name: 'Open crm.contact 7 in a new tab' }).getAttribute('href') === '/console/data/crm/contact/row/7', 'there is no link to the row');
    await panel(page).getByText('1 change, not saved').waitFor();
    const sent = page.waitForRequest((request) => request.method() === 'PATCH');
    await save(page).click();
    check((await sent).postData() === '{"username":"lukasz.nowak@example.org"}', 'more than the change is sent');
    await closed(page);
    check((await row(page, 'billing/_table/customer/3')).username === 'lukasz.nowak@example.org', 'the reference was not changed');
    await until('the focus is back', () => page.getByRole('button', { name: 'Edit', exact: true }).evaluate((button) => button === document.activeElement));
  },

  async 'nothing found, and more'(tools) {
    const { page } = tools;
    await edit(tools, 'billing/customer/row/3');
    await look(page, 'username', 'qqqq');
    await page.getByText('No row of crm.contact has “qqqq” in it.').waitFor();
    await picker(page, 'username').fill('');
    await list(page).getByRole('option', { name: 'More rows' }).click();
    await until('forty rows', async () => (await list(page).getByRole('option').count()) > 40);
    await page.keyboard.press('Escape');
    await page.keyboard.press('Escape');
    await closed(page);
  },

  async 'create and connect, two levels deep'(tools) {
    const { page, axe, shot } = tools;
    await create(tools, 'shop/orders');
    await panel(page).getByRole('textbox', { name: 'status' }).fill('draft');
    await panel(page).getByRole('button', { name: 'a list of keys' }).click();
    await look(page, 'customer', 'max@new.example');
    await list(page).getByRole('option', { name: 'New billing.customer, and connect it' }).click();
    await until('a form on top', async () => (await title(page).innerText()) === 'New shop.orders › New billing.customer');
    await field(page, 'plan').fill('gold');
    await look(page, 'username', 'max@new.example');
    await list(page).getByRole('option', { name: 'New crm.contact, and connect it' }).click();
    await until('another one', async () => (await title(page).innerText()) === 'New shop.orders › New billing.customer › New crm.contact');
    check((await field(page, 'email').inputValue()) === 'max@new.example', 'what was looked for is not filled in');
    await field(page, 'first_name').fill('Max');
    await axe('stack of forms');
    await shot('edit-stack');
    // Escape goes one level back, and asks first.
    await page.keyboard.press('Escape');
    const ask = page.getByRole('dialog', { name: 'Discard what you changed?' });
    await axe('discard?');
    await ask.getByRole('button', { name: 'Keep editing' }).click();
    await ask.waitFor({ state: 'detached' });
    check((await field(page, 'first_name').inputValue()) === 'Max', 'the form is not kept');
    await field(page, 'last_name').fill('Neumann');
    await page.keyboard.press('Control+Enter');
    await until('the form beneath is back', async () => (await title(page).innerText()) === 'New shop.orders › New billing.customer');
    check((await field(page, 'plan').inputValue()) === 'gold', 'the half-filled form is not restored');
    await until('the contact is connected', async () => (await picker(page, 'username').inputValue()) === 'Neumann');
    check(await picker(page, 'username').evaluate((input) => input === document.activeElement), 'the focus is not back at the picker');
    await page.keyboard.press('Control+Enter');
    await until('the first form is back', async () => (await title(page).innerText()) === 'New shop.orders');
    check((await panel(page).getByRole('textbox', { name: 'status' }).inputValue()) === 'draft', 'the first form is not restored');
    await until('the customer is connected', async () => (await picker(page, 'customer').inputValue()) === 'max@new.example');
    await panel(page).getByRole('button', { name: 'Add an item to items' }).click();
    await choose(page, 'items[0].product', 'pebble', 'Pebble 6 smartphone');
    await save(page).click();
    await closed(page);
    const [order] = (await row(page, 'shop/_table/orders?filter=status=draft&related=customer.contact')).resource;
    check(order?.customer.contact.last_name === 'Neumann' && order.items[0].product === 'p1', JSON.stringify(order));
  },

  async 'a reference to nothing'(tools) {
    const { page, expected, axe, shot } = tools;
    await edit(tools, 'billing/customer/row/5');
    await look(page, 'username', 'nobody@example.org');
    await list(page).getByRole('option', { name: 'Use “nobody@example.org” as it stands' }).click();
    // Known before it is sent.
    await panel(page).getByText('No row of crm.contact has this value.').waitFor();
    check((await picker(page, 'username').getAttribute('aria-invalid')) === 'true', 'it is not marked');
    expected(400, '/_table/customer/5');
    await save(page).click();
    await panel(page).getByRole('alert').getByText('has no row in crm.contact.email').waitFor();
    await until('the field has the focus', () => picker(page, 'username').evaluate((input) => input === document.activeElement));
    await axe('a reference to nothing');
    await shot('edit-refused');
    await panel(page).getByRole('button', { name: 'Undo the change of username' }).click();
    await until('it is as it was', async () => (await panel(page).getByText('No changes').count()) === 1);
    await page.keyboard.press('Escape');
    await closed(page);
  },

  async 'NULL and empty'(tools) {
    const { page } = tools;
    await edit(tools, 'crm/contact/row/4');
    const chip = panel(page).getByRole('button', { name: 'NULL for country' });
    check((await chip.getAttribute('aria-pressed')) === 'false', 'a value is shown as NULL');
    await field(page, 'country').fill('');
    check((await field(page, 'country').getAttribute('placeholder')) === 'empty text' && (await chip.getAttribute('aria-pressed')) === 'false', 'an empty text is taken for NULL');
    await save(page).click();
    await closed(page);
    check((await row(page, 'crm/_table/contact/4')).country === '', 'it is not empty');
    await page.getByRole('button', { name: 'Edit', exact: true }).click();
    await chip.click();
    check((await field(page, 'country').getAttribute('placeholder')) === 'NULL', 'NULL is not shown');
    await save(page).click();
    await closed(page);
    check((await row(page, 'crm/_table/contact/4')).country === null, 'it is not NULL');
    // A column that takes no NULL offers none.
    await page.getByRole('button', { name: 'Edit', exact: true }).click();
    await save(page).waitFor();
    check((await panel(page).getByRole('button', { name: 'NULL for email' }).count()) === 0, 'NULL is offered where it is not taken');
    await page.keyboard.press('Escape');
    await closed(page);
  },

  async 'numbers and times keep what they have'(tools) {
    const { page } = tools;
    await create(tools, 'crm/contact_group');
    await field(page, 'id').fill('12x');
    await field(page, 'name').fill('Large');
    await save(page).click();
    await panel(page).getByText('takes a whole number').waitFor();
    await field(page, 'id').fill('9007199254740993');
    await save(page).click();
    await closed(page);
    check((await raw(page, 'crm/_table/contact_group?filter=name=Large&fields=id')).includes('"id":9007199254740993'), 'digits are lost');
    await edit(tools, 'crm/contact/row/9');
    const before = (await row(page, 'crm/_table/contact/9')).created_at;
    const time = panel(page).getByLabel('created_at', { exact: true });
    check((await time.inputValue()).startsWith(before.slice(0, 16)), 'the time is not shown');
    await time.fill('2024-02-29T10:11:12');
    await save(page).click();
    await closed(page);
    check((await row(page, 'crm/_table/contact/9')).created_at === '2024-02-29T10:11:12', 'the time was not changed');
    await page.getByRole('button', { name: 'Edit', exact: true }).click();
    await panel(page).getByRole('button', { name: 'created_at as text' }).click();
    await field(page, 'created_at').fill('2024-02-29T10:11:12.123456');
    await save(page).click();
    await closed(page);
    check((await row(page, 'crm/_table/contact/9')).created_at.endsWith('.123456'), 'microseconds are lost');
    // By the calendar another day is chosen; the clock stays with all its digits.
    await page.getByRole('button', { name: 'Edit', exact: true }).click();
    await panel(page).getByText('2024-02-29T10:11:12.123456').waitFor();
    check((await time.inputValue()).startsWith('2024-02-29T10:11:12.123'), 'the calendar does not show the time');
    await time.fill('2024-03-01T10:11:12.123');
    await save(page).click();
    await closed(page);
    check((await row(page, 'crm/_table/contact/9')).created_at === '2024-03-01T10:11:12.123456', 'another day cuts the microseconds');
    await page.getByRole('button', { name: 'Edit', exact: true }).click();
    await time.fill('2024-02-29T10:11:13.5');
    await save(page).click();
    await closed(page);
    check((await row(page, 'crm/_table/contact/9')).created_at.startsWith('2024-02-29T10:11:13.5'), 'another time is not written as it was chosen');
    await page.getByRole('button', { name: 'Edit', exact: true }).click();
    await panel(page).getByRole('button', { name: 'created_at as text' }).click();
    await field(page, 'created_at').fill('2024-02-29T10:11:12.123456');
    await save(page).click();
    await closed(page);
    // Not touched, it is not sent.
    await page.getByRole('button', { name: 'Edit', exact: true }).click();
    await panel(page).getByText('2024-02-29T10:11:12.123456').waitFor();
    await field(page, 'country').fill('NO');
    const sent = page.waitForRequest((request) => request.method() === 'PATCH');
    await save(page).click();
    check((await sent).postData() === '{"country":"NO"}', 'more than the change is sent');
    await closed(page);
  },

  async 'now is by the clock on the wall where there is no zone'({ browser, base }) {
    const context = await browser.newContext({ timezoneId: 'Pacific/Kiritimati', viewport: { width: 1280, height: 720 } });
    const page = await context.newPage();
    await page.goto(`${base}/console/data/crm/contact/row/9`);
    await page.getByRole('button', { name: 'Edit', exact: true }).click();
    await panel(page).getByRole('button', { name: 'Now for created_at' }).click();
    const value = await panel(page).getByLabel('created_at', { exact: true }).inputValue();
    // Fourteen hours ahead of UTC.
    const ahead = (Date.parse(`${value}Z`) - Date.now()) / 3_600_000;
    check(Math.abs(ahead - 14) < 0.1, `${value} is ${ahead} hours ahead of UTC`);
    await context.close();
  },

  async 'documents with pickers'(tools) {
    const { page, axe, shot, expected } = tools;
    await edit(tools, 'shop/orders/row/7');
    await until('labels are shown', async () => (await picker(page, 'items[1].product').inputValue()) === 'Pebble 6 smartphone');
    await axe('a document');
    await shot('edit-document');
    await panel(page).getByRole('button', { name: 'Add an item to items' }).click();
    await until('the new key waits for its row', () => picker(page, 'items[3].product').evaluate((input) => input === document.activeElement));
    check(await panel(page).getByRole('textbox', { name: 'Name of items[3].quantity' }).isVisible(), 'the new item is not shaped as the first one');
    await choose(page, 'items[3].product', 'travel', 'Travel charger');
    await panel(page).getByLabel('Type of items[3].quantity').selectOption('number');
    await field(page, 'items[3].quantity').fill('x');
    await save(page).click();
    await panel(page).getByText('takes a number').waitFor();
    await field(page, 'items[3].quantity').fill('1.10');
    // A reference to nothing within the document is told at its leaf.
    await look(page, 'items[0].product', 'nope');
    await list(page).getByRole('option', { name: 'Use “nope” as it stands' }).click();
    expected(400, '/_table/orders/7');
    await save(page).click();
    await panel(page).getByRole('alert').getByText('has no row in shop.products.id').waitFor();
    await until('the leaf has the focus', () => picker(page, 'items[0].product').evaluate((input) => input === document.activeElement));
    await choose(page, 'items[0].product', 'p2', /Mini/);
    await panel(page).getByRole('button', { name: 'Remove items[1]', exact: true }).click();
    await save(page).click();
    await closed(page);
    const saved = await raw(page, 'shop/_table/orders/7?fields=items');
    const plain = saved.replace(/\s/g, '');
    check(plain.includes('[{"product":"p2","quantity":1},{"product":"p20","quantity":3},{"product":') && plain.includes('"quantity":1.10}'), saved);
  },

  async 'a list of keys'(tools) {
    const { page } = tools;
    await edit(tools, 'shop/products/row/p1');
    await until('labels are shown', async () => (await picker(page, 'tags[0]').inputValue()) === '5G');
    await panel(page).getByRole('button', { name: 'Move tags[0] down' }).click();
    await until('they have changed places', async () => (await picker(page, 'tags[1]').inputValue()) === '5G');
    check(await panel(page).getByRole('button', { name: 'Move tags[1] down' }).evaluate((button) => button === document.activeElement), 'the focus does not move along');
    await panel(page).getByRole('button', { name: 'Remove tags[2]' }).click();
    await panel(page).getByRole('button', { name: 'Add an item to tags' }).click();
    await page.keyboard.press('ArrowDown');
    await list(page).getByRole('option').first().waitFor();
    const [tag] = (await row(page, 'shop/_table/tags?order=name&limit=1')).resource;
    await list(page).getByRole('option', { name: tag.name }).first().click();
    await save(page).click();
    await closed(page);
    check((await row(page, 'shop/_table/products/p1')).tags.join() === `usb-c,5g,${tag.id}`, 'the list is not as it was made');
    // Members that keys name, in an object; and the document as text.
    await edit(tools, 'shop/articles/row/' + encodeURIComponent((await row(page, 'shop/_table/articles?limit=1&fields=id')).resource[0].id));
    check(await picker(page, 'metadata.author').isVisible(), 'there is no picker in the object');
    await panel(page).getByRole('radiogroup', { name: 'Show metadata as' }).getByText('JSON').click();
    const text = field(page, 'metadata as JSON');
    await text.fill('{\n  "author": "ann",\n  "summary" "x"\n}');
    await save(page).click();
    await panel(page).getByText(/^line 3, column \d+/).waitFor();
    await text.fill('{\n  "author": "ann",\n  "summary": "x"\n}');
    await panel(page).getByRole('radiogroup', { name: 'Show metadata as' }).getByText('tree').click();
    await picker(page, 'metadata.author').waitFor();
    check(await panel(page).getByRole('button', { name: 'reviewer', exact: true }).isVisible(), 'the key that is missing is not offered');
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: 'Discard' }).click();
    await closed(page);
  },

  async 'a restricted delete'(tools) {
    const { page, axe, shot, expected } = tools;
    await tools.open('/data/crm/contact/row/1');
    expected(400, '/_table/contact?dry_run');
    await page.getByRole('button', { name: 'Delete', exact: true }).click();
    const dialog = page.getByRole('dialog', { name: 'Delete crm.contact 1?' });
    await dialog.getByText('The row stays, for others refer to it.').waitFor();
    const referrers = dialog.getByRole('row').filter({ hasText: 'billing.' });
    check((await referrers.count()) === 2, 'not all who refer to it are shown');
    check(await referrers.filter({ hasText: 'customer' }).filter({ hasText: 'on_delete = restrict' }).getByRole('link', { name: 'billing.customer 1 in a new tab' }).isVisible(), 'there is no link to who refers to it');
    check((await dialog.getByRole('button', { name: /^Delete/ }).count()) === 0, 'it can be confirmed');
    const key = await dialog.getByRole('link', { name: 'Key contact in a new tab' }).getAttribute('href');
    check(key === '/console/keys/foreign_key/0', `the key's name leads to ${key}`);
    await axe('restricted delete');
    await shot('edit-restricted');
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'detached' });
    check((await row(page, 'crm/_table/contact/1')).id === 1, 'the row is gone');
  },

  async 'a delete that cascades'(tools) {
    const { page, axe, shot } = tools;
    await tools.open('/data/library/shelf/row/1');
    const count = async () => (await row(page, 'library/_table/book_shelf?filter=shelf_id=1&count_only=true')).meta.count;
    const before = await count();
    await page.getByRole('button', { name: 'Delete', exact: true }).click();
    const dialog = page.getByRole('dialog', { name: 'Delete library.shelf 1?' });
    await dialog.getByText(`This touches ${before + 1} rows`).waitFor();
    const touched = dialog.getByRole('table', { name: 'What this touches in library' }).getByRole('row').filter({ hasText: 'book_shelf' });
    check((await touched.innerText()).includes(String(before)) && (await touched.innerText()).includes('on_delete = cascade'), 'what goes along is not shown');
    await axe('delete');
    await shot('edit-delete');
    await dialog.getByRole('button', { name: `Delete ${before + 1} rows` }).click();
    await dialog.waitFor({ state: 'detached' });
    await until('the list is shown', () => page.url().endsWith('/data/library/shelf'));
    check((await count()) === 0, 'the rows that refer to it are still there');
  },

  async 'Back does not lead to a deleted row'(tools) {
    const { page } = tools;
    await tools.open('/data/library/shelf?size=10');
    await page.getByRole('grid', { name: 'Rows of library.shelf' }).getByRole('link', { name: '2', exact: true }).click();
    await page.getByRole('button', { name: 'Delete', exact: true }).click();
    const dialog = page.getByRole('dialog', { name: 'Delete library.shelf 2?' });
    await dialog.getByRole('button', { name: /^Delete/ }).click();
    await dialog.waitFor({ state: 'detached' });
    await until('the list is shown', () => page.url().endsWith('/data/library/shelf'));
    await page.goBack();
    await until('Back leads to where one came from', () => page.url().endsWith('/data/library/shelf?size=10'));
    await page.getByRole('grid', { name: 'Rows of library.shelf' }).waitFor();
  },

  async 'several rows'(tools) {
    const { page } = tools;
    await tools.open('/data/billing/payment');
    const rows = page.getByRole('grid', { name: 'Rows of billing.payment' }).getByRole('row').filter({ has: page.getByRole('gridcell') });
    for (const at of [0, 1]) await rows.nth(at).getByRole('checkbox').check();
    await page.getByRole('button', { name: 'Delete', exact: true }).click();
    const dialog = page.getByRole('dialog', { name: 'Delete 2 rows of billing.payment?' });
    await dialog.getByText('Nothing else refers to 2 rows.').waitFor();
    await dialog.getByRole('button', { name: 'Delete 2 rows' }).click();
    await dialog.waitFor({ state: 'detached' });
    check((await row(page, 'billing/_table/payment?filter=id%20in%20(1,2)')).resource.length === 0, 'they are still there');
  },

  async 'a key change into another database'(tools) {
    const { page, axe, shot } = tools;
    await edit(tools, 'crm/contact/row/1');
    await field(page, 'email').fill('anna.s@example.org');
    await panel(page).getByText('Other rows refer to this value').waitFor();
    await save(page).click();
    const preview = page.getByRole('dialog', { name: 'What this touches' });
    const billing = preview.getByRole('table', { name: 'What this touches in billing' }).getByRole('row').filter({ hasText: 'customer' });
    await billing.waitFor();
    check(/customer\s+2\s+gets the new value \(cascade\)\s+contact/.test(await billing.innerText()), await billing.innerText());
    await axe('key change');
    await shot('edit-key-change');
    check((await row(page, 'crm/_table/contact/1')).email === 'anna.schneider@example.org', 'it was saved before it was confirmed');
    await preview.getByRole('button', { name: 'Save 3 rows' }).click();
    await closed(page);
    check((await row(page, 'crm/_table/contact/1')).email === 'anna.s@example.org', 'the contact was not changed');
    const { resource } = await row(page, 'billing/_table/customer?ids=1,2&fields=username');
    check(resource.every(({ username }) => username === 'anna.s@example.org'), JSON.stringify(resource));
  },

  async 'a key change that others stand in the way of'(tools) {
    const { page, expected } = tools;
    await edit(tools, 'library/author/row/1');
    await field(page, 'id').fill('1001');
    expected(409, '/_table/author/1');
    await save(page).click();
    const preview = page.getByRole('dialog', { name: 'This cannot be changed' });
    const referrer = preview.getByRole('row').filter({ hasText: 'library.book' });
    await referrer.waitFor();
    // A key of the database has no entry: the map shows it.
    const [tab] = await Promise.all([page.waitForEvent('popup'), referrer.getByRole('link', { name: /^Key .* in a new tab$/ }).click()]);
    await tab.getByRole('region', { name: /^Key / }).getByText('by the database').waitFor();
    await tab.close();
    check((await preview.getByRole('button', { name: /^Save/ }).count()) === 0, 'it can be confirmed');
    await preview.getByRole('button', { name: 'Back to the form' }).click();
    check((await field(page, 'id').inputValue()) === '1001', 'the form is not kept');
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: 'Discard' }).click();
    await closed(page);
  },

  async 'an answer that is lost'(tools) {
    const { page } = tools;
    await create(tools, 'shop/users');
    await field(page, 'id').fill('twice');
    await field(page, 'name').fill('Once Only');
    await field(page, 'email').fill('once@example.org');
    const names = [];
    await page.route('**/_table/users?fields=*', async (route) => {
      names.push(route.request().headers()['idempotency-key']);
      // The server does it, and the first answer does not arrive.
      const answer = await route.fetch();
      if (names.length === 1) await route.abort('aborted');
      else await route.fulfill({ response: answer });
    });
    await save(page).click();
    await panel(page).getByRole('alert').getByText('the proxy does not answer').waitFor();
    await save(page).click();
    await closed(page);
    await page.unroute('**/_table/users?fields=*');
    check(names.length === 2 && names[0] === names[1], `another name: ${names}`);
    check((await row(page, 'shop/_table/users?filter=id=twice')).resource.length === 1, 'the row is not there');
  },

  async 'changes are not lost by leaving'(tools) {
    const { page } = tools;
    await edit(tools, 'crm/contact/row/6');
    await field(page, 'first_name').fill('Someone');
    const asked = page.waitForEvent('dialog');
    const leaving = page.reload({ waitUntil: 'commit' }).catch(() => undefined);
    await (await asked).dismiss();
    await leaving;
    check((await field(page, 'first_name').inputValue()) === 'Someone', 'the form is lost');
    await panel(page).getByRole('button', { name: 'Close the editor' }).click();
    await page.getByRole('button', { name: 'Discard' }).click();
    await closed(page);
    // Back within the console asks too.
    await tools.open('/data/crm/contact');
    await page.getByRole('grid').getByRole('link', { name: '6', exact: true }).click();
    await page.getByRole('button', { name: 'Edit', exact: true }).click();
    await field(page, 'first_name').fill('Someone');
    await page.evaluate(() => history.back());
    await page.getByRole('button', { name: 'Keep editing' }).click();
    check(page.url().endsWith('/data/crm/contact/row/6') && (await field(page, 'first_name').inputValue()) === 'Someone', 'Back loses the form');
    await page.evaluate(() => history.back());
    await page.getByRole('button', { name: 'Discard' }).click();
    await closed(page);
    await until('the list is back', () => page.url().endsWith('/data/crm/contact'));
  },

  async 'what somebody else has changed meanwhile'(tools) {
    const { page } = tools;
    await tools.open('/data/crm/contact/row/7');
    await page.getByRole('button', { name: 'Edit', exact: true }).click();
    const dialog = page.getByRole('dialog');
    const country = dialog.getByRole('textbox', { name: 'country', exact: true });
    await country.fill('AA');
    await page.evaluate(() => fetch('/api/v2/crm/_table/contact/7', {
      method: 'PATCH', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ country: 'BB' }),
    }));
    await country.press('Control+Enter');
    await dialog.getByText(/the row was changed meanwhile: country was "\w+" and is "BB"/).waitFor();
    check((await row(page, 'crm/_table/contact/7')).country === 'BB', 'their change is written over');
    await country.press('Control+Enter');
    await dialog.waitFor({ state: 'detached' });
    check((await row(page, 'crm/_table/contact/7')).country === 'AA', 'it is not saved the second time');
  },

  async 'by keyboard alone'(tools) {
    const { page } = tools;
    await tools.open('/data/billing/customer/row/8');
    await page.getByRole('button', { name: 'Edit', exact: true }).focus();
    await page.keyboard.press('Enter');
    await until('the first field has the focus', () => field(page, 'id').evaluate((input) => input === document.activeElement));
    await page.keyboard.press('Tab');
    check(await picker(page, 'username').evaluate((input) => input === document.activeElement), 'the picker is not the next stop');
    await page.keyboard.type('romano');
    await until('a row is found', async () => (await list(page).getByRole('option', { selected: true }).count()) === 1 && (await list(page).getByRole('option', { selected: true }).innerText()).includes('Romano'));
    check((await picker(page, 'username').getAttribute('aria-activedescendant')) === await list(page).getByRole('option', { selected: true }).getAttribute('id'), 'screen readers are not told what is marked');
    await page.keyboard.press('Enter');
    await until('it is connected', async () => (await picker(page, 'username').inputValue()) === 'Romano');
    // The chip for NULL is reached too.
    const chip = panel(page).getByRole('button', { name: 'NULL for username' });
    for (let presses = 0; presses < 5 && !(await chip.evaluate((button) => button === document.activeElement)); presses++) await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    check((await picker(page, 'username').inputValue()) === '', 'the chip does not set NULL');
    await page.keyboard.press('Enter');
    await until('and back', async () => (await picker(page, 'username').inputValue()) === 'Romano');
    await page.keyboard.press('Control+Enter');
    await closed(page);
    check((await row(page, 'billing/_table/customer/8')).username === 'chiara.romano@example.com', 'nothing was saved');
    await until('the focus is back', () => page.getByRole('button', { name: 'Edit', exact: true }).evaluate((button) => button === document.activeElement));
  },

  async 'on a phone'(tools) {
    const { page, axe, shot } = tools;
    await page.setViewportSize({ width: 390, height: 844 });
    await edit(tools, 'shop/orders/row/8');
    await picker(page, 'items[0].product').waitFor();
    check(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), 'the page scrolls sideways');
    check(await panel(page).evaluate((panel) => panel.scrollWidth <= panel.clientWidth && panel.clientWidth <= 390), 'the panel scrolls sideways');
    await axe('on a phone');
    await shot('edit-phone');
    await page.keyboard.press('Escape');
    await closed(page);
    await page.setViewportSize({ width: 1280, height: 720 });
  },
};

await run(steps);
