// A single value in a document: a key with its picker, or a text, number, flag or null.
import { useState } from 'react';
import { Box, NativeSelect, SegmentedControl, Text, Textarea, TextInput } from '@mantine/core';
import type { Json } from '../../api/types';
import { isNumber, isObject } from '../../api/json';
import { numberOf } from './held';
import type { NodeProps } from './node';
import { Picker } from './picker';
import { useWithin } from './within';

const KINDS = ['text', 'number', 'flag', 'null', 'object', 'list'] as const;
type KindOfValue = typeof KINDS[number];

export function Leaf({ value, pointer, pattern, label, onChange }: NodeProps) {
  const { leaves, faults } = useWithin();
  const fault = faults[pointer];
  const key = leaves.find((leaf) => leaf.pattern === pattern);
  return (
    <Box>
      {key ? (
        <Picker target={{ table: key.target, columns: key.targetColumns, key: key.key }} value={value === null ? null : [value]}
          small label={label} placeholder="refers to nothing" fault={fault}
          onChoose={([chosen]) => onChange(chosen ?? null, pointer)} onClear={() => onChange(null, pointer)} />
      ) : (
        <Box className="edit-leaf">
          <KindSelect value={value} label={label} onChange={(changed) => onChange(changed, pointer)} />
          <Value value={value} label={label} faulty={Boolean(fault)} onChange={(changed) => onChange(changed, pointer)} />
        </Box>
      )}
      {fault && <Text size="xs" c="var(--mantine-color-error)" role="alert">{fault}</Text>}
    </Box>
  );
}

export function KindSelect({ value, label, onChange }: { value: Json; label: string; onChange: (value: Json) => void }) {
  return (
    <NativeSelect size="xs" variant="unstyled" className="edit-kind" aria-label={`Type of ${label}`} data={[...KINDS]} value={kindOf(value)}
      onChange={({ currentTarget }) => onChange(as(currentTarget.value as KindOfValue, value))} />
  );
}

function Value({ value, label, faulty, onChange }: { value: Json; label: string; faulty: boolean; onChange: (value: Json) => void }) {
  if (value === null) return <Text size="xs" c="dimmed" pt={6}>null</Text>;
  if (typeof value === 'boolean') {
    return <SegmentedControl size="xs" aria-label={label} data={['true', 'false']} value={String(value)}
      onChange={(flag) => onChange(flag === 'true')} style={{ justifySelf: 'start' }} />;
  }
  if (isNumber(value)) return <NumberInput value={String(value)} label={label} faulty={faulty} onChange={onChange} />;
  const text = String(value);
  if (text.length > 60 || text.includes('\n')) {
    return <Textarea size="xs" aria-label={label} autosize minRows={1} maxRows={10} value={text} error={faulty}
      onChange={({ currentTarget }) => onChange(currentTarget.value)} />;
  }
  return <TextInput size="xs" aria-label={label} value={text} error={faulty} placeholder="empty text" onChange={({ currentTarget }) => onChange(currentTarget.value)} />;
}

function NumberInput({ value, label, faulty, onChange }: { value: string; label: string; faulty: boolean; onChange: (value: Json) => void }) {
  const [typed, setTyped] = useState<string | null>(null);
  const wrong = typed !== null && numberOf(typed) === null;
  return (
    <TextInput size="xs" aria-label={label} inputMode="decimal" value={typed ?? value} error={wrong ? 'takes a number' : faulty}
      // What is no number cannot stand in the document, so the form stops at the control.
      ref={(input) => input?.setCustomValidity(wrong ? 'takes a number' : '')}
      onChange={({ currentTarget }) => {
        setTyped(currentTarget.value);
        const number = numberOf(currentTarget.value);
        if (number !== null) onChange(number);
      }}
      onBlur={() => { if (!wrong) setTyped(null); }} />
  );
}

function kindOf(value: Json): KindOfValue {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'list';
  if (typeof value === 'boolean') return 'flag';
  if (isNumber(value)) return 'number';
  return isObject(value) ? 'object' : 'text';
}

/** Another type, with as much of the value as it can keep. */
function as(kind: KindOfValue, value: Json): Json {
  switch (kind) {
    case 'text': return value === null || typeof value === 'object' && !isNumber(value) ? '' : String(value);
    case 'number': return numberOf(String(value)) ?? 0;
    case 'flag': return value === true || value === 'true';
    case 'null': return null;
    case 'list': return value === null || value === '' ? [] : [value];
    case 'object': return {};
  }
}
