// All fields of a form, each with the control that fits: a picker for keys, a tree for documents, an input for the rest.
import { Box, Text } from '@mantine/core';
import type { Catalog, Column, Json, Table } from '../../api/types';
import { DocumentControl } from './document';
import { Field, type ControlProps } from './field';
import { holdScalar, NULL, read, same, type Held } from './held';
import { Picker } from './picker';
import { countsFor } from '../meet';
import { escaped, referencedColumns, referencesOf, type Reference, type References } from './references';
import { blank, hasOwnStates, ScalarControl } from './scalar';
import type { Aim } from './stack';
import type { Draft } from './use-draft';

export function Fields({ aim, catalog, draft }: { aim: Aim; catalog: Catalog; draft: Draft }) {
  const { table } = aim;
  const all = referencesOf(catalog, table);
  const now = <T extends Reference>(some: T[]) => some.filter(({ key }) => countsFor(key, draft.row));
  const references: References = { columns: now(all.columns), leaves: now(all.leaves) };
  const referenced = referencedColumns(catalog, table);
  const key = table.columns.filter(({ name }) => table.primary_key.includes(name));
  const rest = table.columns.filter((column) => !key.includes(column));
  return (
    <Box>
      {[...key, ...rest].map((column) => (
        <Box key={column.name}>
          {references.columns.filter((one) => one.columns.length > 1 && one.columns[0] === column.name)
            .map((reference) => <SeveralColumns key={reference.key.id} table={table} reference={reference} draft={draft} />)}
          <OneColumn aim={aim} column={column} references={references} draft={draft} referenced={referenced.has(column.name)} />
        </Box>
      ))}
    </Box>
  );
}

function OneColumn({ aim, column, references, draft, referenced }: { aim: Aim; column: Column; references: References; draft: Draft; referenced: boolean }) {
  const { name } = column;
  const held = draft.held[name]!;
  const pointer = `/${escaped(name)}`;
  const own = references.columns.filter((one) => one.columns.length === 1 && one.columns[0] === name);
  const leaves = references.leaves.filter((one) => one.column === name);
  const isDocument = column.type === 'json' || held.as === 'json';
  const creating = aim.does === 'create';
  const fault = draft.faults[pointer] ?? unplaced(draft, pointer, held.as === 'json') ?? unreadable(column, held);
  return (
    <Field table={aim.table} column={column} held={held} initial={draft.initial[name]!}
      changed={!same(held, draft.initial[name])} creating={creating} referenced={referenced}
      refersTo={[...new Set([...own, ...leaves].map((one) => `${one.target.id}${one.targetColumns[0] === one.target.primary_key[0] ? '' : `.${one.targetColumns[0]}`}`))]}
      fault={fault} ownStates={!own.length && hasOwnStates(column, held)} onChange={(held) => draft.set({ [name]: held })}>
      {({ id, describedBy }) => {
        const props: ControlProps = { id, describedBy, column, held, fault, creating, onChange: (held, at) => draft.set({ [name]: held }, at) };
        if (own[0] && !column.generated) return <KeyControl {...props} reference={own[0]} />;
        if (isDocument) return <DocumentControl {...props} leaves={leaves} faults={draft.faults} pointer={pointer} />;
        return <ScalarControl {...props} />;
      }}
    </Field>
  );
}

function KeyControl({ id, describedBy, column, held, fault, onChange, reference }: ControlProps & { reference: Reference }) {
  const { target, targetColumns, key } = reference;
  const value = held.as === 'text' ? [held.text] : null;
  return (
    <Picker id={id} describedBy={describedBy} target={{ table: target, columns: targetColumns, key }} value={value} fault={fault}
      placeholder={`${blank(column, held) || 'needed'}: search ${target.id}`} label={undefined}
      onChoose={([chosen]) => onChange(holdScalar(chosen ?? null))} onClear={column.nullable ? () => onChange(NULL) : undefined} />
  );
}

/** A key of several columns: one picker fills them all; each can still be typed by itself. */
function SeveralColumns({ table, reference, draft }: { table: Table; reference: Reference; draft: Draft }) {
  const { target, targetColumns, columns, key } = reference;
  // One of them that is NULL is enough for no reference.
  const nullable = columns.filter((name) => table.columns.some((column) => column.name === name && column.nullable));
  const values = columns.map((name): Json => (draft.held[name]?.as === 'text' ? draft.row[name] ?? null : null));
  const set = (values: Json[]) => draft.set(Object.fromEntries(columns.map((name, at) => [name, holdScalar(values[at] ?? null)])));
  return (
    <Box className="edit-field">
      <Box className="edit-name">
        <Text size="sm" fw={600}>{key.name}</Text>
        <Text size="xs" c="dimmed">{columns.join(', ')} → {target.id}</Text>
      </Box>
      <Box className="edit-control">
        <Picker label={key.name} target={{ table: target, columns: targetColumns, key }} value={values.every((value) => value !== null) ? values : null}
          placeholder={`search ${target.id}`}
          onChoose={set} onClear={nullable.length ? () => draft.set(Object.fromEntries(nullable.map((name) => [name, NULL]))) : undefined} />
      </Box>
    </Box>
  );
}

// Told while it is typed.
function unreadable(column: Column, held: Held) {
  if (held.as !== 'text' || !held.text || !['integer', 'bigint', 'decimal', 'float', 'uuid', 'bytes', 'json'].includes(column.type)) return undefined;
  const value = read(column, held);
  return value.ok ? undefined : value.fault;
}

// A fault within a value that is not shown as a tree has no other place.
function unplaced({ faults }: Draft, pointer: string, tree: boolean) {
  const within = Object.entries(faults).filter(([at]) => at.startsWith(`${pointer}/`));
  return tree || !within.length ? undefined : within.map(([at, fault]) => `${at.slice(pointer.length)}: ${fault}`).join('; ');
}
