/** What people write in a filter that the language has another form for, as in `mlmagic/store/query/filters/mistakes.py`. */

import { EXAMPLE, Problem, short } from "./problem.ts";
import { canBeNamed, lowered, TYPOGRAPHIC_QUOTES, type Token } from "./tokens.ts";

/** The words for signs of other languages that join or negate conditions. */
export const MEANT_SIGNS = new Map([["&", "and"], ["&&", "and"], [";", "and"], ["|", "or"], ["||", "or"], ["!", "not"]]);
const OPERATORS = "=, !=, <, <=, >, >=, ~, like, in (…), is missing";
const MEANT = new Map([
  ["=>", ">="], ["=<", "<="], ["<>", "!="], ["=~", "~"], ["~=", "~"], ["===", "="], ["!==", "!="], ["≥", ">="], ["≤", "<="], ["≠", "!="],
  ["equals", "="], ["eq", "="], ["ne", "!="], ["gt", ">"], ["ge", ">="], ["lt", "<"], ["le", "<="], ["contains", "~"],
  ["between", ">= and <="],
]);
const IN_OTHER_QUOTES: Record<string, string> = { "'": "\"o'neil\"", '"': "'the \"best\"'", "`": "'a`b'" };

/** Refuses a quote that is not closed, and a word that begins with a typographic quote. */
export function refuseQuotes(tokens: readonly Token[], end: number): void {
  for (const { kind, text, start } of tokens) {
    if (kind === "open") throw new Problem(`The quote ${text} is not closed. Put a text with ${text} in it into other quotes: name = ${IN_OTHER_QUOTES[text]}`, start, end);
    if (kind === "word" && TYPOGRAPHIC_QUOTES.includes(text[0]!)) throw new Problem(`Write ' or " for ${text[0]}. For example: name = 'first try'`, start, start + 1);
  }
}

/** Returns the refusal of a sign or a word that is not an operator. */
export function noOperator({ text, start, end }: Token): Problem {
  const written = text.toLowerCase();
  const meant = MEANT.get(written);
  return new Problem(`${short(written)} is not an operator.${meant ? ` Did you mean ${meant}?` : ""} There are ${OPERATORS}. ${EXAMPLE}`, start, end);
}

/** Tells whether this word, after a name, is likely to be meant as an operator: `depth in 1`. */
export function isMeantAsOperator(tokens: readonly Token[], at: number): boolean {
  const word = lowered(tokens[at]);
  const next = tokens[at + 1];
  if (word === "not") return next !== undefined && (next.kind === "symbol" || ["in", "like", "ilike"].includes(lowered(next)));
  return word === "in" || word === "is" || (MEANT.has(word) && next !== undefined);
}

/** Tells whether this word makes sense as an operator only: `in 1, 2`, `not = 1`. */
export function isSurelyOperator(tokens: readonly Token[], at: number): boolean {
  const isNegated = lowered(tokens[at]) === "not";
  if (isNegated && tokens[at + 1]?.kind === "symbol") return true;
  const [word, ...values] = tokens.slice(at + Number(isNegated), at + Number(isNegated) + 3);
  return lowered(word) === "in" && (/^[[{]/.test(values[0]?.text ?? "") || values.some(({ text }) => text === ","));
}

/** Returns the refusal of such a word after `name`. */
export function wordForOperator(text: string, tokens: readonly Token[], at: number, name: string): Problem {
  const token = tokens[at]!;
  const next = tokens[at + 1];
  const word = lowered(token);
  const isNegated = word === "not" || lowered(next) === "not";
  const { end } = isNegated ? next! : token;
  const values = valuesFrom(text, tokens, at + 1 + Number(isNegated));
  if (word === "is") return new Problem(`After 'is' comes missing or not missing. For a value: ${name} ${isNegated ? "!=" : "="} ${values || "adam"}`, token.start, end);
  if (word === "in" || lowered(next) === "in") return new Problem(`A list stands in parentheses: ${name} ${isNegated ? "not in" : "in"} (${values || "a, b"})`, token.start, end);
  if (word === "not") return new Problem(`Write 'not' before the name: not ${name} ${short(next!.text)} ${values || "adam"}`, token.start, end);
  return noOperator(token);
}

/** Returns the values that begin here as they were written, without brackets around them. */
function valuesFrom(text: string, tokens: readonly Token[], first: number): string {
  let end = first;
  while (canBeNamed(tokens[end]) || tokens[end]?.text === ",") end++;
  return end > first ? short(text.slice(tokens[first]!.start, tokens[end - 1]!.end).replace(/^[[\]{}, ]+|[[\]{}, ]+$/g, "")) : "";
}
