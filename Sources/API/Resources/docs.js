"use strict";
// Reads the part of YAML that openapi.yaml is written in: block and flow maps and lists, quoted and plain scalars, `|`.
function parseYAML(text) {
  const lines = text.split("\n").map(raw => ({ indent: raw.search(/\S|$/), text: raw.trim(), raw }));
  let at = 0;
  const skip = () => { while (at < lines.length && (lines[at].text === "" || lines[at].text.startsWith("#"))) at++; };
  const scalar = s => {
    if (s === "" || s === "null" || s === "~") return null;
    if (s === "true") return true;
    if (s === "false") return false;
    if (/^-?\d+(\.\d+)?$/.test(s)) return Number(s);
    return s;
  };
  function flow(source) {
    let i = 0;
    const space = () => { while (source[i] === " ") i++; };
    function quoted(q) {
      let out = ""; i++;
      while (source[i] !== q || (q === "'" && source[i + 1] === "'")) {
        if (source[i] === "\\" && q === '"') { out += source[i] + source[i + 1]; i += 2; continue; }
        if (source[i] === "'" && q === "'") i++;
        out += source[i++];
        if (i > source.length) throw new Error("unterminated: " + source);
      }
      i++;
      return q === '"' ? JSON.parse('"' + out + '"') : out;
    }
    function value(stops) {
      space();
      if (source[i] === "{") {
        const map = {}; i++; space();
        while (source[i] !== "}") {
          space();
          const key = value(":"); space(); i++;
          map[key] = value(",}"); space();
          if (source[i] === ",") { i++; space(); }
        }
        i++; return map;
      }
      if (source[i] === "[") {
        const list = []; i++; space();
        while (source[i] !== "]") { list.push(value(",]")); space(); if (source[i] === ",") { i++; space(); } }
        i++; return list;
      }
      if (source[i] === '"' || source[i] === "'") return quoted(source[i]);
      const start = i;
      while (i < source.length && !(stops.includes(source[i]) && (source[i] !== ":" || source[i + 1] === " "))) i++;
      return scalar(source.slice(start, i).trim());
    }
    return value("");
  }
  function literal(indent) {
    const out = [];
    while (at < lines.length && (lines[at].text === "" || lines[at].indent > indent)) out.push(lines[at++].raw);
    const base = Math.min(...out.filter(l => l.trim()).map(l => l.search(/\S/)));
    return out.map(l => l.slice(base)).join("\n").trimEnd() + "\n";
  }
  const keyed = /^("(?:[^"\\]|\\.)*"|[^\s"'{[][^:]*?|\S+?):(?: (.*)|$)/;
  function after(rest, indent) {
    if (rest === "|") return literal(indent);
    if (rest !== undefined && rest !== "") return flow(rest);
    skip();
    if (at < lines.length && (lines[at].indent > indent || (lines[at].indent === indent && lines[at].text.startsWith("- ")))) return block(lines[at].indent);
    return null;
  }
  function block(indent) {
    skip();
    if (lines[at].text.startsWith("- ")) {
      const list = [];
      for (skip(); at < lines.length && lines[at].indent === indent && lines[at].text.startsWith("- "); skip()) {
        const rest = lines[at].text.slice(2);
        if (keyed.test(rest) && !/^["'{[]/.test(rest)) { lines[at] = { indent: indent + 2, text: rest, raw: lines[at].raw }; list.push(block(indent + 2)); }
        else { at++; list.push(flow(rest)); }
      }
      return list;
    }
    const map = {};
    for (skip(); at < lines.length && lines[at].indent === indent; skip()) {
      const match = keyed.exec(lines[at].text);
      if (!match) throw new Error("line " + (at + 1) + ": " + lines[at].text);
      at++;
      map[match[1].replace(/^"|"$/g, "")] = after(match[2], indent);
    }
    return map;
  }
  return block(0);
}

const el = (name, attributes, ...children) => {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(attributes || {})) node.setAttribute(key, value);
  node.append(...children.filter(child => child !== null && child !== undefined));
  return node;
};

