/** Names that MLflow does not take as keys, as `mlmagic/store/keys.py` reads them out: `precision@5`. */

const SPELLED: Record<string, string> = {
  "<=": "_le_", ">=": "_ge_", "==": "_eq_", "!=": "_ne_", "->": "_to_", "<": "_lt_", ">": "_gt_", "=": "_eq_",
  "@": "_at_", "%": "_percent_", "+": "_plus_", "*": "_times_", "&": "_and_", "|": "_or_", "~": "_not_", "#": "_no_",
  "^": "_pow_", "$": "_dollar_", "±": "_pm_", "(": "_", ")": "_", "[": ":", "]": ":", "{": "-", "}": "-", ",": "_",
};
const SIGN = /<=|>=|==|!=|->|[<>=@%+*&|~#^$±()[\]{},]/g;
const NOT_IN_KEY = /[^\p{L}\p{N}_\-./: ]+/gu;
const LONGEST_BEFORE_DIGEST = 240;

/** Returns the one of the keys, all in lower case, that a name with other signs became; null where none or two may be it. */
export function readOut(name: string, keys: Iterable<string>): string | null {
  if (name.replace(NOT_IN_KEY, "") === name) return null;
  const spelled = name.replace(SIGN, (sign) => SPELLED[sign]!).replace(NOT_IN_KEY, "_");
  const parts = spelled.split("/").map((part) => part.trim()).filter((part) => /[^. ]/.test(part));
  const shown = parts.join("/").replace(/^\.{2,}/, ".").slice(0, LONGEST_BEFORE_DIGEST).replace(/[. /_]+$/, "") || "unnamed";
  const begun = `${shown.toLowerCase()}_`;
  const found = [...keys].filter((key) => key.startsWith(begun) && /^[0-9a-f]{6}$/.test(key.slice(begun.length)));
  return found.length === 1 ? found[0]! : null;
}
