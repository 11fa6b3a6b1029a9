// Finds a column among those of all tables by a few words. Any other text may stand there too: the server says what is wrong with it.
import { useState } from 'react';
import { Badge, Combobox, Group, Text, TextInput, useCombobox } from '@mantine/core';
import { ColumnType } from '../parts/column-type';
import { SourceDot } from '../parts/table-name';
import { find, holdsDocuments, parsed, type Choice } from './columns';

const SHOWN = 60;

interface Props {
  label: string;
  /** In the order to offer them in. */
  choices: Choice[];
  value: string;
  onChange: (value: string) => void;
  error?: React.ReactNode;
  /** Documents can be led into. */
  paths?: boolean;
}

export function ColumnPicker({ label, choices, value, onChange, error, paths }: Props) {
  const known = paths ? parsed(choices, value) : undefined;
  const column = known?.choice.id ?? value;
  const documents = known && (holdsDocuments(known.choice.column) || known.path !== '');
  return (
    <Group gap="xs" align="flex-start" wrap="wrap">
      <Search label={label} choices={choices} value={documents ? column : value} error={error} onChange={onChange} />
      {documents && (
        <TextInput label="Path in the document" placeholder="[].product" value={known.path} w={170}
          styles={{ input: { fontFamily: 'var(--mantine-font-family-monospace)' } }}
          onChange={(event) => onChange(column + event.currentTarget.value)} spellCheck={false} autoComplete="off"
          description=".name a member, [] each element" inputWrapperOrder={['label', 'input', 'description', 'error']} />
      )}
    </Group>
  );
}

function Search({ label, choices, value, error, onChange }: Omit<Props, 'paths'>) {
  const [typed, setTyped] = useState<string | null>(null);
  const combobox = useCombobox({ onDropdownClose: () => combobox.resetSelectedOption() });
  const found = combobox.dropdownOpened ? offered(choices, typed ?? '') : [];
  const settle = (text: string) => { setTyped(null); onChange(text); combobox.closeDropdown(); };
  return (
    <Combobox store={combobox} onOptionSubmit={settle} size="sm" keepMounted={false}>
      <Combobox.Target>
        <TextInput label={label} placeholder="words of its name, such as: contact em" value={typed ?? value} error={error} flex="1 1 240px" miw={0}
          spellCheck={false} autoComplete="off"
          onChange={(event) => { setTyped(event.currentTarget.value); combobox.openDropdown(); requestAnimationFrame(() => combobox.selectFirstOption()); }}
          onClick={() => combobox.openDropdown()} onFocus={(event) => event.currentTarget.select()}
          onBlur={() => { if (typed !== null) settle(typed.trim()); else combobox.closeDropdown(); }}
          onKeyDown={(event) => {
            if (event.key === 'Escape') setTyped(null);
            if (event.key === 'Enter' && typed !== null && !found.length) settle(typed.trim());
          }} />
      </Combobox.Target>
      <Combobox.Dropdown hidden={!found.length}>
        <Combobox.Options mah={320} style={{ overflowY: 'auto' }} aria-label={`${label}: columns`}>
          {found.slice(0, SHOWN).map(({ id, choice }) => <Found key={id} id={id} choice={choice} />)}
          {found.length > SHOWN && <Combobox.Footer><Text size="xs"
            c="dimmed">{found.length - SHOWN} more: type another word</Text></Combobox.Footer>}
        </Combobox.Options>
      </Combobox.Dropdown>
    </Combobox>
  );
}

/** Columns; a text that goes on into a document of one is offered as it stands. */
function offered(choices: Choice[], text: string) {
  const given = parsed(choices, text);
  const path = given?.path && holdsDocuments(given.choice.column) ? [{ id: text.trim(), choice: given.choice }] : [];
  return [...path, ...find(choices, text).map((choice) => ({ id: choice.id, choice }))];
}

function Found({ id, choice: { table, column, unique } }: { id: string; choice: Choice }) {
  return (
    <Combobox.Option value={id} className="keys-option">
      <Group gap="xs" wrap="nowrap" justify="space-between">
        <Group gap={6} wrap="nowrap" miw={0}>
          <SourceDot source={table.source} size={8} />
          <Text size="sm" style={{ overflowWrap: 'anywhere' }}><Text span c="dimmed" inherit>{table.id}.</Text>{id.slice(table.id.length + 1)}</Text>
        </Group>
        <Group gap={6} wrap="nowrap" style={{ flex: 'none' }}>
          {unique && <Badge size="xs" variant="outline" color="gray" c="inherit" tt="none" miw="max-content">{unique}</Badge>}
          <Text size="xs" c="dimmed"><ColumnType column={column} /></Text>
        </Group>
      </Group>
    </Combobox.Option>
  );
}
