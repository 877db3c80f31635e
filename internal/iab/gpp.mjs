// node gpp.mjs SEED COUNT [LONGEST]: as many lines of JSON, each with random sections of
// a GPP string, their fields, and the string that the IAB's own encoder makes of them.
// Lines longer than LONGEST bytes are left out.
import { GppModel } from '@iabgpp/cmpapi';
import { random } from './random.mjs';

const [seed, count, longest = Infinity] = process.argv.slice(2).map(Number);
const r = random(seed);

const frameworks = ['tcfeuv2', 'tcfcav1'];
const states = [
  'usnat', 'usca', 'usva', 'usco', 'usut', 'usct', 'usfl', 'usmt', 'usor', 'ustx', 'usde',
  'usia', 'usne', 'usnh', 'usnj', 'ustn', 'usmn', 'usmd', 'usin', 'usky', 'usri',
];
const withConsents = ['usin', 'usky', 'usri'];
const withoutSubsection = ['usva', 'usut', 'usfl'];

// What a section holds before anything is set.
const blank = (name) => {
  const model = new GppModel();
  model.setFieldValue(name, name === 'uspv1' ? 'Notice' : 'SaleOptOut', name === 'uspv1' ? '-' : 0);
  return model.getSection(name);
};
const blanks = Object.fromEntries(['uspv1', ...states].map((name) => [name, blank(name)]));

function fill(model, name) {
  const set = (field, value) => model.setFieldValue(name, field, value);
  if (name === 'uspv1') {
    for (const field of ['Notice', 'OptOutSale', 'LspaCovered']) set(field, r.pick(['-', 'Y', 'N']));
    return;
  }
  if (frameworks.includes(name)) {
    set('CmpId', r.below(4096));
    set(name === 'tcfeuv2' ? 'PurposeConsents' : 'PurposesExpressConsent',
      Array.from({ length: 24 }, () => r.chance(0.5)));
    for (const field of ['Created', 'LastUpdated']) set(field, new Date(Date.UTC(2026, 1, 1 + r.below(300))));
    return;
  }
  const density = r.pick([0, 0.2, 1]);
  const value = () => (r.chance(density) ? r.below(3) : 0);
  if (name === 'usnat') set('Version', 1 + r.below(2));
  for (const [field, empty] of Object.entries(blanks[name])) {
    if (field === 'MspaCoveredTransaction') set(field, 1 + r.below(2));
    else if (field === 'Gpc') set(field, r.chance(0.3));
    else if (Array.isArray(empty)) set(field, empty.map(value));
    else if (!['Version', 'MspaVersion', 'GpcSegmentType'].includes(field)) set(field, value());
  }
  if (withConsents.includes(name)) set('SensitiveDataConsentSegmentIncluded', r.chance(0.5));
  else if (!withoutSubsection.includes(name)) set('GpcSegmentIncluded', r.chance(0.5));
}

for (let written = 0; written < count;) {
  const model = new GppModel();
  const names = r.chance(0.3)
    ? [r.pick(['uspv1', ...states])]
    : r.some([...frameworks, 'uspv1', ...states], r.pick([0, 0.1, 0.3, 0.9]));
  for (const name of names) fill(model, name);
  const value = model.encode();
  // What the encoder reads back, since some versions do not hold every value.
  const read = new GppModel(value);
  const line = JSON.stringify({
    value,
    ids: read.getSectionIds(),
    raw: Object.fromEntries(names.map((name) => [name, read.encodeSection(name)])),
    sections: Object.fromEntries(names.filter((n) => !frameworks.includes(n)).map((name) => [name, fields(read, name)])),
  });
  if (line.length > longest) continue;
  console.log(line);
  written++;
}

// The fields of a section, those of a subsection only if it has one.
function fields(model, name) {
  const section = { ...model.getSection(name) };
  if (!model.encodeSection(name).includes('.')) {
    delete section.GpcSegmentType;
    delete section.Gpc;
    if (withConsents.includes(name)) delete section.SensitiveDataProcessing;
  }
  return section;
}
