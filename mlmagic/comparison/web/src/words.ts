/** Words and texts as people read them. */

/** Returns `3 runs`, `1 run`. */
export function counted(count: number, noun: string): string {
  return `${count.toLocaleString("en-US")} ${noun}${count === 1 ? "" : "s"}`;
}

/** Returns the text, shortened in the middle of no surrogate pair. */
export function cut(text: string, most: number): string {
  if (text.length <= most) return text;
  const characters = [...text.slice(0, 2 * most)];
  return characters.length <= most && text.length <= 2 * most ? text : `${characters.slice(0, most - 1).join("")}…`;
}

/** Returns the class of the dot that stands for a status. */
export function markOf(status: string): "good" | "bad" | "warn" | "live" {
  const marks = { finished: "good", failed: "bad", killed: "warn" } as const;
  return marks[status.toLowerCase() as keyof typeof marks] ?? "live";
}
