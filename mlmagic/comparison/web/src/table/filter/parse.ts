/**
 * Reads a filter, as `mlmagic/store/query/filters/parser.py` does: conditions joined by `and`, `or`, `not` and
 * parentheses; words without an operator are looked for as text.
 *
 *     any       := all ("or" all)*
 *     all       := one (["and"] one)*
 *     one       := "not" one | "(" any ")" | name operator value | word
 */

import { isMeantAsOperator, isSurelyOperator, MEANT_SIGNS, noOperator, refuseQuotes, wordForOperator } from "./mistakes.ts";
import { EXAMPLE, Problem, short } from "./problem.ts";
import { canBeNamed, lowered, tokensOf, type Token } from "./tokens.ts";

export type Operator = "=" | "!=" | "<" | "<=" | ">" | ">=" | "~" | "!~" | "like" | "ilike" | "in" | "not in" | "is missing" | "is not missing";

export interface Value {
  readonly text: string;
  readonly quoted: boolean;
}

export interface Condition {
  readonly kind: "condition";
  readonly name: string;
  readonly operator: Operator;
  readonly value: string;
  /** A quoted value is text to the letter, even where it reads as a number. */
  readonly quoted: boolean;
  readonly choices: readonly Value[];
  /** Where the name stands, and where the whole condition ends. */
  readonly start: number;
  readonly nameEnd: number;
  readonly end: number;
}

export type Expression =
  | { readonly kind: "all" | "any"; readonly parts: readonly Expression[] }
  | { readonly kind: "not"; readonly part: Expression }
  | Text
  | Condition;

/** A word or a quoted text that is looked for, and where it stands. */
export interface Text {
  readonly kind: "text";
  readonly text: string;
  readonly quoted: boolean;
  readonly start: number;
  readonly end: number;
}

const SYMBOLS: Record<string, Operator> = { "=": "=", "==": "=", "!=": "!=", "<": "<", "<=": "<=", ">": ">", ">=": ">=", "~": "~", "!~": "!~" };
const DEEPEST = 50;
const MOST_WORDS = 50; // of a name
const FEW_WORDS = 5; // of a name before a word that may be meant as an operator

/** Returns what a filter says, null where it says nothing; throws a `Problem`. `isName` tells names of several words. */
export function parse(text: string, isName: (name: string) => boolean = () => false): Expression | null {
  return new Parser(text, isName).parse();
}

class Parser {
  readonly #tokens: readonly Token[];
  readonly #text: string;
  readonly #isName: (name: string) => boolean;
  #at = 0;
  #depth = 0;
  // From where the last search for an operator went, where its name starts, where it stands, and what it is.
  #first = 0;
  #name = 0;
  #stop = 0;
  #operator: { operator: Operator; length: number } | null = null;

  constructor(text: string, isName: (name: string) => boolean) {
    this.#text = text;
    this.#isName = isName;
    this.#tokens = tokensOf(text);
  }

