/** The words and signs of a filter, quoted as in `mlmagic/store/query/filters.py`. */

export interface Token {
  readonly kind: "name" | "text" | "symbol" | "mark" | "word" | "open";
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

const TOKEN =
  /(?<name>(?:[A-Za-z]+\.)?`[^`]*`|[A-Za-z]+\."[^"]*")|(?<text>'[^']*'|"[^"]*")|(?<symbol>[=<>!~≤≥≠]+)|(?<mark>&&?|\|\|?|[(),;])|(?<word>[^\s=<>!~≤≥≠'"`(),&|;]+)|(?<open>['"`])/g;

export const TYPOGRAPHIC_QUOTES = "“”„‟‘’‚‛«»‹›′″´";
/** One word, which needs no quotes. */
export const PLAIN = new RegExp(`^(?![${TYPOGRAPHIC_QUOTES}])[^\\s=<>!~≤≥≠'"\`(),&|;]+$`);

export function tokensOf(text: string): Token[] {
  return Array.from(text.matchAll(TOKEN), (match) => {
    const [kind] = Object.entries(match.groups!).find(([, found]) => found !== undefined)!;
    return { kind: kind as Token["kind"], text: match[0], start: match.index, end: match.index + match[0].length };
  });
}

/** Tells whether a name or a value may hold this token. */
export function canBeNamed(token: Token | undefined): boolean {
  return token !== undefined && ["name", "text", "word"].includes(token.kind) && !["and", "or"].includes(lowered(token));
}

/** Returns the word in lower case, empty where the token is none. */
export function lowered(token: Token | undefined): string {
  return token?.kind === "word" ? token.text.toLowerCase() : "";
}
