// Dates and times: the browser's own controls. What is not touched keeps the server's text, microseconds and zone included.
import { useState } from 'react';
import { ActionIcon, Box, Group, Text, TextInput, Tooltip } from '@mantine/core';
import { IconClock, IconCursorText } from '@tabler/icons-react';
import type { ColumnType } from '../../api/types';
import type { ControlProps } from './field';
import { text } from './held';
import { blank, emptied, textOf } from './scalar';

type Kind = Extract<ColumnType, 'date' | 'time' | 'datetime' | 'timestamp'>;

const NATIVE = { date: 'date', time: 'time', datetime: 'datetime-local', timestamp: 'datetime-local' } as const;
const TEXT = /^(?:(\d{4}-\d\d-\d\d))?(?:(?:^|[T ])(\d\d:\d\d(?::\d\d)?)(\.\d+)?)?(Z|[+-]\d\d(?::?\d\d)?)?$/;

export function TimeControl({ id, column, held, describedBy, fault, creating, onChange }: ControlProps) {
  const kind = column.type as Kind;
  const value = textOf(held);
  const native = toNative(kind, value);
  const [free, setFree] = useState(false);
  // Years of five digits, "infinity", 838 hours: no control of the browser has them.
  const asText = free || native === null;
  const shared = {
    id, 'aria-describedby': describedBy, error: Boolean(fault), size: 'sm', readOnly: column.generated,
    variant: column.generated ? 'filled' : 'default', autoComplete: 'off',
  };
  const zone = kind === 'timestamp' && !asText ? TEXT.exec(value)?.[4] ?? 'Z' : null;
  return (
    <Box>
      <Group gap={4} wrap="nowrap" align="center">
        {asText
          ? <TextInput {...shared} flex={1} value={value} placeholder={blank(column, held) || example(kind)} spellCheck={false}
            onChange={({ currentTarget: { value } }) => onChange(value ? text(value) : emptied(column, creating))} />
          : <TextInput {...shared} flex={1} type={NATIVE[kind]} value={native} step={native.includes('.') ? 0.001 : 1}
            onChange={({ currentTarget }) => {
              // Half a date is no value yet; the browser tells it from none.
              if (currentTarget.validity.badInput) return;
              onChange(currentTarget.value ? text(fromNative(kind, currentTarget.value, value)) : emptied(column, creating));
            }} />}
        {zone && <Text size="xs" c="dimmed" style={{ flex: 'none' }}>{zone === 'Z' ? 'UTC' : zone}</Text>}
        {!column.generated && (
          <>
            <Tooltip label="Now">
              <ActionIcon variant="default" size="sm" aria-label={`Now for ${column.name}`} onClick={() => onChange(text(now(kind)))}><IconClock size={14} /></ActionIcon>
            </Tooltip>
            <Tooltip label={asText ? 'By the calendar' : 'As text'}>
              <ActionIcon variant={free ? 'filled' : 'default'} size="sm" aria-pressed={asText} aria-label={`${column.name} as text`}
                disabled={native === null} onClick={() => setFree(!free)}>
                <IconCursorText size={14} />
              </ActionIcon>
            </Tooltip>
          </>
        )}
      </Group>
      {!asText && /\.\d{4,}/.test(value) && <Text size="xs" c="dimmed" className="mono">{value}</Text>}
    </Box>
  );
}

/** The text for the browser's control; null where it cannot show it. */
function toNative(kind: Kind, value: string): string | null {
  if (!value) return '';
  const parts = TEXT.exec(value);
  if (!parts) return null;
  const [, date, time, fraction, zone] = parts;
  const clock = time && `${whole(time)}${fraction && Number(fraction) ? fraction.slice(0, 4) : ''}`;
  switch (kind) {
    case 'date': return date && !time && !zone ? date : null;
    case 'time': return clock && !date && !zone && clock < '24' ? clock : null;
    case 'datetime': return date && clock && !zone ? `${date}T${clock}` : null;
    case 'timestamp': return date && clock ? `${date}T${clock}` : null;
  }
}

function fromNative(kind: Kind, native: string, before: string) {
  const [, date = '', time = '', fraction = ''] = TEXT.exec(native) ?? [];
  const [, , oldTime = '', oldFraction = '', zone] = TEXT.exec(before) ?? [];
  // The control has three digits of a second. Where the clock is as it was, all digits of it stay.
  const clock = seconds(time, fraction) === seconds(oldTime, oldFraction) ? oldTime + oldFraction : whole(time) + fraction;
  if (kind === 'date') return date;
  return `${date && `${date}T`}${clock}${kind === 'timestamp' ? zone ?? 'Z' : ''}`;
}

/** The browser leaves out seconds that are 0. */
const whole = (time: string) => (time.length === 5 ? `${time}:00` : time);

/** A clock as far as the control shows it. */
const seconds = (time: string, fraction: string) => `${whole(time)}.${fraction.slice(1, 4).padEnd(3, '0')}`;

/** What has no zone is read by the clock on the wall. */
function now(kind: Kind) {
  const at = new Date();
  if (kind === 'timestamp') return `${at.toISOString().slice(0, 19)}Z`;
  const local = new Date(at.getTime() - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 19);
  return { date: local.slice(0, 10), time: local.slice(11), datetime: local }[kind];
}

const example = (kind: Kind) => ({ date: '2024-01-31', time: '12:00:00', datetime: '2024-01-31T12:00:00', timestamp: '2024-01-31T12:00:00Z' })[kind];
