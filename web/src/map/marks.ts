/** Small pictures of the map, drawn here: nothing is fetched. */
import type { Colours } from "./colours";

/** Pixels of the canvas for one of the screen: sharp on phones, too. */
export const PICTURE_RATIO = 2;

type Draw = (pen: CanvasRenderingContext2D, size: number) => void;

function drawn(sizePx: number, draw: Draw): ImageData | null {
  const canvas = document.createElement("canvas");
  canvas.width = sizePx * PICTURE_RATIO;
  canvas.height = sizePx * PICTURE_RATIO;
  const pen = canvas.getContext("2d", { willReadFrequently: true });
  if (pen === null) return null;
  pen.scale(PICTURE_RATIO, PICTURE_RATIO);
  draw(pen, sizePx);
  return pen.getImageData(0, 0, canvas.width, canvas.height);
}

/** A point ahead of the dot, north up; the map turns it. */
function heading(colour: string, edge: string): Draw {
  return (pen, size) => {
    const middle = size / 2;
    pen.beginPath();
    pen.moveTo(middle, 1);
    pen.lineTo(middle + 7, 20);
    pen.lineTo(middle - 7, 20);
    pen.closePath();
    pen.fillStyle = colour;
    pen.strokeStyle = edge;
    pen.lineWidth = 2;
    pen.lineJoin = "round";
    pen.fill();
    pen.stroke();
  };
}

function camera(colour: string, edge: string, isOut: boolean): Draw {
  return (pen, size) => {
    pen.fillStyle = edge;
    pen.beginPath();
    pen.roundRect(0, 0, size, size, 5);
    pen.fill();
    pen.fillStyle = colour;
    pen.beginPath();
    pen.roundRect(4, 7.5, 10, 9, 2);
    pen.fill();
    pen.beginPath();
    pen.moveTo(15, 12);
    pen.lineTo(20, 8);
    pen.lineTo(20, 16);
    pen.closePath();
    pen.fill();
    pen.strokeStyle = colour;
    pen.lineWidth = 1.5;
    pen.beginPath();
    pen.roundRect(0.75, 0.75, size - 1.5, size - 1.5, 4.5);
    pen.stroke();
    if (!isOut) return;
    pen.lineWidth = 2;
    pen.beginPath();
    pen.moveTo(4, 20);
    pen.lineTo(20, 4);
    pen.stroke();
  };
}

/** Names that the style gives them; no sprite of a base map has such names. */
export const MARKS = ["pg-heading", "pg-heading-stale", "pg-camera", "pg-camera-out"] as const;
export type Mark = (typeof MARKS)[number];

export function isMark(name: string): name is Mark {
  return MARKS.some((mark) => mark === name);
}

/** One picture; a camera that does not see is crossed out. */
export function markOf(mark: Mark, colours: Colours): ImageData | null {
  switch (mark) {
    case "pg-heading":
      return drawn(60, heading(colours.accent, colours.surface));
    case "pg-heading-stale":
      return drawn(60, heading(colours.stale, colours.surface));
    case "pg-camera":
      return drawn(24, camera(colours.text, colours.surface, false));
    case "pg-camera-out":
      return drawn(24, camera(colours.stale, colours.surface, true));
  }
}