  parse(): Expression | null {
    if (this.#tokens.length === 0) return null;
    refuseQuotes(this.#tokens, this.#text.length);
    const found = this.#any();
    const left = this.#tokens[this.#at];
    if (left) throw new Problem(`This ${left.text} has no ( before it. ${EXAMPLE}`, left.start, left.end);
    return found;
  }

  #any(): Expression {
    const parts = [this.#all()];
    while (this.#take("or")) parts.push(this.#all());
    return parts.length === 1 ? parts[0]! : { kind: "any", parts };
  }

  #all(): Expression {
    const parts = [this.#one()];
    for (;;) {
      const next = this.#tokens[this.#at];
      if (this.#take("and")) parts.push(this.#one());
      else if (!next || next.text === ")" || lowered(next) === "or") return parts.length === 1 ? parts[0]! : { kind: "all", parts };
      else parts.push(this.#one());
    }
  }

  #one(): Expression {
    const token = this.#tokens[this.#at];
    const before = this.#tokens[this.#at - 1];
    if (!token || token.text === ")" || ["and", "or"].includes(lowered(token))) {
      const after = before ? `after ${before.text}` : "before it";
      const at = token ?? before!;
      throw new Problem(`A condition is missing ${after}. ${EXAMPLE}`, at.start, at.end);
    }
    if (this.#depth > DEEPEST) throw new Problem("This filter is nested too deeply.", token.start, token.end);
    if (this.#take("not")) return this.#within(() => ({ kind: "not", part: this.#one() }));
    if (token.text === "(") return this.#within(() => this.#parenthesised(token));
    const meant = MEANT_SIGNS.get(token.text);
    if (meant) throw new Problem(`Write '${meant}' for ${token.text}.`, token.start, token.end);
    if (token.kind === "symbol") throw new Problem(`Name what ${short(token.text)} compares: write a name before it. ${EXAMPLE}`, token.start, token.end);
    if (token.kind === "mark") throw new Problem(`The ${token.text} stands alone. ${EXAMPLE}`, token.start, token.end);
    return this.#condition() ?? this.#word(token);
  }

  #within(read: () => Expression): Expression {
    this.#depth++;
    const found = read();
    this.#depth--;
    return found;
  }

  #parenthesised(open: Token): Expression {
    this.#at++;
    const found = this.#any();
    if (this.#tokens[this.#at]?.text !== ")") throw new Problem(`This ( is not closed. ${EXAMPLE}`, open.start, open.end);
    this.#at++;
    return found;
  }

  #word(token: Token): Expression {
    this.#at++;
    return { kind: "text", ...valueOf(token), start: token.start, end: token.end };
  }

  /** Reads `name operator value`, where that is what comes next; words before the name are left as words. */
  #condition(): Condition | null {
    const from = this.#at;
    if (from < this.#first || from >= this.#stop) this.#findOperator();
    if (!this.#operator || this.#name > from) return null;
    const { operator, length } = this.#operator;
    const { start } = this.#tokens[from]!;
    const nameEnd = this.#tokens[this.#stop - 1]!.end;
    this.#at = this.#stop + length;
    const name = this.#text.slice(start, nameEnd);
    const shared = { kind: "condition", name, start, nameEnd, operator, value: "", quoted: false, choices: [], end: this.#tokens[this.#at - 1]!.end } as const;
    if (operator === "is missing" || operator === "is not missing") return shared;
    if (operator === "in" || operator === "not in") return { ...shared, ...this.#choices(short(name), operator) };
    return { ...shared, ...this.#value(short(name), operator) };
  }

  /** Finds the operator after the words that begin here, and the name before it: once for all of these words. */
  #findOperator(): void {
    const from = (this.#first = this.#at);
    let at = from;
    while (canBeNamed(this.#tokens[at]) && !this.#operatorAt(at, from)) at++;
    this.#stop = at;
    this.#operator = this.#operatorAt(at, from);
    this.#name = this.#operator ? this.#nameStart() : at;
  }

  /** Where the longest known name before the operator starts, else where its last word does. */
  #nameStart(): number {
    const last = this.#stop - 1;
    const end = this.#tokens[last]!.end;
    for (let start = Math.max(this.#first, last - MOST_WORDS); start < last; start++) if (this.#isName(this.#text.slice(this.#tokens[start]!.start, end))) return start;
    return last;
  }

  #operatorAt(at: number, from: number): { operator: Operator; length: number } | null {
    const token = this.#tokens[at];
    if (!token || at === from) return null;
    if (token.kind === "symbol") {
      const operator = SYMBOLS[token.text];
      if (operator) return { operator, length: 1 };
      throw noOperator(token);
    }
    const words = [0, 1, 2].map((more) => lowered(this.#tokens[at + more]));
    const nothing = ["missing", "null"];
    if (words[0] === "is" && nothing.includes(words[1]!)) return { operator: "is missing", length: 2 };
    if (words[0] === "is" && words[1] === "not" && nothing.includes(words[2]!)) return { operator: "is not missing", length: 3 };
    if (words[0] === "in" && this.#tokens[at + 1]?.text === "(") return { operator: "in", length: 1 };
    if (words[0] === "not" && words[1] === "in" && this.#tokens[at + 2]?.text === "(") return { operator: "not in", length: 2 };
    if ((words[0] === "like" || words[0] === "ilike") && this.#tokens[at + 1]) return { operator: words[0], length: 1 };
    const name = isMeantAsOperator(this.#tokens, at) ? this.#nameBefore(at, from) : undefined;
    if (name) throw wordForOperator(this.#text, this.#tokens, at, short(name));
    return null;
  }

  /** Returns the longest known name of a few words that ends before this token; without one, the last word before an operator. */
  #nameBefore(at: number, from: number): string | undefined {
    const { text, end } = this.#tokens[at - 1]!;
    const known = this.#tokens.slice(Math.max(from, at - FEW_WORDS), at).map(({ start }) => this.#text.slice(start, end)).find((name) => this.#isName(name));
    return known ?? (isSurelyOperator(this.#tokens, at) ? text : undefined);
  }

  #choices(name: string, operator: Operator): Pick<Condition, "choices" | "end"> {
    const open = this.#tokens[this.#at]!;
    const choices: Value[] = [];
    for (this.#at++; ; this.#at++) {
      const token = this.#tokens[this.#at];
      if (!token) throw new Problem(`This ( is not closed: ${name} ${operator} (a, b).`, open.start, open.end);
      if (token.kind === "symbol" || token.text === "(") throw new Problem(`A list holds values: ${name} ${operator} (a, b).`, token.start, token.end);
      if (token.text === ")") break;
      if (token.kind !== "mark") choices.push(valueOf(token));
    }
    const close = this.#tokens[this.#at++]!;
    if (choices.length === 0) throw new Problem(`The list is empty: ${name} ${operator} (a, b).`, open.start, close.end);
    return { choices, end: close.end };
  }

  #value(name: string, operator: Operator): Pick<Condition, "value" | "quoted" | "end"> {
    const from = this.#at;
    while (canBeNamed(this.#tokens[this.#at])) {
      this.#at++;
      this.#takeMarks();
    }
    const [first, last, next] = [this.#tokens[from], this.#tokens[this.#at - 1], this.#tokens[this.#at]];
    if (next?.kind === "symbol") throw new Problem(`Two comparisons in one: join them by 'and', or quote a value with signs. ${EXAMPLE}`, next.start, next.end);
    if (!first || !last || this.#at === from) {
      const sign = this.#tokens[from - 1]!;
      if (first?.text === "(") throw new Problem(`A list is for in: ${name} in (a, b).`, first.start, first.end);
      throw new Problem(`A value is missing after ${operator}. For example: ${name} ${operator} 0.2`, sign.start, sign.end);
    }
    const taken = this.#tokens.slice(from, this.#at);
    if (taken.length > 1 && taken.some(({ kind }) => kind === "text")) throw new Problem(`Put the whole value into one pair of quotes. For example: ${name} ${operator} "o'neil"`, first.start, last.end);
    const { text, quoted } = first === last ? valueOf(first) : { text: this.#text.slice(first.start, last.end), quoted: false };
    return { value: text, quoted, end: last.end };
  }

  /** Takes what else belongs to a value after a word of it: `a, b` and `copy (2)`. */
  #takeMarks(): void {
    if (this.#tokens[this.#at]?.text === "," && canBeNamed(this.#tokens[this.#at + 1])) this.#at++;
    else if (this.#tokens[this.#at]?.text === "(" && lowered(this.#tokens[this.#at + 1]) !== "not") {
      let at = this.#at + 1;
      while (canBeNamed(this.#tokens[at]) || this.#tokens[at]?.text === ",") at++;
      if (this.#tokens[at]?.text === ")") this.#at = at + 1;
    }
  }

  #take(word: string): boolean {
    if (lowered(this.#tokens[this.#at]) !== word) return false;
    this.#at++;
    return true;
  }
}

function valueOf({ text }: Token): Value {
  const quoted = /^['"`]/.test(text);
  return { text: quoted ? text.slice(1, -1) : text, quoted };
}
