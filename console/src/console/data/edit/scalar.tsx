// Controls of single values, by the type of their column.
import { useRef, useState, type ClipboardEvent } from 'react';
import { ActionIcon, Box, FileButton, Group, NativeSelect, SegmentedControl, Text, Textarea, TextInput, Tooltip } from '@mantine/core';
import { IconDice5, IconFile, IconLineHeight } from '@tabler/icons-react';
import type { Column } from '../../api/types';
import { LEFT, NULL, text, type Held } from './held';
import type { ControlProps } from './field';
import { TimeControl } from './time';

export function ScalarControl(props: ControlProps) {
  switch (props.column.type) {
    case 'boolean': return fitsFlag(props.held) ? <FlagControl {...props} /> : <LineControl {...props} />;
    case 'enum': return <ChoiceControl {...props} />;
    case 'date':
    case 'time':
    case 'datetime':
    case 'timestamp': return <TimeControl {...props} />;
    case 'bytes': return <BytesControl {...props} />;
    case 'text': return <TextControl {...props} />;
    default: return <LineControl {...props} />;
  }
}

/** Those whose control itself offers NULL and the default. */
export const hasOwnStates = (column: Column, held: Held) => column.type === 'enum' || (column.type === 'boolean' && fitsFlag(held));

const fitsFlag = (held: Held) => held.as !== 'text' || ['true', 'false', ''].includes(held.text);

export const textOf = (held: Held) => (held.as === 'text' ? held.text : '');

/** What stands in a control that has no text. */
export function blank(column: Column, held: Held) {
  if (held.as === 'null') return 'NULL';
  if (held.as === 'left') return column.has_default ? 'default' : column.nullable ? 'NULL' : 'needed';
  return column.type === 'text' ? 'empty text' : '';
}

/** What an emptied control means, where an empty text is no value of the type. */
export const emptied = (column: Column, creating: boolean): Held => (column.nullable ? NULL : creating ? LEFT : text(''));

const control = ({ id, describedBy, fault, column, held }: ControlProps) => ({
  id, 'aria-describedby': describedBy, error: Boolean(fault), size: 'sm', value: textOf(held), placeholder: blank(column, held), readOnly: column.generated,
  variant: column.generated ? 'filled' : 'default',
  autoComplete: 'off', spellCheck: false,
});

function LineControl(props: ControlProps) {
  const { column, creating, onChange } = props;
  const mode = ({ integer: 'numeric', bigint: 'numeric', decimal: 'decimal', float: 'decimal' } as const)[column.type as 'integer'] ?? undefined;
  return (
    <TextInput {...control(props)} inputMode={mode} styles={{ input: { fontVariantNumeric: 'tabular-nums' } }}
      onChange={({ currentTarget: { value } }) => onChange(value || column.type === 'other' ? text(value) : emptied(column, creating))}
      rightSection={column.type === 'uuid' && !column.generated && (
        <Tooltip label="A fresh one">
          <ActionIcon variant="subtle" size="sm" aria-label={`Make a UUID for ${column.name}`}
            onClick={() => onChange(text(freshUuid()))}><IconDice5 size={16} /></ActionIcon>
        </Tooltip>
      )} />
  );
}

function TextControl(props: ControlProps) {
  const { column, held, onChange } = props;
  const value = textOf(held);
  const [long, setLong] = useState(() => value.length > 80);
  const area = useRef<HTMLTextAreaElement>(null);
  const lengthen = () => { setLong(true); setTimeout(() => area.current?.focus()); };
  // A line would drop the breaks.
  const onPaste = (event: ClipboardEvent<HTMLInputElement>) => {
    const pasted = event.clipboardData.getData('text');
    if (!pasted.includes('\n')) return;
    event.preventDefault();
    const { selectionStart, selectionEnd } = event.currentTarget;
    onChange(text(value.slice(0, selectionStart ?? 0) + pasted + value.slice(selectionEnd ?? value.length)));
    lengthen();
  };
  if (long || value.includes('\n')) {
    return <Textarea ref={area} {...control(props)} autosize minRows={3} maxRows={14} onChange={({ currentTarget }) => onChange(text(currentTarget.value))} />;
  }
  return (
    <TextInput {...control(props)} onPaste={onPaste} onChange={({ currentTarget }) => onChange(text(currentTarget.value))}
      rightSection={!column.generated && (
        <Tooltip label="Several lines">
          <ActionIcon className="edit-quiet" variant="subtle" color="gray" size="sm" aria-label={`Several lines for ${column.name}`}
            onClick={lengthen}><IconLineHeight size={15} /></ActionIcon>
        </Tooltip>
      )} />
  );
}

