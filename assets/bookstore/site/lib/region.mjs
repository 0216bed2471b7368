// Which Region answers, and what to tell when it is another one than before.

// Region → [place, country]. A Region that is not here is shown by its code.
const PLACES = {
  'af-south-1': ['Cape Town', 'ZA'],
  'ap-east-1': ['Hong Kong', 'HK'],
  'ap-northeast-1': ['Tokyo', 'JP'],
  'ap-northeast-2': ['Seoul', 'KR'],
  'ap-northeast-3': ['Osaka', 'JP'],
  'ap-south-1': ['Mumbai', 'IN'],
  'ap-southeast-1': ['Singapore', 'SG'],
  'ap-southeast-2': ['Sydney', 'AU'],
  'ca-central-1': ['Canada', 'CA'],
  'eu-central-1': ['Frankfurt', 'DE'],
  'eu-central-2': ['Zurich', 'CH'],
  'eu-north-1': ['Stockholm', 'SE'],
  'eu-south-1': ['Milan', 'IT'],
  'eu-south-2': ['Spain', 'ES'],
  'eu-west-1': ['Ireland', 'IE'],
  'eu-west-2': ['London', 'GB'],
  'eu-west-3': ['Paris', 'FR'],
  'sa-east-1': ['São Paulo', 'BR'],
  'us-east-1': ['N. Virginia', 'US'],
  'us-east-2': ['Ohio', 'US'],
  'us-west-1': ['N. California', 'US'],
  'us-west-2': ['Oregon', 'US'],
};

/** A Region's flag: its country's two letters as regional indicator symbols. */
export function flagOf(region) {
  const country = PLACES[region]?.[1] ?? '';
  return [...country].map((letter) => String.fromCodePoint(0x1f1a5 + letter.charCodeAt(0))).join('');
}

/** A Region in words: "Ireland (eu-west-1)". */
export function wordsOf(region) {
  const place = PLACES[region]?.[0];
  return place ? `${place} (${region})` : region;
}

/** Remembers which Region answered last, and counts the changes. */
export function createRegionWatch() {
  let current = null;
  let changes = 0;
  return {
    get current() { return current; },
    get changes() { return changes; },
    /** What an answer from `region` means: null while nothing changed. */
    see(region) {
      if (!region || region === current) return null;
      const before = current;
      current = region;
      if (before === null) return { region, before, text: null };
      changes += 1;
      const text = `Another Region answers now: ${wordsOf(region)}. Before, it was ${wordsOf(before)}.`;
      return { region, before, text };
    },
  };
}
