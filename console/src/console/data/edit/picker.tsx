// Picks the row that a key refers to: searches by any text, shows labels, and makes a row that is not there yet.
import { useEffect, useId, useRef, useState, type KeyboardEvent } from 'react';
import { ActionIcon, Box, CloseButton, Group, Loader, Popover, Text, TextInput, Tooltip } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { IconExternalLink, IconKey } from '@tabler/icons-react';
import { useRouter } from 'wouter';
import type { Json, JsonObject } from '../../api/types';
import { links } from '../../links';
import { idOf, plainly, shownOf } from './describe';
import { columnOf, useReferenced, type Target } from './lookup';
import { PickerList, type Choice } from './picker-list';
import { read, text as heldText } from './held';
import { useSearch } from './search';
import { useStack } from './stack';

interface Props {
  target: Target;
  /** One for each of the target's columns; null where the key refers to nothing. */
  value: Json[] | null;
  /** For screen readers, where no label stands beside it. */
  label?: string;
  id?: string;
  placeholder: string;
  fault?: string;
  describedBy?: string;
  disabled?: boolean;
  small?: boolean;
  onChoose: (values: Json[]) => void;
  onClear?: () => void;
}

export function Picker({ target, value, label, id, placeholder, fault, describedBy, disabled, small, onChoose, onClear }: Props) {
  const own = useId();
  const input = useRef<HTMLInputElement>(null);
  const stack = useStack();
  const [open, setOpen] = useState(false);
  const [typed, setTyped] = useState('');
  const [active, setActive] = useState(-1);
  const [words] = useDebouncedValue(typed, 250);
  const found = useReferenced(target, value);
  const search = useSearch(target, words, open);
  const fresh = words === typed && !search.isPlaceholderData && !search.isFetching;
  const choices = choicesOf(target, typed, search.data?.pages.flatMap(({ rows }) => rows) ?? [], search.hasNextPage);
  const none = value !== null && found.isSuccess && found.data === null;

  const start = (text: string) => { setOpen(true); setTyped(text); setActive(-1); };
  const close = () => { setOpen(false); setTyped(''); setActive(-1); };
  // What a search finds first is what Enter takes; an empty search has no first.
  useEffect(() => { if (fresh && typed) setActive(0); }, [fresh, typed]);

  const choose = async (choice: Choice) => {
    if (choice.is === 'more') return void search.fetchNextPage();
    close();
    if (choice.is === 'row') return onChoose(target.columns.map((name) => choice.row[name] ?? null));
    if (choice.is === 'typed') return onChoose([valueOf(target, choice.text)]);
    const row = await stack.push({ does: 'create', table: target.table, preset: presetOf(target, typed) });
    if (row) onChoose(target.columns.map((name) => row[name] ?? null));
  };
  const takeTyped = () => {
    if (typed.trim() && target.columns.length === 1) onChoose([valueOf(target, typed.trim())]);
    close();
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const chosen = choices[active];
    const step = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0;
    if (step) {
      event.preventDefault();
      if (!open) start('');
      else if (choices.length) setActive((active) => (active + step + choices.length + (active < 0 && step < 0 ? 1 : 0)) % choices.length);
    } else if (open && event.key === 'Enter' && !event.ctrlKey && !event.metaKey) {
      event.preventDefault();
      if (chosen && fresh) void choose(chosen);
    } else if (open && event.key === 'Escape') {
      // The form stays; only the search is given up.
      event.preventDefault();
      event.stopPropagation();
      close();
    } else if (open && event.key === 'Tab') {
      if (chosen && fresh && chosen.is === 'row') void choose(chosen);
      else takeTyped();
    }
  };

  const shown = shownOf(target.table, target.columns);
  const title = found.data && shown.title && found.data[shown.title] !== null ? plainly(found.data[shown.title]) : null;
  const display = value === null ? '' : title ?? value.map(plainly).join(', ');
  const listId = `${own}-list`;
  const noteId = `${own}-note`;
  return (
    <Box miw={0}>
      <Popover opened={open} width="target" position="bottom-start" withRoles={false} trapFocus={false} returnFocus={false}
        closeOnEscape={false} closeOnClickOutside={false} shadow="md" offset={2}>
        <Popover.Target>
          <Box>
            <TextInput
              ref={input} id={id} role="combobox" aria-label={label} aria-expanded={open} aria-controls={open ? listId : undefined}
                aria-autocomplete="list" aria-haspopup="listbox"
              aria-activedescendant={open && active >= 0 ? `${listId}-${active}` : undefined} aria-describedby={[describedBy, noteId].filter(Boolean).join(' ')}
              size={small ? 'xs' : 'sm'} autoComplete="off" spellCheck={false} disabled={disabled} error={Boolean(fault) || none}
              placeholder={open ? display || 'Search' : placeholder} value={open ? typed : display}
              leftSection={<IconKey size={15} aria-hidden />}
              rightSection={open && search.isFetching ? <Loader size={14} aria-hidden /> : onClear && value !== null && !disabled
                ? <CloseButton size="sm" aria-label={`Clear ${label ?? ''}`.trim()} onClick={() => { onClear(); input.current?.focus(); }} /> : null}
              onChange={({ currentTarget }) => start(currentTarget.value)}
              onFocus={({ currentTarget }) => currentTarget.select()}
              onClick={() => { if (!open) start(''); }}
              onBlur={() => { if (open) takeTyped(); }}
              onKeyDown={onKeyDown}
            />
          </Box>
        </Popover.Target>
        <Popover.Dropdown p={0}>
          <PickerList id={listId} target={target} choices={choices} active={active} search={search} searched={words} onChoose={(choice) => void choose(choice)} />
        </Popover.Dropdown>
      </Popover>
      <Note id={noteId} target={target} value={value} row={found.data ?? null} none={none && !fault} hidden={none && Boolean(fault)}
        loading={found.isLoading} failed={found.isError} titled={title !== null} />
    </Box>
  );
}

