// The table of what the script and the server did, which the tests print at the end.
import assert from "node:assert/strict";

const rows = [];

// row notes what was seen in a scenario.
export function row(scenario, script, server, result) {
  rows.push([scenario, script, server, result]);
}

// compare notes what the script loaded analytics.js with, or null, and what the server
// decides for the same visitor. The server may be stricter for a stated reason, and
// must never be looser.
export async function compare(visitor, profile, scenario, why) {
  const script = await visitor.loaded();
  const { allowed } = await visitor.decision(profile);
  const { suppressed, delivered } = await visitor.track(profile);
  const open = Object.keys(allowed).filter((name) => allowed[name]);
  assert.deepEqual(delivered.sort(), open.sort(), "what is allowed is what Segment delivers");
  assert.equal(suppressed, open.length === 0);

  const loads = Object.keys(allowed).filter((name) => script?.[name] === true);
  assert.deepEqual(open.filter((name) => !loads.includes(name)), [], "the server is looser than the script");
  const closed = loads.filter((name) => !open.includes(name));
  assert.equal(closed.length > 0, why !== undefined, `closed by the server alone: ${closed}`);
  const total = Object.keys(allowed).length;
  row(scenario,
    script ? `loads ${loads.length} of ${total}` : "loads nothing",
    suppressed ? "sends nothing" : `delivers to ${open.length} of ${total}`,
    why ? `stricter by ${closed.length}: ${why}` : "equal");
  return { loads, open };
}

export function print() {
  const titles = ["scenario", "the script", "the server", "result"];
  const widths = titles.map((title, i) => Math.max(title.length, ...rows.map((row) => row[i].length)));
  const line = (cells) => "| " + cells.map((cell, i) => cell.padEnd(widths[i])).join(" | ") + " |";
  console.log([line(titles), line(widths.map((width) => "-".repeat(width))), ...rows.map(line)].join("\n"));
}
