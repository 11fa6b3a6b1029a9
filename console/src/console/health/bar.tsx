// A bar that says in words how far it is.
import { Progress } from '@mantine/core';

interface Props { label: string; text: string; percent: number; width?: number }

export function Bar({ label, text, percent, width }: Props) {
  return (
    <Progress.Root w={width} flex={width ? undefined : 1} miw={60} size="md">
      <Progress.Section value={percent} withAria={false} role="progressbar" aria-label={label} aria-valuemin={0} aria-valuemax={100}
        aria-valuenow={Math.round(percent)} aria-valuetext={text} />
    </Progress.Root>
  );
}
