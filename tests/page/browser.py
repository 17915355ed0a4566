"""A page in Debian's chromium without a window: what a script of the test's finds in it."""

import html
import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

_CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
_SECONDS = 120
# Texts that lie on one another, or stick out of the window and of every box that scrolls.
LOOK = """
function visibleTexts() {
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const texts = [];
  for (let node; (node = walker.nextNode()); ) {
    const parent = node.parentElement;
    if (!node.data.trim() || parent.closest("script, template, svg, .unseen")) continue;
    if (parent.closest("dialog:not([open])")) continue;
    const box = parent.closest(".scroll, pre, .problems ul")?.getBoundingClientRect();
    const range = document.createRange();
    range.selectNodeContents(node);
    for (const rect of range.getClientRects()) {
      if (rect.width < 1 || rect.height < 1) continue;
      const hidden = box && (rect.right > box.right || rect.bottom > box.bottom);
      if (!hidden) texts.push({ rect, box, data: node.data.trim().slice(0, 40) });
    }
  }
  return texts;
}
function overlaps(texts) {
  texts.sort((a, b) => a.rect.top - b.rect.top);
  const found = [];
  for (let i = 0; i < texts.length; i++) {
    for (let j = i + 1; j < texts.length; j++) {
      const [a, b] = [texts[i].rect, texts[j].rect];
      if (b.top >= a.bottom) break;
      const across = Math.min(a.right, b.right) - Math.max(a.left, b.left);
      const down = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
      // Lines of small text reach into the spacing of the next line, not into its letters.
      if (across > 2 && down > 6) found.push(`${texts[i].data} / ${texts[j].data}`);
    }
  }
  return found;
}
function look() {
  const texts = visibleTexts();
  return {
    innerWidth: window.innerWidth,
    scrollWidth: document.documentElement.scrollWidth,
    texts: texts.length,
    cut: texts.filter((t) => t.rect.right > innerWidth + 1 || t.rect.left < -1).map((t) => t.data),
    overlaps: overlaps(texts),
  };
}
"""


def in_browser(page: Path, width: int, script: str, *, dark: bool = False) -> Any:
    """Opens a page in a frame, and returns what a script in it gives after it has loaded.

    Args:
      page: the file.
      width: of the frame, in pixels.
      script: JavaScript that may use `look()`, and returns what is taken.
      dark: whether the reader prefers dark pages.
    """
    if _CHROMIUM is None:
        pytest.skip("there is no chromium on this machine")
    probe = (
        f"<script>{LOOK}addEventListener('load', () => {{"
        "const result = document.createElement('pre');"
        "let found; try { found = (() => {" + script + "})(); }"
        "catch (error) { found = { error: String(error) }; }"
        "result.id = 'probe'; result.textContent = JSON.stringify(found);"
        "parent.document.body.append(result);});</script>"
    )
    probed = page.read_text().replace("</body>", f"{probe}</body>")
    # In a frame, as chromium's own window is never narrower than 500 pixels.
    frame = (
        f'<iframe width="{width}" height="1000" style="border: 0" srcdoc="{html.escape(probed)}">'
    )
    framed = page.with_name(f"{page.stem}_framed.html")
    framed.write_text(
        f"<!DOCTYPE html><meta charset=utf-8><body style='margin: 0'>{frame}</iframe>"
    )
    command = [
        _CHROMIUM,
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--hide-scrollbars",
        "--dump-dom",
        f"--user-data-dir={page.parent / 'profile'}",
        "--window-size=1600,1000",
        *(["--blink-settings=preferredColorScheme=0"] if dark else []),
        framed.as_uri(),
    ]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=_SECONDS, check=False)
    found = re.search(r'<pre id="probe">(.*?)</pre>', ended.stdout, re.DOTALL)
    assert found, f"chromium ended with {ended.returncode}: {ended.stderr[-2000:]}"
    result = json.loads(html.unescape(found[1]))
    assert not (isinstance(result, dict) and "error" in result), result
    return result
