// The name that was probably meant.

/** Null where none is near. */
export function closest(wanted: string, names: string[]): string | null {
  const text = wanted.toLowerCase();
  const near = names.map((name) => ({ name, far: distance(text, name.toLowerCase()) })).filter(({ far }) => far <= Math.max(1, wanted.length / 4));
  return near.sort((one, other) => one.far - other.far)[0]?.name ?? null;
}

/** Of tables also one that is named so in another source. */
export function closestTable(wanted: string, ids: string[]): string | null {
  const nameOf = (id: string) => id.slice(id.indexOf('.') + 1).toLowerCase();
  return ids.find((id) => nameOf(id) === nameOf(wanted)) ?? closest(wanted, ids);
}

// How many letters come, go or change: Levenshtein, row by row.
function distance(one: string, other: string): number {
  let row = Array.from({ length: other.length + 1 }, (_, at) => at);
  for (const [at, letter] of [...one].entries()) {
    const next = [at + 1];
    for (let to = 0; to < other.length; to++) next.push(Math.min(next[to]! + 1, row[to + 1]! + 1, row[to]! + Number(letter !== other[to])));
    row = next;
  }
  return row.at(-1)!;
}
