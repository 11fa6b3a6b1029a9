// The map as text, for who does not see it.
import { memo } from 'react';
import { VisuallyHidden } from '@mantine/core';
import type { Catalog } from '../api/types';
import { sideText, type MapModel, type MapTable } from './model';

export const Outline = memo(function Outline({ catalog: { tables, keys }, orphans }: { catalog: Catalog; orphans: ReadonlyMap<string, number> }) {
  return (
    <VisuallyHidden>
      <table>
        <caption>All tables</caption>
        <thead><tr><th>table</th><th>rows</th><th>references</th><th>referenced by</th></tr></thead>
        <tbody>
          {tables.map(({ id, rows }) => (
            <tr key={id}>
              <th scope="row">{id}</th><td>{rows === null ? 'unknown' : rows}</td>
              <td>{keys.filter((key) => key.referencing.table === id).length}</td><td>{keys.filter((key) => key.referenced.table === id).length}</td>
            </tr>
          ))}
        </tbody>
      </table>
      <table>
        <caption>All keys</caption>
        <thead><tr><th>referencing</th><th>referenced</th><th>declared by</th><th>on delete</th><th>orphans</th></tr></thead>
        <tbody>
          {keys.map(({ id, referencing, referenced, virtual, on_delete }) => (
            <tr key={id}>
              <td>{referencing.table}.{sideText(referencing.columns)}</td><td>{referenced.table}.{sideText(referenced.columns)}</td>
              <td>{virtual ? 'key file' : 'database'}</td><td>{on_delete}</td><td>{orphans.get(id) ?? 'not counted'}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </VisuallyHidden>
  );
});

/** What is said of a table when the keyboard comes to it. */
export function described({ id, rows }: MapTable, { keys }: MapModel): string {
  const out = keys.filter(({ from }) => from === id).map(({ to }) => to);
  const into = keys.filter(({ to }) => to === id).map(({ from }) => from);
  return [
    id, rows !== null && `about ${rows} rows`,
    out.length ? `references ${[...new Set(out)].join(', ')}` : 'references nothing',
    into.length ? `referenced by ${[...new Set(into)].join(', ')}` : 'referenced by nothing',
  ].filter(Boolean).join('; ');
}
