// How many rows there are, and the ways to their other pages.
import { ActionIcon, Group, NativeSelect, Text } from '@mantine/core';
import { IconChevronLeft, IconChevronRight, IconChevronsLeft, IconChevronsRight } from '@tabler/icons-react';
import type { Page } from './page-query';
import { SIZES, type Place, type ViewState } from './state';

interface Props {
  page: Page | undefined;
  state: ViewState;
  change: (change: Partial<ViewState>) => void;
}

export function Pager({ page, state, change }: Props) {
  const go = (place: Place | undefined) => { if (place !== undefined) change({ place }); };
  const steps = [
    { label: 'First page', icon: IconChevronsLeft, place: page && !page.first ? null : undefined },
    { label: 'Previous page', icon: IconChevronLeft, place: page?.previous },
    { label: 'Next page', icon: IconChevronRight, place: page?.next },
    { label: 'Last page', icon: IconChevronsRight, place: page?.last },
  ];
  return (
    <>
      <Text size="sm" role="status" style={{ fontVariantNumeric: 'tabular-nums' }}>{page ? told(page) : '…'}</Text>
      <Group gap={4} wrap="nowrap" ml="auto" component="nav" aria-label="Pages">
        {steps.map(({ label, icon: Icon, place }) => (
          <ActionIcon key={label} variant="default" size="md" aria-label={label} title={label} disabled={place === undefined}
            onClick={() => go(place)}><Icon size={16} /></ActionIcon>
        ))}
      </Group>
      <NativeSelect size="xs" aria-label="Rows on a page" value={String(state.size)}
        onChange={(event) => change({ size: Number(event.currentTarget.value) })}
        data={[...new Set([...SIZES, state.size])].sort((a, b) => a - b).map((size) => ({ value: String(size), label: `${size} rows` }))} />
    </>
  );
}

function told({ rows, total, from }: Page): string {
  const all = total === null ? 'rows, not counted' : `${total} ${total === 1 ? 'row' : 'rows'}`;
  if (!rows.length) return total ? `none of ${all} here` : total === null ? 'no rows' : all;
  if (from === null || total === rows.length) return total === rows.length ? all : `${rows.length} of ${all}`;
  return `${from}–${from + rows.length - 1} of ${all}`;
}
