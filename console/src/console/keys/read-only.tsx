// What remains where the key file cannot be written: to say why, and to copy the text.
import { Button, CopyButton, Text } from '@mantine/core';
import { IconCheck, IconCopy, IconLock } from '@tabler/icons-react';
import type { KeyFile } from '../api/types';
import { Notice } from '../parts/notice';

export function ReadOnly({ file }: { file: KeyFile }) {
  if (file.writable) return null;
  return (
    <Notice color="gray" mb="md" icon={<IconLock size={18} aria-hidden />} title="The key file cannot be written from here">
      <Text size="sm">{file.reason ?? 'the server does not say why'}. Entries can still be tried, and their text copied.</Text>
    </Notice>
  );
}

export function CopyText({ text }: { text: string | null | undefined }) {
  return (
    <CopyButton value={text ?? ''}>
      {({ copied, copy }) => (
        <Button size="xs" disabled={!text} onClick={copy} leftSection={copied ? <IconCheck size={14} aria-hidden /> : <IconCopy size={14}
          aria-hidden />}>
          {copied ? 'Copied' : 'Copy the text'}
        </Button>
      )}
    </CopyButton>
  );
}
