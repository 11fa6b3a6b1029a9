// A long name that may break where its parts meet, and not within a word.
import { Fragment } from 'react';

export function Breaking({ children }: { children: string }) {
  return <span style={{ overflowWrap: 'anywhere' }}>{children.split(/(?<=[._])/).map((part, at) => <Fragment key={at}>{at > 0 && <wbr />}{part}</Fragment>)}</span>;
}
