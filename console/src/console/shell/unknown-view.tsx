// An address of no view.
import { useLocation } from 'wouter';
import { closest } from '../parts/closest';
import { NotFound } from '../parts/not-found';
import { VIEWS } from './views';

export function UnknownView() {
  const [location] = useLocation();
  const name = closest(location.split('/')[1] ?? '', VIEWS.map(({ to }) => to.slice(1)));
  return <NotFound what={`The console has no page ${location}`} meant={VIEWS.find(({ to }) => to.slice(1) === name) ?? null}
    all={VIEWS.filter(({ to }) => to.slice(1) !== name)} />;
}
