// A field of the form: its name and type, whether it is NULL or left out, its control, and what is wrong with it.
import { useId, useRef, type ReactNode } from 'react';
import { ActionIcon, Badge, Box, Button, Group, Text, Tooltip } from '@mantine/core';
import { IconArrowBackUp, IconKey } from '@tabler/icons-react';
import type { Column, Table } from '../../api/types';
import { ColumnType } from '../../parts/column-type';
import { LEFT, NULL, text, type Held } from './held';

export interface ControlProps {
  id: string;
  column: Column;
  held: Held;
  /** `at`: where in the row, where that is less than the column. */
  onChange: (held: Held, at?: string) => void;
  describedBy: string;
  fault?: string;
  creating: boolean;
}

interface Props {
  table: Table;
  column: Column;
  held: Held;
  initial: Held;
  changed: boolean;
  creating: boolean;
  /** The tables that it refers to. */
  refersTo: string[];
  /** Others refer to it, so that they follow or stand in the way. */
  referenced: boolean;
  fault?: string;
  /** Its control has a choice for NULL and the default. */
  ownStates: boolean;
  onChange: (held: Held) => void;
  children: (ids: { id: string; describedBy: string }) => ReactNode;
}

export function Field({ table, column, held, initial, changed, creating, refersTo, referenced, fault, ownStates, onChange, children }: Props) {
  const id = useId();
  const faultId = `${id}-fault`;
  const box = useRef<HTMLDivElement>(null);
  const before = useRef<Held | null>(null);
  if (held.as === 'text' || held.as === 'json') before.current = held;
  const focus = () => box.current?.querySelector<HTMLElement>('input, textarea, select, button')?.focus();
  const toggle = (to: Held) => {
    if (held.as !== to.as) return onChange(to);
    if (before.current) onChange(before.current);
    else if (column.type === 'text' && !refersTo.length) onChange(text(''));
    focus();
  };
  return (
    <Box className="edit-field" data-changed={changed && !creating ? true : undefined} data-faulty={fault ? true : undefined} data-column={column.name}>
      <Box className="edit-name">
        <Group gap={4} wrap="nowrap">
          <label htmlFor={id}>{column.name}</label>
          {table.primary_key.includes(column.name) && <Tooltip label="Of the primary key"><IconKey size={13} role="img" aria-label="of the primary key" /></Tooltip>}
          {changed && !creating && (
            <Tooltip label="As it was">
              <ActionIcon variant="subtle" size="xs" aria-label={`Undo the change of ${column.name}`}
                onClick={() => { onChange(initial); focus(); }}><IconArrowBackUp size={13} /></ActionIcon>
            </Tooltip>
          )}
        </Group>
        <Text size="xs" c="dimmed" style={{ overflowWrap: 'anywhere' }}><ColumnType column={column} />{column.nullable ? '' : ', not null'}</Text>
        {refersTo.map((target) => <Text key={target} size="xs" c="dimmed" style={{ overflowWrap: 'anywhere' }}>→ {target}</Text>)}
      </Box>
      <Box className="edit-control" ref={box}>
        <Box className="edit-beside">
          {children({ id, describedBy: faultId })}
          {!ownStates && !column.generated && (
            <Box className="edit-chips" pt={4}>
              {creating && column.has_default && <Chip pressed={held.as === 'left'} label={`Default for ${column.name}`} onClick={() => toggle(LEFT)}>default</Chip>}
              {column.nullable && <Chip pressed={held.as === 'null'} label={`NULL for ${column.name}`} onClick={() => toggle(NULL)}>NULL</Chip>}
            </Box>
          )}
        </Box>
        <Text id={faultId} size="xs" c="var(--mantine-color-error)" role={fault ? 'alert' : undefined} style={{ overflowWrap: 'anywhere' }}>{fault}</Text>
        {column.generated && <Badge size="xs" variant="default">computed by the database</Badge>}
        {referenced && changed && !creating && <Text size="xs" c="dimmed">Other rows refer to this value: you will see which before it is saved.</Text>}
      </Box>
    </Box>
  );
}

function Chip({ pressed, label, onClick, children }: { pressed: boolean; label: string; onClick: () => void; children: ReactNode }) {
  return (
    <Button size="compact-xs" variant="default" className="edit-chip" aria-pressed={pressed} aria-label={label} onClick={onClick} fw={500}>{children}</Button>
  );
}
