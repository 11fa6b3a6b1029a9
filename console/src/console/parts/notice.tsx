// An alert whose title can be read on its own colour.
import { Alert, type AlertProps } from '@mantine/core';

export const Notice = (given: AlertProps) => <Alert variant="light" py="xs" styles={{ title: { color: 'var(--mantine-color-text)' } }} {...given} />;
