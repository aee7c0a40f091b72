/** The colours and the font of the page, as a canvas takes them. */

export interface Theme {
  /** The names of the font, without a size. */
  readonly font: string;
  /** Returns the colour of a CSS variable: `--mm-text`. */
  readonly colour: (variable: string) => string;
}

/** Returns the theme at an element. Variables may hold `color-mix(…)`, so the browser draws a pixel of each colour. */
export function themeOf(element: HTMLElement): Theme {
  const probe = document.createElement("span");
  probe.hidden = true;
  const pixel = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true })!;
  const known = new Map<string, string>();
  const read = (variable: string): string => {
    probe.style.color = `var(${variable})`;
    element.append(probe);
    pixel.clearRect(0, 0, 1, 1);
    pixel.fillStyle = getComputedStyle(probe).color;
    probe.remove();
    pixel.fillRect(0, 0, 1, 1);
    const [red, green, blue] = pixel.getImageData(0, 0, 1, 1).data;
    const colour = `rgb(${red}, ${green}, ${blue})`;
    known.set(variable, colour);
    return colour;
  };
  return { font: getComputedStyle(element).fontFamily, colour: (variable) => known.get(variable) ?? read(variable) };
}
