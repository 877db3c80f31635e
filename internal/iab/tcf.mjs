// node tcf.mjs SEED COUNT [LONGEST]: as many lines of JSON, each with random answers to
// the framework's questions, and the TC string that the IAB's own encoder makes of them.
// Lines longer than LONGEST bytes are left out.
import { GVL, PurposeRestriction, TCModel, TCString } from '@iabtechlabtcf/core';
import { ids, random } from './random.mjs';

const [seed, count, longest = Infinity] = process.argv.slice(2).map(Number);
const r = random(seed);

// The encoder drops what contradicts the vendor list. In this one every vendor may do
// everything on any legal basis, so that nothing is dropped.
function vendorList(vendorIDs) {
  const all = ids(11);
  const vendor = (id) => [id, {
    id, name: `v${id}`, purposes: all, legIntPurposes: all, flexiblePurposes: all,
    specialPurposes: [], features: [], specialFeatures: [],
  }];
  const gvl = new GVL({
    gvlSpecificationVersion: 3, vendorListVersion: 1, tcfPolicyVersion: 5, lastUpdated: '2026-01-01T00:00:00Z',
    purposes: Object.fromEntries(all.map((id) => [id, { id, name: `p${id}` }])),
    specialPurposes: {}, features: {}, specialFeatures: {}, stacks: {}, dataCategories: {},
    vendors: Object.fromEntries(vendorIDs.map(vendor)),
  });
  gvl.clone = () => gvl; // most of the time would go there
  return gvl;
}

const list = (vendorIDs) => ({ vendorIDs, gvl: vendorList(vendorIDs) });
const usual = [[1, 1], [20, 0.8], [60, 0.8], [200, 0.8], [300, 0.9]].map(([n, p]) => list([...r.some(ids(n - 1), p), n]));
const large = [list(r.some(ids(1200), 0.9)), list([...r.some(ids(400), 0.02), 32767, 65534, 65535])];

// vendors returns none of them, or a few, most or all, alone or in runs.
function vendors(list) {
  if (r.chance(0.3)) {
    let on = r.chance(0.5);
    return list.filter(() => (on = r.chance(0.1) ? !on : on));
  }
  return r.some(list, r.pick([0, 0.02, 0.1, 0.5, 0.9, 1]));
}

// ranges writes sorted ids as "1-3 5".
function ranges(sorted) {
  const runs = [];
  for (const id of sorted) {
    const last = runs.at(-1);
    if (last && last[1] === id - 1) last[1] = id;
    else runs.push([id, id]);
  }
  return runs.map(([a, b]) => (a === b ? `${a}` : `${a}-${b}`)).join(' ');
}

const date = () => 1e11 * (r.chance(0.1) ? r.below(68) : 15 + r.below(4)) + 100 * r.below(1e9);
const letters = () => r.pick('ABCXYZ') + r.pick('ADKRZ');
const purposes = () => r.some(ids(24), r.pick([0, 0.3, 0.7, 1]));

function state({ vendorIDs }) {
  const customs = r.chance(0.5) ? 0 : r.pick([1, 2, 5, 63]);
  const restrictions = new Map();
  for (let n = r.pick([0, 0, 0, 1, 3, 8]); n > 0; n--) {
    const restricted = r.some(vendorIDs, r.pick([0.02, 0.2, 1]));
    if (restricted.length > 0) restrictions.set(`${1 + r.below(11)} ${r.below(3)}`, ranges(restricted));
  }
  return {
    created: date(), updated: date(),
    cmp: 2 + r.below(4094), cmpVersion: 2 + r.below(4094), screen: r.below(64), list: 1 + r.below(4095), policy: r.below(64),
    country: letters(), serviceSpecific: r.chance(0.8), nonStandard: r.chance(0.2), oneTreatment: r.chance(0.2),
    features: r.some(ids(12), 0.3),
    purposes: purposes(), interests: purposes().filter((id) => id !== 1 && (id < 3 || id > 6)),
    vendors: ranges(vendors(vendorIDs)), vendorInterests: ranges(vendors(vendorIDs)),
    disclosed: ranges(vendors(vendorIDs)), allowed: ranges(vendors(vendorIDs)),
    restrictions: Object.fromEntries(restrictions),
    publisher: purposes(), publisherInterests: purposes(),
    customs, customConsents: r.some(ids(customs), 0.5), customInterests: r.some(ids(customs), 0.5),
    segments: r.some(r.shuffle(['vendorsDisclosed', 'vendorsAllowed', 'publisherTC']), 0.7),
  };
}

function expand(text) {
  return text.split(' ').filter(Boolean).flatMap((run) => {
    const [a, b = a] = run.split('-').map(Number);
    return ids(b - a + 1).map((i) => a - 1 + i);
  });
}

function encode(s, { gvl }) {
  Object.assign(gvl, { vendorListVersion: s.list, tcfPolicyVersion: s.policy });
  const m = new TCModel(gvl);
  Object.assign(m, {
    created: new Date(s.created), lastUpdated: new Date(s.updated),
    cmpId: s.cmp, cmpVersion: s.cmpVersion, consentScreen: s.screen,
    publisherCountryCode: s.country, isServiceSpecific: s.serviceSpecific,
    useNonStandardTexts: s.nonStandard, purposeOneTreatment: s.oneTreatment,
  });
  m.specialFeatureOptins.set(s.features);
  m.purposeConsents.set(s.purposes);
  m.purposeLegitimateInterests.set(s.interests);
  m.vendorConsents.set(expand(s.vendors));
  m.vendorLegitimateInterests.set(expand(s.vendorInterests));
  m.vendorsDisclosed.set(expand(s.disclosed));
  m.vendorsAllowed.set(expand(s.allowed));
  m.publisherConsents.set(s.publisher);
  m.publisherLegitimateInterests.set(s.publisherInterests);
  m.numCustomPurposes = s.customs;
  m.publisherCustomConsents.set(s.customConsents);
  m.publisherCustomLegitimateInterests.set(s.customInterests);
  for (const [key, restricted] of Object.entries(s.restrictions)) {
    const [purpose, type] = key.split(' ').map(Number);
    for (const id of expand(restricted)) m.publisherRestrictions.add(id, new PurposeRestriction(purpose, type));
  }
  return TCString.encode(m, { segments: ['core', ...s.segments] });
}

for (let written = 0; written < count;) {
  const asked = r.pick(r.chance(0.03) ? large : usual); // the large ones are slow
  const s = state(asked);
  const line = JSON.stringify({ tc: encode(s, asked), listed: ranges(asked.vendorIDs), ...s });
  if (line.length > longest) continue;
  process.stdout.write(line + '\n');
  written++;
}
