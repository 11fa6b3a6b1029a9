// A polymorphic key: only rows with these values refer.
import { useState } from 'react';
import { ActionIcon, Button, Group, Input, Stack, TextInput } from '@mantine/core';
import { IconPlus, IconX } from '@tabler/icons-react';
import { tableOf } from '../api/queries';
import type { Catalog, Column, Draft, Json } from '../api/types';
import { SearchedSelect } from '../parts/searched';
import { choicesOf, parsed } from './columns';
import { pairsOf } from './draft';

interface Props { catalog: Catalog; draft: Draft; change: (members: Partial<Draft>) => void; error?: React.ReactNode }

/** Columns of other types cannot be compared with what the file can say. */
const TYPES = ['text', 'enum', 'uuid', 'integer', 'bigint', 'boolean'];

export function When({ catalog, draft, change, error }: Props) {
  const [adding, setAdding] = useState(false);
  const table = tableOf(catalog, parsed(choicesOf(catalog), pairsOf(draft)[0]!.column)?.choice.table.id ?? '');
  const said = Object.entries(draft.when ?? {});
  const free = (table?.columns ?? []).filter(({ type, name }) => TYPES.includes(type) && !said.some(([known]) => known === name));
  const columnOf = (name: string) => table?.columns.find((one) => one.name === name);
  const set = (pairs: [string, Json][]) => change({ when: pairs.length ? Object.fromEntries(pairs) : null });
  return (
    <Input.Wrapper label="When" description="Only rows whose columns have these values refer" error={error} labelElement="div" role="group"
      aria-label="When">
      <Stack gap={6} mt={6}>
        {said.map(([name, value], at) => (
          <Group key={name} gap={6} wrap="nowrap">
            <TextInput value={name} readOnly variant="filled" aria-label={`Column of condition ${at + 1}`} flex={1} miw={0} />
            <TextInput value={String(value)} aria-label={`Value of ${name}`} flex={1} miw={0}
              onChange={(event) => set(said.map((pair, index) => (index === at ? [name, typed(columnOf(name), event.currentTarget.value)] : pair)))} />
            <ActionIcon variant="subtle" color="gray" onClick={() => set(said.filter((_, index) => index !== at))}
              aria-label={`Remove the condition on ${name}`}><IconX size={14} /></ActionIcon>
          </Group>
        ))}
        {adding && (
          <SearchedSelect data={free.map(({ name }) => name)} placeholder="column" aria-label="Column of a new condition" autoFocus
            defaultDropdownOpened
            nothingFoundMessage="No further column can have a condition" onBlur={() => setAdding(false)}
            onChange={(name) => { if (name) set([...said, [name, typed(free.find((one) => one.name === name), '')]]); setAdding(false); }} />
        )}
        <div>
          <Button variant="subtle" size="compact-sm" leftSection={<IconPlus size={14} aria-hidden />} disabled={!table || !free.length}
            onClick={() => setAdding(true)}>
            {said.length ? 'Another condition' : 'A condition'}
          </Button>
        </div>
      </Stack>
    </Input.Wrapper>
  );
}

// What cannot be of the column's type stays a text, and the server says so.
function typed(column: Column | undefined, text: string): Json {
  if (column?.type === 'boolean') return text === 'true' ? true : text === 'false' ? false : text;
  const whole = column && ['integer', 'bigint'].includes(column.type) && /^-?\d+$/.test(text) && Number.isSafeInteger(Number(text));
  return whole ? Number(text) : text;
}