function Note({ id, target, value, row, none, hidden, loading, failed, titled }: {
  id: string; target: Target; value: Json[] | null; row: JsonObject | null; none: boolean; hidden: boolean; loading: boolean; failed: boolean; titled: boolean;
}) {
  const { base } = useRouter();
  if (value === null || hidden) return <span id={id} hidden />;
  if (none) return <Text id={id} size="xs" c="var(--mantine-color-error)" mt={2}>No row of {target.table.id} has this value.</Text>;
  if (failed) return <Text id={id} size="xs" c="dimmed" mt={2}>Could not be looked up.</Text>;
  const { further } = shownOf(target.table, target.columns);
  const rowId = row && idOf(target.table, row);
  const told = row ? further.filter((name) => row[name] !== null).map((name) => plainly(row[name])) : [];
  return (
    <Group gap={6} mt={2} wrap="nowrap" mih={18}>
      <Text id={id} size="xs" c="dimmed" truncate>
        {titled && <Text span inherit className="mono" c="var(--mantine-color-text)">{value.map(plainly).join(', ')}</Text>}
        {told.length > 0 && `${titled ? ' · ' : ''}${told.join(' · ')}`}
        {loading && '…'}
      </Text>
      {rowId && (
        <Tooltip label="Open the row in a new tab">
          <ActionIcon component="a" href={`${base}${links.row(target.table, rowId)}`} target="_blank" rel="noopener" variant="subtle" size={18}
            aria-label={`Open ${target.table.id} ${rowId.join(', ')} in a new tab`}>
            <IconExternalLink size={13} />
          </ActionIcon>
        </Tooltip>
      )}
    </Group>
  );
}

function choicesOf({ table, columns }: Target, typed: string, rows: JsonObject[], more: boolean): Choice[] {
  const text = typed.trim();
  const known = rows.some((row) => String(row[columns[0]!]) === text);
  return [
    ...rows.map((row): Choice => ({ is: 'row', row })),
    ...(more ? [{ is: 'more' } as const] : []),
    ...(text && !known && columns.length === 1 ? [{ is: 'typed', text } as const] : []),
    ...(table.read_only ? [] : [{ is: 'create' } as const]),
  ];
}

// A number where the referenced column has numbers, so that a document gets one too.
function valueOf({ table, columns: [name] }: Target, typed: string): Json {
  const column = columnOf(table, name!);
  const value = column ? read(column, heldText(typed)) : null;
  return value?.ok && value.value !== undefined ? value.value : typed;
}

// What was looked for in vain is the new row's name, or its key where it has the look of one.
function presetOf({ table, columns }: Target, typed: string): JsonObject {
  const text = typed.trim();
  const [key] = columns;
  const { title } = shownOf(table, columns, 1);
  const takesText = (name: string | null | undefined) => Boolean(name && columnOf(table, name)?.type === 'text');
  if (!text) return {};
  if (/[@\d]/.test(text) && !/\s/.test(text) && columns.length === 1 && takesText(key)) return { [key!]: text };
  return takesText(title) ? { [title!]: text } : {};
}
