// Which columns and relationships are shown, and in which order.
import { ActionIcon, Button, Checkbox, Group, Popover, ScrollArea, Text } from '@mantine/core';
import { IconChevronDown, IconChevronUp, IconColumns } from '@tabler/icons-react';
import type { Table } from '../api/types';
import { fieldsOf, shownFields } from './fields';
import type { ViewState } from './state';

interface Props {
  table: Table;
  state: ViewState;
  change: (change: Partial<ViewState>, replace?: boolean) => void;
}

export function ColumnsMenu({ table, state, change }: Props) {
  const all = fieldsOf(table);
  const shown = shownFields(table, state).map(({ id }) => id);
  const listed = [...shown, ...all.map(({ id }) => id).filter((id) => !shown.includes(id))];
  const set = (next: string[]) => change({ shown: next.length === all.length && next.every((id, at) => id === all[at]!.id) ? null : next }, true);
  const move = (id: string, by: number) => {
    const at = shown.indexOf(id);
    set(shown.toSpliced(at, 1).toSpliced(at + by, 0, id));
  };
  return (
    <Popover position="bottom-end" shadow="md" width={300} trapFocus returnFocus withinPortal>
      <Popover.Target>
        <Button variant="default" size="compact-sm"
          leftSection={<IconColumns size={14} aria-hidden />}>Columns{state.shown ? ` ${shown.length}/${all.length}` : ''}</Button>
      </Popover.Target>
      <Popover.Dropdown p="xs" aria-label="Columns">
        <ScrollArea.Autosize mah={380} type="auto">
          {listed.map((id) => {
            const at = shown.indexOf(id);
            const name = id.startsWith('*') ? id.slice(1) : id;
            return (
              <Group key={id} justify="space-between" wrap="nowrap" gap={4} py={2}>
                <Checkbox size="xs" checked={at >= 0} disabled={at >= 0 && shown.length === 1}
                  styles={{ body: { alignItems: 'center' }, label: { overflowWrap: 'anywhere' } }}
                  label={<>{name}{id.startsWith('*') && <Text span size="xs" c="dimmed"> rows</Text>}</>}
                  onChange={() => set(at >= 0 ? shown.toSpliced(at, 1) : [...shown, id])} />
                <Group gap={2} wrap="nowrap">
                  <ActionIcon size="xs" variant="subtle" color="gray" disabled={at < 1} onClick={() => move(id, -1)}
                    aria-label={`Move ${name} to the left`}><IconChevronUp size={12} /></ActionIcon>
                  <ActionIcon size="xs" variant="subtle" color="gray" disabled={at < 0 || at === shown.length - 1} onClick={() => move(id, 1)}
                    aria-label={`Move ${name} to the right`}><IconChevronDown size={12} /></ActionIcon>
                </Group>
              </Group>
            );
          })}
        </ScrollArea.Autosize>
        <Button mt="xs" size="compact-xs" variant="subtle" disabled={!state.shown} onClick={() => change({ shown: null }, true)}>Show all</Button>
      </Popover.Dropdown>
    </Popover>
  );
}
