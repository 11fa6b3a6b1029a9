// Shows the description of all sources, of the one that the address names, or of what is served beside the tables, and a link
// to each.
"use strict";

const asked = new URLSearchParams(location.search);
const chosen = asked.get("source");
const operation = asked.has("operation");

window.ui = SwaggerUIBundle({
  url: operation ? "/admin/api_docs" : "/api/v2/api_docs" + (chosen ? "/" + encodeURIComponent(chosen) : ""),
  dom_id: "#viewer",
  deepLinking: true,
  docExpansion: "list",
  defaultModelsExpandDepth: 0,
  filter: true,
  tryItOutEnabled: true,
  // A validator would be another host.
  validatorUrl: null,
});

fetch("/api/v2")
  .then((answer) => answer.json())
  .then(({ services }) => {
    const link = (text, address, current) => {
      const a = document.createElement("a");
      a.textContent = text;
      a.href = address;
      if (current) a.setAttribute("aria-current", "page");
      return a;
    };
    document.getElementById("sources").replaceChildren(
      link("all sources", "/docs", !chosen && !operation),
      ...services.map(({ name }) => link(name, "/docs?source=" + encodeURIComponent(name), name === chosen)),
      link("map, keys and health", "/docs?operation", operation),
    );
  });
