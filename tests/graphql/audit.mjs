// Runs the public audit of GraphQL over HTTP against a server; one line a finding that is not fine, and the number of fine ones.
import { createRequire } from 'node:module';
const [url, modules] = process.argv.slice(2);
const require = createRequire(`${modules}/`);
const { auditServer } = require('graphql-http');
const results = await auditServer({ url });
for (const result of results.filter(({ status }) => status !== 'ok')) {
  console.log(result.status, result.id, result.name, result.reason);
}
console.log(`${results.filter(({ status }) => status === 'ok').length} of ${results.length} fine`);
