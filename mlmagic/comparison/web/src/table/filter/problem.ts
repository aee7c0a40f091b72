/** What is wrong with a filter, and where: shown as text, never thrown beyond the filter. */

export const EXAMPLE = "For example: val_loss < 0.2 and optimizer = adam";
const LONGEST_SHOWN = 60;
const LONGEST_COMPARED = 80;
const MOST_CHANGES = 6;
const SHORTEST_PART = 3;
const OTHER_BEGINNING = 0.5;

export class Problem extends Error {
  constructor(
    message: string,
    readonly start: number,
    readonly end: number,
  ) {
    super(message);
  }
}

/** Returns the beginning of a text, to be shown in a message. */
export function short(text: string): string {
  return text.length <= LONGEST_SHOWN ? text : `${text.slice(0, LONGEST_SHOWN)}…`;
}

/** Returns ` Did you mean 'x'?` for the valid word nearest to this one, or nothing; counts as `mlmagic/suggestions.py` does. */
export function didYouMean(word: string, valid: Iterable<string>): string {
  const wanted = letters(word);
  if (!wanted || wanted.length > LONGEST_COMPARED) return "";
  const words = [...valid];
  let nearest = "";
  const most = Math.min(Math.max(1, Math.floor(wanted.length / 3)), MOST_CHANGES, wanted.length - 1);
  let least = most + 1;
  for (const one of words) {
    const other = letters(one);
    if (Math.abs(other.length - wanted.length) > most) continue;
    const changes = distance(wanted, other) + (other[0] === wanted[0] ? 0 : OTHER_BEGINNING);
    if (changes < least) [nearest, least] = [one, changes];
  }
  if (!nearest && wanted.length >= SHORTEST_PART) {
    const containing = words.filter((one) => letters(one).includes(wanted));
    if (containing.length) nearest = containing.reduce((best, one) => (one.length < best.length ? one : best));
  }
  return nearest ? ` Did you mean '${nearest}'?` : "";
}

/** What is compared of a word: leading dashes would make all options look similar. */
function letters(word: string): string {
  return word.replace(/^-+/, "").toLowerCase();
}

/** How many letters must be added, taken away, replaced or swapped with their neighbour. */
function distance(a: string, b: string): number {
  let older: number[] = [];
  let before = Array.from({ length: b.length + 1 }, (_, at) => at);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const change = a[i - 1] === b[j - 1] ? 0 : 1;
      let best = Math.min(row[j - 1]! + 1, before[j]! + 1, before[j - 1]! + change);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) best = Math.min(best, older[j - 2]! + 1);
      row.push(best);
    }
    [older, before] = [before, row];
  }
  return before[b.length]!;
}
