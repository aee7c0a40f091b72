/** Asks the kernel for what is not in the table: curves, differences, pictures. */

import { signal } from "@preact/signals-core";

import type { Model } from "./model.ts";

export interface Answer {
  content: Record<string, unknown>;
  buffers: DataView[];
}

const BUSY_AFTER_MS = 700;

export class KernelError extends Error {
  constructor(
    message: string,
    readonly hint: string,
  ) {
    super(message);
  }
}

export class Kernel {
  /** Whether an answer has been waited for so long that the kernel must be busy with a cell. */
  readonly busy = signal(false);
  /** Whether the kernel that has the runs is gone. */
  readonly lost = signal(false);
  #next = 1;
  readonly #waiting = new Map<number, { resolve: (answer: Answer) => void; reject: (error: Error) => void; timer: number }>();
  readonly #model: Model;

  constructor(model: Model) {
    this.#model = model;
    model.on("msg:custom", this.#receive);
    model.on("comm_live_update", this.#lost);
  }

  /** Returns the kernel's answer; rejects with a `KernelError` where it says why there is none. */
  ask(kind: string, content: Record<string, unknown>): Promise<Answer> {
    const request = this.#next++;
    if (this.lost.peek()) return Promise.reject(lostError());
    return new Promise((resolve, reject) => {
      const timer = window.setTimeout(() => (this.busy.value = true), BUSY_AFTER_MS);
      this.#waiting.set(request, { resolve, reject, timer });
      try {
        this.#model.send({ kind, request, ...content });
      } catch {
        this.#lost(); // the channel is closed
      }
    });
  }

  /** Tells the kernel something that has no answer. */
  tell(kind: string, content: Record<string, unknown>): void {
    if (this.lost.peek()) return;
    try {
      this.#model.send({ kind, request: this.#next++, ...content });
    } catch {
      this.#lost();
    }
  }

  destroy(): void {
    this.#model.off("msg:custom", this.#receive);
    this.#model.off("comm_live_update", this.#lost);
    for (const { timer } of this.#waiting.values()) window.clearTimeout(timer);
    this.#waiting.clear();
  }

  /** Whoever waits is told that no answer will come: the kernel that has it is not there any more. */
  readonly #lost = (): void => {
    for (const { reject, timer } of this.#waiting.values()) {
      window.clearTimeout(timer);
      reject(lostError());
    }
    this.#waiting.clear();
    this.busy.value = false;
    this.lost.value = true;
  };

  readonly #receive = (content: Record<string, unknown>, buffers: DataView[]): void => {
    const waiting = this.#waiting.get(content.request as number);
    if (!waiting) return; // another view of the same widget asked
    this.#waiting.delete(content.request as number);
    window.clearTimeout(waiting.timer);
    if (this.#waiting.size === 0) this.busy.value = false;
    if (content.kind === "error") waiting.reject(new KernelError(String(content.text), String(content.hint ?? "")));
    else waiting.resolve({ content, buffers });
  };
}

function lostError(): KernelError {
  return new KernelError("The kernel was restarted or shut down.", "Run the cell again to compare.");
}
