// One condition: a column, here or along relationships, what is asked of it, and values.
import { useMemo, useRef, useState } from 'react';
import { Button, Group, Select, Stack, Text } from '@mantine/core';
import type { Catalog, Table } from '../api/types';
import { SearchedSelect } from '../parts/searched';
import { OPERATORS, operatorsOf, resolve, resolveCondition, type Condition, type Operator } from './filter';
import { ValueInput, wrongValue } from './value-input';
import { readPath, writePath } from './words';

interface Props {
  catalog: Catalog;
  table: Table;
  given?: Condition;
  /** With null where nothing changes. */
  onDone: (condition: Condition | null) => void;
}

// A relationship itself, of which rows can be there or not, is told from a column of the same name.
const ROWS_OF = 'rows of ';

export function FilterForm({ catalog, table, given, onDone }: Props) {
  const [what, setWhat] = useState(given ? whatOf(given) : null);
  const [search, setSearch] = useState(what ?? '');
  const [operator, setOperator] = useState<Operator | null>(given?.operator ?? null);
  const [values, setValues] = useState<string[]>(given?.values ?? []);
  const [tried, setTried] = useState(false);
  const options = useMemo(() => optionsOf(catalog, table, search), [catalog, table, search]);
  const path = what === null ? null : readPath(what.startsWith(ROWS_OF) ? what.slice(ROWS_OF.length) : what);
  const column = path && !what!.startsWith(ROWS_OF) ? resolveCondition(catalog, table, { path, operator: 'eq' })?.column ?? null : null;
  const operators: Operator[] = column ? operatorsOf(column) : what ? ['some', 'none'] : [];
  const current = operator && operators.includes(operator) ? operator : operators[0] ?? null;
  const wrong = current && column ? wrongValue(column, current, values) : null;

  const form = useRef<HTMLFormElement>(null);
  const choose = (next: string | null) => {
    setWhat(next);
    setTried(false);
    if (next === null || next === what) return;
    setValues([]);
    // On to the value, or to the test where there is none.
    requestAnimationFrame(() => [...form.current?.querySelectorAll<HTMLElement>('input:not([type=hidden])') ?? []].at(-1)?.focus());
  };
  const apply = () => {
    if (!path || !current) return;
    setTried(true);
    if (!wrong) onDone({ path, operator: current, values: OPERATORS[current].values === 0 ? [] : values.length ? values : [''] });
  };
  return (
    <form ref={form} onSubmit={(event) => { event.preventDefault(); apply(); }} aria-label="Condition">
      <Stack gap="xs">
        <SearchedSelect label="Column" placeholder="Words of its name, or relationship.column" data-autofocus={given ? undefined : true} data={options}
          value={what} onChange={choose} allowDeselect={false}
          searchValue={search} onSearchChange={setSearch} limit={60} maxDropdownHeight={280} nothingFoundMessage="No column is named like this"
          comboboxProps={{ withinPortal: false }} size="sm" />
        {operators.length > 0 && (
          <Select label="Test" data-autofocus={given && !given.values.length ? true : undefined}
            data={operators.map((value) => ({ value, label: OPERATORS[value].label }))} value={current} allowDeselect={false}
            onChange={(next) => setOperator(next as Operator)} comboboxProps={{ withinPortal: false }} size="sm" />
        )}
        {column && current && OPERATORS[current].values !== 0 && (
          <ValueInput key={`${what} ${OPERATORS[current].values}`} column={column} operator={current} values={values} onChange={setValues}
            error={tried ? wrong : null} autofocus={Boolean(given?.values.length)} />
        )}
        {column && current === 'like' && <Text size="xs" c="dimmed">% stands for any letters, _ for one</Text>}
        <Group justify="flex-end" gap="xs">
          <Button variant="default" size="xs" onClick={() => onDone(null)}>Cancel</Button>
          <Button type="submit" size="xs" disabled={!path || !current}>Apply</Button>
        </Group>
      </Stack>
    </form>
  );
}

const whatOf = ({ path, operator }: Condition) => (operator === 'some' || operator === 'none' ? ROWS_OF : '') + writePath(path);

/** The table's columns, those of each relationship, and those further on along the path that is being typed. */
function optionsOf(catalog: Catalog, table: Table, search: string) {
  const typed = readPath(search.startsWith(ROWS_OF) ? search.slice(ROWS_OF.length) : search);
  const groups = [{ group: table.id, items: testable(table).map((name) => writePath([name])) }, ...further(catalog, table, [])];
  const seen = new Set(groups.map(({ group }) => group));
  for (let depth = 1; depth < typed.length; depth++) {
    const at = resolve(catalog, table, typed.slice(0, depth));
    if (!at || at.column) continue;
    for (const one of further(catalog, at.table, typed.slice(0, depth))) if (!seen.has(one.group)) { seen.add(one.group); groups.push(one); }
  }
  return groups;
}

function further(catalog: Catalog, table: Table, before: string[]) {
  return table.relationships.flatMap(({ name, target, graphql }) => {
    const to = catalog.tables.find(({ id }) => id === target);
    if (!to || !graphql) return [];
    const path = [...before, name];
    return [{ group: `${writePath(path)} → ${target}`,
      items: [`${ROWS_OF}${writePath(path)}`, ...testable(to).map((column) => writePath([...path, column]))] }];
  });
}

const testable = (table: Table) => table.columns.filter(({ graphql }) => graphql).map(({ name }) => name);
