// What all views share: where to go, what to look for, colours, and what the page weighs.
import { check, run, until } from './support.mjs';

const compressed = 500 * 1024;

await run({
  async 'the console begins with the map'({ page, open }) {
    await open('');
    await until('the map is shown', () => page.url().endsWith('/console/map'));
  },

  async 'an address of no view says so'({ page, open, axe }) {
    const told = page.getByRole('alert');
    for (const [address, meant] of [['/nothing', null], ['/mapp', 'Map'], ['/health/more', 'Health']]) {
      await open(address);
      await told.getByText(`The console has no page ${address}`).waitFor();
      check(await told.getByText('Did you mean').count() === (meant ? 1 : 0), `${address} is taken for another one`);
      if (meant) await told.getByText(`Did you mean ${meant}?`).waitFor();
    }
    await axe('an unknown address');
    await open('/nothing');
    check(await page.title() === 'Crosskey', 'it has the title of a view');
    await told.getByRole('link', { name: 'Data' }).click();
    await page.getByRole('textbox', { name: 'Search tables' }).waitFor();
  },

  async 'the first load is light, and the map is soon there'({ browser, base }) {
    const context = await browser.newContext();
    const page = await context.newPage();
    const session = await context.newCDPSession(page);
    await session.send('Network.enable');
    let bytes = 0;
    session.on('Network.loadingFinished', ({ encodedDataLength }) => { bytes += encodedDataLength; });
    const began = Date.now();
    await page.goto(`${base}/console`);
    await page.locator('.react-flow__node').first().waitFor();
    console.log(`the first load has ${Math.round(bytes / 1024)} kB, the map is there after ${Date.now() - began} ms`);
    check(bytes > 0 && bytes <= compressed, `the first load has ${bytes} bytes`);
    await context.close();
  },

  async 'each view has a title and a place in the list'({ page, open, axe }) {
    await open('/map');
    for (const view of ['Keys', 'Data', 'API', 'Health', 'Map']) {
      await page.getByRole('link', { name: view, exact: true }).click();
      await until(`the title tells ${view}`, async () => (await page.title()) === `${view} · Crosskey`);
      check(await page.getByRole('link', { name: view, exact: true }).getAttribute('aria-current') === 'page', `${view} is the current one`);
    }
    await axe('the shell');
  },

  async 'a search finds a table by the keyboard alone'({ page, open, axe }) {
    await open('/health');
    await page.keyboard.press('Control+K');
    const box = page.getByRole('textbox', { name: 'Search' });
    await box.waitFor();
    await page.keyboard.type('crm.contact_i');
    await page.getByRole('button', { name: /crm\.contact_info/ }).first().waitFor();
    await axe('the search');
    await page.keyboard.press('Enter');
    await until('the rows are shown', () => page.url().includes('/data/crm/contact_info'));
    await until('the focus went along', () => page.evaluate(() => document.activeElement?.id === 'main'));
  },

  async 'a search goes by words'({ page, open }) {
    await open('/health');
    await page.keyboard.press('Control+K');
    await page.getByRole('textbox', { name: 'Search' }).waitFor();
    await page.keyboard.type('username contact');
    await page.getByRole('button', { name: /^billing\.customer\.username → crm\.contact/ }).waitFor();
    await page.keyboard.press('Enter');
    await until('the key is shown', () => page.url().includes('/keys/foreign_key/'));
  },

  async 'the skip link leads past the list of views'({ page, open }) {
    await open('/health');
    await page.keyboard.press('Tab');
    check(await page.evaluate(() => document.activeElement.textContent) === 'Skip to content', 'the first stop is the skip link');
    await page.keyboard.press('Enter');
    check(await page.evaluate(() => document.activeElement.id) === 'main', 'the content has the focus');
  },

  async 'colours are chosen, and stay'({ page, open }) {
    await open('/health');
    const scheme = () => page.evaluate(() => document.documentElement.dataset.mantineColorScheme);
    check(await scheme() === 'light', 'the system asks for light colours');
    await page.getByRole('button', { name: 'Use dark colours' }).click();
    await until('it is dark', async () => (await scheme()) === 'dark');
    await page.reload();
    await until('it is still dark', async () => (await scheme()) === 'dark');
    await page.getByRole('button', { name: 'Use light colours' }).click();
    await page.evaluate(() => localStorage.clear());
  },

  async 'a phone has the views behind a button'({ page, open, axe }) {
    await page.setViewportSize({ width: 390, height: 844 });
    await open('/health');
    await page.getByRole('button', { name: 'Views' }).click();
    await page.getByRole('link', { name: 'Keys', exact: true }).click();
    await until('the keys are shown', () => page.url().endsWith('/keys'));
    const wider = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    check(wider <= 0, `the page is ${wider} px too wide`);
    await axe('a phone');
  },
});
