// What a picker offers: rows, more of them, the typed text as it stands, a new row.
import { useEffect, useRef } from 'react';
import { Box, Group, Text } from '@mantine/core';
import { IconChevronsDown, IconForms, IconPlus } from '@tabler/icons-react';
import type { JsonObject } from '../../api/types';
import { ApiError } from '../../api/client';
import { plainly, shownOf } from './describe';
import type { Target } from './lookup';
import type { useSearch } from './search';

export type Choice = { is: 'row'; row: JsonObject } | { is: 'more' } | { is: 'typed'; text: string } | { is: 'create' };

interface Props {
  id: string;
  target: Target;
  choices: Choice[];
  active: number;
  search: ReturnType<typeof useSearch>;
  /** What the rows were looked for by. */
  searched: string;
  onChoose: (choice: Choice) => void;
}

export function PickerList({ id, target, choices, active, search, searched, onChoose }: Props) {
  const list = useRef<HTMLDivElement>(null);
  useEffect(() => { list.current?.querySelector(`[id="${id}-${active}"]`)?.scrollIntoView({ block: 'nearest' }); }, [id, active]);
  const { error } = search;
  const count = choices.filter(({ is }) => is === 'row').length;
  const told = search.isPending ? 'Looking …' : error ? null
    : count ? null : searched ? `No row of ${target.table.id} has “${searched}” in it.` : `${target.table.id} has no rows.`;
  return (
    <Box>
      <Box role="status" aria-live="polite">
        {told && <Text size="sm" c="dimmed" px="sm" py={6}>{told}</Text>}
        {!told && <span className="edit-hidden">{count} rows</span>}
      </Box>
      {error && (
        <Text size="sm" c="var(--mantine-color-error)" px="sm" py={6} role="alert">
          {error.message}{error instanceof ApiError && error.hint ? ` ${error.hint}` : ''}
        </Text>
      )}
      <Box ref={list} id={id} role="listbox" aria-label={`Rows of ${target.table.id}`} className="edit-list">
        {choices.map((choice, at) => (
          // The input keeps the focus, so that typing goes on.
          <Box key={keyOf(choice, at)} id={`${id}-${at}`} role="option" aria-selected={at === active} className="edit-option" data-is={choice.is}
            onMouseDown={(event) => event.preventDefault()} onClick={() => onChoose(choice)}>
            {choice.is === 'row' ? <Row target={target} row={choice.row} /> : <Action choice={choice} target={target} />}
          </Box>
        ))}
      </Box>
    </Box>
  );
}

function Row({ target, row }: { target: Target; row: JsonObject }) {
  const { title, further } = shownOf(target.table, target.columns);
  const value = target.columns.map((name) => plainly(row[name])).join(', ');
  const named = title !== null && !target.columns.includes(title) && row[title] !== null;
  const told = further.filter((name) => row[name] !== null && row[name] !== undefined && row[name] !== '').map((name) => plainly(row[name])).join(' · ');
  return (
    <Group gap="sm" wrap="nowrap" justify="space-between">
      <Text size="sm" truncate>
        {named ? plainly(row[title]) : value}
        {told && <Text span size="xs" c="dimmed">{'  '}{told}</Text>}
      </Text>
      {named && <Text className="mono" c="dimmed" truncate maw="50%" style={{ flex: 'none' }}>{value}</Text>}
    </Group>
  );
}

function Action({ choice, target }: { choice: Exclude<Choice, { is: 'row' }>; target: Target }) {
  const [Icon, text] = choice.is === 'more' ? [IconChevronsDown, 'More rows'] as const
    : choice.is === 'typed' ? [IconForms, `Use “${choice.text}” as it stands`] as const
      : [IconPlus, `New ${target.table.id}, and connect it`] as const;
  return <Group gap={8} wrap="nowrap"><Icon size={15} aria-hidden /><Text size="sm" truncate>{text}</Text></Group>;
}

const keyOf = (choice: Choice, at: number) => (choice.is === 'row' ? `row ${at}` : choice.is);
