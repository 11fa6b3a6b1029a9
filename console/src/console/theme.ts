// Colours and sizes. Contrast is at least that of WCAG AA in both schemes.
import { createTheme, type CSSVariablesResolver } from '@mantine/core';

export const theme = createTheme({
  primaryColor: 'indigo',
  primaryShade: { light: 7, dark: 8 },
  autoContrast: true,
  fontFamily: 'system-ui, -apple-system, "Segoe UI", Roboto, "Liberation Sans", sans-serif',
  fontFamilyMonospace: 'ui-monospace, SFMono-Regular, Menlo, Consolas, "Liberation Mono", monospace',
  defaultRadius: 'sm',
  cursorType: 'pointer',
  respectReducedMotion: true,
  focusRing: 'auto',
  components: {
    Tooltip: { defaultProps: { openDelay: 400, withArrow: true, events: { hover: true, focus: true, touch: false } } },
    Modal: { defaultProps: { centered: true, overlayProps: { backgroundOpacity: 0.45 } } },
    Table: { defaultProps: { verticalSpacing: 6, horizontalSpacing: 'sm' } },
  },
});

const PALETTE = ['gray', 'red', 'pink', 'grape', 'violet', 'indigo', 'blue', 'cyan', 'teal', 'green', 'lime', 'yellow', 'orange'];
// Text on a tint of its own colour; Mantine's is too light for small letters.
const onTint = (shade: number) => Object.fromEntries(PALETTE.map((name) => [`--mantine-color-${name}-light-color`, `var(--mantine-color-${name}-${shade})`]));

export const variables: CSSVariablesResolver = () => ({
  variables: {},
  light: { ...onTint(9), '--mantine-color-dimmed': '#566069', '--mantine-color-placeholder': '#6b747c',
    '--mantine-color-anchor': '#3b5bdb', '--mantine-color-error': '#c92a2a' },
  dark: { ...onTint(2), '--mantine-color-dimmed': '#a8b0b8', '--mantine-color-placeholder': '#9aa2aa',
    '--mantine-color-anchor': '#91a7ff', '--mantine-color-error': '#ff8787' },
});

/** Colours of sources, in the order of the key file, as names of Mantine's palette. */
const SOURCES = ['indigo', 'teal', 'orange', 'grape', 'cyan', 'pink', 'lime', 'violet', 'yellow', 'red', 'blue', 'green'];

export const sourceColour = (sources: { name: string }[], source: string) =>
  SOURCES[Math.max(0, sources.findIndex((one) => one.name === source)) % SOURCES.length]!;
