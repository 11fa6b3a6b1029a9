// A table: what it holds, what it references and what references it.
import { ActionIcon, Anchor, Badge, Button, Group, Menu, Text, Tooltip } from '@mantine/core';
import { IconApi, IconKey, IconLink, IconPencil, IconPlus, IconTable } from '@tabler/icons-react';
import { Link } from 'wouter';
import type { Catalog, Column, Key, Table } from '../api/types';
import { links } from '../links';
import { Breaking } from '../parts/breaking';
import { ColumnType } from '../parts/column-type';
import { TableName } from '../parts/table-name';
import { CardFrame, type CardProps } from './card';
import { ManyList, manyOf } from './many-list';
import { compact } from './marks';
import { keyText } from './model';
import { columnOf } from '../api/paths';

export function TableCard({ table, catalog, orphans, onPick, onClose }: CardProps & { table: Table }) {
  const out = catalog.keys.filter(({ referencing }) => referencing.table === table.id);
  const referencing = new Set(out.flatMap((key) => key.referencing.columns.map((path) => columnOf(table, path))));
  const into = catalog.keys.filter(({ referenced }) => referenced.table === table.id);
  const many = manyOf(table);
  return (
    <CardFrame label={`Table ${table.id}`} title={<TableName id={table.id} />} onClose={onClose}>
      <Text size="xs" c="dimmed">{facts(table, catalog)}</Text>
      <Group gap={6} my={8}>
        <Button component={Link} href={links.rows(table)} size="compact-sm" leftSection={<IconTable size={14} aria-hidden />}>Rows</Button>
        <NewKey table={table} />
        <Button component={Link} href={links.api({ table: table.id })} size="compact-sm" variant="default" leftSection={<IconApi size={14} aria-hidden />}>API</Button>
      </Group>
      <KeyList title={`References (${out.length})`} keys={out} other="referenced" orphans={orphans} onPick={onPick} />
      <KeyList title={`Referenced by (${into.length})`} keys={into} other="referencing" orphans={orphans} onPick={onPick} />
      {many.length > 0 && <><Heading>Many to many ({many.length})</Heading><ManyList of={many} onPick={onPick} /></>}
      <Heading>Columns ({table.columns.length})</Heading>
      <ul>{table.columns.map((column) => <ColumnRow key={column.name} column={column} table={table} references={referencing.has(column.name)} />)}</ul>
    </CardFrame>
  );
}

const facts = ({ source, rows, view, read_only: readOnly, label }: Table, { sources }: Catalog) => [
  sources.find(({ name }) => name === source)?.kind, rows === null ? 'rows unknown' : `about ${rows.toLocaleString('en')} rows`,
  view && 'view', readOnly && 'read-only', label && `label column ${label}`,
].filter(Boolean).join(' · ');

function NewKey({ table }: { table: Table }) {
  return (
    <Menu withinPortal={false} position="bottom-start" width={240} trapFocus>
      <Menu.Target><Button size="compact-sm" variant="default" leftSection={<IconPlus size={14} aria-hidden />}>New key</Button></Menu.Target>
      <Menu.Dropdown mah={280} style={{ overflowY: 'auto' }}>
        <Menu.Label>Whose values are those of another table?</Menu.Label>
        {table.columns.map(({ name }) => (
          <Menu.Item key={name} component={Link} href={links.newKey({ column: `${table.id}.${quoted(name)}` })} className="mono">{name}</Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}

// As the key file writes names that hold more than letters.
const quoted = (name: string) => (/^\w+$/.test(name) ? name : JSON.stringify(name));

interface ListProps { title: string; keys: Key[]; other: 'referencing' | 'referenced'; orphans: CardProps['orphans']; onPick: CardProps['onPick'] }

function KeyList({ title, keys, other, orphans, onPick }: ListProps) {
  return (
    <>
      <Heading>{title}</Heading>
      {!keys.length && <Text size="xs" c="dimmed">none</Text>}
      <ul>
        {keys.map((key) => (
          <li key={key.id}>
            <Group gap={6} wrap="nowrap">
              <Anchor component="button" className="mono" onClick={() => onPick({ key: key.id })} ta="left" style={{ overflowWrap: 'anywhere' }} flex={1}>
                {keyText(key)}
              </Anchor>
              <KeyBadges shown={key} orphans={orphans} />
              {key.entry && (
                <Tooltip label="Edit the key" withinPortal={false} position="left">
                  <ActionIcon component={Link} href={links.key(key.entry)} variant="subtle" color="gray" size="sm" aria-label={`Edit ${key.name}`}>
                    <IconPencil size={14} />
                  </ActionIcon>
                </Tooltip>
              )}
            </Group>
            <Anchor component="button" size="xs" c="inherit" onClick={() => onPick({ table: key[other].table })} aria-label={`Go to ${key[other].table}`}>
              <TableName id={key[other].table} size="xs" />
            </Anchor>
            <Names shown={key} own={other === 'referenced' ? 'name' : 'inverse'} />
          </li>
        ))}
      </ul>
    </>
  );
}

/** What the relationship is called from either side; the one of this table stands out. */
function Names({ shown, own }: { shown: Key; own: 'name' | 'inverse' }) {
  const name = (which: 'name' | 'inverse', table: string) => (
    <Text span inherit c={which === own ? 'var(--mantine-color-text)' : undefined} title={`of ${table}`}><Breaking>{shown[which]}</Breaking></Text>
  );
  return (
    <Text className="mono" size="xs" c="dimmed" role="group" aria-label="Name / inverse">
      {name('name', shown.referencing.table)} / {name('inverse', shown.referenced.table)}
    </Text>
  );
}

export function KeyBadges({ shown, orphans }: { shown: Key; orphans: CardProps['orphans'] }) {
  const count = orphans?.get(shown.id);
  return (
    <>
      {!shown.virtual && <Badge size="xs" variant="default" tt="none">native</Badge>}
      {shown.on_delete === 'cascade' && <Badge size="xs" variant="default" tt="none">cascade</Badge>}
      {count ? <Badge size="xs" color="red.9" tt="none" aria-label={`${count} ${count === 1 ? 'orphan' : 'orphans'}`}>{compact(count)}</Badge> : null}
    </>
  );
}

function ColumnRow({ column, table, references }: { column: Column; table: Table; references: boolean }) {
  const { name, nullable } = column;
  return (
    <li>
      <Group gap={6} wrap="nowrap">
        <span className="map-sign">
          {table.primary_key.includes(name) ? <IconKey size={12} role="img" aria-label="primary key" />
            : references && <IconLink size={12} role="img" aria-label="references" />}
        </span>
        <Text className="mono" flex={1} style={{ overflowWrap: 'anywhere' }}>{name}</Text>
        <Text size="xs" c="dimmed"><ColumnType column={column} />{nullable && ', or null'}</Text>
      </Group>
    </li>
  );
}

function Heading({ children }: { children: React.ReactNode }) {
  return <Text component="h3" size="xs" fw={600} mt="sm" mb={2}>{children}</Text>;
}
