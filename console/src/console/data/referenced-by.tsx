// The rows that refer to a row, by relationship; each group is read when it comes into sight.
import { useEffect, useRef, useState } from 'react';
import { Skeleton, Stack, Text } from '@mantine/core';
import type { Catalog, Relationship, Table } from '../api/types';
import { RelatedRows } from './related-rows';
import type { Row } from './rows';
import type { Stop } from './trail';
import classes from './data.module.css';

interface Props { catalog: Catalog; table: Table; row: Row; trail: Stop[]; label: string }

export function ReferencedBy(props: Props) {
  const incoming = props.table.relationships.filter(({ kind }) => kind !== 'belongs_to');
  return (
    <section aria-label="Referenced by">
      <Text component="h3" size="sm" fw={700} m={0} mb={6}>Referenced by</Text>
      {!incoming.length && <Text size="sm" c="dimmed">No key leads to this table.</Text>}
      <Stack gap="xs">{incoming.map((relationship) => <Lazy key={relationship.name} {...props} relationship={relationship} />)}</Stack>
    </section>
  );
}

function Lazy({ relationship, ...props }: Props & { relationship: Relationship }) {
  const box = useRef<HTMLDivElement>(null);
  const [seen, setSeen] = useState(false);
  useEffect(() => {
    const watch = new IntersectionObserver((entries) => { if (entries.some(({ isIntersecting }) => isIntersecting)) setSeen(true); },
      { rootMargin: '200px' });
    watch.observe(box.current!);
    return () => watch.disconnect();
  }, []);
  return <div ref={box} className={classes.group}>{seen ? <RelatedRows {...props} relationship={relationship} /> : <Skeleton h={24} />}</div>;
}
