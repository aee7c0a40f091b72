// Returns the ends of neighbouring texts below `root` that a reader sees as one word.
(root) => {
  const glued = [];
  const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
  let before = null;
  while (walker.nextNode()) {
    const node = walker.currentNode;
    if (!node.data.trim() || !node.parentElement.checkVisibility() || node.parentElement.closest("pre")) continue;
    const range = document.createRange();
    range.selectNodeContents(node);
    const boxes = [...range.getClientRects()];
    if (boxes.length === 0) continue;
    const [first, last] = [boxes[0], boxes.at(-1)];
    const isNext = before && Math.abs(before.box.top - first.top) < 8 && first.left - before.box.right < 1;
    if (isNext && /[\w)%]$/.test(before.text) && /^[\w(]/.test(node.data)) glued.push(`${before.text.slice(-20)}|${node.data.slice(0, 20)}`);
    before = { box: last, text: node.data };
  }
  return glued;
}
