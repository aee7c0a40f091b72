/** The words and signs of a filter, quoted as in `mlmagic/store/query/filters.py`. */

export interface Token {
  readonly kind: "name" | "text" | "symbol" | "mark" | "word" | "open";
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

const TOKEN =
  /(?<name>(?:[A-Za-z]+\.)?`[^`]*`|[A-Za-z]+\."[^"]*")|(?<text>'[^']*'|"[^"]*")|(?<symbol>[=<>!~]+)|(?<mark>[(),&|;])|(?<word>[^\s=<>!~'"`(),&|;]+)|(?<open>['"`])/g;

export function tokensOf(text: string): Token[] {
  return Array.from(text.matchAll(TOKEN), (match) => {
    const [kind] = Object.entries(match.groups!).find(([, found]) => found !== undefined)!;
    return { kind: kind as Token["kind"], text: match[0], start: match.index, end: match.index + match[0].length };
  });
}

/** Returns the word in lower case, empty where the token is none. */
export function lowered(token: Token | undefined): string {
  return token?.kind === "word" ? token.text.toLowerCase() : "";
}