function FlagControl({ id, column, held, describedBy, creating, onChange }: ControlProps) {
  const states = [
    { value: 'true', label: 'yes' }, { value: 'false', label: 'no' },
    ...(column.nullable ? [{ value: 'null', label: 'NULL' }] : []),
    ...(creating && column.has_default ? [{ value: 'left', label: 'default' }] : []),
  ];
  return (
    <Box>
      <SegmentedControl id={id} size="xs" aria-label={column.name} aria-describedby={describedBy} data={states} disabled={column.generated}
        value={held.as === 'text' ? held.text : held.as} onChange={(state) => onChange(state === 'null' ? NULL : state === 'left' ? LEFT : text(state))} />
    </Box>
  );
}

function ChoiceControl({ id, column, held, describedBy, fault, creating, onChange }: ControlProps) {
  const values = column.values ?? [];
  const value = held.as === 'text' ? `=${held.text}` : held.as;
  const states = [
    ...(column.nullable ? [{ value: 'null', label: 'NULL' }] : []),
    ...(creating ? [{ value: 'left', label: column.has_default ? 'default' : 'choose one' }] : []),
    ...(held.as === 'text' && !values.includes(held.text) ? [{ value, label: held.text }] : []),
    ...values.map((one) => ({ value: `=${one}`, label: one || '(empty)' })),
  ];
  return (
    <NativeSelect id={id} size="sm" aria-describedby={describedBy} error={Boolean(fault)} data={states} value={value} disabled={column.generated}
      onChange={({ currentTarget: { value } }) => onChange(value === 'null' ? NULL : value === 'left' ? LEFT : text(value.slice(1)))} />
  );
}

function BytesControl(props: ControlProps) {
  const { column, held, creating, onChange } = props;
  const [failed, setFailed] = useState<string | null>(null);
  const take = async (file: File | null) => {
    if (!file) return;
    setFailed(null);
    try {
      onChange(text(base64(new Uint8Array(await file.arrayBuffer()))));
    } catch (cause) {
      setFailed(String(cause));
    }
  };
  const size = Math.floor((textOf(held).replace(/[\s=]/g, '').length * 3) / 4);
  return (
    <Box>
      <Textarea {...control(props)} autosize minRows={1} maxRows={6} classNames={{ input: 'mono' }}
        onChange={({ currentTarget: { value } }) => onChange(value ? text(value) : held.as === 'text' && held.text === '' ? emptied(column, creating) : text(''))} />
      <Group gap={8} mt={4}>
        <FileButton onChange={(file) => void take(file)}>
          {(given) => (
            <ActionIcon {...given} variant="default" size="sm" aria-label={`Take a file for ${column.name}`}
              disabled={column.generated}><IconFile size={14} /></ActionIcon>
          )}
        </FileButton>
        <Text size="xs" c="dimmed">base64{held.as === 'text' ? `, ${size} bytes` : ''}</Text>
        {failed && <Text size="xs" c="var(--mantine-color-error)" role="alert">{failed}</Text>}
      </Group>
    </Box>
  );
}

function base64(bytes: Uint8Array) {
  let binary = '';
  for (let at = 0; at < bytes.length; at += 0x8000) binary += String.fromCharCode(...bytes.subarray(at, at + 0x8000));
  return btoa(binary);
}

// `randomUUID` is only there where the page is served by https or from this machine.
function freshUuid() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6]! & 0x0f) | 0x40;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
