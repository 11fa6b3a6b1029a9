// The two sides of a key, pair by pair.
import { useMemo } from 'react';
import { ActionIcon, Box, Button, Group, Paper, Stack, Text, Tooltip } from '@mantine/core';
import { IconArrowNarrowDown, IconPlus, IconX } from '@tabler/icons-react';
import type { Catalog, Draft } from '../api/types';
import { ColumnPicker } from './column-picker';
import { choicesOf, parsed, referencedOf, referencingOf } from './columns';
import { pairsOf, withPairs, type Pair } from './draft';

interface Props {
  catalog: Catalog;
  draft: Draft;
  change: (members: Partial<Draft>) => void;
  faultAt: (member: string) => React.ReactNode;
}

export function Sides({ catalog, draft, change, faultAt }: Props) {
  const choices = useMemo(() => choicesOf(catalog), [catalog]);
  const pairs = pairsOf(draft);
  const first = { from: parsed(choices, pairs[0]!.column)?.choice, to: parsed(choices, pairs[0]!.references)?.choice };
  const set = (at: number, pair: Partial<Pair>) => change(withPairs(draft, pairs.map((one, index) => (index === at ? { ...one, ...pair } : one))));
  return (
    <Stack gap="xs">
      {pairs.map((pair, at) => {
        // All columns of one side are of one table.
        const [from, to] = at === 0 ? [undefined, undefined] : [first.from?.table.id, first.to?.table.id];
        const nth = pairs.length > 1 ? ` ${at + 1}` : '';
        return (
          <Paper key={at} withBorder p="sm" role="group" aria-label={`Pair of columns${nth}`} pos="relative">
            <ColumnPicker label={`Referencing column${nth}`} value={pair.column} choices={referencingOf(choices, from)} paths
              error={at === 0 ? faultAt('column') : undefined} onChange={(column) => set(at, { column })} />
            <Group gap={6} my={6} c="dimmed"><IconArrowNarrowDown size={16} aria-hidden /><Text size="xs">refers to</Text></Group>
            <ColumnPicker label={`Referenced column${nth}`} value={pair.references} error={at === 0 ? faultAt('references') : undefined}
              choices={referencedOf(choices, parsed(choices, pair.column)?.choice, to)} onChange={(references) => set(at, { references })} />
            {at > 0 && <Remove at={at} onClick={() => change(withPairs(draft, pairs.filter((_, index) => index !== at)))} />}
          </Paper>
        );
      })}
      <Box>
        <Button variant="subtle" size="compact-sm" leftSection={<IconPlus size={14} aria-hidden />}
          onClick={() => change(withPairs(draft, [...pairs, { column: '', references: '' }]))}>Another pair of columns</Button>
      </Box>
    </Stack>
  );
}

function Remove({ at, onClick }: { at: number; onClick: () => void }) {
  return (
    <Tooltip label="Remove this pair">
      <ActionIcon variant="subtle" color="gray" size="sm" pos="absolute" top={6} right={6} onClick={onClick}
        aria-label={`Remove pair ${at + 1}`}><IconX size={14} /></ActionIcon>
    </Tooltip>
  );
}
