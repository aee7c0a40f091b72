/** Pictures of runs, fetched when they come in sight: only ever inside `<img>`, where nothing runs. */

import { el, fill } from "./dom.ts";
import { told } from "./editing.ts";
import type { Kernel } from "./kernel.ts";
import { copied } from "./wire.ts";

const PICTURE = /^image\/(png|jpeg|gif|webp|svg\+xml)$/;
const TYPES: Record<string, string> = { png: "image/png", jpg: "image/jpeg", jpeg: "image/jpeg", gif: "image/gif", webp: "image/webp", svg: "image/svg+xml", html: "text/html" };
const AT_ONCE = 4;
/** So many pictures are kept at most: those of long series are read again. */
const MOST_KEPT = 300;

export class Images {
  readonly #kernel: Kernel;
  readonly #kept = new Map<string, Promise<string>>();
  readonly #queue: (() => void)[] = [];
  readonly #inSight: IntersectionObserver;
  readonly #onSight = new WeakMap<Element, () => void>();
  #asked = 0;

  constructor(kernel: Kernel) {
    this.#kernel = kernel;
    this.#inSight = new IntersectionObserver(
      (entries) => {
        for (const { isIntersecting, target } of entries) {
          if (!isIntersecting) continue;
          this.#inSight.unobserve(target);
          this.#onSight.get(target)?.();
        }
      },
      { rootMargin: "300px" },
    );
  }

  /** Returns a place for a picture, which is fetched when it comes in sight. */
  place(label: string): Picture {
    return new Picture(this, label);
  }

  /** Calls `then` once when the element comes in sight. */
  whenSeen(element: Element, then: () => void): void {
    this.#onSight.set(element, then);
    this.#inSight.observe(element);
  }

  /** Returns the address of a picture; rejects where the kernel says why there is none. */
  address(run: string, path: string): Promise<string> {
    const key = `${run} ${path}`;
    const known = this.#kept.get(key);
    if (known) return known;
    const address = this.#inTurn(() => this.#kernel.ask("picture", { run, path })).then(({ buffers }) =>
      URL.createObjectURL(new Blob([copied(buffers[0]!)], { type: typeOf(path) })),
    );
    this.#kept.set(key, address);
    address.catch(() => this.#kept.delete(key));
    if (this.#kept.size > MOST_KEPT) this.#forget(this.#kept.keys().next().value!);
    return address;
  }

  destroy(): void {
    this.#inSight.disconnect();
    for (const key of [...this.#kept.keys()]) this.#forget(key);
  }

  #forget(key: string): void {
    void this.#kept.get(key)?.then((one) => URL.revokeObjectURL(one), () => undefined);
    this.#kept.delete(key);
  }

  /** Asks for a few pictures at a time, so that what else is asked meanwhile is answered soon. */
  async #inTurn<Found>(ask: () => Promise<Found>): Promise<Found> {
    if (this.#asked >= AT_ONCE) await new Promise<void>((go) => this.#queue.push(go));
    this.#asked++;
    try {
      return await ask();
    } finally {
      this.#asked--;
      this.#queue.shift()?.();
    }
  }
}

/** A place that shows one picture after another. */
export class Picture {
  readonly element = el("div", { class: "mm-picture" });
  readonly #images: Images;
  readonly #label: string;
  #wanted: string | null = null;
  #isSeen = false;
  #show: () => Promise<void> = async () => undefined;

  constructor(images: Images, label: string) {
    this.#images = images;
    this.#label = label;
  }

  /** Shows a picture of a run, null for none; `caption` is what else tells it apart, such as its step. */
  set(run: string, path: string | null, caption = ""): void {
    if (this.#wanted === path && path !== null) return;
    this.#wanted = path;
    if (path === null) return this.#tell("no such figure");
    if (!PICTURE.test(typeOf(path))) return this.#tell(`${path} is a page, which is not shown here: mlmagic.Run("${run}").text("${path}") returns it.`);
    this.#show = () => this.#fetch(run, path, `${this.#label}${caption ? `, ${caption}` : ""}`);
    if (this.#isSeen) return void this.#show();
    if (this.element.childElementCount === 0) {
      this.#tell("Loading …");
      this.#images.whenSeen(this.element, () => ((this.#isSeen = true), void this.#show()));
    }
  }

  async #fetch(run: string, path: string, alt: string): Promise<void> {
    try {
      const image = el("img", { src: await this.#images.address(run, path), alt });
      await image.decode();
      if (this.#wanted === path) fill(this.element, image); // the one before stays until this one is there
    } catch (error) {
      if (this.#wanted !== path) return;
      this.#tell(error instanceof DOMException ? `${path} is no image that a browser can show.` : told(error));
    }
  }

  #tell(text: string): void {
    fill(this.element, el("div", { class: "mm-none" }, el("bdi", {}, text)));
  }
}

function typeOf(path: string): string {
  return TYPES[path.slice(path.lastIndexOf(".") + 1).toLowerCase()] ?? "";
}