// `code` and **bold**; nothing is taken as HTML.
function inline(text) {
  const out = document.createDocumentFragment();
  for (const piece of String(text || "").split(/(`[^`]+`|\*\*[^*]+\*\*)/)) {
    if (piece.startsWith("`")) out.append(el("code", {}, piece.slice(1, -1)));
    else if (piece.startsWith("**")) out.append(el("strong", {}, piece.slice(2, -2)));
    else out.append(piece);
  }
  return out;
}

function prose(text) {
  const out = document.createDocumentFragment();
  for (const part of String(text || "").trim().split(/\n\s*\n/)) out.append(el("p", {}, inline(part)));
  return out;
}

function render(api) {
  const resolve = node => {
    let result = node;
    while (result && result.$ref) result = result.$ref.slice(2).split("/").reduce((value, key) => value[key], api);
    return result || {};
  };
  const named = node => node && node.$ref ? node.$ref.split("/").pop() : null;
  const label = schema => {
    if (!schema) return "";
    const name = named(schema);
    if (name) return name;
    if (schema.oneOf) return schema.oneOf.map(label).join(" | ");
    if (schema.allOf) return schema.allOf.map(label).join(" & ");
    const type = Array.isArray(schema.type) ? schema.type.join(" | ") : schema.type || "object";
    if (schema.const !== undefined) return JSON.stringify(schema.const);
    if (schema.enum) return schema.enum.map(v => JSON.stringify(v)).join(" | ");
    return type === "array" ? label(schema.items) + "[]" : type + (schema.format ? " (" + schema.format + ")" : "");
  };
  const shape = (schema, depth) => {
    const full = resolve(schema);
    const parts = el("div");
    for (const base of full.allOf || []) parts.append(shape(base, depth + 1));
    for (const option of full.oneOf || []) if (resolve(option).properties) parts.append(shape(option, depth + 1));
    if (full.items && depth < 6) parts.append(shape(full.items, depth + 1));
    const rows = Object.entries(full.properties || {});
    if (rows.length) {
      parts.append(el("table", {}, el("tbody", {}, ...rows.map(([name, child]) => {
        const inner = resolve(child);
        const nests = depth < 6 && (inner.properties || inner.items || inner.oneOf || inner.allOf);
        const about = el("td", {}, el("code", {}, label(child)), " ", (full.required || []).includes(name) ? el("span", { class: "required" }, "required") : null);
        if (inner.description) about.append(prose(inner.description));
        if (nests) {
          // Opened on demand: schemas refer to one another.
          const details = el("details", {}, el("summary", {}, "fields"));
          details.addEventListener("toggle", () => { if (details.children.length === 1) details.append(shape(child, depth + 1)); });
          if (inner.properties || label(inner).match(/[A-Z]/)) about.append(details);
        }
        return el("tr", {}, el("td", {}, el("code", {}, name)), about);
      }))));
    }
    return parts;
  };
  const body = content => {
    const out = document.createDocumentFragment();
    for (const [type, media] of Object.entries(content || {})) {
      out.append(el("p", {}, el("code", {}, type), " ", named(media.schema) || label(media.schema)));
      if (media.schema) out.append(shape(media.schema, 0));
      if (media.example !== undefined) out.append(el("pre", {}, typeof media.example === "string" ? media.example : JSON.stringify(media.example, null, 2)));
    }
    return out;
  };
  const nav = document.getElementById("nav"), main = document.getElementById("main");
  main.replaceChildren(el("h1", {}, api.info.title + " REST API"), el("p", {}, api.info.summary, " ", el("a", { href: "/openapi.yaml" }, "openapi.yaml")), prose(api.info.description));
  const groups = new Map(api.tags.map(tag => [tag.name, { tag, operations: [] }]));
  for (const [path, item] of Object.entries(api.paths)) {
    for (const method of ["get", "head", "post", "put", "patch", "delete"]) {
      if (item[method]) groups.get(item[method].tags[0]).operations.push({ path, method, operation: item[method], shared: item.parameters || [] });
    }
  }
  for (const { tag, operations } of groups.values()) {
    nav.append(el("h2", {}, tag.name));
    main.append(el("section", {}, el("h2", {}, tag.name), prose(tag.description)));
    for (const { path, method, operation, shared } of operations) {
      nav.append(el("a", { href: "#" + operation.operationId }, el("span", { class: "method" }, method.toUpperCase()), path));
      const section = el("section", { id: operation.operationId }, el("h3", {}, el("span", { class: "method" }, method.toUpperCase()), " ", el("code", {}, path)), el("p", {}, el("strong", {}, operation.summary)), prose(operation.description));
      const parameters = [...shared, ...(operation.parameters || [])].map(resolve);
      if (parameters.length) {
        section.append(el("h4", {}, "Parameters"), el("table", {}, el("tbody", {}, ...parameters.map(p => el("tr", {}, el("td", {}, el("code", {}, p.name)), el("td", {}, p.in + " ", el("code", {}, label(p.schema)), " ", p.required ? el("span", { class: "required" }, "required") : null, prose(p.description)))))));
      }
      const input = operation.requestBody && resolve(operation.requestBody);
      if (input) section.append(el("h4", {}, "Body"), body(input.content));
      section.append(el("h4", {}, "Answers"));
      for (const [status, answer] of Object.entries(operation.responses)) {
        const full = resolve(answer);
        const details = el("details", {}, el("summary", {}, el("code", {}, status), " ", inline(full.description)));
        details.append(body(full.content));
        section.append(details);
      }
      main.append(section);
    }
  }
  if (location.hash) document.getElementById(location.hash.slice(1))?.scrollIntoView();
}

// Under Node (the test of the parser) there is no document.
if (typeof document !== "undefined") {
  fetch("/openapi.yaml").then(response => response.text()).then(text => render(parseYAML(text))).catch(error => {
    document.getElementById("main").textContent = "The contract can't be shown: " + error.message;
  });
} else {
  module.exports = parseYAML;
}
