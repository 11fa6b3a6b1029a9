// A key: both of its sides, and what it asks of writes.
import { Anchor, Badge, Button, Group, Text } from '@mantine/core';
import { IconArrowDown, IconPencil, IconTable } from '@tabler/icons-react';
import { Link } from 'wouter';
import { writeJson } from '../api/client';
import type { Key, Side } from '../api/types';
import { links } from '../links';
import { INLINE } from '../parts/inline';
import { TableName } from '../parts/table-name';
import { CardFrame, type CardProps } from './card';
import { sideText } from './model';

export function KeyCard({ shown, catalog, orphans, onPick, onClose }: CardProps & { shown: Key }) {
  const { referencing, referenced, entry } = shown;
  const from = catalog.tables.find(({ id }) => id === referencing.table);
  return (
    <CardFrame label={`Key ${shown.name}`} title={<>{shown.virtual ? 'Virtual' : 'Native'} key <span className="mono">{shown.name}</span></>} onClose={onClose}>
      <End side={referencing} what="referencing" onPick={onPick} />
      <IconArrowDown size={16} aria-hidden style={{ display: 'block', margin: '2px 0 2px 8px' }} />
      <End side={referenced} what="referenced" onPick={onPick} />
      <Group gap={6} my={10}>
        {entry && <Button component={Link} href={links.key(entry)} size="compact-sm" leftSection={<IconPencil size={14} aria-hidden />}>Edit</Button>}
        {from && <Button component={Link} href={links.rows(from)} size="compact-sm" variant="default" leftSection={<IconTable size={14} aria-hidden />}>Rows</Button>}
      </Group>
      {shown.virtual && !entry && <Text size="xs" c="dimmed" mb={10}>{INLINE}</Text>}
      <dl>
        <dt>on delete</dt><dd>{shown.on_delete}</dd>
        <dt>on update</dt><dd>{shown.on_update}</dd>
        <dt>enforce</dt><dd>{shown.virtual ? shown.enforce : 'by the database'}</dd>
        <dt>values meet as</dt><dd>{shown.class.join(', ')}</dd>
        {shown.unique === 'assumed' && <><dt>unique</dt><dd>assumed, not declared</dd></>}
        {Object.keys(shown.when).length > 0 && <><dt>when</dt><dd className="mono">{writeJson(shown.when)}</dd></>}
        <dt>orphans</dt><dd><Orphans count={orphans?.get(shown.id)} audited={orphans !== undefined} /></dd>
        <dt>relationships</dt>
        <dd><span className="mono">{shown.name}</span> of {referencing.table}<br /><span className="mono">{shown.inverse}</span> of {referenced.table}</dd>
        <Joins shown={shown} catalog={catalog} onPick={onPick} />
      </dl>
    </CardFrame>
  );
}

function End({ side, what, onPick }: { side: Side; what: string; onPick: CardProps['onPick'] }) {
  return (
    <div>
      <Anchor component="button" c="inherit" onClick={() => onPick({ table: side.table })} aria-label={`Go to ${side.table}`}><TableName id={side.table} /></Anchor>
      <Text component="span" size="sm" className="mono"> {sideText(side.columns)}</Text>
      <Text component="span" size="xs" c="dimmed"> {what}</Text>
    </div>
  );
}

function Orphans({ count, audited }: { count: number | undefined; audited: boolean }) {
  if (count) return <Badge size="sm" color="red.9" tt="none">{count.toLocaleString('en')}</Badge>;
  if (count === 0) return <>none</>;
  return <>{audited ? 'not counted' : <>no audit yet: <Anchor component={Link} underline="always" href={links.health()} inherit>Health</Anchor> runs one</>}</>;
}

/** The many_many relationships that it takes part in. */
function Joins({ shown, catalog, onPick }: { shown: Key } & Pick<CardProps, 'catalog' | 'onPick'>) {
  const joins = catalog.tables.flatMap(({ id, relationships }) =>
    relationships.filter(({ key, through }) => through && key === shown.id).map((one) => ({ table: id, ...one })));
  if (!joins.length) return null;
  return (
    <>
      <dt>many to many</dt>
      <dd>
        {joins.map(({ table, name, target, through }) => (
          <div key={name}>
            <Anchor component="button" inherit onClick={() => onPick({ key: through!.key })} aria-label={`The pair's other key, to ${target}`}>{target}</Anchor>
            {' '}of {table}, through {through!.table}
          </div>
        ))}
      </dd>
    </>
  );
}
