// Reads JSON so that writing it again keeps the digits of numbers that JavaScript would round.
interface RawJson extends JSON {
  parse(text: string, reviver: (key: string, value: unknown, context?: { source?: string }) => unknown): any;
  // Where the browser has it; elsewhere such numbers are rounded.
  rawJSON?(text: string): unknown;
}

const { parse, rawJSON } = JSON as RawJson;

export function parseJson(text: string) {
  return parse(text, (_: string, value: unknown, context?: { source?: string }) => {
    const source = context?.source;
    return typeof value === 'number' && source && rawJSON && String(value) !== source ? rawJSON(source) : value;
  });
}
