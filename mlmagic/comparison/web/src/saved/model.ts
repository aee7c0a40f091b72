/** The model of a saved page: the widget's traits, and a kernel that is the page itself. */

import type { Model, Traits } from "../model.ts";
import { NotHereError, type Answers } from "./answers.ts";

type Handler = (...values: unknown[]) => void;

export class SavedModel implements Model {
  readonly #traits: Traits;
  readonly #answers: Answers;
  readonly #handlers = new Map<string, Set<Handler>>();

  constructor(traits: Traits, answers: Answers) {
    this.#traits = traits;
    this.#answers = answers;
  }

  get<Name extends keyof Traits>(name: Name): Traits[Name] {
    return this.#traits[name];
  }

  set<Name extends keyof Traits>(name: Name, value: Traits[Name]): void {
    this.#traits[name] = value;
    this.#tell(`change:${name}`);
  }

  save_changes(): void {} // nobody else has them

  send(content: unknown): void {
    const { kind, request, ...asked } = content as Record<string, unknown>;
    this.#answers.to(String(kind), asked).then(
      (answer) => this.#tell("msg:custom", { kind, request, ...answer.content }, answer.buffers),
      (error: unknown) => this.#tell("msg:custom", { kind: "error", request, text: told(error), hint: "" }, []),
    );
  }

  on(event: string, handler: (...values: never[]) => void): void {
    const handlers = this.#handlers.get(event) ?? new Set();
    this.#handlers.set(event, handlers.add(handler as Handler));
  }

  off(event: string, handler: (...values: never[]) => void): void {
    this.#handlers.get(event)?.delete(handler as Handler);
  }

  #tell(event: string, ...values: unknown[]): void {
    for (const handler of [...(this.#handlers.get(event) ?? [])]) handler(...values);
  }
}

function told(error: unknown): string {
  return error instanceof NotHereError ? error.message : `The page could not be read: ${String(error)}`;
}
