// Draws a cover. It is decoration: the title stands beside it as text.
import { coverOf, HEIGHT, WIDTH } from '../lib/cover.mjs';
import { svg } from './dom.mjs';

export function cover(book) {
  const { background, ornament, ink, lines, circles } = coverOf(book);
  const title = lines.map((line, i) => svg('tspan', { x: 12, dy: i === 0 ? 0 : 16 }, line));
  return svg(
    'svg',
    { class: 'cover', viewBox: `0 0 ${WIDTH} ${HEIGHT}`, 'aria-hidden': 'true', focusable: 'false' },
    svg('rect', { width: WIDTH, height: HEIGHT, fill: background }),
    circles.map(({ x, y, r }) => svg('circle', { cx: x, cy: y, r, fill: ornament })),
    svg('rect', { width: 4, height: HEIGHT, fill: ornament }),
    svg('text', { x: 12, y: 30, fill: ink, 'font-size': 12, 'font-weight': 600 }, title),
  );
}
