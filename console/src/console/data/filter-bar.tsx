// The conditions that rows must meet, each as a chip that can be changed or taken away.
import { useState, type ReactNode } from 'react';
import { Button, Group, Popover, Text, VisuallyHidden } from '@mantine/core';
import { IconFilterPlus, IconX } from '@tabler/icons-react';
import type { Catalog, Table } from '../api/types';
import { FilterForm } from './filter-form';
import { OPERATORS, resolveCondition, type Condition, type Filter } from './filter';
import classes from './data.module.css';

interface Props {
  catalog: Catalog;
  table: Table;
  filter: Filter;
  onChange: (filter: Filter) => void;
}

export function FilterBar({ catalog, table, filter, onChange }: Props) {
  const replace = (group: number, at: number, by: Condition[]) =>
    onChange(filter.map((conditions, index) => (index === group ? conditions.toSpliced(at, 1, ...by) : conditions)).filter(({ length }) => length));
  return (
    <Group gap={6} role="group" aria-label="Filter" wrap="wrap" style={{ minWidth: 0 }}>
      {filter.map((conditions, group) => (
        <Group key={group} gap={6} wrap="wrap" style={{ minWidth: 0 }}>
          {group > 0 && <Text size="xs" fw={700} c="dimmed">OR</Text>}
          {conditions.map((condition, at) => (
            <Chip key={at} catalog={catalog} table={table} condition={condition}
              onChange={(next) => replace(group, at, [next])} onRemove={() => replace(group, at, [])} />
          ))}
          {filter.length > 1 && <Adder catalog={catalog} table={table} small
            onAdd={(added) => onChange(filter.toSpliced(group, 1, [...conditions, added]))} />}
        </Group>
      ))}
      {filter.length < 2 && <Adder catalog={catalog} table={table} onAdd={(added) => onChange([[...(filter[0] ?? []), added]])} />}
      {filter.length > 0 && <Adder catalog={catalog} table={table} or onAdd={(added) => onChange([...filter, [added]])} />}
      {filter.length > 0 && <Button size="compact-xs" variant="subtle" color="gray" c="dimmed" onClick={() => onChange([])}>Clear filter</Button>}
    </Group>
  );
}

interface AdderProps { catalog: Catalog; table: Table; or?: boolean; small?: boolean; onAdd: (condition: Condition) => void }

function Adder({ catalog, table, or, small, onAdd }: AdderProps) {
  const [opened, setOpened] = useState(false);
  const text = or ? 'or …' : small ? 'and …' : 'Filter';
  return (
    <FormPopover opened={opened} onChange={setOpened} target={(
      <Button size="compact-sm" variant={or || small ? 'subtle' : 'default'}
        leftSection={or || small ? undefined : <IconFilterPlus size={14} aria-hidden />}
        onClick={() => setOpened(!opened)} aria-label={or || small ? `${text} another condition` : `${text}: add a condition`}>{text}</Button>
    )}>
      <FilterForm catalog={catalog} table={table} onDone={(condition) => { setOpened(false); if (condition) onAdd(condition); }} />
    </FormPopover>
  );
}

interface ChipProps { catalog: Catalog; table: Table; condition: Condition; onChange: (condition: Condition) => void; onRemove: () => void }

function Chip({ catalog, table, condition, onChange, onRemove }: ChipProps) {
  const [opened, setOpened] = useState(false);
  const known = resolveCondition(catalog, table, condition) !== null;
  const text = told(condition);
  return (
    <span className={classes.chip} style={known ? undefined : { borderColor: 'var(--mantine-color-error)' }}>
      <FormPopover opened={opened} onChange={setOpened} target={(
        <button type="button" onClick={() => setOpened(!opened)} title={known ? text : `${condition.path.join('.')} is not there`}>
          <VisuallyHidden>Change the condition </VisuallyHidden>
          <span>{condition.path.join('.')}</span>
          <span className={classes.quiet}>{OPERATORS[condition.operator].label}</span>
          {condition.values.length > 0 && <b style={{ overflow: 'hidden', textOverflow: 'ellipsis', maxWidth: 260 }}>{shownValues(condition)}</b>}
          {!known && <span className={classes.orphan}>unknown</span>}
        </button>
      )}>
        <FilterForm catalog={catalog} table={table} given={condition} onDone={(next) => { setOpened(false); if (next) onChange(next); }} />
      </FormPopover>
      <button type="button" onClick={onRemove} aria-label={`Remove the condition ${text}`}><IconX size={12} aria-hidden /></button>
    </span>
  );
}

const shownValues = ({ values, operator }: Condition) => values.map((value) => value || "''").join(operator === 'between' ? ' and ' : ', ');

const told = (condition: Condition) => `${condition.path.join('.')} ${OPERATORS[condition.operator].label} ${shownValues(condition)}`.trim();

interface FormPopoverProps { opened: boolean; onChange: (opened: boolean) => void; target: ReactNode; children: ReactNode }

function FormPopover({ opened, onChange, target, children }: FormPopoverProps) {
  return (
    <Popover opened={opened} onChange={onChange} position="bottom-start" shadow="md" trapFocus returnFocus withinPortal width="min(420px, 94vw)">
      <Popover.Target>{target}</Popover.Target>
      <Popover.Dropdown aria-label="Condition">{opened && children}</Popover.Dropdown>
    </Popover>
  );
}
