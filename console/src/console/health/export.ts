// The result of an audit as a file.
import { writeJson } from '../api/client';
import type { Audit } from '../api/types';
import { download } from '../parts/download';

export const saveJson = (audit: Audit) => download('audit.json', 'application/json', `${writeJson(audit, 2)}\n`);

const HEADS = ['key', 'column', 'references', 'native', 'rows', 'checked', 'orphans', 'error'];

export function saveCsv({ reports }: Audit) {
  const lines = reports.map(({ key, column, references, native, rows, checked, orphans, error }) =>
    [key, column.join(' '), references.join(' '), native, rows, checked, orphans, error ?? ''].map((value) => field(String(value))).join(','));
  download('audit.csv', 'text/csv', `${[HEADS.join(','), ...lines].join('\r\n')}\r\n`);
}

const field = (text: string) => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
