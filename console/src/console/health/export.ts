// The result of an audit as a file.
import { writeJson } from '../api/client';
import type { Audit } from '../api/types';

export const saveJson = (audit: Audit) => save('audit.json', 'application/json', `${writeJson(audit, 2)}\n`);

const HEADS = ['key', 'column', 'references', 'native', 'rows', 'checked', 'orphans', 'error'];

export function saveCsv({ reports }: Audit) {
  const lines = reports.map(({ key, column, references, native, rows, checked, orphans, error }) =>
    [key, column.join(' '), references.join(' '), native, rows, checked, orphans, error ?? ''].map((value) => field(String(value))).join(','));
  save('audit.csv', 'text/csv', `${[HEADS.join(','), ...lines].join('\r\n')}\r\n`);
}

const field = (text: string) => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);

function save(name: string, type: string, text: string) {
  const address = URL.createObjectURL(new Blob([text], { type }));
  Object.assign(document.createElement('a'), { href: address, download: name }).click();
  URL.revokeObjectURL(address);
}
