// An address that leads nowhere: what it asked for, what was probably meant, and where to go on.
import type { ReactNode } from 'react';
import { Anchor, Text } from '@mantine/core';
import { Link } from 'wouter';
import { Notice } from './notice';

interface Place { label: string; to: string }

/** `meant` is null where nothing has a name that is near. */
export function NotFound({ what, meant, all, children }: { what: string; meant: Place | null; all: Place[]; children?: ReactNode }) {
  return (
    <Notice m="md" color="gray" role="alert" title={<span style={{ overflowWrap: 'anywhere' }}>{what}</span>}>
      {children}
      {meant && <Text size="sm">Did you mean <To {...meant} />?</Text>}
      <Text size="sm">{all.map((place, at) => <span key={place.to}>{at > 0 && ' · '}<To {...place} /></span>)}</Text>
    </Notice>
  );
}

const To = ({ label, to }: Place) => <Anchor component={Link} href={to} size="sm" underline="always">{label}</Anchor>;
