// random returns a generator of the same numbers for the same seed: Marsaglia's
// xorshift of 32 bits. Its functions make the choices that the states are built from.
export function random(seed) {
  let x = (seed * 2654435761 + 1) >>> 0 || 1;
  const next = () => {
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    return (x >>>= 0) / 2 ** 32;
  };
  const below = (n) => Math.floor(next() * n);
  const chance = (p) => next() < p;
  const pick = (list) => list[below(list.length)];
  const some = (list, p) => list.filter(() => chance(p));
  const shuffle = (list) => {
    const left = [...list];
    return list.map(() => left.splice(below(left.length), 1)[0]);
  };
  return { below, chance, pick, some, shuffle };
}

// ids returns the numbers from 1 to n.
export const ids = (n) => Array.from({ length: n }, (_, i) => i + 1);
