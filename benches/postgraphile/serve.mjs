// PostGraphile over one PostgreSQL database, as the benchmark's other GraphQL server: set up as for production, and for speed.
//
//   node serve.mjs URL    serves the schema `public` at /graphql, by GET and POST; prints `127.0.0.1:PORT` when ready
//
// It finds its modules beside itself: scripts/bench.sh copies this folder to target/postgraphile and installs them there.
// Needs Node 22 or newer; node_modules/.bin/node is one.
import { createServer } from "node:http";

if (typeof Promise.withResolvers !== "function") {
  console.error(`serve.mjs: PostGraphile needs Node 22 or newer, this is ${process.version}`);
  process.exit(1);
}

// Both are read while the modules load.
process.env.NODE_ENV = process.env.GRAPHILE_ENV = "production";
const { postgraphile } = await import("postgraphile");
const { PostGraphileAmberPreset } = await import("postgraphile/presets/amber");
const { makePgService } = await import("postgraphile/adaptors/pg");
const { grafserv } = await import("postgraphile/grafserv/node");

const server = createServer();
const instance = postgraphile({
  extends: [PostGraphileAmberPreset],
  pgServices: [
    makePgService({
      connectionString: process.argv[2],
      schemas: ["public"],
      pubsub: false,
      // Connections are kept while other servers are measured, and with them their prepared statements.
      poolConfig: { max: 8, idleTimeoutMillis: 0 },
    }),
  ],
  // Lists cost less than connections with nodes.
  schema: { defaultBehavior: "+list -connection" },
  grafserv: {
    graphqlOverGET: true,
    graphiql: false,
    watch: false,
    websockets: false,
    // Answers are written as text at once, not made as objects first.
    outputDataAsString: true,
  },
  grafast: { explain: false },
});
const handler = instance.createServ(grafserv);
await handler.addTo(server);
await handler.ready();
server.listen(0, "127.0.0.1", () => console.log(`127.0.0.1:${server.address().port}`));
