// A read by the new key before it is saved, and what it answers.
import { useState } from 'react';
import { SegmentedControl, Stack, Table, Text } from '@mantine/core';
import { isLosslessNumber } from 'lossless-json';
import { writeJson } from '../api/client';
import type { Json, JsonObject, Preview } from '../api/types';
import { CodeBlock } from '../parts/code';
import { shown } from '../parts/value-text';
import { Scroll } from '../parts/scroll';

const FORMS = [{ value: 'table', label: 'Table' }, { value: 'json', label: 'JSON' }];

/** `first`: the columns to begin with. */
export function TestQuery({ test, first }: { test: NonNullable<Preview['test']>; first: string[] }) {
  const [form, setForm] = useState('table');
  const rows = rowsOf(test.reply);
  const forms = FORMS.filter(({ value }) => value !== 'table' || rows);
  const now = forms.some(({ value }) => value === form) ? form : forms[0]!.value;
  return (
    <Stack gap="xs">
      <CodeBlock label="test query">{test.request}</CodeBlock>
      <div>
        <SegmentedControl size="xs" value={now} onChange={setForm} data={forms} aria-label="Form of the answer" />
        <Text span size="xs" c="dimmed" ml="sm">status {test.status}</Text>
      </div>
      {now === 'table' && <Rows rows={rows!} first={first} />}
      {now === 'json' && <CodeBlock label="answer">{writeJson(test.reply, 2)}</CodeBlock>}
    </Stack>
  );
}

function Rows({ rows, first }: { rows: JsonObject[]; first: string[] }) {
  const all = rows.flatMap((row) => Object.keys(row));
  const columns = [...new Set([...first.filter((name) => all.includes(name)), ...all])];
  if (!rows.length) return <Text size="sm" c="dimmed">No rows.</Text>;
  return (
    <Scroll label="Answer of the test query" maxHeight={320}>
      <Table fz="xs" verticalSpacing={3} striped withRowBorders={false} aria-label="Answer of the test query">
        <Table.Thead><Table.Tr>{columns.map((name) => <Table.Th key={name}>{name}</Table.Th>)}</Table.Tr></Table.Thead>
        <Table.Tbody>
          {rows.map((row, at) => (
            <Table.Tr key={at}>{columns.map((name) => <Table.Td key={name} valign="top"><Value value={row[name] ?? null} first={first}
              /></Table.Td>)}</Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Scroll>
  );
}

/** Related rows stand member by member, as far as there is room for them. */
function Value({ value, first }: { value: Json; first: string[] }) {
  if (value === null) return <Text span size="xs" c="dimmed" fs="italic">null</Text>;
  if (Array.isArray(value)) return <>{value.length ? value.slice(0, 3).map((one, at) => <div key={at}><Value value={one} first={first}
    /></div>) : '[]'}{value.length > 3 && `… ${value.length}`}</>;
  if (typeof value !== 'object' || isLosslessNumber(value)) return <>{shown(value)}</>;
  const members = Object.entries(value).filter(([, one]) => one !== null).sort(([a], [b]) => Number(first.includes(b)) - Number(first.includes(a)));
  return <>{members.slice(0, 3).map(([name, one]) => <div key={name} style={{ whiteSpace: 'nowrap' }}><Text span inherit
    c="dimmed">{name}</Text> {short(shown(one))}</div>)}{members.length > 3 && '…'}</>;
}

const short = (text: string) => (text.length > 60 ? `${text.slice(0, 60)}…` : text);

function rowsOf(reply: Json): JsonObject[] | null {
  const plain = reply && typeof reply === 'object' && !Array.isArray(reply) && !isLosslessNumber(reply) ? reply : null;
  const rows = plain && ('resource' in plain ? plain.resource : plain.error ? null : [plain]);
  return Array.isArray(rows) && rows.every((row) => row && typeof row === 'object') ? (rows as JsonObject[]) : null;
}
