// Around each view: where to go, what to look for, which colours, and what is wrong with the key file.
import { useEffect, useRef, type ReactNode } from 'react';
import { ActionIcon, Alert, Anchor, AppShell, Burger, Button, Group, Kbd, NavLink, Text, Tooltip,
  useComputedColorScheme, useMantineColorScheme, VisuallyHidden } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { spotlight } from '@mantine/spotlight';
import { IconMoon, IconSearch, IconSun } from '@tabler/icons-react';
import { Link, useLocation } from 'wouter';
import { useCatalog } from '../api/queries';
import { links } from '../links';
import { Search } from './search';
import { VIEWS, viewOf } from './views';

export function Shell({ children }: { children: ReactNode }) {
  const [opened, { toggle, close }] = useDisclosure();
  const [location] = useLocation();
  const main = useRef<HTMLElement>(null);
  const view = viewOf(location)?.label;
  useEffect(close, [location, close]);
  useEffect(() => { document.title = view ? `${view} · Crosskey` : 'Crosskey'; }, [view]);
  return (
    <AppShell header={{ height: 48 }} navbar={{ width: 148, breakpoint: 'sm', collapsed: { mobile: !opened } }}>
      <a className="skip" href="#main" onClick={(event) => { event.preventDefault(); main.current?.focus(); }}>Skip to content</a>
      <AppShell.Header>
        <Group h="100%" px="sm" justify="space-between" wrap="nowrap">
          <Group gap="xs" wrap="nowrap">
            <Burger opened={opened} onClick={toggle} hiddenFrom="sm" size="sm" aria-label="Views" />
            <Anchor component={Link} href={links.map()} underline="never" c="inherit" fw={700}>Crosskey</Anchor>
          </Group>
          <Group gap="xs" wrap="nowrap">
            <Button variant="default" size="xs" leftSection={<IconSearch size={14} aria-hidden />} onClick={spotlight.open} aria-keyshortcuts="Control+K"
              rightSection={<Kbd size="xs" visibleFrom="sm">Ctrl K</Kbd>}>Search</Button>
            <Scheme />
          </Group>
        </Group>
      </AppShell.Header>
      <AppShell.Navbar p={6} aria-label="Views">
        {VIEWS.map(({ to, label, icon: Icon }) => (
          <NavLink key={to} component={Link} href={to} label={label} active={label === view} aria-current={label === view ? 'page' : undefined}
            leftSection={<Icon size={18} aria-hidden />} variant="light" style={{ borderRadius: 'var(--mantine-radius-sm)' }} />
        ))}
      </AppShell.Navbar>
      <AppShell.Main ref={main} id="main" tabIndex={-1}>
        <VisuallyHidden component="h1">{view ?? 'Crosskey'}</VisuallyHidden>
        <Outage />
        {children}
      </AppShell.Main>
      <Search />
    </AppShell>
  );
}

function Scheme() {
  const { setColorScheme } = useMantineColorScheme();
  const scheme = useComputedColorScheme('light');
  const other = scheme === 'light' ? 'dark' : 'light';
  return (
    <Tooltip label={`${other === 'dark' ? 'Dark' : 'Light'} colours`}>
      <ActionIcon variant="default" size="md" onClick={() => setColorScheme(other)} aria-label={`Use ${other} colours`}>
        {other === 'dark' ? <IconMoon size={16} /> : <IconSun size={16} />}
      </ActionIcon>
    </Tooltip>
  );
}

/** Sources that do not answer: what is shown of them may be old or absent. */
function Outage() {
  const { data } = useCatalog();
  const away = data?.sources.filter(({ state }) => state !== 'up') ?? [];
  if (!away.length) return null;
  return (
    <Alert color="orange" radius={0} py={6} role="status">
      <Text size="sm">
        {away.map(({ name }) => name).join(', ')} {away.length > 1 ? 'do' : 'does'} not answer.{' '}
        <Anchor component={Link} href={links.health()} size="sm">Health</Anchor> tells more.
      </Text>
    </Alert>
  );
}
