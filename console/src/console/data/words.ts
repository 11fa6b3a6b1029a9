// The words of which the address's texts are made: `'it''s'`, `"odd.name".plan`.

/** Splits at blanks, outside of quotes. */
export function words(text: string): string[] {
  return text.match(/(?:'(?:[^']|'')*'|"(?:[^"]|"")*"|[^\s'"]|['"])+/g) ?? [];
}

/** Splits at a separator, outside of quotes. */
export function parts(text: string, separator: '.' | ',' | ':'): string[] {
  const found: string[] = [];
  let part = '';
  for (const piece of text.match(/'(?:[^']|'')*'|"(?:[^"]|"")*"|[\s\S]/g) ?? []) {
    if (piece !== separator) { part += piece; continue; }
    found.push(part);
    part = '';
  }
  return [...found, part];
}

const unquoted = (text: string, quote: string) =>
  text.length > 1 && text.startsWith(quote) && text.endsWith(quote) ? text.slice(1, -1).replaceAll(quote + quote, quote) : text;

const quoted = (text: string, quote: string) => quote + text.replaceAll(quote, quote + quote) + quote;

/** Names of relationships, and of a column behind them. */
export const readPath = (text: string): string[] => parts(text, '.').map((name) => unquoted(name, '"'));

export const writePath = (path: string[]) => path.map((name) => (/^[\p{L}_$][\p{L}\p{N}_$]*$/u.test(name) ? name : quoted(name, '"'))).join('.');

export const readValue = (text: string) => unquoted(text, "'");

export const writeValue = (value: string) => (/^[^\s'",]+$/.test(value) ? value : quoted(value, "'"));
