// The list of keys as a table.
import { useEffect, useRef } from 'react';
import { Anchor, Badge, Group, Table, Text, Tooltip, UnstyledButton } from '@mantine/core';
import { IconAlertTriangle, IconArrowNarrowRight, IconChevronDown, IconChevronUp, IconHierarchy2, IconSelector } from '@tabler/icons-react';
import { Link } from 'wouter';
import { INLINE } from '../parts/inline';
import { isPath } from '../api/paths';
import type { Catalog } from '../api/types';
import { links } from '../links';
import { Breaking } from '../parts/breaking';
import { SourceDot } from '../parts/table-name';
import { Scroll } from '../parts/scroll';
import type { KeyRow, Order } from './key-rows';

interface Props {
  catalog: Catalog;
  rows: KeyRow[];
  order: Order;
  down: boolean;
  onOrder: (order: Order) => void;
  /** Some key has been looked through for orphans. */
  audited: boolean;
  /** The entry that was saved just now. */
  saved: string | null;
}

const HEADS: { order?: Order; label: string }[] = [
  { order: 'from', label: 'Referencing' }, { order: 'to', label: 'Referenced' }, { order: 'name', label: 'Name / inverse' },
  { label: 'On delete' }, { label: 'On update' }, { label: 'Enforce' }, { order: 'orphans', label: 'Orphans' },
];

export function KeyTable({ rows, order, down, onOrder, audited, saved }: Props) {
  return (
    <Scroll label="Keys" minWidth={{ base: 0, sm: 880 }}>
      <Table className="keys-table" highlightOnHover fz={13} lh={1.4} aria-label="Keys">
        <Table.Thead>
          <Table.Tr>
            {HEADS.map(({ label, order: by }) => (
              <Table.Th key={label} style={{ whiteSpace: 'nowrap' }} aria-sort={by && by === order ? (down ? 'descending' : 'ascending') : undefined}>
                {by ? <Sorter label={label} state={by !== order ? null : down ? 'down' : 'up'} onClick={() => onOrder(by)} /> : label}
              </Table.Th>
            ))}
            <Table.Th ta="right"><Text span size="xs" c="dimmed" fw={400} style={{ whiteSpace: 'nowrap' }}>{rows.length} shown</Text></Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>{rows.map((row) => <Row key={row.id} row={row} audited={audited} saved={saved !== null && saved === row.entry?.entry}
          />)}</Table.Tbody>
      </Table>
    </Scroll>
  );
}

function Sorter({ label, state, onClick }: { label: string; state: 'up' | 'down' | null; onClick: () => void }) {
  const Icon = state === 'up' ? IconChevronUp : state === 'down' ? IconChevronDown : IconSelector;
  return <UnstyledButton onClick={onClick} fz={13} fw={700}><Group gap={4} wrap="nowrap">{label}<Icon size={14} aria-hidden
    /></Group></UnstyledButton>;
}

function Row({ row, audited, saved }: { row: KeyRow; audited: boolean; saved: boolean }) {
  const { entry, key, over } = row;
  const place = useRef<HTMLTableRowElement>(null);
  useEffect(() => { if (saved) place.current?.scrollIntoView({ block: 'nearest' }); }, [saved]);
  return (
    <Table.Tr ref={place} c={entry || key?.virtual ? undefined : 'dimmed'} bg={saved ? 'var(--mantine-primary-color-light)' : undefined}>
      <Table.Td data-label="Referencing">
        {entry
          ? <Anchor component={Link} href={links.key(entry.entry)} c="inherit" inherit><Columns columns={row.from} arrow={row.to.join(', ')}
            /></Anchor>
          : <Columns columns={row.from} />}
        {!entry && key?.virtual && key.entry === null && <Text fz={12} lh={1.3} c="dimmed">{INLINE}</Text>}
      </Table.Td>
      <Table.Td data-label="Referenced"><Columns columns={row.to} />{over && <Text fz={12} lh={1.3} c="dimmed">over <Breaking>{over}</Breaking></Text>}</Table.Td>
      <Table.Td data-label="Name / inverse">
        {row.name ? <Breaking>{row.name}</Breaking> : <Text span inherit c="dimmed">default name</Text>}
        {row.inverse && <Text fz={12} lh={1.3} c="dimmed"><Breaking>{row.inverse}</Breaking></Text>}
      </Table.Td>
      <Table.Td data-label="On delete">{key?.on_delete}</Table.Td>
      <Table.Td data-label="On update">{key?.on_update}</Table.Td>
      <Table.Td data-label="Enforce">{key && !key.virtual ? <Tooltip label="The database declares this key and keeps it"><Text span inherit
        tabIndex={0}>database</Text></Tooltip> : key?.enforce}</Table.Td>
      <Table.Td data-label="Orphans">{key && <Orphans row={row} audited={audited} />}</Table.Td>
      <Table.Td>
        <Group gap={6} wrap="nowrap" justify="flex-end">
          <Marks row={row} />
          {key && (
            <Tooltip label="Show on the map">
              <Anchor component={Link} href={links.map({ key: key.id })} aria-label={`Show ${row.from.join(', ')} on the map`}
                lh={0}><IconHierarchy2 size={16} /></Anchor>
            </Tooltip>
          )}
        </Group>
      </Table.Td>
    </Table.Tr>
  );
}

function Columns({ columns, arrow }: { columns: string[]; arrow?: string }) {
  return (
    <>
      {columns.filter(Boolean).map((column) => (
        <Group key={column} gap={6} wrap="nowrap" component="span" display="flex">
          <SourceDot source={column.split('.')[0]!} size={8} />
          <Breaking>{column}</Breaking>
          {arrow !== undefined && <IconArrowNarrowRight size={14} aria-label={`to ${arrow}`} role="img" style={{ flex: 'none', opacity: 0.6 }} />}
        </Group>
      ))}
    </>
  );
}

function Orphans({ row: { audit, key }, audited }: { row: KeyRow; audited: boolean }) {
  if (!audit) return audited ? null : <Text span size="xs" c="dimmed" style={{ whiteSpace: 'nowrap' }}>not audited</Text>;
  if (audit.error) return <Tooltip label={audit.error}><Text span size="sm" c="var(--mantine-color-error)" tabIndex={0}>failed</Text></Tooltip>;
  if (!audit.orphans) return <>0</>;
  return <Anchor component={Link} href={`${links.health()}?key=${encodeURIComponent(key!.id)}`} size="sm" c="var(--mantine-color-error)"
    fw={600}>{audit.orphans}</Anchor>;
}

function Marks({ row: { key, entry, faults } }: { row: KeyRow }) {
  return (
    <>
      {faults.length > 0 && <Tooltip label={faults.map(({ message }) => message).join('; ')}><IconAlertTriangle size={16} role="img"
        aria-label={faults.map(({ message }) => message).join('; ')} tabIndex={0} color="var(--mantine-color-error)" /></Tooltip>}
      {key && Object.keys(key.when).length > 0 && <Mark text="when" />}
      {key?.unique === 'assumed' && <Mark text="assumed" />}
      {key?.referencing.columns.some(isPath) && <Mark text="json" />}
      {entry?.kind === 'many_many' && <Mark text="many" />}
    </>
  );
}

const Mark = ({ text }: { text: string }) => <Badge size="xs" variant="outline" color="gray" c="inherit" tt="none" miw="max-content">{text}</Badge>;
