// Values of a condition, as the column's type has them.
import { Autocomplete, Group, Select, TagsInput, TextInput } from '@mantine/core';
import type { Column } from '../api/types';
import { byWords } from '../parts/by-words';
import { SearchedMultiSelect } from '../parts/searched';
import { OPERATORS, type Operator } from './filter';

interface Props {
  column: Column;
  operator: Operator;
  values: string[];
  onChange: (values: string[]) => void;
  error: string | null;
  autofocus?: boolean;
}

const inside = { comboboxProps: { withinPortal: false }, size: 'sm' } as const;

export function ValueInput({ column, operator, values, onChange, error, autofocus }: Props) {
  const focus = autofocus ? { 'data-autofocus': true } : {};
  if (OPERATORS[operator].values === 'many') {
    return column.values
      ? <SearchedMultiSelect label="Values" data={column.values} value={values} onChange={onChange} error={error} {...inside} {...focus} />
      : <TagsInput label="Values" description="Enter after each one" data={[]} value={values} onChange={onChange} error={error} acceptValueOnBlur
        {...inside} {...focus} />;
  }
  if (operator === 'between') {
    return (
      <Group grow gap="xs" align="flex-start">
        <One label="From" column={column} value={values[0] ?? ''} onChange={(value) => onChange([value, values[1] ?? ''])} error={error} {...focus} />
        <One label="To" column={column} value={values[1] ?? ''} onChange={(value) => onChange([values[0] ?? '', value])} />
      </Group>
    );
  }
  return <One label="Value" column={column} value={values[0] ?? ''} onChange={(value) => onChange([value])} error={error} {...focus} />;
}

interface OneProps {
  label: string;
  column: Column;
  value: string;
  onChange: (value: string) => void;
  error?: string | null;
  'data-autofocus'?: boolean;
}

function One({ label, column, value, onChange, error, ...focus }: OneProps) {
  const given = { label, value, error, ...focus };
  if (column.type === 'boolean') return <Select {...given} value={value || null} data={['true', 'false']} onChange={(next) => onChange(next ?? '')}
    {...inside} />;
  if (column.type === 'enum' && column.values) return <Autocomplete {...given} data={column.values} onChange={onChange} filter={byWords}
    selectFirstOptionOnChange={value !== '' && !column.values.includes(value)} {...inside} />;
  if (column.type === 'date') return <TextInput type="date" size="sm" {...given} onChange={(event) => onChange(event.currentTarget.value)} />;
  return (
    <TextInput size="sm" {...given} inputMode={PATTERNS[column.type] ? 'decimal' : undefined} placeholder={PLACEHOLDERS[column.type]}
      onChange={(event) => onChange(event.currentTarget.value)} />
  );
}

const PLACEHOLDERS: Partial<Record<Column['type'], string>> = {
  datetime: '2025-02-03T05:42:00', timestamp: '2025-02-03T05:42:00Z', time: '05:42:00', uuid: '8d7f6c1e-…',
};

const PATTERNS: Partial<Record<Column['type'], RegExp>> = {
  integer: /^-?\d+$/, bigint: /^-?\d+$/, decimal: /^-?\d+(\.\d+)?$/, float: /^-?\d+(\.\d+)?$/,
};

/** What keeps these values from being asked for. */
export function wrongValue(column: Column, operator: Operator, values: string[]): string | null {
  const { values: count } = OPERATORS[operator];
  if (count === 0) return null;
  const given = count === 'many' ? values : Array.from({ length: count }, (_, at) => values[at] ?? '');
  if (!given.length) return 'at least one value';
  const pattern = PATTERNS[column.type];
  if (pattern && given.some((value) => !pattern.test(value))) return ['integer', 'bigint'].includes(column.type) ? 'a whole number' : 'a number';
  if (!['text', 'other', 'enum'].includes(column.type) && given.includes('')) return 'a value is missing';
  return null;
}
