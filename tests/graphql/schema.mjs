// Reads a schema from standard input as code generators do; prints how many types it has.
import { createRequire } from 'node:module';
const require = createRequire(`${process.argv[2]}/`);
const { buildSchema, assertValidSchema } = require('graphql');
const text = await new Promise((done) => {
  let all = '';
  process.stdin.on('data', (part) => (all += part)).on('end', () => done(all));
});
const schema = buildSchema(text);
assertValidSchema(schema);
console.log(Object.keys(schema.getTypeMap()).length);
