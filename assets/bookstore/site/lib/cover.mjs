// A book's cover, designed from its title and category: the same book has the same
// cover everywhere, and no picture has to be stored, copied or loaded.

export const WIDTH = 120;
export const HEIGHT = 180;
const IN_A_LINE = 13;
const MOST_LINES = 6;

/** A whole number from a text (FNV-1a), the same on every machine. */
export function hash(text) {
  let value = 0x811c9dc5;
  for (const char of text) value = Math.imul(value ^ char.codePointAt(0), 0x01000193) >>> 0;
  return value;
}

/** A title in lines that fit; what does not fit ends in an ellipsis. */
export function wrap(title) {
  const list = [];
  for (const word of title.split(/\s+/).filter(Boolean)) {
    const last = list.at(-1);
    if (last !== undefined && last.length + word.length < IN_A_LINE) list[list.length - 1] = `${last} ${word}`;
    else list.push(word.length > IN_A_LINE ? `${word.slice(0, IN_A_LINE - 1)}…` : word);
  }
  if (list.length <= MOST_LINES) return list;
  return [...list.slice(0, MOST_LINES - 1), `${list[MOST_LINES - 1].slice(0, IN_A_LINE - 1)}…`];
}

/** What is drawn: the category gives the colour, the title the ornament. */
export function coverOf({ name = '', category = '' }) {
  const hue = hash(category) % 360;
  const chance = hash(name);
  const circles = [0, 1, 2].map((i) => ({
    x: (chance >>> (i * 7)) % WIDTH,
    y: HEIGHT - ((chance >>> (i * 5)) % 60),
    r: 12 + ((chance >>> (i * 9)) % 30),
  }));
  return {
    // Dark enough for white letters on every hue.
    background: `hsl(${hue} 45% 24%)`,
    ornament: `hsl(${(hue + 40) % 360} 50% 38%)`,
    ink: '#fff',
    lines: wrap(name),
    circles,
  };
}
