// A list with one of its values taken to another one's place.
export function moved<T>(values: T[], from: T, to: T): T[] {
  const place = values.indexOf(to);
  const others = values.filter((value) => value !== from);
  return [...others.slice(0, place), from, ...others.slice(place)];
}
